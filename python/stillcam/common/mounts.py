"""The mount table: what is mounted where, and the file system that a folder is on."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

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
    """The lines of /proc/self/mountinfo (proc(5)); one that is not understood is skipped."""
    found = []
    for line in text.splitlines():
        before, _, after = line.partition(" - ")
        left, right = before.split(), after.split()
        if len(left) >= 5 and len(right) >= 2:
            found.append(Mount(_plain(left[4]), right[0], _plain(right[1]), left[2]))
    return found


def mount_of(folder: Path, among: list[Mount]) -> Mount | None:
    """The mount that holds `folder`: the deepest above it, and of two at one place the last, which hides the other."""
    best = None
    for mount in among:
        if folder.is_relative_to(mount.point) and (best is None or len(mount.point) >= len(best.point)):
            best = mount
    return best


def _plain(text: str) -> str:
    """Spaces and such are written as octal numbers there."""
    return _ESCAPED.sub(lambda match: chr(int(match[1], 8)), text)
