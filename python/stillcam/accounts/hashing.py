"""Hashes passwords for many at once without harm to anybody else.

scrypt is made to be dear. One thread does it, at a low priority and with a short queue before
it: a flood of sign-ins takes what is left of one core and 16 MiB, and pictures go out as before.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from queue import SimpleQueue
from typing import Any, TypeVar

from stillcam.accounts.errors import NotNowError
from stillcam.common.threads import lower_priority, start

WAITING = 8  # besides the one that is hashed; some seconds' work on a Pi
WAIT_S = 3.0  # the client's delay before another attempt
NICENESS = 10
MAX_S = 60.0  # no password takes so long
BEGIN_S = 5.0  # a new thread that has not begun by then has died for want of memory

T = TypeVar("T")


class Hashing:
    """One thread for all passwords; it ends with the process. One that dies is replaced at the next password."""

    def __init__(self) -> None:
        self._queue: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._waiting: set[Future[Any]] = set()  # results that `do` waits for
        self._lock = threading.Lock()  # while the thread is started, while it ends, and while work is added
        self._runs = threading.Event()  # whether the thread has begun, and has not ended

    def do(self, work: Callable[[], T]) -> T:
        """What `work` gives, or raises, on that thread.

        Raises:
            NotNowError: too many are waiting, or there is no memory.
        """
        result: Future[T] = Future()

        def carry_out() -> None:
            if result.cancelled():
                return
            try:
                result.set_result(work())
            except BaseException as error:  # noqa: BLE001 - it is raised where it is awaited
                result.set_exception(error)

        try:
            with self._lock:
                self._have_thread()
                if len(self._waiting) > WAITING:
                    raise NotNowError("too many people are signing in: try again in a few seconds", WAIT_S)
                self._waiting.add(result)
                self._queue.put(carry_out)
            return result.result(MAX_S)
        except CancelledError as error:
            raise _no_memory() from error
        except TimeoutError as error:
            if result.done():  # it is the work's own
                raise
            raise NotNowError("signing in takes too long now: try again in a few seconds", WAIT_S) from error
        finally:
            self._waiting.discard(result)

    def _have_thread(self) -> None:
        if self._runs.is_set():
            return
        try:
            start(self._run, "hashing")
        except RuntimeError as error:
            raise _no_memory() from error
        if not self._runs.wait(BEGIN_S):
            raise _no_memory()

    def _run(self) -> None:
        self._runs.set()
        try:
            lower_priority(NICENESS)
            while True:
                self._queue.get()()
        finally:
            self._end()

    def _end(self) -> None:
        """Cancel all work: without the thread, each `do` would wait `MAX_S`."""
        with self._lock:
            self._runs.clear()
            for result in tuple(self._waiting):
                result.cancel()


def _no_memory() -> NotNowError:
    return NotNowError("not enough memory to sign in: try again in a few seconds", WAIT_S)
