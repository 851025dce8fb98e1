"""One daemon for each images folder: flock(2) on the folder itself, which leaves no lock file behind."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from stillcam.common.errors import StillcamError


class FolderLock:
    """Holds `folder` until closed, or until the process ends in whatever way.

    Raises:
        StillcamError: another process holds it.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._fd = self._claim()

    def _claim(self) -> int:
        fd = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(fd)
            raise StillcamError(
                f"another capture daemon works in {self._folder}: end it (./start_camera_server.sh --stop),"
                " or set another STILLCAM_IMAGES and STILLCAM_DATA"
            ) from error
        return fd

    def renew(self) -> None:
        """Lock the folder again if it was deleted and recreated."""
        here, held = os.stat(self._folder), os.fstat(self._fd)
        if (here.st_dev, here.st_ino) != (held.st_dev, held.st_ino):
            fd = self._claim()
            os.close(self._fd)
            self._fd = fd

    def close(self) -> None:
        """Release the lock."""
        os.close(self._fd)
