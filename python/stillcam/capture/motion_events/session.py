"""What happens with the frames while the camera is armed: detection, and the event that they belong to.

For the camera's thread; `to_json` may be called by any.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from stillcam.camera.metadata import Metadata
from stillcam.capture.motion_events.detection import DetectionThread, SeenFrame
from stillcam.common.formats import utc_text
from stillcam.motion.running_event import RunningEvent
from stillcam.settings.schema import MotionSettings

if TYPE_CHECKING:
    from stillcam.motion.detector import Observation

GAP_S = 2.0  # so long without a frame means that another use has the camera, or that it has failed
LOST_S = 30.0  # an event ends when there has been no frame for so long


class MotionSession:
    """From arming to disarming.

    Args:
        number: of the last event since the daemon's start.
    """

    def __init__(self, settings: MotionSettings, number: int) -> None:
        self.number = number
        self._settings = settings
        self._detection = DetectionThread(settings)
        self._due_s = 0.0  # when the detector gets the next frame (monotonic)
        self._seen_s: float | None = None  # when the newest frame came (monotonic)
        self._event: RunningEvent | None = None
        self._ahead_s = 0.0  # of the clock, against the monotonic one, when the event began
        self._newest: Observation | None = None
        self._shown: dict[str, Any] | None = None  # the newest event, as the status shows it

    def set(self, settings: MotionSettings) -> None:
        """Use these settings from now on."""
        self._settings = settings
        self._detection.set(settings)

    def add(self, frames: Sequence[bytes], metadata: Metadata) -> None:
        """Take the frames that the camera has just given."""
        now = time.monotonic()
        if self._event and self._seen_s is not None and now - self._seen_s > GAP_S:
            self._event.add_gap(self._seen_s, now)
        self._seen_s = now
        if now >= self._due_s:
            interval_s = 1 / self._settings.fps
            self._due_s = max(self._due_s + interval_s, now)
            self._detection.offer(SeenFrame(now, frames[-1], metadata))
        for frame, observation in self._detection.take():
            self._newest = observation
            if observation.motion:
                self._add_motion(frame, observation)
        self.update()

    def update(self) -> None:
        """End the event once it is over, or there are no frames."""
        now = time.monotonic()
        if self._event and (self._event.is_over(now, self._settings.after_s) or self._lost(now)):
            self._end_event()

    def close(self) -> None:
        """Disarmed, or the daemon ends."""
        if self._event:
            self._end_event()
        self._detection.close()

    @property
    def sees(self) -> bool:
        """Whether it has frames to look at."""
        return self._seen_s is not None and time.monotonic() - self._seen_s <= GAP_S

    def to_json(self) -> dict[str, Any]:
        """What it sees, for the status."""
        newest, detection = self._newest, self._detection
        return {
            "level": newest.level if newest else 0,
            "threshold": detection.threshold,
            "ignored": newest.ignored if newest else "",
            "event": self._shown,
            "counts": {"events": self.number, "looked": detection.looked, "skipped": detection.skipped},
        }

    def _lost(self, now: float) -> bool:
        return self._seen_s is not None and now - self._seen_s > LOST_S

    def _add_motion(self, frame: SeenFrame, observation: Observation) -> None:
        if self._event is None:
            self._begin_event(frame.time_s, "motion")
            assert self._event is not None
        self._event.add_motion(frame.time_s, observation.blocks)

    def _begin_event(self, start_s: float, trigger: str) -> None:
        self._event = RunningEvent(start_s, trigger)
        self._ahead_s = time.time() - time.monotonic()
        self.number += 1
        start = self._utc(start_s)
        self._shown = {"number": self.number, "start": start, "end": None, "trigger": trigger, "item": None}
        logging.info("motion: event %s began", self.number)

    def _end_event(self) -> None:
        event, self._event = self._event, None
        assert event is not None
        assert self._shown is not None
        self._shown = {**self._shown, "end": self._utc(event.last_s)}
        logging.info("motion: event %s ended after %.1f s", self.number, event.last_s - event.start_s)

    def _utc(self, time_s: float) -> str:
        """A time of the frames' clock, by the machine's clock when the event began."""
        return utc_text(time_s + self._ahead_s)
