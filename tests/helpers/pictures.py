"""Small JPEGs for the tests."""

import io
from functools import lru_cache

from PIL import Image, ImageColor

QUADRANTS = {(0, 0): "red", (1, 0): "lime", (0, 1): "blue", (1, 1): "yellow"}  # by column and row
_STORED = {  # how a camera that is held so stores what is upright: the inverse of what is to be done to it
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def held(orientation: int, size: tuple[int, int] = (640, 360)) -> bytes:
    """A phone's JPEG of QUADRANTS, which is of this size when it is shown upright."""
    upright = Image.new("RGB", size)
    for (column, row), colour in QUADRANTS.items():
        part = Image.new("RGB", (size[0] // 2, size[1] // 2), colour)
        upright.paste(part, (column * size[0] // 2, row * size[1] // 2))
    stored = upright.transpose(_STORED[orientation]) if orientation in _STORED else upright
    exif = Image.Exif()
    exif[0x0112] = orientation
    file = io.BytesIO()
    stored.save(file, "JPEG", quality=95, exif=exif)
    return file.getvalue()


def quadrants(image: Image.Image) -> dict[tuple[int, int], str]:
    """The colour in the middle of each quadrant."""
    found = {}
    for column, row in QUADRANTS:
        seen = image.convert("RGB").getpixel((image.width * (1 + 2 * column) // 4, image.height * (1 + 2 * row) // 4))
        assert isinstance(seen, tuple)
        near = {
            colour: sum(abs(a - b) for a, b in zip(seen, ImageColor.getrgb(colour), strict=True))
            for colour in QUADRANTS.values()
        }
        found[column, row] = min(near, key=lambda colour: near[colour])
    return found


@lru_cache(maxsize=32)
def picture(size: tuple[int, int] = (64, 48), colour: str = "red", comment: bytes = b"") -> bytes:
    """A JPEG whose EXIF holds a thumbnail, with an SOI and an EOI of its own."""
    thumbnail, whole = io.BytesIO(), io.BytesIO()
    Image.new("RGB", (16, 12), colour).save(thumbnail, "JPEG")
    exif = b"Exif\0\0" + thumbnail.getvalue()
    Image.new("RGB", size, colour).save(whole, "JPEG", exif=exif, comment=comment)
    return whole.getvalue()
