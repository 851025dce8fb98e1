"""The last seconds of the live stream, in memory."""

from __future__ import annotations

from collections import deque

BYTES_SHARE = 50  # a fiftieth of the memory: 8.5 MB of the 427 MB that Linux has on a Pi Zero 2 W
LEAST_BYTES = 4 << 20  # some 30 frames of 1280x720

TimedFrame = tuple[float, bytes]
"""When a frame was read, in seconds of a clock that rises, and its JPEG."""


def most_bytes(memory_bytes: int) -> int:
    """How much a ring may hold on a board with so much memory.

    A Pi Zero 2 W has some 250 MB left when the camera program and Stillcam run. A fiftieth of its memory are 4 s of
    1280x960 at 15 frames a second, and as much again may be on its way to the card.
    """
    return max(LEAST_BYTES, memory_bytes // BYTES_SHARE)


class Ring:
    """Keeps the newest frames.

    Args:
        seconds: how long it keeps a frame, which may be changed.
        limit_bytes: of all frames together; the oldest are dropped sooner then.
    """

    def __init__(self, seconds: float, limit_bytes: int) -> None:
        self.seconds = seconds
        self.limit_bytes = limit_bytes
        self._frames: deque[TimedFrame] = deque()
        self._bytes = 0

    def add(self, time_s: float, jpeg: bytes) -> None:
        """Add the newest frame, and drop those that are too old or too many."""
        self._frames.append((time_s, jpeg))
        self._bytes += len(jpeg)
        while self._frames and (self._bytes > self.limit_bytes or self._frames[0][0] < time_s - self.seconds):
            self._bytes -= len(self._frames.popleft()[1])

    def take(self, since_s: float) -> list[TimedFrame]:
        """Empty it; the frames that are not older than that, oldest first."""
        frames = [frame for frame in self._frames if frame[0] >= since_s]
        self.clear()
        return frames

    def clear(self) -> None:
        """Empty it."""
        self._frames.clear()
        self._bytes = 0

    @property
    def held_s(self) -> float:
        """From the oldest frame to the newest."""
        return self._frames[-1][0] - self._frames[0][0] if self._frames else 0.0
