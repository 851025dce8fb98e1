"""The thumbnail in the EXIF of a JPEG: where it is, and how to take it out.

Source: EXIF 2.32, 4.5.5 and 4.6.8: the second image file directory has the thumbnail's offset and length.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from stillcam.frames.jpeg import SOI, Buffer, segments

_APP1 = 0xE1
_HEADER = b"Exif\0\0"
_ORDERS = {b"II*\0": "<", b"MM\0*": ">"}
_OFFSET, _LENGTH = 0x0201, 0x0202


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """Where a thumbnail is in the content of an APP1 segment: byte offsets.

    Args:
        start, end: of the JPEG.
        link: of the four bytes that hold the offset of the thumbnail's directory.
    """

    start: int
    end: int
    link: int


def find_thumbnail(exif: bytes) -> Thumbnail | None:
    """The thumbnail in the content of an APP1 segment; None if there is no JPEG where the directory says."""
    order = _ORDERS.get(exif[6:10])
    if not exif.startswith(_HEADER) or not order:
        return None
    tiff = exif[6:]
    try:
        (first,) = struct.unpack_from(f"{order}I", tiff, 4)
        (count,) = struct.unpack_from(f"{order}H", tiff, first)
        link = first + 2 + 12 * count
        (second,) = struct.unpack_from(f"{order}I", tiff, link)
        (count,) = struct.unpack_from(f"{order}H", tiff, second) if second else (0,)
        entries = [struct.unpack_from(f"{order}HHII", tiff, second + 2 + 12 * number) for number in range(count)]
    except struct.error:
        return None
    tags = {tag: value for tag, _type, _count, value in entries}
    start, size = tags.get(_OFFSET, 0), tags.get(_LENGTH, 0)
    if start + size > len(tiff) or tiff[start : start + len(SOI)] != SOI or size < len(SOI):
        return None
    return Thumbnail(6 + start, 6 + start + size, 6 + link)


def thumbnail_ranges(jpeg: Buffer) -> list[tuple[int, int]]:
    """The byte ranges (start, end) to overwrite with zeros to remove the thumbnail of a whole JPEG; [] without one.

    They are the thumbnail, and the offset of its directory. The file's size and the rest of the EXIF stay the same.

    Raises:
        InvalidJpeg: see `segments`.
    """
    for marker, offset, end in segments(jpeg):
        begin = offset + 4
        if marker == _APP1 and (found := find_thumbnail(bytes(jpeg[begin:end]))):
            return [(begin + found.link, begin + found.link + 4), (begin + found.start, begin + found.end)]
    return []
