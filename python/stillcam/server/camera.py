"""What the web server knows of the capture daemon: its status, and the lease that keeps live frames coming."""

from __future__ import annotations

import contextlib
import threading
import time
from pathlib import Path
from typing import Any

from stillcam.errors import StillcamError
from stillcam.link import NoAnswer, ask

STATUS_MAX_AGE_S = 0.5
LEASE_S = 5.0
RENEW_S = 2.0
ASK_TIMEOUT_S = 2.0


class CameraLink:
    """Asks the daemon at `socket`; many viewers cause one question."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket
        self._lock = threading.Lock()
        self._status: dict[str, Any] = {}
        self._status_s = self._lease_s = -1e9

    def status(self) -> dict[str, Any]:
        """The daemon's status, at most `STATUS_MAX_AGE_S` old; `running` is false when it does not answer."""
        with self._lock:
            if time.monotonic() - self._status_s > STATUS_MAX_AGE_S:
                try:
                    self._status = ask(self._socket, {"command": "status"}, ASK_TIMEOUT_S)
                except NoAnswer as error:
                    self._status = {"running": False, "reason": str(error)}
                self._status_s = time.monotonic()
            return self._status

    def forget(self) -> None:
        """Ask again next time: the daemon has just been told something."""
        with self._lock:
            self._status_s = -1e9

    def lease(self) -> None:
        """Somebody watches live: renew the lease if that is due. Without a daemon nothing happens."""
        with self._lock:
            if time.monotonic() - self._lease_s < RENEW_S:
                return
            self._lease_s = time.monotonic()
        with contextlib.suppress(StillcamError):
            ask(self._socket, {"command": "lease", "seconds": LEASE_S}, ASK_TIMEOUT_S)
