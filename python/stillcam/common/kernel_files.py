"""Small files of the kernel, and numbers as a person reads them."""

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
    """The number that a file holds."""
    text = text_of(path)
    return int(text) if text.lstrip("-").isdecimal() else None


def fields_of(path: Path, separator: str) -> dict[str, str]:
    """Lines of `NAME separator VALUE` (proc(5), os-release(5)), quotes removed."""
    pairs = (line.partition(separator) for line in text_of(path).splitlines())
    return {name.strip(): value.strip().strip('"') for name, found, value in pairs if found}


def size_text(size_bytes: float) -> str:
    """A size in binary units, with three digits: `1.82 GiB`."""
    for unit in ("bytes", "KiB", "MiB", "GiB"):
        if size_bytes < 1000:
            return f"{size_bytes:.0f} bytes" if unit == "bytes" else f"{size_bytes:.3g} {unit}"
        size_bytes /= 1024
    return f"{size_bytes:.3g} TiB"


def span_text(seconds: float) -> str:
    """A span of time in its two largest units: `3 days 4 h`, `12 min 5 s`."""
    minutes, rest_s = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days} day{'s' if days > 1 else ''} {hours} h"
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest_s} s"
