"""Stills taken because somebody asks for a young picture: one capture, however many ask at once."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, wait
from pathlib import Path

from stillcam.common.errors import StillcamError
from stillcam.http.messages import ANSWER_S
from stillcam.ipc.protocol import ask

LATE = f"no picture within {ANSWER_S:g} s: try again later"
GRACE_S = 3.0  # beyond what it was told, for the daemon's own refusal to arrive
FAILURE_HOLDS_S = 2.0  # a camera that is away is not asked again at every request


class Captures:
    """Has the daemon take a still.

    A request that comes during a capture gets that frame, or the next one if it must begin later.

    Args:
        socket: the daemon's.
        interval_s: gives the time from one snapshot to the next.

    Attributes:
        turns: limits requests of clients that may only watch.
    """

    def __init__(self, socket: Path, interval_s: Callable[[], float]) -> None:
        self.turns = Turns(interval_s)
        self._socket = socket
        self._lock = threading.Lock()
        self._running: Future[str] | None = None
        self._next: Future[str] | None = None
        self._asked_s = 0.0  # when the daemon was asked for the one that runs (monotonic)
        self._failure = ""  # why the last one failed, if it did
        self._failed_s = 0.0

    def take(self, after_s: float = math.inf) -> str:
        """Wait for a frame, and give its name.

        Args:
            after_s: its exposure must not begin before this moment (monotonic), or this call, whichever is earlier.

        Raises:
            StillcamError: none comes; the text says why.
        """
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
            name = str(ask(self._socket, {"command": "snapshot", "wait_s": left_s}, left_s + GRACE_S)["frame"])
        except Exception as error:
            self._end(mine, str(error))
            mine.set_exception(error)
            raise
        self._end(mine, "")
        mine.set_result(name)
        return name

    def _await(self, before: Future[str], mine: Future[str]) -> None:
        """Wait for the end of the one before: then it is our turn.

        Raises:
            StillcamError: it does not end in time, or has failed.
        """
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
        """Ours has ended, and the next one's turn comes."""
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


class Turns:
    """Limits clients that may only watch to one still in an interval, for all of them together.

    Args:
        interval_s: gives the interval.
    """

    def __init__(self, interval_s: Callable[[], float]) -> None:
        self._interval_s = interval_s
        self._lock = threading.Lock()
        self._taken_s = -math.inf  # monotonic

    def take(self) -> float:
        """Take the turn; returns 0, or the seconds until the next one is free."""
        with self._lock:
            now_s = time.monotonic()
            if (left_s := self._taken_s + self._interval_s() - now_s) > 0:
                return left_s
            self._taken_s = now_s
            return 0.0

    def give_back(self) -> None:
        """Return the turn: no still was taken."""
        with self._lock:
            self._taken_s = -math.inf
