"""Draws masks or a stamp into a picture file, so that 12 megapixels never live in the daemon's memory.

`python -m stillcam.edits PLAN SOURCE TARGET`; TARGET may be /dev/stdout. SOURCE is a JPEG, PNG or BMP. The plan is a
JSON object: `masks`, `crops`, `flips` and `rotation`, see `masks.covered`; or `stamp`, the fields of a `Stamp`, with
`shape` for a preview of it.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from stillcam.common.errors import NO_MEMORY
from stillcam.edits.coefficients import DamagedJpeg, MissingLibrary
from stillcam.edits.draw import MaskDrawer, draw_into_image
from stillcam.frames.jpeg import InvalidJpeg
from stillcam.settings.geometry import View
from stillcam.settings.stamp_text import Stamp


def main(plan: str, source: str, target: str) -> int:
    try:
        _draw(json.loads(plan), Path(source), Path(target))
    except MemoryError:
        print(NO_MEMORY, file=sys.stderr)
        return 1
    except (InvalidJpeg, DamagedJpeg, MissingLibrary, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _draw(plan: dict[str, Any], source: Path, target: Path) -> None:
    is_jpeg = source.suffix == ".jpg"
    if "stamp" in plan:
        from stillcam.edits.stamp import StampDrawer, stamp_image

        stamp = Stamp(**plan["stamp"])
        if "shape" in plan:
            from stillcam.edits.preview import preview

            target.write_bytes(preview(source, stamp, plan["shape"]))
        elif is_jpeg:
            target.write_bytes(StampDrawer().draw(source.read_bytes(), stamp))
        else:
            stamp_image(source, target, stamp)
        return
    masks, view = plan["masks"], View(tuple(map(tuple, plan["crops"])), tuple(plan["flips"]), plan["rotation"])
    if is_jpeg:
        target.write_bytes(MaskDrawer().draw(source.read_bytes(), masks, view))
    else:
        draw_into_image(source, target, masks, view)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
