"""Whether the files that the camera has written for the library are whole, and how large the picture is."""

from __future__ import annotations

import mmap
import os
import struct
from collections.abc import Callable
from pathlib import Path

from stillcam.common.errors import CameraError
from stillcam.frames.jpeg import NotWhole, check

Size = tuple[int, int]


def size_of(path: Path) -> Size:
    """Width and height of a whole picture.

    Raises:
        CameraError: `torn`: it is not whole.
    """
    try:
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_size < 64:
                raise NotWhole("empty")
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
                return _CHECKS[path.suffix](data)
    except (NotWhole, FileNotFoundError) as error:
        raise CameraError("torn", f"the camera wrote an incomplete picture ({error}): is the disk full?") from error


def _png(data: mmap.mmap) -> Size:
    """PNG specification, 5: signature, IHDR first, IEND last."""
    if data[:8] != b"\x89PNG\r\n\x1a\n" or data[-8:-4] != b"IEND":
        raise NotWhole("no PNG, or one without its end")
    width, height = struct.unpack(">II", data[16:24])
    return width, height


def _bmp(data: mmap.mmap) -> Size:
    """BITMAPFILEHEADER and BITMAPINFOHEADER; a negative height means that the first row comes first."""
    size, _, width, height = struct.unpack("<I12sii", data[2:26])
    if data[:2] != b"BM" or size > len(data):
        raise NotWhole("no BMP, or one without its end")
    return width, abs(height)


def _dng(data: mmap.mmap) -> Size:
    """TIFF 6.0: offset of the first directory at byte 4.

    libtiff writes that offset last, so it is still 0 where the disk was full, though rpicam-still exits with 0
    (seen with rpicam-apps 1.12 on a full file system).
    """
    (first,) = struct.unpack("<I", data[4:8])
    if data[:4] != b"II*\0" or not 8 <= first < len(data):
        raise NotWhole("no DNG")
    return 0, 0


_CHECKS: dict[str, Callable[[mmap.mmap], Size]] = {".jpg": check, ".png": _png, ".bmp": _bmp, ".dng": _dng}
