"""Hashes passwords for many at once without harm to anybody else.

scrypt is made to be dear. One thread does it, at a low priority and with a short queue before
it: a flood of sign-ins takes what is left of one core and 16 MiB, and pictures go out as before.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import Full, Queue
from typing import TypeVar

from stillcam.accounts.errors import NotNowError

WAITING = 8  # some seconds' work on a Pi
WAIT_S = 3.0  # when to come again when the queue is full
NICENESS = 10

T = TypeVar("T")


class Hashing:
    """One thread for all passwords; it ends with the process."""

    def __init__(self) -> None:
        self._queue: Queue[Callable[[], None]] = Queue(WAITING)
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None

    def do(self, work: Callable[[], T]) -> T:
        """What `work` gives, or raises, on that thread.

        Raises:
            NotNowError: too many are waiting.
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
            raise NotNowError("too many people are signing in: try again in some seconds", WAIT_S) from None
        self._start()
        return result.result()

    def _start(self) -> None:
        with self._starting:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="hashing", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        try:
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)  # on Linux a thread has its own
        except OSError as error:
            logging.warning("passwords are hashed at the usual priority: %s", error.strerror)
        while True:
            self._queue.get()()
