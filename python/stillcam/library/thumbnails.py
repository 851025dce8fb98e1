"""Small pictures of items: the one in the EXIF where there is one, else one that is made once and kept.

Pillow is loaded with the first thumbnail. Only one is made at a time: looking through a
library of large pictures must not take the processor from the live picture.
"""

from __future__ import annotations

import contextlib
import io
import logging
import os
import threading
from pathlib import Path
from typing import BinaryIO

from stillcam.common.safe_open import open_regular
from stillcam.frames.exif import find_thumbnail
from stillcam.frames.jpeg import leading
from stillcam.library.day import Item

SIDE = 320  # px, at most
MIN_SIDE = 120  # px: what is smaller in the EXIF looks bad
QUALITY = 75
_FOLDER = ".thumbnails"


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
        if item.kind == "file":
            raise LookupError(f"{item.id} is no picture")
        source = self._root / item.day / (item.preview or item.name)
        kept = self._kept(item)
        try:
            changed_ns = source.stat().st_mtime_ns
            if data := _read(kept, changed_ns):
                return data
            with self._one:
                if data := _read(kept, changed_ns):
                    return data
                data, made = _small(source)
            if made:
                _keep(kept, data, changed_ns)
            return data
        except Exception as error:  # Pillow raises nearly anything when a file is damaged
            logging.debug("no thumbnail of %s: %s", item.id, error)
            raise LookupError(f"there is no picture of {item.id}") from error

    def forget(self, item: Item) -> None:
        """The item is gone for good."""
        with contextlib.suppress(OSError):  # there is none, or no name so long
            self._kept(item).unlink()

    def _kept(self, item: Item) -> Path:
        return self._root / _FOLDER / item.day / f"{item.name}.jpg"


def thumbnail(path: Path) -> bytes:
    """A JPEG of at most `SIDE` pixels a side of the picture at `path`; it is not kept.

    Raises:
        LookupError: it cannot be read.
    """
    try:
        return _small(path)[0]
    except Exception as error:  # Pillow raises nearly anything when a file is damaged
        logging.debug("no thumbnail of %s: %s", path, error)
        raise LookupError(f"{path.name} cannot be read: it is damaged or gone") from error


def _small(path: Path) -> tuple[bytes, bool]:
    """The picture made small, and whether that was any work."""
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
    """The thumbnail that the camera has made; None without one that can be used."""
    from PIL import Image

    from stillcam.library.upright import orientation_of

    with contextlib.suppress(Exception):  # one that is damaged is none: Pillow raises nearly anything
        with Image.open(file, formats=("JPEG",)) as image:
            exif = image.info.get("exif", b"")
            found = find_thumbnail(exif)
            width, height, upright = *image.size, orientation_of(image) == 1
        if found is None or not upright:
            return None
        data = exif[found.start : found.end]
        _, end = leading(data)
        with Image.open(io.BytesIO(data), formats=("JPEG",)) as small:
            small.load()
            same_shape = abs(small.width * height - small.height * width) <= 2 * max(width, height)
            return data[:end] if same_shape and MIN_SIDE <= max(small.size) <= 2 * SIDE else None
    return None


def _read(kept: Path, changed_ns: int) -> bytes | None:
    """The thumbnail that was made of a file last changed then; None: there is none.

    It has that file's time: whether it is younger would not tell, as clocks are put back.
    """
    try:
        return kept.read_bytes() if kept.stat().st_mtime_ns == changed_ns else None
    except OSError:  # there is none, or no name so long
        return None


def _keep(kept: Path, data: bytes, changed_ns: int) -> None:
    """Save it for the next time; while the disk is full, it is made anew each time."""
    new = kept.with_name(f".{kept.name}.new")
    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
        new.write_bytes(data)
        os.utime(new, ns=(changed_ns, changed_ns))
        new.replace(kept)
    except OSError as error:
        logging.debug("cannot keep %s: %s", kept, error)
        with contextlib.suppress(OSError):
            new.unlink(missing_ok=True)
