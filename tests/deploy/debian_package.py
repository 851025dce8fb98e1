"""The Debian package, made of the copy that is tested."""

import os
import subprocess
from pathlib import Path

from serving import DEADLINE_S, ROOT

COMPRESSED = {"DPKG_DEB_COMPRESSOR_TYPE": "gzip", "DPKG_DEB_COMPRESSOR_LEVEL": "1"}  # xz takes ten times as long


def build(file: Path, date_s: int = 1_900_000_000) -> Path:
    """Make the package in `file`; `date_s` is the date in its version (s since the epoch)."""
    done = subprocess.run(
        [ROOT / "deploy/debian/build", file], env=os.environ | {"SOURCE_DATE_EPOCH": str(date_s)} | COMPRESSED,
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=DEADLINE_S,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return file


def dpkg_deb(*argv: str | Path) -> str:
    """What dpkg-deb prints; it must end well."""
    return subprocess.run(
        ["dpkg-deb", *map(str, argv)], capture_output=True, text=True, check=True, timeout=DEADLINE_S
    ).stdout
