"""Motion detection, beside the live stream: when the camera is armed, its commands, and what the status shows of it.

`LiveMode` runs the stream and hands over its frames. What looks at them is `capture/motion_events`, which is imported
and kept only while the camera is armed, for an event on request, or while somebody asks for the levels.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from stillcam.capture.command_queue import Command
from stillcam.capture.context import CaptureContext
from stillcam.capture.library_writer.writer import LibraryWriter
from stillcam.common import heap
from stillcam.common.clock import local_zone
from stillcam.common.errors import CameraError
from stillcam.common.formats import utc_text
from stillcam.ipc.protocol import Message

if TYPE_CHECKING:
    from stillcam.capture.motion_events.session import MotionSession, Photograph
    from stillcam.settings.capabilities import CameraInfo
    from stillcam.settings.schema import MotionSettings, Settings

SCHEDULE_S = 1.0  # from one look at the schedule to the next: the clock and its zone may be set
CLOSE_S = 1.0  # for the rest of all events to be written when the daemon ends
TRIGGER_S, KEEP_S = 10.0, 10.0  # where the request names no time
TUNING_S = 5.0  # the detector looks for so long after each request for the levels
USES = {
    "photo": "a photo is being taken",
    "video": "a video is being recorded",
    "series": "a series uses the camera",
    "focus": "the camera is focusing",
}
NOTHING_SEEN: Message = {
    "threshold": 0, "looks": [], "columns": 0, "rows": 0, "blocks": [], "others": [], "mask": None,
}  # fmt: skip


class MotionWatch:
    """Looks for motion while the camera is armed, by the settings and their schedule.

    Args:
        photograph: has a photo of an event taken, see `PhotoMode.take_of_motion`.

    Attributes:
        handlers: of its commands, see `Mode`.
    """

    def __init__(self, context: CaptureContext, library: LibraryWriter, photograph: Photograph) -> None:
        self._context = context
        self._library = library
        self._photograph = photograph
        self._settings: MotionSettings | None = None  # that were last applied
        self._session: MotionSession | None = None
        self._ended: list[MotionSession] = []  # whose events are still being written
        self._number = 0  # of the last event
        self._used = False  # memory is in use that is to be returned afterwards
        self._tuned_until_s = 0.0  # somebody asks for the levels until then (monotonic)
        self._stream: tuple[Settings, CameraInfo] | None = None  # that runs
        self._looks = False
        self._schedule_s = 0.0  # when to look at the schedule again (monotonic)
        self._next: str | None = None  # when the schedule changes (UTC)
        self.handlers = {"trigger": self._on_trigger, "keep": self._on_keep}

    @property
    def wanted(self) -> bool:
        """Whether the live stream must run for it."""
        return self._looks or self._tunes or (self._session is not None and self._session.has_event)

    @property
    def is_busy(self) -> bool:
        """Whether files of an event are being written."""
        return any(session.is_busy for session in (*self._ended, *filter(None, (self._session,))))

    def update(self) -> None:
        """Follow the settings and the clock."""
        settings, now = self._context.settings.wanted.motion, time.monotonic()
        changed, self._settings = settings is not self._settings, settings
        if changed or now >= self._schedule_s:
            self._schedule_s = now + SCHEDULE_S
            self._follow_schedule(settings)
            self._ended = [session for session in self._ended if session.is_busy]
        self._return_memory()
        if self._tunes:
            self._open_session(settings)
        if session := self._session:
            if changed:
                session.set(settings)
            session.update()
            if session.is_over and not settings.armed and not self._tunes:
                self._close_session()

    def begin_stream(self, settings: Settings, camera: CameraInfo) -> None:
        """The live stream has been started."""
        self._stream = settings, camera
        if self._session:
            self._session.begin_stream(settings, camera)

    def change_stream(self, settings: Settings, camera: CameraInfo) -> None:
        """The live stream that runs has these settings from now on."""
        self._stream = settings, camera
        if self._session:
            self._session.change_stream(settings, camera)

    def add(self, frames: Sequence[bytes]) -> None:
        """Take the newest frames of the live stream."""
        if self._session and self.wanted:
            self._session.add(frames, self._context.driver.metadata, look=self._looks, tune=self._tunes)

    def close(self) -> None:
        """The daemon ends."""
        self._close_session()
        until_s = time.monotonic() + CLOSE_S
        for session in self._ended:
            session.join(until_s)

    def to_json(self) -> dict[str, Any] | None:
        """For the status: what it sees, and the newest event; may be called from any thread.

        None: disarmed, and no event lasts or has ended lately.
        """
        session, settings = self._session, self._settings
        if session is None or settings is None or (session.is_over and not settings.armed):
            return None
        looks = self._looks
        return {
            "armed": settings.armed, "scheduled": looks, "active": looks and session.sees, "next": self._next,
            **session.to_json(),
        }  # fmt: skip

    def levels(self, message: Message) -> Message:
        """Answer the command `level`; called by the command socket's threads.

        The detector looks for some seconds more, also while the camera is disarmed; it then makes no events.
        """
        begins = not self._tunes
        self._tuned_until_s = time.monotonic() + TUNING_S
        if begins:
            self._context.commands.nudge()
        session = self._session
        sees = session is not None and session.sees
        seen = session.levels_to_json(message.get("after", 0)) if session else NOTHING_SEEN
        return {"active": self._looks and sees, "reason": None if sees else self._unseen(), **seen}

    @property
    def _tunes(self) -> bool:
        return time.monotonic() < self._tuned_until_s

    def _unseen(self) -> str:
        """Why the detector sees nothing now."""
        status = self._context.status
        return status.reason or USES.get(status.mode, "the camera is starting its live stream")

    def _return_memory(self) -> None:
        """Return what an event, or the detector, has left unused to the system: up to 7 MB, in pieces."""
        used = self.is_busy or bool(self._ended)
        if self._used and not used:
            heap.trim()
        self._used = used

    def _follow_schedule(self, settings: MotionSettings) -> None:
        if not settings.armed:
            self._looks, self._next = False, None
            return
        from stillcam.motion.arming import Arming

        now_ms = int(time.time() * 1000)
        arming = Arming(settings, self._context.settings.wanted.place, local_zone(os.environ))
        self._looks, next_ms = arming.looks(now_ms), arming.next_change(now_ms)
        self._next = None if next_ms is None else utc_text(next_ms / 1000)
        self._open_session(settings)

    def _open_session(self, settings: MotionSettings) -> MotionSession:
        if self._session is None:
            from stillcam.capture.motion_events.session import MotionSession

            self._session = MotionSession(self._library, self._photograph, settings, self._number, self._context.edits)
            if self._stream:
                self._session.begin_stream(*self._stream)
        return self._session

    def _close_session(self) -> None:
        if session := self._session:
            session.close()
            self._number = session.number
            self._ended.append(session)
            self._session = None

    def _on_trigger(self, command: Command) -> None:
        """Answers with the `event`."""
        if self._context.recording:
            raise CameraError("busy", "a video is being recorded: stop it, or wait until it ends")
        self._library.disk.check()
        session = self._open_session(self._context.settings.wanted.motion)
        command.finish({"event": session.trigger(command.message.get("seconds", TRIGGER_S))})

    def _on_keep(self, command: Command) -> None:
        """Answers with the `event`."""
        if self._session is None or not (self._session.sees and (self._looks or self._session.has_event)):
            raise CameraError("idle", "the camera is not looking for motion now: arm it first")
        self._library.disk.check()
        command.finish({"event": self._session.keep(command.message.get("seconds", KEEP_S))})
