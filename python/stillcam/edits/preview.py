"""A small copy of a picture with a stamp, for a look at the stamp before it is saved."""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image

from stillcam.edits.stamp import StampDrawer
from stillcam.settings.geometry import Size
from stillcam.settings.stamp_text import Stamp

LONGEST = 1280  # pixels of the longer side
QUALITY = 90


def preview(source: Path, stamp: Stamp, shape: Size | None) -> bytes:
    """A JPEG of the picture with the stamp.

    Args:
        source: a JPEG.
        shape: width and height of the pictures that the stamp is for; the picture is cropped to their proportions,
            around its middle. None: it stays whole.

    Raises:
        OSError: it cannot be read.
        DamagedJpeg, MissingLibrary: see `coefficients`.
    """
    with Image.open(source, formats=("JPEG",)) as image:
        image.draft(None, (LONGEST, LONGEST))
        width, height = image.size
        wide, high = shape or image.size
        scale = min(width / wide, height / high)
        part = wide * scale, high * scale
        left, top = (width - part[0]) / 2, (height - part[1]) / 2
        smaller = min(1.0, LONGEST / max(part))
        size = max(1, round(part[0] * smaller)), max(1, round(part[1] * smaller))
        box = (left, top, left + part[0], top + part[1])
        cropped = image.resize(size, Image.Resampling.BILINEAR, box)
    encoded = io.BytesIO()
    cropped.save(encoded, "JPEG", quality=QUALITY)
    return StampDrawer().draw(encoded.getvalue(), stamp)
