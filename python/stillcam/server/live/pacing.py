"""Fewer frames a second than the camera gives, evenly spread."""

from __future__ import annotations


class Thinning:
    """Chooses frames so that there are `fps` a second on average, as evenly as their times allow.

    Each choice moves the due time on by one period, so that neither jitter nor a rate that
    is no divisor of the camera's adds up. A frame may be early by a quarter of a period.

    Args:
        fps: frames a second, more than 0; a camera that is slower loses none.
    """

    def __init__(self, fps: float) -> None:
        self.period_s = 1 / fps
        self._due_s: float | None = None

    def wants(self, time_s: float) -> bool:
        """Whether the frame of `time_s` (any steady clock, rising) is one to send."""
        if self._due_s is None:
            self._due_s = time_s
        if time_s < self._due_s - self.period_s / 4:
            return False
        self._due_s = max(self._due_s + self.period_s, time_s)
        return True
