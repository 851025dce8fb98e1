"""A thread of low priority for work on the library and on series: finishing videos, recovery after a crash, retention.

A long task calls `checkpoint` between two files: short tasks that have been queued meanwhile are then done first. One
that encodes a video is stopped for a long task that goes first, and begins again after it. When the daemon ends, the
current task is broken off; the next start continues it.
"""

from __future__ import annotations

import logging
import os
import queue
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from stillcam.common import log
from stillcam.common.child_process import PIPE_BYTES, ChildProcess, find_program, wait_readable
from stillcam.common.errors import CameraError
from stillcam.common.threads import lower_priority, start_restarting
from stillcam.films.ffmpeg import PROGRESS, encoded_frames

REGULAR_S = 10.0  # from one run of the regular tasks to the next
FFMPEG_TIMEOUT_S = 3600.0  # a program that makes no progress for so long hangs
CHECKPOINT_S = 1.0  # from one look for short tasks to the next, while a program of a long one runs
CLOSE_S = 0.4  # for the current task when the daemon ends, and as long again for its program
_NICE = 10
_ERROR_LINES = 3  # of a failed program

Task = Callable[[], None]


class Closing(Exception):
    """The daemon ends: the current task is left as it is."""


class Preempted(Exception):
    """A long task that goes first is queued: the current one ends, and is run again after it."""


class BackgroundWorker:
    """Runs tasks, one after the other; programs are started in `folder`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._tasks: queue.SimpleQueue[Task] = queue.SimpleQueue()
        self._long: deque[Task] = deque()
        self._long_first: deque[Task] = deque()
        self._preemptible = False  # whether the long task that runs ends for one that goes first
        self._closing = os.eventfd(0, os.EFD_NONBLOCK)
        self.closing = False
        self._ended = threading.Event()
        self.encoded_frames = 0  # by the program that runs, if it reports them

    def start(self, regular: Sequence[Task]) -> None:
        """Start the thread; the `regular` tasks are done every `REGULAR_S` when nothing is queued."""
        self._ended = start_restarting(partial(self._run, regular), "library")

    def submit(self, task: Task) -> None:
        """Queue a short task; it goes before all long ones."""
        self._tasks.put(task)

    def submit_long(self, task: Task, first: bool = False) -> None:
        """Queue a long task, which calls `checkpoint` now and then.

        Args:
            first: it goes before those that are not. One of these that encodes a video raises Preempted.
        """
        (self._long_first if first else self._long).append(task)
        self._tasks.put(_wake)

    def checkpoint(self) -> bool:
        """Run the short tasks that wait; whether the long task that calls this must break off.

        Raises:
            Closing: the daemon ends, in the middle of a short task.
        """
        while not self.closing and not self._tasks.empty():
            self.run(self._tasks.get())
        return self.closing

    def close(self) -> None:
        """End the thread; a task that does not end soon is broken off."""
        self.closing = True
        self._tasks.put(_wake)
        self._ended.wait(CLOSE_S)
        os.eventfd_write(self._closing, 1)
        self._ended.wait(CLOSE_S)

    def run_long_ffmpeg(self, arguments: Sequence[str]) -> str | None:
        """As `run_ffmpeg`, for a long task: the short tasks that come meanwhile do not wait for it.

        Raises:
            Closing: the daemon ends.
            Preempted: only from a program that reports its progress.
        """
        return self.run_ffmpeg(arguments, CHECKPOINT_S)

    def run_ffmpeg(self, arguments: Sequence[str], checkpoint_s: float = FFMPEG_TIMEOUT_S) -> str | None:
        """Run ffmpeg for a task; its error output, None: it succeeded.

        Args:
            checkpoint_s: how often `checkpoint` is called.

        Raises:
            Closing: the daemon ends.
        """
        path = find_program("ffmpeg")
        if path is None:
            return "it is not installed: sudo apt install ffmpeg"
        argv = [path, "-nostdin", "-v", "error", "-y", *arguments]
        reports = PROGRESS[0] in arguments  # it encodes, and may be stopped for another task
        if reports:
            self.encoded_frames = 0
        try:
            stdout = subprocess.PIPE if reports else subprocess.DEVNULL
            program = ChildProcess("ffmpeg", argv, self._folder, stdout=stdout)
        except CameraError as error:
            return str(error)
        with program:
            output = program.stdout if reports else -1
            end_s = time.monotonic() + FFMPEG_TIMEOUT_S
            while time.monotonic() < end_s:
                ended = wait_readable(checkpoint_s, program.pidfd, self._closing, output)
                if self._closing in ended:
                    raise Closing
                if program.pidfd in ended:
                    break
                if reports and self._preemptible and self._long_first:
                    raise Preempted
                if output in ended and self._read_progress(output):
                    end_s = time.monotonic() + FFMPEG_TIMEOUT_S
                self.checkpoint()
            program.wait(1.0)
            if program.status == 0:
                return None
            return " ".join(program.stderr[-_ERROR_LINES:]) or f"it ended with status {program.status}"

    def _read_progress(self, output: int) -> bool:
        """Read what a program reports twice a second; whether it has encoded more frames."""
        before, lines = self.encoded_frames, os.read(output, PIPE_BYTES).splitlines()
        self.encoded_frames = max(before, *(encoded_frames(line) or 0 for line in lines), 0)
        return self.encoded_frames > before

    def run(self, task: Task) -> None:
        """Run a task; any error but Closing and Preempted is logged."""
        try:
            task()
        except (Closing, Preempted):
            raise
        except OSError as error:
            logging.error("background work on the library failed: %s", error)
        except Exception as error:  # noqa: BLE001 - it is logged
            log.fault("background work on the library", error)

    def _run(self, regular: Sequence[Task]) -> None:
        lower_priority(_NICE)
        due_s = time.monotonic()
        try:
            while not self.closing or not self._tasks.empty():
                long = self._long_first or self._long
                left_s = 0.0 if long else max(0.0, due_s - time.monotonic())
                try:
                    self.run(self._tasks.get(timeout=left_s))
                except queue.Empty:
                    if time.monotonic() >= due_s:
                        due_s = time.monotonic() + REGULAR_S
                        for task in regular:
                            self.run(task)
                    elif long:
                        self._run_long(long)
        except Closing:
            return

    def _run_long(self, tasks: deque[Task]) -> None:
        """Run the first of these tasks; if it is preempted, it stays the first of them."""
        task, self._preemptible = tasks.popleft(), tasks is self._long
        try:
            self.run(task)
        except Preempted:
            tasks.appendleft(task)
        finally:
            self._preemptible = False


def _wake() -> None:
    """A task that wakes the thread."""
