"""A thread that works as long as somebody is there for whom: it begins with the first, and ends with the last.

A new thread may die before its first line, without a word, where memory is short. So whoever is
there sees to it now and then that there is one, and nobody ever waits for it to begin.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from functools import partial

from stillcam.common import log
from stillcam.common.threads import record, start

DEAD_S = 10.0  # a thread that has begun no round for so long has died, or hangs
FAILED_S = 0.01  # from a round that failed to the next


class Shift:
    """`with shift:` for as long as one is there.

    Args:
        work: one round, of a few seconds at most; it follows on the one before.
        name: what the log calls it.
    """

    def __init__(self, work: Callable[[], None], name: str) -> None:
        self._work = work
        self._name = name
        self._lock = threading.Lock()
        self._count = 0
        self._works = False
        self._term = 0  # which thread is in office
        self._alive_s = 0.0  # when it began its last round (monotonic)

    def __len__(self) -> int:
        return self._count

    def __enter__(self) -> None:
        with self._lock:
            self._begin()
            self._count += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._count -= 1

    def see_to_it(self) -> None:
        """Have another thread where the one before has died; for whoever is there, now and then."""
        if time.monotonic() - self._alive_s < DEAD_S:
            return
        with self._lock, contextlib.suppress(RuntimeError, MemoryError):  # there may be memory the next time
            self._begin()

    def _begin(self) -> None:
        if self._works and time.monotonic() - self._alive_s < DEAD_S:
            return
        self._term += 1
        start(partial(self._run, self._term), self._name)
        self._works, self._alive_s = True, time.monotonic()

    def _run(self, term: int) -> None:
        told = False
        while self._goes_on(term):
            try:
                self._work()
            except Exception as error:  # noqa: BLE001 - it is logged
                with contextlib.suppress(MemoryError):
                    record(self._name, error)
                    if not told:
                        log.fault(self._name, error)
                told = True
                time.sleep(FAILED_S)

    def _goes_on(self, term: int) -> bool:
        with self._lock:
            if term != self._term:  # it hung, and another has taken its place
                return False
            self._alive_s = time.monotonic()
            self._works = self._count > 0
            return self._works
