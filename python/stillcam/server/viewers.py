"""Who watches live, and the lease that keeps the camera live for them."""

from __future__ import annotations

import threading

from stillcam.server.camera import CameraLink

STEP_S = 1.0  # CameraLink renews the lease once it is due


class Viewers:
    """Counts viewers: `with viewers:` for as long as one watches.

    One thread renews the lease for all of them and ends with the last, so that no viewer
    ever waits for the daemon.
    """

    def __init__(self, camera: CameraLink) -> None:
        self._camera = camera
        self._lock = threading.Lock()
        self._count = 0
        self._renewing = False

    def __len__(self) -> int:
        return self._count

    def __enter__(self) -> None:
        with self._lock:
            if not self._renewing:
                threading.Thread(target=self._renew, name="lease", daemon=True).start()
                self._renewing = True
            self._count += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._count -= 1

    def _renew(self) -> None:
        pause = threading.Event()
        while self._watched():
            self._camera.lease()
            pause.wait(STEP_S)

    def _watched(self) -> bool:
        """Whether there is a viewer; without one the thread ends, and the next viewer starts another."""
        with self._lock:
            self._renewing = self._count > 0
            return self._renewing
