"""Small JPEGs for the tests."""

import io

from PIL import Image


def picture(size: tuple[int, int] = (64, 48), colour: str = "red", comment: bytes = b"") -> bytes:
    """A JPEG whose EXIF holds a thumbnail, with an SOI and an EOI of its own."""
    thumbnail, whole = io.BytesIO(), io.BytesIO()
    Image.new("RGB", (16, 12), colour).save(thumbnail, "JPEG")
    exif = b"Exif\0\0" + thumbnail.getvalue()
    Image.new("RGB", size, colour).save(whole, "JPEG", exif=exif, comment=comment)
    return whole.getvalue()
