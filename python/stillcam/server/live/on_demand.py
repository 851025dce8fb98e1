"""Stills on demand: one capture serves all requests for a recent picture that arrive together."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from stillcam.common.errors import StillcamError
from stillcam.http.messages import ANSWER_S
from stillcam.ipc.protocol import ask

if TYPE_CHECKING:
    from concurrent.futures import Future

LATE = f"no picture within {ANSWER_S:g} s: try again later"
ERROR_GRACE_S = 3.0  # beyond the daemon's own time-out, so that its error arrives
FAILURE_HOLDS_S = 2.0  # after a failure, requests fail at once for so long


class OnDemandStills:
    """Has the daemon capture stills.

    A request during a capture gets that frame, or the next one if its exposure must begin later.

    Args:
        socket: the daemon's.
        interval_s: returns the time from one snapshot to the next.

    Attributes:
        viewer_limit: of requests by clients that may only watch.
    """

    def __init__(self, socket: Path, interval_s: Callable[[], float]) -> None:
        self.viewer_limit = RateLimit(interval_s)
        self._socket = socket
        self._lock = threading.Lock()
        self._running: Future[str] | None = None
        self._next: Future[str] | None = None
        self._asked_s = 0.0  # when the running one was requested (monotonic)
        self._failure = ""  # why the last one failed, if it did
        self._failed_s = 0.0

    def take(self, after_s: float = math.inf) -> str:
        """Wait for a frame, and return its name.

        Args:
            after_s: its exposure must not begin before this moment (monotonic), or this call, whichever is earlier.

        Raises:
            StillcamError: none was captured; the text says why.
        """
        from concurrent.futures import Future

        until_s, mine = time.monotonic() + ANSWER_S, Future[str]()
        with self._lock:
            self._check()
            before, joined = self._running, self._running if self._asked_s >= after_s else self._next
            if before is None:
                self._running, self._asked_s = mine, time.monotonic()
            elif joined is None:
                self._next = mine
        if before is not None and joined is not None:
            return _result(joined)
        try:
            if before is not None:
                self._await(before, mine)
            left_s = max(0.0, until_s - time.monotonic())
            name = str(ask(self._socket, {"command": "snapshot", "wait_s": left_s}, left_s + ERROR_GRACE_S)["frame"])
        except Exception as error:
            self._end(mine, str(error))
            mine.set_exception(error)
            raise
        self._end(mine, "")
        mine.set_result(name)
        return name

    def _await(self, before: Future[str], mine: Future[str]) -> None:
        """Wait for the end of the running capture.

        Raises:
            StillcamError: it does not end in time, or has failed.
        """
        from concurrent.futures import wait

        wait([before], ANSWER_S)
        with self._lock:
            if self._running is not mine:
                raise StillcamError(LATE)
            self._check()
            self._asked_s = time.monotonic()

    def _check(self) -> None:
        if self._failure and time.monotonic() - self._failed_s < FAILURE_HOLDS_S:
            raise StillcamError(self._failure)

    def _end(self, mine: Future[str], failure: str) -> None:
        """This capture has ended; the next one may begin."""
        with self._lock:
            self._failure, self._failed_s = failure, time.monotonic()
            if self._running is mine:
                self._running, self._next = self._next, None
            elif self._next is mine:
                self._next = None


def _result(future: Future[str]) -> str:
    try:
        return future.result(ANSWER_S)
    except TimeoutError as error:
        raise StillcamError(LATE) from error


class RateLimit:
    """Limits clients that may only watch to one still in an interval, for all of them together.

    Args:
        interval_s: returns the interval.
    """

    def __init__(self, interval_s: Callable[[], float]) -> None:
        self._interval_s = interval_s
        self._lock = threading.Lock()
        self._allowed_s = -math.inf  # monotonic

    def acquire(self) -> float:
        """Allow a still now: returns 0, or the seconds until the next one is allowed."""
        with self._lock:
            now_s = time.monotonic()
            if (left_s := self._allowed_s + self._interval_s() - now_s) > 0:
                return left_s
            self._allowed_s = now_s
            return 0.0

    def release(self) -> None:
        """No still was taken: the next one is allowed at once."""
        with self._lock:
            self._allowed_s = -math.inf
