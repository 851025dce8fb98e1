"""Hashes passwords for many at once without harm to anybody else.

scrypt is made to be dear. One thread does it, at a low priority and with a short queue before
it: a flood of sign-ins takes what is left of one core and 16 MiB, and pictures go out as before.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import Full, Queue
from typing import TypeVar

from stillcam.accounts.errors import NotNowError
from stillcam.threads import lower_priority, start

WAITING = 8  # some seconds' work on a Pi
WAIT_S = 3.0  # when to come again when the queue is full
NICENESS = 10
DEAD_S = 60.0  # no password takes so long
BEGIN_S = 5.0  # a new thread that has not begun by then has died for want of memory

T = TypeVar("T")


class Hashing:
    """One thread for all passwords; it ends with the process."""

    def __init__(self) -> None:
        self._queue: Queue[Callable[[], None]] = Queue(WAITING)
        self._starting = threading.Lock()
        self._runs = threading.Event()  # whether the thread has begun, and has not ended

    def do(self, work: Callable[[], T]) -> T:
        """What `work` gives, or raises, on that thread.

        Raises:
            NotNowError: too many are waiting, or there is no memory.
        """
        result: Future[T] = Future()

        def carry_out() -> None:
            try:
                result.set_result(work())
            except BaseException as error:  # noqa: BLE001 - it is raised where it is awaited
                result.set_exception(error)

        try:
            self._queue.put_nowait(carry_out)
        except Full:
            raise NotNowError("too many people are signing in: try again in a few seconds", WAIT_S) from None
        try:
            self._start()
        except RuntimeError as error:  # what is queued is done once there is a thread
            raise NotNowError("not enough memory to sign in: try again in a few seconds", WAIT_S) from error
        try:
            return result.result(DEAD_S)
        except TimeoutError as error:
            if result.done():  # it is the work's own
                raise
            self._runs.clear()
            raise NotNowError("signing in takes too long now: try again in a few seconds", WAIT_S) from error

    def _start(self) -> None:
        with self._starting:
            if not self._runs.is_set():
                start(self._run, "hashing")
                if not self._runs.wait(BEGIN_S):
                    raise RuntimeError("the new thread has not begun")

    def _run(self) -> None:
        self._runs.set()
        try:
            lower_priority(NICENESS)
            while True:
                self._queue.get()()
        finally:
            self._runs.clear()
