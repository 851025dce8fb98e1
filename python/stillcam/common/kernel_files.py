"""Small files of /proc, /sys and /etc."""

from __future__ import annotations

from pathlib import Path

MAX_BYTES = 1 << 16


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
            return file.read(MAX_BYTES).decode(errors="replace").strip("\0 \t\r\n")
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
