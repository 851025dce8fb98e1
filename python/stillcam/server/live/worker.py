"""A thread that runs as long as it is needed: it starts with the first user, and ends with the last.

`Viewers` renews with one the lease that keeps the camera in live mode.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from stillcam.common import log
from stillcam.common.threads import record_death, start
from stillcam.ipc.daemon_client import DaemonClient

FAILED_PAUSE_S = 0.01  # after a round that failed
LEASE_STEP_S = 1.0  # DaemonClient renews the lease once it is due


class SharedWorker:
    """Repeats its work as long as anybody is inside `with worker:`.

    Args:
        work: one round, of a few seconds at most.
        name: what the log calls the thread.
    """

    def __init__(self, work: Callable[[], None], name: str) -> None:
        self._work = work
        self._name = name
        self._lock = threading.Lock()
        self._users = 0
        self._running = False

    def __len__(self) -> int:
        return self._users

    def __enter__(self) -> None:
        with self._lock:
            if not self._running:
                start(self._run, self._name)
                self._running = True
            self._users += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._users -= 1

    def _run(self) -> None:
        logged = False
        while self._needed():
            try:
                self._work()
            except Exception as error:  # noqa: BLE001 - it is logged
                record_death(self._name, error)
                if not logged:
                    log.fault(self._name, error)
                logged = True
                time.sleep(FAILED_PAUSE_S)

    def _needed(self) -> bool:
        with self._lock:
            self._running = self._users > 0
            return self._running


class Viewers(SharedWorker):
    """Counts the viewers of the live picture: `with viewers:` for as long as one watches.

    One thread renews the lease for all of them, so that no viewer ever waits for the daemon.
    """

    def __init__(self, daemon: DaemonClient) -> None:
        super().__init__(self._renew, "lease")
        self._daemon = daemon

    def _renew(self) -> None:
        self._daemon.lease()
        time.sleep(LEASE_STEP_S)
