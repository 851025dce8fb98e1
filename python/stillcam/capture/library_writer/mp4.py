"""Just enough of MP4 to know that a file can be played, how long it is, and to say which way up it is shown.

Source of the layout: ISO/IEC 14496-12: boxes of size and type; `moov`, without which nothing can
be played, holds `mvhd` (duration) and a `trak` with a `tkhd` (transformation matrix) for each track.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

_HEADER_BYTES = 8
_ONE = 1 << 16  # 1.0 in fixed point


def duration_s(path: Path) -> float | None:
    """How long the video is; None: it cannot be played, as its end was never written."""
    with path.open("rb") as file:
        for start, _ in _find(file, b"moov", b"mvhd"):
            file.seek(start)
            version = file.read(4)[:1]
            scale, duration = struct.unpack(">16xIQ" if version == b"\1" else ">8xII", file.read(28)[: _size(version)])
            return float(duration / scale) if scale else None
    return None


def turn(path: Path, degrees: int) -> None:
    """Have the video shown turned clockwise by 90 or 270 degrees: players do it, the pictures stay as they are."""
    with path.open("r+b") as file:
        for start, _ in _find(file, b"moov", b"trak", b"tkhd"):
            file.seek(start)
            at = start + (52 if file.read(1) == b"\1" else 40)
            file.seek(at + 36)
            width, height = struct.unpack(">II", file.read(8))
            if not width:
                continue  # a track of sound
            across = (0, _ONE, 0, -_ONE, 0, 0, height, 0) if degrees == 90 else (0, -_ONE, 0, _ONE, 0, 0, 0, width)
            file.seek(at)
            file.write(struct.pack(">9i", *across, 1 << 30))


def _size(version: bytes) -> int:
    return 28 if version == b"\1" else 16


def _find(file: BinaryIO, *path: bytes) -> Iterator[tuple[int, int]]:
    """Where the boxes at a path of types begin (behind their headers) and end."""
    file.seek(0, 2)
    spans = [(0, file.tell())]
    for kind in path:
        spans = [span for start, end in spans for name, span in _boxes(file, start, end) if name == kind]
    yield from spans


def _boxes(file: BinaryIO, start: int, end: int) -> Iterator[tuple[bytes, tuple[int, int]]]:
    """Type and content of the boxes that lie whole between `start` and `end`."""
    while start + _HEADER_BYTES <= end:
        file.seek(start)
        size, kind = struct.unpack(">I4s", file.read(_HEADER_BYTES))
        body = start + _HEADER_BYTES
        if size == 1:
            (size,) = struct.unpack(">Q", file.read(8))
            body += 8
        if size == 0:
            size = end - start
        if size < body - start or start + size > end:
            return
        yield kind, (body, start + size)
        start += size
