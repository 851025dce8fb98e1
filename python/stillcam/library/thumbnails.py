"""Thumbnails of items: the one in the EXIF if there is one, otherwise one that is made once and cached.

Pillow is imported with the first thumbnail. Only one is made at a time: browsing a library of large pictures must not
take the processor from the live picture.
"""

from __future__ import annotations

import contextlib
import io
import logging
import os
import threading
from pathlib import Path
from typing import BinaryIO

from stillcam.common.atomic_write import replace_file
from stillcam.common.safe_read import open_regular
from stillcam.frames.exif import find_thumbnail
from stillcam.frames.jpeg import check_leading_jpeg
from stillcam.library.items import Item

SIDE = 320  # px, at most
MIN_SIDE = 120  # px: a smaller one in the EXIF looks bad
QUALITY = 75
_FOLDER = ".thumbnails"


class Thumbnails:
    """Thumbnails of the items in the library at `root`."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._one_at_a_time = threading.Lock()

    def of(self, item: Item) -> bytes:
        """A JPEG of at most `SIDE` pixels a side.

        Raises:
            LookupError: there is no picture to make it of, or it cannot be read.
        """
        if item.kind == "file":
            raise LookupError(f"{item.id} is not a picture")
        source = self._root / item.day / (item.preview or item.name)
        cached = self._cache_path(item)
        try:
            changed_ns = source.stat().st_mtime_ns
            if data := _read(cached, changed_ns):
                return data
            with self._one_at_a_time:
                if data := _read(cached, changed_ns):
                    return data
                data, made = _make(source)
            if made:
                _store(cached, data, changed_ns)
            return data
        except Exception as error:  # Pillow raises nearly anything when a file is damaged
            logging.debug("no thumbnail of %s: %s", item.id, error)
            raise LookupError(f"there is no picture of {item.id}") from error

    def forget(self, item: Item) -> None:
        """Delete the cached thumbnail of an item that was deleted for good."""
        with contextlib.suppress(OSError):  # there is none, or no name so long
            self._cache_path(item).unlink()

    def _cache_path(self, item: Item) -> Path:
        return self._root / _FOLDER / item.day / f"{item.name}.jpg"


def thumbnail(path: Path) -> bytes:
    """A JPEG of at most `SIDE` pixels a side of the picture at `path`; it is not cached.

    Raises:
        LookupError: it cannot be read.
    """
    try:
        return _make(path)[0]
    except Exception as error:  # Pillow raises nearly anything when a file is damaged
        logging.debug("no thumbnail of %s: %s", path, error)
        raise LookupError(f"{path.name} cannot be read: it is damaged or gone") from error


def _make(path: Path) -> tuple[bytes, bool]:
    """The thumbnail of a picture, and whether it had to be decoded for it."""
    from stillcam.library.upright import upright  # Pillow, with the first thumbnail

    with os.fdopen(open_regular(path), "rb") as file:
        if data := _from_exif(file):
            return data, False
        file.seek(0)
        picture = upright(file, (SIDE, SIDE))
    picture.thumbnail((SIDE, SIDE))
    small = io.BytesIO()
    picture.save(small, "JPEG", quality=QUALITY)
    return small.getvalue(), True


def _from_exif(file: BinaryIO) -> bytes | None:
    """The thumbnail in the EXIF; None: there is none that can be used."""
    from PIL import Image

    from stillcam.library.upright import orientation_of

    with contextlib.suppress(Exception):  # a damaged one does not count: Pillow raises nearly anything
        with Image.open(file, formats=("JPEG",)) as image:
            exif = image.info.get("exif", b"")
            found = find_thumbnail(exif)
            width, height, upright = *image.size, orientation_of(image) == 1
        if found is None or not upright:
            return None
        data = exif[found.start : found.end]
        _, end = check_leading_jpeg(data)
        with Image.open(io.BytesIO(data), formats=("JPEG",)) as small:
            small.load()
            same_shape = abs(small.width * height - small.height * width) <= 2 * max(width, height)
            return data[:end] if same_shape and MIN_SIDE <= max(small.size) <= 2 * SIDE else None
    return None


def _read(cached: Path, changed_ns: int) -> bytes | None:
    """The cached thumbnail of a file with this modification time; None: there is none.

    Both files have the same time: to compare which is newer would fail after a clock was put back.
    """
    try:
        return cached.read_bytes() if cached.stat().st_mtime_ns == changed_ns else None
    except OSError:  # there is none, or no name so long
        return None


def _store(cached: Path, data: bytes, changed_ns: int) -> None:
    """Cache a thumbnail; while the disk is full, it is made each time."""
    try:
        cached.parent.mkdir(parents=True, exist_ok=True)
        replace_file(cached, data, durable=False)
        os.utime(cached, ns=(changed_ns, changed_ns))
    except OSError as error:
        logging.debug("cannot cache %s: %s", cached, error)
