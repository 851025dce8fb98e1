"""What rpicam-apps list, as recorded, and camera programs that list it and otherwise are the simulated ones."""

import sys
from pathlib import Path

from stillcam.camera.rpicam.listing import parse
from stillcam.settings.capabilities import CameraInfo

CASES = Path(__file__).parents[1] / "cases"

_PROGRAM = """\
#!/bin/sh
case "$*" in *--list-cameras*) exec cat '{listing}';; esac
exec '{python}' -m stillcam.camera.simulated '{name}' "$@"
"""


def recorded(case: str) -> list[CameraInfo]:
    """The cameras of a recording.

    Args:
        case: a file of tests/cases.
    """
    return parse((CASES / case).read_text())


def listed_programs(folder: Path, case: str) -> Path:
    """Write rpicam-still and rpicam-vid into `folder`, which may then go first in PATH.

    Args:
        case: a file of tests/cases.
    """
    folder.mkdir()
    for name in ("rpicam-still", "rpicam-vid"):
        program = folder / name
        program.write_text(_PROGRAM.format(listing=CASES / case, python=sys.executable, name=name))
        program.chmod(0o755)
    return folder
