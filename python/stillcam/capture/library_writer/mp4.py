"""The parts of an MP4 that are read and written without ffmpeg: its duration and its orientation.

The orientation is written here because `-display_rotation` came with ffmpeg 6.0, Debian 12 has 5.1, and a camera
program that writes MP4 itself needs no ffmpeg. Layout: ISO/IEC 14496-12. A box has a size and a type; `moov`, without
which nothing can be played, holds `mvhd` (duration) and a `trak` with a `tkhd` (transformation matrix) for each track.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

_BOX_HEADER_BYTES = 8
_ONE = 1 << 16  # 1.0 in fixed point


def mp4_duration_s(path: Path) -> float | None:
    """How long the video is; None: it cannot be played, as its end was never written."""
    with path.open("rb") as file:
        for start, _ in _boxes_at(file, b"moov", b"mvhd"):
            file.seek(start)
            wide = file.read(4)[:1] == b"\1"
            layout = struct.Struct(">16xIQ" if wide else ">8xII")
            scale, duration = layout.unpack(file.read(layout.size))
            return float(duration / scale) if scale else None
    return None


def rotate_mp4(path: Path, degrees: int) -> None:
    """Have players rotate the video clockwise by 90 or 270 degrees; the pictures stay as they are."""
    with path.open("r+b") as file:
        for start, _ in _boxes_at(file, b"moov", b"trak", b"tkhd"):
            file.seek(start)
            at = start + (52 if file.read(1) == b"\1" else 40)
            file.seek(at + 36)
            width, height = struct.unpack(">II", file.read(8))
            if not width:
                continue  # a track of sound
            across = (0, _ONE, 0, -_ONE, 0, 0, height, 0) if degrees == 90 else (0, -_ONE, 0, _ONE, 0, 0, 0, width)
            file.seek(at)
            file.write(struct.pack(">9i", *across, 1 << 30))


def _boxes_at(file: BinaryIO, *path: bytes) -> Iterator[tuple[int, int]]:
    """Where the boxes at a path of types begin (behind their headers) and end."""
    file.seek(0, 2)
    spans = [(0, file.tell())]
    for kind in path:
        spans = [span for start, end in spans for name, span in _boxes(file, start, end) if name == kind]
    yield from spans


def _boxes(file: BinaryIO, start: int, end: int) -> Iterator[tuple[bytes, tuple[int, int]]]:
    """Type and content of the boxes that lie whole between `start` and `end`."""
    while start + _BOX_HEADER_BYTES <= end:
        file.seek(start)
        size, kind = struct.unpack(">I4s", file.read(_BOX_HEADER_BYTES))
        body = start + _BOX_HEADER_BYTES
        if size == 1:
            (size,) = struct.unpack(">Q", file.read(8))
            body += 8
        if size == 0:
            size = end - start
        if size < body - start or start + size > end:
            return
        yield kind, (body, start + size)
        start += size
