"""Small files of /proc, /sys and /etc, and the mount table."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

MAX_TEXT_BYTES = 1 << 16
_ESCAPED = re.compile(r"\\([0-7]{3})")


def first_of(*files: Path) -> str | None:
    """The text of the first file that has one, without spaces and NULs around it; None: there is none."""
    for path in files:
        if text := text_of(path):
            return text
    return None


def text_of(path: Path) -> str:
    """The text of a file, empty where it cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(MAX_TEXT_BYTES).decode(errors="replace").strip("\0 \t\r\n")
    except OSError:
        return ""


def number_of(path: Path) -> int | None:
    """The number in a file; None: there is none."""
    text = text_of(path)
    return int(text) if text.lstrip("-").isdecimal() else None


def fields_of(path: Path, separator: str) -> dict[str, str]:
    """Lines of `NAME separator VALUE` (proc(5), os-release(5)), quotes removed."""
    pairs = (line.partition(separator) for line in text_of(path).splitlines())
    return {name.strip(): value.strip().strip('"') for name, found, value in pairs if found}


@dataclass(frozen=True, slots=True)
class Mount:
    """A mounted file system."""

    point: str  # the folder where it is mounted
    type: str  # `ext4`, `tmpfs` …
    source: str  # the device, or the name of a virtual file system
    device: str  # MAJOR:MINOR


def mounts(text: str) -> list[Mount]:
    """The lines of /proc/self/mountinfo (proc(5)); one that is not understood is skipped."""
    found = []
    for line in text.splitlines():
        before, _, after = line.partition(" - ")
        left, right = before.split(), after.split()
        if len(left) >= 5 and len(right) >= 2:
            found.append(Mount(_unescaped(left[4]), right[0], _unescaped(right[1]), left[2]))
    return found


def mount_of(folder: Path, among: list[Mount]) -> Mount | None:
    """The mount that holds `folder`: the deepest above it, and of two at one place the last, which hides the other."""
    best = None
    for mount in among:
        if folder.is_relative_to(mount.point) and (best is None or len(mount.point) >= len(best.point)):
            best = mount
    return best


def _unescaped(text: str) -> str:
    """Replace the octal escapes of spaces and the like."""
    return _ESCAPED.sub(lambda match: chr(int(match[1], 8)), text)
