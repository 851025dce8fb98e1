"""What the web server knows of the capture daemon: its status, and the lease that keeps live frames coming."""

from __future__ import annotations

import contextlib
import threading
import time
from functools import partial
from pathlib import Path
from typing import Any

from stillcam.common.errors import StillcamError
from stillcam.common.threads import start
from stillcam.ipc.protocol import ask

STATUS_MAX_AGE_S = 0.5
LEASE_S = 5.0
RENEW_S = 2.0
ASK_TIMEOUT_S = 2.0
PATIENCE_S = 3.0  # for an answer: until the question has failed, and a little more
DEAD_S = 10.0  # a question that has not ended by then has lost its thread, of want of memory


class DaemonClient:
    """Asks the daemon at `socket`; many viewers cause one question.

    A separate thread asks, so that no request waits for a daemon that hangs, and several daemons
    can be asked at the same time.
    """

    def __init__(self, socket: Path) -> None:
        self._socket = socket
        self._lock = threading.Lock()
        self._status: dict[str, Any] = {"running": False, "reason": "the capture daemon has not answered yet"}
        self._status_s = self._lease_s = self._asked_s = -1e9
        self._question = 0  # the number of the last one
        self._ended = threading.Event()  # whether it has
        self._ended.set()

    def refresh(self) -> None:
        """Ask for the status if the last one is older than `STATUS_MAX_AGE_S`, and do not wait for it."""
        with self._lock:
            now_s = time.monotonic()
            asks = not self._ended.is_set() and now_s - self._asked_s < DEAD_S
            if asks or now_s - self._status_s <= STATUS_MAX_AGE_S:
                return
            self._question += 1
            self._asked_s = now_s
            with contextlib.suppress(RuntimeError, MemoryError):  # no memory for a thread: what is known has to do
                self._ended = start(partial(self._ask, self._question), "status")

    def status(self, patience_s: float = PATIENCE_S) -> dict[str, Any]:
        """The daemon's status, at most `STATUS_MAX_AGE_S` old; `running` is false when it does not answer.

        Args:
            patience_s: how long the question may have taken; then the last known status is the answer.
        """
        self.refresh()
        self._ended.wait(max(0.0, self._asked_s + patience_s - time.monotonic()))
        return self._status

    def forget(self) -> None:
        """Ask again next time: the daemon has just been told something."""
        with self._lock:
            self._question += 1  # the answer to the one before may be older
            self._status_s = self._asked_s = -1e9

    def lease(self) -> None:
        """Somebody watches live: renew the lease if that is due. Without a daemon nothing happens."""
        with self._lock:
            if time.monotonic() - self._lease_s < RENEW_S:
                return
            self._lease_s = time.monotonic()
        with contextlib.suppress(StillcamError):
            ask(self._socket, {"command": "lease", "seconds": LEASE_S}, ASK_TIMEOUT_S)

    def _ask(self, question: int) -> None:
        try:
            status = ask(self._socket, {"command": "status"}, ASK_TIMEOUT_S)
        except StillcamError as error:
            status = {"running": False, "reason": str(error)}
        with self._lock:
            if question == self._question:
                self._status, self._status_s = status, time.monotonic()
