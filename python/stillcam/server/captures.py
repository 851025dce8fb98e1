"""Stills taken because somebody asks for a young picture: one capture, however many ask at once."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path

from stillcam.errors import StillcamError
from stillcam.link import ask

TIMEOUT_S = 25.0  # proxies cut an answer that takes 30 s or more
GRACE_S = 3.0  # beyond that, for the daemon's own refusal to arrive
FAILURE_HOLDS_S = 2.0  # a camera that is away is not asked again at every request


class Captures:
    """Has the daemon take a still.

    Args:
        socket: the daemon's.
        interval_s: gives the time from one snapshot to the next.

    Attributes:
        turns: of those who may only watch.
    """

    def __init__(self, socket: Path, interval_s: Callable[[], float]) -> None:
        self.turns = Turns(interval_s)
        self._socket = socket
        self._lock = threading.Lock()
        self._current: Future[str] | None = None
        self._failure = ""  # why the last one failed, if it did
        self._failed_s = 0.0

    def take(self) -> str:
        """Wait for a frame that comes after this call, and give its name.

        Raises:
            StillcamError: none comes; the text says why.
        """
        with self._lock:
            if self._failure and time.monotonic() - self._failed_s < FAILURE_HOLDS_S:
                raise StillcamError(self._failure)
            shared = self._current
            mine: Future[str] = Future()
            if shared is None:
                self._current = mine
        if shared is not None:
            try:
                return shared.result(TIMEOUT_S)
            except TimeoutError as error:
                raise StillcamError(f"no picture within {TIMEOUT_S:g} s: try again later") from error
        try:
            name = str(ask(self._socket, {"command": "snapshot", "wait_s": TIMEOUT_S}, TIMEOUT_S + GRACE_S)["frame"])
        except Exception as error:
            with self._lock:
                self._current, self._failure, self._failed_s = None, str(error), time.monotonic()
            mine.set_exception(error)
            raise
        with self._lock:
            self._current, self._failure = None, ""
        mine.set_result(name)
        return name


class Turns:
    """Lets one take a still in an interval, among those who may only watch: the camera is not theirs.

    Args:
        interval_s: gives the interval.
    """

    def __init__(self, interval_s: Callable[[], float]) -> None:
        self._interval_s = interval_s
        self._lock = threading.Lock()
        self._taken_s = -math.inf  # monotonic

    def take(self) -> float:
        """Take the turn, if somebody may; how many seconds until then, 0: it is taken."""
        with self._lock:
            now_s = time.monotonic()
            if (left_s := self._taken_s + self._interval_s() - now_s) > 0:
                return left_s
            self._taken_s = now_s
            return 0.0

    def give_back(self) -> None:
        """No still was taken."""
        with self._lock:
            self._taken_s = -math.inf
