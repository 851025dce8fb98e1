"""Small pictures of items: the one in the EXIF where there is one, else one that is made once and kept.

Pillow is loaded with the first thumbnail. Only one is made at a time: looking through a
library of large pictures must not take the processor from the live picture.
"""

from __future__ import annotations

import io
import logging
import struct
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from stillcam.jpeg import SOI
from stillcam.library.day import Item

if TYPE_CHECKING:
    from PIL import Image

SIDE = 320  # px, at most
MIN_SIDE = 120  # px: what is smaller in the EXIF looks bad
QUALITY = 75
MAX_PIXELS = 200_000_000  # what claims to be larger is no picture of a camera, and decoding it would take all memory
_FOLDER = ".thumbnails"
_OFFSET, _LENGTH, _ORIENTATION = 0x0201, 0x0202, 0x0112  # EXIF 2.32, 4.6.8


class Thumbnails:
    """Gives thumbnails of the items in the library at `root`."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._one = threading.Lock()

    def of(self, item: Item) -> bytes:
        """A JPEG of at most `SIDE` pixels a side.

        Raises:
            LookupError: there is no picture to make it of, or it cannot be read.
        """
        source = self._root / item.day / (item.preview or item.name)
        kept = self._root / _FOLDER / item.day / f"{item.name}.jpg"
        try:
            changed_ns = source.stat().st_mtime_ns
            if kept.exists() and kept.stat().st_mtime_ns >= changed_ns:
                return kept.read_bytes()
            with self._one:
                return _from_exif(source) or _kept(_shrunk(source), kept)
        except Exception as error:  # Pillow raises nearly anything when a file is damaged
            logging.debug("no thumbnail of %s: %s", item.id, error)
            raise LookupError(f"there is no picture of {item.id}") from error

    def forget(self, item: Item) -> None:
        """The item is gone for good."""
        (self._root / _FOLDER / item.day / f"{item.name}.jpg").unlink(missing_ok=True)


def thumbnail(path: Path) -> bytes:
    """A JPEG of at most `SIDE` pixels a side of the picture at `path`; it is not kept.

    Raises:
        LookupError: it cannot be read.
    """
    try:
        return _from_exif(path) or _shrunk(path)
    except Exception as error:  # Pillow raises nearly anything when a file is damaged
        logging.debug("no thumbnail of %s: %s", path, error)
        raise LookupError(f"{path.name} cannot be read: it is damaged or gone") from error


def _from_exif(path: Path) -> bytes | None:
    """The thumbnail that the camera has made; None without one that can be used."""
    from PIL import Image

    with Image.open(path) as image:
        data = embedded(image.info.get("exif", b""))
        width, height, upright = *image.size, image.getexif().get(_ORIENTATION, 1) == 1
    if data is None or not upright:
        return None
    with Image.open(io.BytesIO(data)) as small:
        same_shape = abs(small.width * height - small.height * width) <= 2 * max(width, height)
        return data if same_shape and MIN_SIDE <= max(small.size) <= 2 * SIDE else None


def embedded(exif: bytes) -> bytes | None:
    """The JPEG that an APP1 segment's content holds; None when there is none, or not where it says.

    Source: EXIF 2.32, 4.5.5: the second image file directory tells its offset and length.
    """
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(exif[6:10])
    if not exif.startswith(b"Exif\0\0") or not order:
        return None
    tiff = exif[6:]
    try:
        (first,) = struct.unpack_from(f"{order}I", tiff, 4)
        (count,) = struct.unpack_from(f"{order}H", tiff, first)
        (second,) = struct.unpack_from(f"{order}I", tiff, first + 2 + 12 * count)
        (count,) = struct.unpack_from(f"{order}H", tiff, second) if second else (0,)
        entries = [struct.unpack_from(f"{order}HHII", tiff, second + 2 + 12 * number) for number in range(count)]
    except struct.error:
        return None
    tags = {tag: value for tag, _type, _count, value in entries}
    start, size = tags.get(_OFFSET, 0), tags.get(_LENGTH, 0)
    data = tiff[start : start + size]
    return data if len(data) == size and data.startswith(SOI) else None


def _shrunk(path: Path) -> bytes:
    from PIL import Image, ImageOps

    with Image.open(path) as image:
        if image.width * image.height > MAX_PIXELS:
            raise ValueError(f"{image.width}x{image.height} pixels")
        image.draft("RGB", (SIDE, SIDE))  # a JPEG is decoded at a half, a quarter or an eighth
        upright: Image.Image = ImageOps.exif_transpose(image)
        upright.thumbnail((SIDE, SIDE))
        file = io.BytesIO()
        upright.convert("RGB").save(file, "JPEG", quality=QUALITY)
    return file.getvalue()


def _kept(data: bytes, file: Path) -> bytes:
    file.parent.mkdir(parents=True, exist_ok=True)
    new = file.with_name(f".{file.name}.new")
    new.write_bytes(data)
    new.replace(file)
    return data
