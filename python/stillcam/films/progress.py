"""How far ffmpeg is, of what it says with `-progress`: lines like `frame=12`, in blocks that end in `progress=…`."""

from __future__ import annotations


class Progress:
    """Reads it piece by piece.

    Attributes:
        frames: that are done.
        ended: whether it has said that it is through.
    """

    def __init__(self) -> None:
        self.frames = 0
        self.ended = False
        self._rest = b""

    def feed(self, data: bytes) -> None:
        """More of what it says, cut anywhere."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            name, _, value = line.partition(b"=")
            value = value.strip()
            if name == b"frame" and value.isdigit():
                self.frames = max(self.frames, int(value))
            elif name == b"progress":
                self.ended = value == b"end"
        self._rest = self._rest[-1024:]


def left_s(done: float, of: float, took_s: float) -> float | None:
    """What is left if it goes on as it did so far, in seconds; None: nobody knows yet."""
    return round(took_s * (of - done) / done, 1) if done > 0 and took_s >= 1 else None
