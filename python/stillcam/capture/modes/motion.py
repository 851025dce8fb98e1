"""Motion detection, beside the live stream: when the camera is armed, and what the status shows of it.

`LiveMode` runs the stream and hands over its frames. What looks at them is `capture/motion_events`, which is imported
and kept only while the camera is armed.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from stillcam.capture.context import CaptureContext
from stillcam.common.clock import local_zone
from stillcam.common.formats import utc_text

if TYPE_CHECKING:
    from stillcam.capture.motion_events.session import MotionSession
    from stillcam.settings.schema import MotionSettings

SCHEDULE_S = 1.0  # from one look at the schedule to the next: the clock and its zone may be set


class MotionWatch:
    """Looks for motion while the camera is armed, by the settings and their schedule.

    Attributes:
        wanted: whether the live stream must run for it.
    """

    def __init__(self, context: CaptureContext) -> None:
        self._context = context
        self._settings: MotionSettings | None = None  # that the session has
        self._session: MotionSession | None = None
        self._number = 0  # of the last event
        self._schedule_s = 0.0  # when to look at the schedule again (monotonic)
        self._next: str | None = None  # when the schedule changes (UTC)
        self.wanted = False

    def update(self) -> None:
        """Follow the settings and the clock."""
        settings, now = self._context.settings.wanted.motion, time.monotonic()
        if not settings.armed:
            self._settings, self._next, self.wanted = settings, None, False
            self._close_session()
            return
        if settings is not self._settings or now >= self._schedule_s:
            self._settings, self._schedule_s = settings, now + SCHEDULE_S
            self._follow_schedule(settings)
        if self._session:
            self._session.update()

    def add(self, frames: Sequence[bytes]) -> None:
        """Take the newest frames of the live stream."""
        if self.wanted and self._session:
            self._session.add(frames, self._context.driver.metadata)

    def close(self) -> None:
        """The daemon ends."""
        self._close_session()

    def to_json(self) -> dict[str, Any] | None:
        """For the status: what it sees, and the newest event; None: disarmed. May be called from any thread."""
        session, settings = self._session, self._settings
        if session is None or settings is None:
            return None
        active = self.wanted and session.sees
        return {"armed": settings.armed, "active": active, "next": self._next, **session.to_json()}

    def _follow_schedule(self, settings: MotionSettings) -> None:
        from stillcam.capture.motion_events.session import MotionSession
        from stillcam.motion.arming import Arming

        now_ms = int(time.time() * 1000)
        arming = Arming(settings, local_zone(os.environ))
        self.wanted = arming.looks(now_ms)
        next_ms = arming.next_change(now_ms)
        self._next = None if next_ms is None else utc_text(next_ms / 1000)
        if self._session is None:
            self._session = MotionSession(settings, self._number)
        self._session.set(settings)

    def _close_session(self) -> None:
        if self._session:
            self._session.close()
            self._number = self._session.number
            self._session = None
