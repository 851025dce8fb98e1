"""Masks a picture file, so that a picture of 12 megapixels never lives in the daemon's memory.

`python -m stillcam.edits PLAN SOURCE TARGET`; the plan is the JSON of `plan_text`. SOURCE is a JPEG, PNG or BMP.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from stillcam.edits.coefficients import DamagedJpeg, MissingLibrary
from stillcam.edits.draw import MaskDrawer, draw_into_image
from stillcam.frames.jpeg import InvalidJpeg
from stillcam.settings.geometry import View


def main(plan: str, source: str, target: str) -> int:
    wanted = json.loads(plan)
    view = View(tuple(map(tuple, wanted["crops"])), tuple(wanted["flips"]))
    picture, to = Path(source), Path(target)
    try:
        if picture.suffix == ".jpg":
            to.write_bytes(MaskDrawer().draw(picture.read_bytes(), wanted["masks"], view))
        else:
            draw_into_image(picture, to, wanted["masks"], view)
    except (InvalidJpeg, DamagedJpeg, MissingLibrary, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
