"""Events: stretches of time in which something moves."""

from __future__ import annotations

from dataclasses import dataclass

from stillcam.motion.detector import Observation


@dataclass(slots=True)
class MotionEvent:
    """From the first motion to the last, in seconds of the frames' clock.

    Attributes:
        start_s, end_s: of the first and the last frame with motion.
        peak_s: of the frame in which most blocks moved.
        peak_blocks: how many those were.
    """

    start_s: float
    end_s: float
    peak_s: float
    peak_blocks: int

    def add(self, observation: Observation) -> None:
        """Let the event last until this frame, which has motion."""
        self.end_s = observation.time_s
        if len(observation.blocks) > self.peak_blocks:
            self.peak_s, self.peak_blocks = observation.time_s, len(observation.blocks)


class EventTracker:
    """Joins the frames with motion to events.

    Args:
        quiet_s: after so many seconds without motion, an event is over.
    """

    def __init__(self, quiet_s: float) -> None:
        self._quiet_s = quiet_s
        self.current: MotionEvent | None = None

    def add(self, observation: Observation) -> MotionEvent | None:
        """Take the next frame; the event that is over with it, if one is."""
        event = self.current
        over = event is not None and observation.time_s - event.end_s > self._quiet_s
        if over:
            self.current = None
        if observation.motion:
            if self.current is None:
                time_s = observation.time_s
                self.current = MotionEvent(time_s, time_s, time_s, 0)
            self.current.add(observation)
        return event if over else None
