"""Free space on the disk, and the reserve: what must stay free, whatever is captured or rendered."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from stillcam.common.errors import CameraError

RESERVE_BYTES = 200_000_000
RESERVE_PART = 0.05  # of a disk that is smaller than 4 GB


def reserve_bytes(reserve_mb: int, disk_bytes: int) -> int:
    """What must stay free on a disk of that size, by the setting `files.floor_mb` (0: the default)."""
    return reserve_mb * 1_000_000 or min(RESERVE_BYTES, int(RESERVE_PART * disk_bytes))


def writable_bytes(folder: Path, reserve_mb: int) -> int:
    """What may still be written in `folder`, which need not exist yet; negative: less than the reserve is free.

    Raises:
        OSError: the disk does not answer.
    """
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    disk = Disk(folder, lambda: reserve_mb)
    return disk.free_bytes() - disk.reserve_bytes()


class Disk:
    """The disk of the library or of a series.

    Args:
        root: the folder; it need not exist yet, but its parent does.
        reserve_mb: gives the setting `files.floor_mb` in force.
    """

    def __init__(self, root: Path, reserve_mb: Callable[[], int]) -> None:
        self.root = root
        self._reserve_mb = reserve_mb

    def free_bytes(self) -> int:
        """What can be written."""
        found = self._stat()
        return found.f_bavail * found.f_frsize

    def reserve_bytes(self) -> int:
        """What must stay free."""
        found = self._stat()
        return reserve_bytes(self._reserve_mb(), found.f_blocks * found.f_frsize)

    def to_json(self) -> dict[str, int | None]:
        """Both, for the status; null where the disk does not answer."""
        try:
            return {"free_bytes": self.free_bytes(), "floor_bytes": self.reserve_bytes()}
        except OSError:
            return {"free_bytes": None, "floor_bytes": None}

    def check(self) -> None:
        """Refuse to write to a disk that is nearly full.

        Raises:
            CameraError: less than the reserve is free, or the disk does not answer.
        """
        try:
            free, reserve = self.free_bytes(), self.reserve_bytes()
        except OSError as error:
            raise CameraError("disk", f"cannot determine the free space of {self.root} ({error.strerror})") from error
        if free < reserve:
            raise CameraError(
                "disk",
                f"the disk is nearly full: {free / 1e6:.0f} MB are free, and {reserve / 1e6:.0f} MB must stay free;"
                " delete something, or set retention or files.floor_mb",
            )

    def _stat(self) -> os.statvfs_result:
        try:
            return os.statvfs(self.root)
        except FileNotFoundError:
            return os.statvfs(self.root.parent)
