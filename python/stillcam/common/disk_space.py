"""The floor of the disk: what must stay free, whatever is taken or made."""

from __future__ import annotations

import os
from pathlib import Path

FLOOR_BYTES = 200_000_000
FLOOR_PART = 0.05  # of a disk that is smaller than 4 GB


def floor_bytes(floor_mb: int, disk_bytes: int) -> int:
    """What must stay free on a disk of that size; `floor_mb` is the setting, 0 for the default."""
    return floor_mb * 1_000_000 or min(FLOOR_BYTES, int(FLOOR_PART * disk_bytes))


def room_bytes(folder: Path, floor_mb: int) -> int:
    """What may still be written in `folder`; negative: less than the floor is free.

    Args:
        folder: it need not be there yet.
        floor_mb: the setting `files.floor_mb`.

    Raises:
        OSError: the disk does not answer.
    """
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize - floor_bytes(floor_mb, found.f_blocks * found.f_frsize)
