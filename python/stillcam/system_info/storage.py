"""The file systems of pictures and data, their free space, and the wear that frames cause on a card."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from stillcam.common.formats import size_text
from stillcam.common.kernel_files import Mount, mount_of, mounts, text_of
from stillcam.system_info import Row

ROOT = Path("/")
DAY_S = 86400
PICTURES = "Pictures"  # the label of the folder of frames

_KINDS = dict.fromkeys(("tmpfs", "ramfs", "devtmpfs"), "memory") | dict.fromkeys(
    ("nfs", "nfs4", "cifs", "smb3", "9p", "fuse.sshfs"), "network"
)
_WEARING = {
    "card": "the SD card, which wears out; mount a tmpfs on images/",
    "disk": "the disk",
    "network": "another machine; a tmpfs on images/ is faster and more reliable",
    "unknown": "an unknown device; if it is an SD card, mount a tmpfs on images/",
}


def kind(mount: Mount | None, root: Path = ROOT) -> str:
    """The kind of storage under a file system: `memory`, `network`, `card`, `disk`, or `unknown`.

    Args:
        mount: None: not in the mount table, as in a chroot.
    """
    if mount is None:
        return "unknown"
    if mount.type in _KINDS:
        return _KINDS[mount.type]
    block = (root / "sys/dev/block" / mount.device).resolve()
    if block.name.startswith("zram"):
        return "memory"
    if any(part.startswith("mmcblk") for part in block.parts[-2:]):
        return "card"
    return "disk" if block.exists() else "unknown"


def kind_of(folder: Path, root: Path = ROOT) -> str:
    """The kind of storage that a folder is on, or will be once it exists; see `kind`."""
    among = mounts(text_of(root / "proc/self/mountinfo"))
    return kind(mount_of(Path(os.path.realpath(folder)), among), root)


def storage(folders: dict[str, Path], written_a_day: float | None, root: Path = ROOT) -> list[Row]:
    """Each folder's file system and free space, and the wear by frames.

    Args:
        folders: label -> folder; `PICTURES` among them.
        written_a_day: bytes of frames in a day; None: not known.
    """
    among = mounts(text_of(root / "proc/self/mountinfo"))
    rows: list[Row] = []
    for label, folder in folders.items():
        with contextlib.suppress(OSError):
            room = os.statvfs(folder)
            free, size = room.f_bavail * room.f_frsize, room.f_blocks * room.f_frsize
            mount = mount_of(Path(os.path.realpath(folder)), among)
            place = f"{mount.type} on {mount.source}, " if mount else ""
            rows.append((label, f"{folder}: {place}{size_text(free)} of {size_text(size)} free"))
            if label == PICTURES:
                rows.append(("Picture writes", wear(kind(mount, root), written_a_day)))
    return rows


def wear(kind: str, written_a_day: float | None) -> str:
    """The wear that frames cause on storage of a kind; `written_a_day` as in `storage`."""
    if kind == "memory":
        return "none: pictures are in memory"
    amount = f"about {size_text(written_a_day)} a day, more in live view," if written_a_day else "every picture"
    return f"{amount} to {_WEARING[kind]}"
