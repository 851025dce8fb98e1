"""The viewers of the live picture, and the lease that keeps the camera in live mode for them."""

from __future__ import annotations

import time

from stillcam.ipc.daemon_client import DaemonClient
from stillcam.server.live.worker import SharedWorker

STEP_S = 1.0  # DaemonClient renews the lease once it is due


class Viewers(SharedWorker):
    """Counts viewers: `with viewers:` for as long as one watches.

    One thread renews the lease for all of them, so that no viewer ever waits for the daemon.
    """

    def __init__(self, daemon: DaemonClient) -> None:
        super().__init__(self._renew, "lease")
        self._daemon = daemon

    def _renew(self) -> None:
        self._daemon.lease()
        time.sleep(STEP_S)
