"""The structure of JPEG files: where a picture begins and ends, without decoding it.

Source: ITU-T T.81, annex B. A picture is SOI, marker segments with a length each, and from SOS on entropy-coded data in
which a byte FF is always followed by 00 or by a restart marker, so that the first FF D9 after SOS is the end. A
thumbnail in the EXIF has an SOI and an EOI of its own, but inside a segment that is skipped.
"""

from __future__ import annotations

import mmap
import re
from collections.abc import Iterator

SOI = b"\xff\xd8"
EOI = b"\xff\xd9"
_SOS = 0xDA
_STANDALONE = frozenset({0x01, *range(0xD0, 0xD8)})  # TEM, RST0..RST7: no length follows
FRAME_HEADERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # SOF0..SOF15 without DHT, JPG, DAC
METADATA = frozenset({*range(0xE0, 0xF0), 0xFE})  # APP0..APP15, COM
_NEXT = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]", re.DOTALL)  # the marker that ends entropy-coded data (B.1.1.5)

Buffer = bytes | bytearray | mmap.mmap


class InvalidJpeg(ValueError):
    """The bytes are no complete JPEG; the text says why."""


class TruncatedJpeg(InvalidJpeg):
    """The bytes end too early: with more of them it could be a complete JPEG."""


def segments(data: Buffer, start: int = 0) -> Iterator[tuple[int, int, int]]:
    """Yield (marker, offset, end) of each segment up to and including SOS.

    `offset` is that of the marker's FF, `end` that of the first byte after the segment.

    Raises:
        InvalidJpeg: the bytes end, or are no segment, before SOS.
    """
    if data[start : start + 2] != SOI:
        raise InvalidJpeg("does not begin with a JPEG's first bytes (FF D8)")
    at = start + 2
    size = len(data)
    while at + 4 <= size:
        if data[at] != 0xFF:
            raise InvalidJpeg(f"no marker at byte {at - start}")
        marker = data[at + 1]
        if marker == 0xFF:  # fill byte
            at += 1
            continue
        if marker in _STANDALONE:
            at += 2
            continue
        length = data[at + 2] << 8 | data[at + 3]
        if length < 2:
            raise InvalidJpeg(f"a segment of length {length} at byte {at - start}")
        yield marker, at, at + 2 + length
        if marker == _SOS:
            return
        at += 2 + length
    raise TruncatedJpeg("cut short in the headers")


def check_jpeg(data: Buffer) -> tuple[int, int]:
    """Check that `data` is one complete JPEG and nothing else, as cameras write them, and return its size.

    Returns:
        width and height in pixels.

    Raises:
        InvalidJpeg: empty, cut short, or not a JPEG.
    """
    size, scan = _headers(data)
    if scan + 2 > len(data) or data[-2:] != EOI:
        raise TruncatedJpeg("cut short: the end (FF D9) is missing")
    return size


def check_leading_jpeg(data: bytes) -> tuple[tuple[int, int], int]:
    """Check that `data` begins with one complete JPEG.

    Phones append data: a second picture, a video, a trailer.

    Returns:
        width and height in pixels, and the offset of its end.

    Raises:
        InvalidJpeg: empty, cut short, or not a JPEG.
    """
    size, at = _headers(data)
    while found := _NEXT.search(data, at):  # a progressive JPEG has further segments and scans
        at = found.end()
        if found[0] == EOI:
            return size, at
        if found[0][1] not in _STANDALONE:
            at += int.from_bytes(data[at : at + 2], "big")
    raise TruncatedJpeg("cut short: the end (FF D9) is missing")


def _headers(data: Buffer) -> tuple[tuple[int, int], int]:
    """Width and height in pixels, and the offset of the entropy-coded data of the first scan."""
    if not len(data):
        raise TruncatedJpeg("empty")
    size, scan = (0, 0), 0
    for marker, offset, end in segments(data):
        if end > len(data):
            raise TruncatedJpeg("cut short in the headers")
        if marker in FRAME_HEADERS and end - offset >= 9:
            size = (data[offset + 7] << 8 | data[offset + 8], data[offset + 5] << 8 | data[offset + 6])
        scan = end
    if not all(size):
        raise InvalidJpeg("no frame header with a size")
    return size, scan


def picture_offset(data: Buffer) -> int:
    """The offset of the picture data, after the EXIF and other metadata.

    Two pictures of a frozen sensor differ only in the time in the EXIF.

    Raises:
        InvalidJpeg: as `segments`.
    """
    for marker, offset, _end in segments(data):
        if marker not in METADATA:
            return offset
    raise TruncatedJpeg("cut short in the headers")


class JpegSplitter:
    """Splits a stream of JPEGs into frames.

    Bytes between frames are skipped (rpicam-vid writes none), and so are frames larger than `max_bytes`, so that a
    broken or hostile stream cannot fill the memory.
    """

    def __init__(self, max_bytes: int = 64 << 20) -> None:
        self._max_bytes = max_bytes
        self._buffer = bytearray()
        self._scan = 0  # offset of the entropy-coded data of the first frame; 0: not known yet
        self._searched = 0  # no EOI begins before this
        self.skipped_bytes = 0

    def feed(self, chunk: bytes) -> list[bytes]:
        """Add the next bytes of the stream, and return the frames that they complete."""
        self._buffer += chunk
        frames = []
        while (frame := self._next()) is not None:
            frames.append(frame)
        return frames

    def _next(self) -> bytes | None:
        while self._buffer:
            if self._scan == 0 and not self._find_scan():
                return None
            end = self._buffer.find(EOI, self._searched)
            if end >= 0:
                frame = bytes(self._buffer[: end + 2])
                self._drop(end + 2)
                return frame
            if len(self._buffer) <= self._max_bytes:
                self._searched = max(self._scan, len(self._buffer) - 1)
                return None
            self._skip(2)
        return None

    def _find_scan(self) -> bool:
        """Bring a frame's SOI to the front and find its SOS; False when more bytes are needed."""
        while True:
            start = self._buffer.find(SOI)
            if start != 0:
                keep = start if start > 0 else len(self._buffer) - (self._buffer[-1:] == b"\xff")
                self._skip(keep)
                if start < 0:
                    return False
            try:
                for marker, _offset, end in segments(self._buffer):
                    if marker == _SOS and end <= len(self._buffer):
                        self._scan = self._searched = end
                        return True
                return False
            except TruncatedJpeg:
                if len(self._buffer) <= self._max_bytes:
                    return False
                self._skip(2)
            except InvalidJpeg:
                self._skip(2)

    def _skip(self, count: int) -> None:
        self.skipped_bytes += count
        self._drop(count)

    def _drop(self, count: int) -> None:
        del self._buffer[:count]
        self._scan = self._searched = 0
