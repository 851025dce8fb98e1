"""The font for text in pictures."""

from __future__ import annotations

from functools import lru_cache

from PIL import ImageFont


@lru_cache(maxsize=16)
def font(pixels: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """A plain font of that height: Pillow's own, or in a Pillow before 10.1 DejaVu, or what there is."""
    try:
        return ImageFont.load_default(max(1, pixels))
    except TypeError:
        pass
    try:
        return ImageFont.truetype("DejaVuSans.ttf", max(1, pixels))
    except OSError:
        return ImageFont.load_default()
