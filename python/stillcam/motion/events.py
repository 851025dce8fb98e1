"""Events: from the first motion, or the request for one, until nothing has moved for a while."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from stillcam.motion.blocks import Block

if TYPE_CHECKING:  # with Pillow, which the thread of the detector imports
    from stillcam.motion.detector import Observation


class MotionEvent:
    """One event, also while it lasts. All times are seconds of one clock that rises.

    Args:
        start_s: of the first frame with motion, or of the request.
        trigger: `motion`, `request` or `keep`.

    Attributes:
        last_s: of the newest frame with motion.
        peak_s, peak: the frame in which most blocks moved, and these blocks.
        gaps: begin and end of the times in which another use had the camera, or it failed.
    """

    def __init__(self, start_s: float, trigger: str) -> None:
        self.start_s = self.last_s = self.peak_s = start_s
        self.trigger = trigger
        self.peak: Sequence[Block] = ()
        self.gaps: list[tuple[float, float]] = []
        self._quiet_since_s = start_s

    def add_motion(self, time_s: float, blocks: Sequence[Block]) -> bool:
        """A frame shows motion in these blocks; whether more move than in all frames before."""
        self.last_s = max(self.last_s, time_s)
        self._quiet_since_s = max(self._quiet_since_s, time_s)
        if len(blocks) <= len(self.peak):
            return False
        self.peak_s, self.peak = time_s, blocks
        return True

    def extend(self, until_s: float) -> None:
        """Let it last until this time at least."""
        self._quiet_since_s = max(self._quiet_since_s, until_s)

    def add_gap(self, from_s: float, to_s: float) -> None:
        """There were no frames in between: that time does not count as quiet."""
        self.gaps.append((from_s, to_s))
        self._quiet_since_s += to_s - from_s

    def is_over(self, now_s: float, quiet_s: float) -> bool:
        """Whether nothing has moved for so many seconds."""
        return now_s - self._quiet_since_s > quiet_s


def events_among(observations: Iterable[Observation], quiet_s: float) -> list[MotionEvent]:
    """The events in what was seen, oldest first; one is over after so many seconds without motion."""
    events: list[MotionEvent] = []
    for seen in observations:
        if seen.motion:
            if not events or events[-1].is_over(seen.time_s, quiet_s):
                events.append(MotionEvent(seen.time_s, "motion"))
            events[-1].add_motion(seen.time_s, seen.blocks)
    return events
