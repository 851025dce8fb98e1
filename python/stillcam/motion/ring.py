"""The last seconds of the live stream, in memory."""

from __future__ import annotations

import mmap
from collections import deque

BYTES_SHARE = 70  # a seventieth of the memory: 6.1 MB of the 427 MB that Linux has on a Pi Zero 2 W
LEAST_BYTES = 4 << 20  # some 30 frames of 1280x720

Jpeg = bytes | memoryview
TimedFrame = tuple[float, Jpeg]
"""When a frame was read, in seconds of a clock that rises, and its JPEG."""


def most_bytes(memory_bytes: int) -> int:
    """How much a ring may hold on a board with so much memory.

    Pillow and the detector take 3 MB: with the ring, an armed daemon on a Pi Zero 2 W has 9 to 10 MB more than for
    viewers alone. A seventieth of its memory are some 3 s of 1280x960 at 15 frames a second.
    """
    return max(LEAST_BYTES, memory_bytes // BYTES_SHARE)


class Ring:
    """Keeps the newest frames.

    Args:
        seconds: how long it keeps a frame, which may be changed.
        limit_bytes: of all frames together; the oldest are dropped sooner then.

    Attributes:
        held_s: from the oldest frame to the newest; may be read by any thread.
    """

    def __init__(self, seconds: float, limit_bytes: int) -> None:
        self.seconds = seconds
        self.limit_bytes = limit_bytes
        self.held_s = 0.0
        self._frames: deque[TimedFrame] = deque()
        self._bytes = 0

    def add(self, time_s: float, jpeg: Jpeg) -> None:
        """Add the newest frame, and drop those that are too old or too many."""
        self._frames.append((time_s, _in_own_pages(jpeg)))
        self._bytes += len(jpeg)
        while self._frames and (self._bytes > self.limit_bytes or self._frames[0][0] < time_s - self.seconds):
            self._bytes -= len(self._frames.popleft()[1])
        self.held_s = time_s - self._frames[0][0] if self._frames else 0.0

    def take(self, since_s: float) -> list[TimedFrame]:
        """Empty it; the frames that are not older than that, oldest first."""
        frames = [frame for frame in self._frames if frame[0] >= since_s]
        self.clear()
        return frames

    def clear(self) -> None:
        """Empty it."""
        self._frames.clear()
        self._bytes, self.held_s = 0, 0.0


def _in_own_pages(jpeg: Jpeg) -> memoryview:
    """A copy that leaves no gap when it goes: gaps of all sizes would keep up to 6 MB more in the heap."""
    pages = mmap.mmap(-1, len(jpeg), flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    pages.write(jpeg)
    return memoryview(pages)
