"""Who watches live, and the lease that keeps the camera live for them."""

from __future__ import annotations

import threading

from stillcam.ipc.daemon_client import DaemonClient
from stillcam.server.live.worker import Shift

STEP_S = 1.0  # DaemonClient renews the lease once it is due


class Viewers:
    """Counts viewers: `with viewers:` for as long as one watches.

    One thread renews the lease for all of them, so that no viewer ever waits for the daemon.
    """

    def __init__(self, camera: DaemonClient) -> None:
        self._camera = camera
        self._pause = threading.Event()
        self._renewing = Shift(self._renew, "lease")

    def __len__(self) -> int:
        return len(self._renewing)

    def __enter__(self) -> None:
        self._renewing.__enter__()

    def __exit__(self, *_: object) -> None:
        self._renewing.__exit__()

    def see_to_lease(self) -> None:
        """See that it is renewed; for whoever watches, now and then."""
        self._renewing.see_to_it()

    def _renew(self) -> None:
        self._camera.lease()
        self._pause.wait(STEP_S)
