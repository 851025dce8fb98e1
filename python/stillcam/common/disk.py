"""The disk that a folder is on: what is free, and the floor below which nothing is taken."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from stillcam.common.disk_space import floor_bytes
from stillcam.common.errors import CameraError
from stillcam.settings.schema import FileSettings


class Disk:
    """The disk of the library or a series, at `root`.

    Args:
        root: the folder; it need not be there yet.
        files: gives the settings in force.

    Attributes:
        root: the same.
    """

    def __init__(self, root: Path, files: Callable[[], FileSettings]) -> None:
        self.root = root
        self._files = files

    def free_bytes(self) -> int:
        """What can be written."""
        found = self._stat()
        return found.f_bavail * found.f_frsize

    def floor_bytes(self) -> int:
        """What must stay free."""
        found = self._stat()
        return floor_bytes(self._files().floor_mb, found.f_blocks * found.f_frsize)

    def message(self) -> dict[str, int | None]:
        """Both, for the status; null where the disk does not answer."""
        try:
            return {"free_bytes": self.free_bytes(), "floor_bytes": self.floor_bytes()}
        except OSError:
            return {"free_bytes": None, "floor_bytes": None}

    def check(self) -> None:
        """Nothing may be taken when the disk is nearly full.

        Raises:
            CameraError: it is.
        """
        try:
            free, floor = self.free_bytes(), self.floor_bytes()
        except OSError as error:
            raise CameraError("disk", f"cannot see how much is free in {self.root} ({error.strerror})") from error
        if free < floor:
            raise CameraError(
                "disk",
                f"the disk is nearly full: {free / 1e6:.0f} MB are free, and {floor / 1e6:.0f} MB must stay so;"
                " delete something, or set retention or files.floor_mb",
            )

    def _stat(self) -> os.statvfs_result:
        try:
            return os.statvfs(self.root)
        except FileNotFoundError:
            return os.statvfs(self.root.parent)
