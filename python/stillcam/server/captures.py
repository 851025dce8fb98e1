"""Stills taken because somebody asks for a young picture: one capture, however many ask at once."""

from __future__ import annotations

import threading
import time
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
    """

    def __init__(self, socket: Path) -> None:
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
