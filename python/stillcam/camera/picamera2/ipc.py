"""In the daemon: the child process, and what is said to it and by it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NoReturn

from stillcam.camera.driver import Interrupted
from stillcam.camera.picamera2.wire import Message, pair
from stillcam.camera.rpicam.errors import failure
from stillcam.common.child_process import ChildProcess, wait_readable, widen_pipe
from stillcam.common.errors import CameraError
from stillcam.common.paths import ROOT

NAME = "picamera2"
LAST_WORDS_S = 1.0


class Over(CameraError):
    """The child has ended, without saying why."""


class Conversation:
    """One child, from here to `stop`.

    Args:
        env: its environment; ours comes before what PYTHONPATH says.
        machine: the folder that stands for the machine, see MachineLock.

    Raises:
        CameraError: it cannot be started.
    """

    def __init__(self, env: Mapping[str, str], machine: Path) -> None:
        path = os.pathsep.join(filter(None, [str(ROOT / "python"), env.get("PYTHONPATH")]))
        self._channel, theirs = pair()
        argv = [sys.executable, "-P", "-m", "stillcam.camera.picamera2", str(theirs.fileno()), str(machine)]
        try:
            self._program = ChildProcess(
                NAME, argv, Path("/"), {**env, "PYTHONPATH": path}, subprocess.PIPE, (theirs.fileno(),)
            )
        except CameraError:
            self._channel.close()
            raise
        finally:
            theirs.close()
        widen_pipe(self._program.stdout)

    @property
    def stdout(self) -> int:
        """Where a live view's JPEGs come from."""
        return self._program.stdout

    @property
    def status(self) -> int | None:
        """Its exit status; None while it runs."""
        return self._program.status

    def order(self, order: Message) -> None:
        """Have something done.

        Raises:
            CameraError: it takes no more orders, or has ended.
        """
        try:
            self._channel.send(order)
        except BlockingIOError as error:
            raise CameraError("stalled", "picamera2 does not take orders any more") from error
        except OSError:
            self.last_words()

    def wait(self, timeout_s: float, interrupts: Sequence[int], *more: int) -> tuple[Message, set[int]]:
        """Wait for something to happen: what the child tells (empty: nothing), and those of `more` that are readable.

        Raises:
            Interrupted: one of `interrupts` is readable, and nothing else.
            CameraError: the child has failed.
            Over: it has ended.
        """
        ready = wait_readable(timeout_s, self._channel.fd, *more, *interrupts)
        told: Message = {}
        if self._channel.fd in ready:
            told = self._told()
        elif not ready.intersection(more) and ready.intersection(interrupts):
            raise Interrupted
        return told, ready.intersection(more)

    def last_words(self) -> NoReturn:
        """The child is gone: raises what it told of that, or how it ended."""
        deadline = time.monotonic() + LAST_WORDS_S
        while (left := deadline - time.monotonic()) > 0:
            self.wait(left, ())
        raise self._over()

    def stop(self, grace_s: float, interrupts: Sequence[int] = ()) -> bool:
        """End it; it has so long to finish a video, see Driver. False: it was killed."""
        status = self._program.stop(signal.SIGTERM, grace_s, interrupts)
        self._channel.close()
        return status != -signal.SIGKILL

    def _told(self) -> Message:
        try:
            told = self._channel.receive()
        except BlockingIOError:
            return {}
        if told is None:
            raise self._over()
        if "failed" in told:
            raise CameraError(told["failed"], told["reason"])
        return told

    def _over(self) -> Over:
        self._program.wait(LAST_WORDS_S)
        error = failure(NAME, self._program.stop(), self._program.stderr)
        return Over(error.cause, error.reason)
