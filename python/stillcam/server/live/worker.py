"""A thread that runs as long as it is needed: it starts with the first user, and ends with the last."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from stillcam.common import log
from stillcam.common.threads import record, start

RETRY_S = 0.01  # pause after a round that failed


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
                record(self._name, error)
                if not logged:
                    log.fault(self._name, error)
                logged = True
                time.sleep(RETRY_S)

    def _needed(self) -> bool:
        with self._lock:
            self._running = self._users > 0
            return self._running
