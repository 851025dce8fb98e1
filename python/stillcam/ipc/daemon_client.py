"""The web server's client of the capture daemon: its cached status, and the lease that keeps live mode on."""

from __future__ import annotations

import contextlib
import math
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
STATUS_TIMEOUT_S = 3.0  # until a request has failed, and a little more
ASK_AGAIN_S = 10.0  # after a request whose thread has died


class DaemonClient:
    """Requests to the capture daemon at a socket; those of many viewers are combined.

    A separate thread asks for the status, so that no HTTP request waits for a daemon that hangs, and several daemons
    can be asked at the same time.
    """

    def __init__(self, socket: Path) -> None:
        self._socket = socket
        self._lock = threading.Lock()
        self._status: dict[str, Any] = {"running": False, "reason": "the capture daemon has not answered yet"}
        self._status_s = self._lease_s = self._asked_s = -math.inf  # monotonic
        self._ended = threading.Event()  # of the last request
        self._ended.set()

    def refresh(self) -> None:
        """Ask for the status if the last one is older than `STATUS_MAX_AGE_S`, without waiting for it."""
        with self._lock:
            now_s = time.monotonic()
            asking = not self._ended.is_set() and now_s - self._asked_s < ASK_AGAIN_S
            if asking or now_s - self._status_s <= STATUS_MAX_AGE_S:
                return
            self._asked_s, ended = now_s, threading.Event()
            with contextlib.suppress(RuntimeError):  # no memory for a thread: the last status counts
                start(partial(self._ask, ended), "status")
                self._ended = ended

    def status(self, timeout_s: float = STATUS_TIMEOUT_S) -> dict[str, Any]:
        """The daemon's status, at most `STATUS_MAX_AGE_S` old; `running` is false when it does not answer.

        Args:
            timeout_s: the longest time that the request may take; then the last known status is returned.
        """
        self.refresh()
        self._ended.wait(max(0.0, self._asked_s + timeout_s - time.monotonic()))
        return self._status

    def invalidate(self) -> None:
        """Ask again next time: a command has just changed the daemon's state."""
        with self._lock:
            self._ended = threading.Event()  # the answer to a request under way may be older
            self._status_s = self._asked_s = -math.inf

    def lease(self) -> None:
        """Renew the lease of live mode if that is due. Without a daemon nothing happens."""
        with self._lock:
            if time.monotonic() - self._lease_s < RENEW_S:
                return
            self._lease_s = time.monotonic()
        with contextlib.suppress(StillcamError):
            ask(self._socket, {"command": "lease", "seconds": LEASE_S}, ASK_TIMEOUT_S)

    def _ask(self, ended: threading.Event) -> None:
        try:
            status = ask(self._socket, {"command": "status"}, ASK_TIMEOUT_S)
        except StillcamError as error:
            status = {"running": False, "reason": str(error)}
        with self._lock:
            if ended is self._ended:
                self._status, self._status_s = status, time.monotonic()
        ended.set()
