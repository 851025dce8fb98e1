"""Work on the library that nobody waits for at the camera: one thread of low priority.

Videos are finished here, what a crash has left is put right, and what the owner does not want to
keep is deleted. Work that takes long asks between two files whether it is over: what is urgent is then done first. When
the daemon ends, what is under way is broken off: the next start goes on with it.
"""

from __future__ import annotations

import logging
import os
import queue
import shutil
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from stillcam.common import log
from stillcam.common.child_process import ChildProcess, wait_readable
from stillcam.common.errors import CameraError
from stillcam.common.threads import keep, lower_priority

BEAT_S = 10.0
PROGRAM_S = 3600.0  # a program that works so long hangs
LAST_S = 0.4  # for what is under way when the daemon ends; and for its program to be ended
_NICE = 10
_LAST_WORDS = 3  # lines

Task = Callable[[], None]


class Closing(Exception):
    """The daemon ends: what is under way is left as it is."""


class BackgroundWorker:
    """Carries out tasks, one after the other.

    Args:
        folder: in which programs are started.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._tasks: queue.SimpleQueue[Task] = queue.SimpleQueue()
        self._long: deque[Task] = deque()
        self._closing = os.eventfd(0, os.EFD_NONBLOCK)
        self.closing = False
        self._ended = threading.Event()

    def start(self, regular: Sequence[Task]) -> None:
        """Begin with what has been queued.

        Args:
            regular: done every `BEAT_S` when nothing is queued, one after the other.
        """
        self._ended = keep(partial(self._run, regular), "library")

    def add(self, task: Task) -> None:
        """Queue a task; it goes before all that takes long."""
        self._tasks.put(task)

    def later(self, task: Task) -> None:
        """Queue a task that takes long: it asks now and then whether it is `over`."""
        self._long.append(task)
        self._tasks.put(self._nothing)

    def over(self) -> bool:
        """For what takes long, between two files: does what is urgent; then whether to break off.

        Raises:
            Closing: the daemon ends, in the middle of that.
        """
        while not self.closing and not self._tasks.empty():
            self.carry_out(self._tasks.get())
        return self.closing

    def close(self) -> None:
        """Break off what does not end soon."""
        self.closing = True
        self._tasks.put(self._nothing)
        self._ended.wait(LAST_S)
        os.eventfd_write(self._closing, 1)
        self._ended.wait(LAST_S)

    def ffmpeg(self, arguments: Sequence[str]) -> str | None:
        """Run ffmpeg; what it says when it fails, None: all is well. To be called by tasks.

        Raises:
            Closing: the daemon ends.
        """
        path = shutil.which("ffmpeg")
        if path is None:
            return "it is not installed: sudo apt install ffmpeg"
        try:
            program = ChildProcess("ffmpeg", [path, "-nostdin", "-v", "error", "-y", *arguments], self._folder)
        except CameraError as error:
            return str(error)
        with program:
            if self._closing in wait_readable(PROGRAM_S, program.pidfd, self._closing):
                raise Closing
            program.wait(1.0)
            if program.status == 0:
                return None
            return " ".join(program.stderr[-_LAST_WORDS:]) or f"it ended with status {program.status}"

    def _run(self, regular: Sequence[Task]) -> None:
        lower_priority(_NICE)
        due_s = time.monotonic()
        try:
            while not self.closing or not self._tasks.empty():
                left_s = 0.0 if self._long else max(0.0, due_s - time.monotonic())
                try:
                    self.carry_out(self._tasks.get(timeout=left_s))
                except queue.Empty:
                    if time.monotonic() >= due_s:
                        due_s = time.monotonic() + BEAT_S
                        for task in regular:
                            self.carry_out(task)
                    elif self._long:
                        self.carry_out(self._long.popleft())
        except Closing:
            return

    def carry_out(self, task: Task) -> None:
        """Do a task now; any error is logged.

        Raises:
            Closing: the daemon ends.
        """
        try:
            task()
        except Closing:
            raise
        except OSError as error:
            logging.error("background work on the library failed: %s", error)
        except Exception as error:  # noqa: BLE001 - it is logged
            log.fault("background work on the library", error)

    def _nothing(self) -> None:
        """Wakes the thread."""
