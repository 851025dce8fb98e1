"""EXIF of a JPEG: where the thumbnail is and how to take it out, and the exposure bias of a bracket's pictures.

Source: EXIF 2.32, 4.5.5 and 4.6.8: the second image file directory has the thumbnail's offset and length.
"""

from __future__ import annotations

import contextlib
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from stillcam.frames.jpeg import SOI, Buffer, segments

_APP1 = 0xE1
_HEADER = b"Exif\0\0"
_ORDERS = {b"II*\0": "<", b"MM\0*": ">"}
_OFFSET, _LENGTH = 0x0201, 0x0202
_EXIF_DIRECTORY, _EXPOSURE_BIAS, _SRATIONAL = 0x8769, 0x9204, 10  # 4.6.3, 4.6.5
_PICTURES = frozenset({0x0111, 0x0144, 0x014A, _OFFSET, 0x927C})  # strips, tiles, directories of others; maker's notes
_MAX_SEGMENT = 65_533  # bytes of its content
_EV_STEPS = 100  # of an exposure bias, in one EV


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


def exif_without_pictures(exif: bytes) -> bytes:
    """The content of an APP1 segment without its thumbnail; empty if it is no EXIF, or may hold other pictures."""
    if found := find_thumbnail(exif):
        cut = bytearray(exif)
        cut[found.link : found.link + 4] = bytes(4)
        cut[found.start : found.end] = bytes(found.end - found.start)
        exif = bytes(cut)
    order = _ORDERS.get(exif[6:10])
    if not exif.startswith(_HEADER) or not order:
        return b""
    tiff = exif[6:]
    try:
        (first,) = struct.unpack_from(f"{order}I", tiff, 4)
        entries = dict(_entries(tiff, order, first))
        (second,) = struct.unpack_from(f"{order}I", tiff, first + 2 + 12 * len(entries))
        tags = set(entries.values())
        for at in [at for at, tag in entries.items() if tag == _EXIF_DIRECTORY]:
            (directory,) = struct.unpack_from(f"{order}I", tiff, at + 8)
            tags |= {tag for _at, tag in _entries(tiff, order, directory)}
    except struct.error:
        return b""
    return b"" if second or tags & _PICTURES or SOI + b"\xff" in tiff else exif


def with_exposure_bias(jpeg: Buffer, bias_ev: float) -> tuple[bytes, int] | None:
    """The beginning of a JPEG with this exposure bias in its EXIF, and the offset from which on the rest is as before.

    None: there is no EXIF, or no room in it. The entry is appended with a copy of its directory, so that the offsets
    of all other values stay the same.

    Raises:
        InvalidJpeg: see `segments`.
    """
    for marker, offset, end in segments(jpeg):
        exif = bytes(jpeg[offset + 4 : end])
        if marker == _APP1 and exif.startswith(_HEADER):
            with contextlib.suppress(struct.error):
                new = _with_bias(exif, round(bias_ev * _EV_STEPS))
                if new is not None and len(new) <= _MAX_SEGMENT:
                    head = bytes(jpeg[: offset + 2])
                    return head + struct.pack(">H", len(new) + 2) + new, end
    return None


def _with_bias(exif: bytes, steps: int) -> bytes | None:
    order = _ORDERS.get(exif[6:10])
    if not order:
        return None
    tiff = bytearray(exif[6:])
    (first,) = struct.unpack_from(f"{order}I", tiff, 4)
    link = next((at + 8 for at, tag in _entries(tiff, order, first) if tag == _EXIF_DIRECTORY), None)
    if link is None:
        return None
    (directory,) = struct.unpack_from(f"{order}I", tiff, link)
    kept = [bytes(tiff[at : at + 12]) for at, tag in _entries(tiff, order, directory) if tag != _EXPOSURE_BIAS]
    tiff += bytes(len(tiff) % 2)
    struct.pack_into(f"{order}I", tiff, link, len(tiff))
    value_at = len(tiff) + 2 + 12 * (len(kept) + 1) + 4
    entries = [*kept, struct.pack(f"{order}HHII", _EXPOSURE_BIAS, _SRATIONAL, 1, value_at)]
    entries.sort(key=lambda entry: int(struct.unpack_from(f"{order}H", entry)[0]))
    tiff += struct.pack(f"{order}H", len(entries)) + b"".join(entries) + bytes(4)
    return _HEADER + bytes(tiff) + struct.pack(f"{order}ii", steps, _EV_STEPS)


def _entries(tiff: Buffer, order: str, directory: int) -> Iterator[tuple[int, int]]:
    """Offset and tag of each entry of an image file directory; struct.error: it is damaged."""
    (count,) = struct.unpack_from(f"{order}H", tiff, directory)
    for number in range(count):
        at = directory + 2 + 12 * number
        yield at, int(struct.unpack_from(f"{order}HHII", tiff, at)[0])
