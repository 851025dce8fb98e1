"""Where pictures and data lie, how much room is left, and what frames that come for years do to a card."""

from __future__ import annotations

import contextlib
import os
import re
from dataclasses import dataclass
from pathlib import Path

from stillcam.common.kernel_files import size_text, text_of
from stillcam.system_info import Row

ROOT = Path("/")
DAY_S = 86400

_MEMORY = ("tmpfs", "ramfs", "devtmpfs")
_NETWORK = ("nfs", "nfs4", "cifs", "smb3", "9p", "fuse.sshfs")
_WEARING = {
    "card": "the card, which wears it out: mount a tmpfs on images/",
    "disk": "the disk; a tmpfs on images/ spares it",
    "network": "another machine, over the network: a tmpfs on images/ is faster and safer",
    "unknown": "what cannot be told here; if that is a card, mount a tmpfs on images/",
}
_ESCAPED = re.compile(r"\\([0-7]{3})")


@dataclass(frozen=True, slots=True)
class Mount:
    """A file system where it is mounted.

    Args:
        point: the folder.
        type: `ext4`, `tmpfs` ...
        source: the device, or whatever stands for it.
        device: MAJOR:MINOR.
    """

    point: str
    type: str
    source: str
    device: str


def mounts(text: str) -> list[Mount]:
    """The lines of /proc/self/mountinfo (proc(5)); one that is not understood is passed over."""
    found = []
    for line in text.splitlines():
        before, _, after = line.partition(" - ")
        left, right = before.split(), after.split()
        if len(left) >= 5 and len(right) >= 2:
            found.append(Mount(_plain(left[4]), right[0], _plain(right[1]), left[2]))
    return found


def mount_of(folder: Path, among: list[Mount]) -> Mount | None:
    """The one on which `folder` lies: the deepest above it, and of two at one place the last, which hides the other."""
    best = None
    for mount in among:
        if folder.is_relative_to(mount.point) and (best is None or len(mount.point) >= len(best.point)):
            best = mount
    return best


def kind(mount: Mount | None, root: Path = ROOT) -> str:
    """In a word what a file system lies on: `memory`, `network`, `card`, `disk`, or `unknown`.

    Args:
        mount: None: it is not in the mount table, as below a chroot.
    """
    if mount is None:
        return "unknown"
    if mount.type in _MEMORY:
        return "memory"
    if mount.type in _NETWORK:
        return "network"
    block = (root / "sys/dev/block" / mount.device).resolve()
    if block.name.startswith("zram"):
        return "memory"
    if any(part.startswith("mmcblk") for part in block.parts[-2:]):
        return "card"
    return "disk" if block.exists() else "unknown"


def storage(folders: dict[str, Path], written_a_day: float | None, root: Path = ROOT) -> list[Row]:
    """Each folder's place and room, and the wear by frames.

    Args:
        folders: label -> folder; `images/` among them.
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
            if label == "images/":
                rows.append(("Wear by pictures", wear(kind(mount, root), written_a_day)))
    return rows


def wear(kind: str, written_a_day: float | None) -> str:
    """What the frames do to what they lie on.

    Args:
        kind: as `kind` gives it.
        written_a_day: bytes; None: not known.
    """
    if kind == "memory":
        return "none: images/ is in memory; its pictures go with the power, and new ones come"
    amount = "every picture is written to"
    if written_a_day:
        amount = f"about {size_text(written_a_day)} a day, and more while somebody watches live, are written to"
    return f"{amount} {_WEARING[kind]}"


def _plain(text: str) -> str:
    """Spaces and such are written as octal numbers there."""
    return _ESCAPED.sub(lambda match: chr(int(match[1], 8)), text)
