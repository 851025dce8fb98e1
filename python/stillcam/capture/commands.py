"""What comes in through the command socket, on its way to the camera's thread."""

from __future__ import annotations

import os
import queue
import threading
import time

from stillcam.capture.status import Status
from stillcam.errors import StillcamError
from stillcam.link import Message

MAX_LEASE_S = 30.0
SNAPSHOT_TIMEOUT_S = 30.0
RELOAD_TIMEOUT_S = 30.0
FOCUS_TIMEOUT_S = 60.0


class Command:
    """One queued command; the camera's thread finishes it."""

    def __init__(self, verb: str) -> None:
        self.verb = verb
        self._done = threading.Event()
        self._answer: Message = {}

    def finish(self, answer: Message) -> None:
        """Hand over the answer; with an `error` in it, it is a refusal."""
        self._answer = answer
        self._done.set()

    def fail(self, error: StillcamError) -> None:
        """Refuse, for this reason."""
        self.finish({"error": str(error), "cause": getattr(error, "cause", "")})

    def wait(self, timeout_s: float) -> Message | None:
        """The answer; None: not in time."""
        return self._answer if self._done.wait(timeout_s) else None


class Commands:
    """Answers the socket's threads, and queues for the camera's thread what only that may do.

    `wake` is a descriptor that is readable while something waits to be taken.
    """

    def __init__(self, status: Status) -> None:
        self._status = status
        self._queue: queue.SimpleQueue[Command] = queue.SimpleQueue()
        self._lease_until = 0.0
        self.wake = os.eventfd(0, os.EFD_NONBLOCK)

    def handle(self, message: Message) -> Message:
        """Answer one message.

        Raises:
            StillcamError: refused or failed; the text says why.
        """
        verbs = {
            "status": self._answer_status,
            "snapshot": self._snapshot,
            "reload": self._reload,
            "focus": self._focus,
            "cameras": self._cameras,
            "lease": self._lease,
        }
        if message["command"] not in verbs:
            raise StillcamError(f"unknown command {message['command']!r}: it may be {', '.join(verbs)}")
        return verbs[message["command"]](message)

    def post(self, verb: str) -> Command:
        """Queue a command."""
        command = Command(verb)
        self._queue.put(command)
        os.eventfd_write(self.wake, 1)
        return command

    def take(self) -> list[Command]:
        """All that is queued; `wake` is then silent until the next one."""
        try:
            os.eventfd_read(self.wake)
        except BlockingIOError:
            return []
        commands = []
        while not self._queue.empty():
            commands.append(self._queue.get())
        return commands

    @property
    def leased(self) -> bool:
        """Whether somebody watches live."""
        return time.monotonic() < self._lease_until

    def _answer_status(self, _message: Message) -> Message:
        return self._status.message()

    def _snapshot(self, _message: Message) -> Message:
        """Answers with the name of a frame that was begun after the question."""
        with self._status.next_frame() as frame:
            self.post("snapshot")
            name = frame(SNAPSHOT_TIMEOUT_S)
        if name is None:
            raise StillcamError(
                self._status.message()["reason"] or "no picture came in time: see data/logs/capture.log"
            )
        return {"frame": name}

    def _reload(self, _message: Message) -> Message:
        """Answers once a picture has been made with the settings, or newer ones have come.

        `in_force` is false where no picture says so: there are newer settings (`superseded`), there
        is no camera now, or it takes long (a long exposure).
        """
        late = {"reloaded": True, "revision": None, "in_force": False, "frame": None}
        return self.post("reload").wait(RELOAD_TIMEOUT_S) or late

    def _focus(self, _message: Message) -> Message:
        """Answers with what one scan found: `state` (focused, failed), `lens_position` (dioptres), `distance_m`."""
        answer = self.post("focus").wait(FOCUS_TIMEOUT_S)
        if answer is None:
            raise StillcamError("the camera is busy: try again")
        return answer

    def _cameras(self, _message: Message) -> Message:
        """Those that were found when the camera was last looked for: listing them would disturb it."""
        return self._status.cameras()

    def _lease(self, message: Message) -> Message:
        seconds = message.get("seconds", 5.0)
        if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 <= seconds <= MAX_LEASE_S:
            raise StillcamError(f"a lease's seconds must be a number from 0 to {MAX_LEASE_S:g}")
        begins = not self.leased
        self._lease_until = time.monotonic() + seconds
        if begins:
            os.eventfd_write(self.wake, 1)
        return {"mode": self._status.message()["mode"]}
