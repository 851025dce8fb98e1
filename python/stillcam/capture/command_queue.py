"""The commands on their way from the command socket's threads to the camera's thread."""

from __future__ import annotations

import os
import queue
import threading
import time

from stillcam.common.errors import StillcamError
from stillcam.ipc.protocol import Message


class Command:
    """A queued command with its message; the camera's thread answers it."""

    def __init__(self, verb: str, message: Message | None = None) -> None:
        self.verb = verb
        self.message = message or {}
        self._done = threading.Event()
        self._answer: Message = {}

    def finish(self, answer: Message) -> None:
        """Answer; an `error` in it makes it a refusal."""
        self._answer = answer
        self._done.set()

    def fail(self, error: StillcamError, **more: object) -> None:
        """Answer with an error; `more` are further members of the answer, such as the items that were made."""
        self.finish({"error": str(error), "cause": getattr(error, "cause", ""), **more})

    def wait(self, timeout_s: float | None) -> Message | None:
        """Wait for the answer, without a time-out for ever; None: there was none in time."""
        return self._answer if self._done.wait(timeout_s) else None


class CommandQueue:
    """Commands for the camera's thread, and the lease of the live view; safe to use from any thread.

    Attributes:
        wake: a descriptor that is readable while something waits to be taken.
    """

    def __init__(self) -> None:
        self._queue: queue.SimpleQueue[Command] = queue.SimpleQueue()
        self._lease_until_s = 0.0  # monotonic
        self._polled = False  # by the camera's thread, since `polled` was last called
        self.wake = os.eventfd(0, os.EFD_NONBLOCK)

    def post(self, verb: str, message: Message | None = None) -> Command:
        command = Command(verb, message)
        self._queue.put(command)
        self.nudge()
        return command

    def nudge(self) -> None:
        os.eventfd_write(self.wake, 1)

    def polled(self) -> bool:
        """Whether the camera's thread has looked for commands since the last call; it is woken to look again."""
        polled, self._polled = self._polled, False
        self.nudge()
        return polled

    def take(self) -> list[Command]:
        """All that is queued; `wake` is then silent until the next one."""
        self._polled = True
        try:
            os.eventfd_read(self.wake)
        except BlockingIOError:
            return []
        commands = []
        while not self._queue.empty():
            commands.append(self._queue.get())
        return commands

    def renew_lease(self, seconds: float) -> None:
        """Keep the live view for so long from now on."""
        begins = not self.leased
        self._lease_until_s = time.monotonic() + seconds
        if begins:
            self.nudge()

    @property
    def leased(self) -> bool:
        """Whether somebody watches live."""
        return time.monotonic() < self._lease_until_s
