"""Finds shots and gaps in a manifest of any length.

Shots are found by halving the file: numbers and moments rise from line to line (moments but
where a clock was set back). Gaps are few: they are collected once, and then from where the file has grown.
"""

from __future__ import annotations

import mmap
import os
import threading
from collections.abc import Iterator
from io import BufferedReader
from pathlib import Path
from typing import NamedTuple

from stillcam.series.manifest import Line, decode, millis
from stillcam.series.state import MANIFEST

_CHUNK_BYTES = 1 << 20
_GAP, _THINNED = b'\n{"gap":', b'\n{"thinned":'  # a shot comes before all others
_MAX_KEPT = 128  # manifests


class Gap(NamedTuple):
    """Moments without a shot: the first and the last (ms since the epoch), how many, and why."""

    from_ms: int
    to_ms: int
    missed: int
    why: str


def shots_from(folder: Path, number: int) -> Iterator[Line]:
    """The shots from this number on, in order; those that were taken away, too.

    Raises:
        OSError: the manifest cannot be read.
    """
    try:
        with (folder / MANIFEST).open("rb") as file:
            begin = _find(file, "n", number, 0)
            file.seek(begin)
            for raw in file:
                if (line := decode(raw)) is not None and "n" in line and line["n"] >= number:
                    yield line
    except FileNotFoundError:
        return


def numbers_at(folder: Path, moments_ms: list[int], end: int) -> list[int]:
    """For each of the moments, which rise: the number of the first shot that was due then or later.

    Args:
        end: what is said where there is none.

    Raises:
        OSError: the manifest cannot be read.
    """
    numbers: list[int] = []
    try:
        with (folder / MANIFEST).open("rb") as file:
            offset = 0
            for moment_ms in moments_ms:
                offset = _find(file, "due", moment_ms, offset)
                found = _shot_after(file, offset)
                numbers.append(end if found is None else found[1]["n"])
    except FileNotFoundError:
        pass
    return numbers + [end] * (len(moments_ms) - len(numbers))


def gaps(folder: Path) -> list[Gap]:
    """All gaps, in the order in which they were recorded.

    Raises:
        OSError: the manifest cannot be read.
    """
    try:
        with (folder / MANIFEST).open("rb") as file, _lock:
            return list(_collected(folder, file).gaps)
    except FileNotFoundError:
        return []


def thinned(folder: Path) -> set[int]:
    """The numbers of all shots that have been taken away.

    Raises:
        OSError: the manifest cannot be read.
    """
    found: set[int] = set()
    with (folder / MANIFEST).open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        at = data.find(_THINNED)
        while at >= 0:
            data.seek(at + 1)
            if (line := decode(data.readline())) is not None:
                found.update(line["thinned"])
            at = data.find(_THINNED, at + 1)
    return found


class _Collected:
    """The gaps of the file up to an offset."""

    def __init__(self, inode: int) -> None:
        self.inode = inode
        self.offset = 0
        self.gaps: list[Gap] = []


_kept: dict[Path, _Collected] = {}
_lock = threading.Lock()


def _collected(folder: Path, file: BufferedReader) -> _Collected:
    inode, size = _identity(file)
    kept = _kept.pop(folder, None)
    if kept is None or kept.inode != inode or kept.offset > size:
        kept = _Collected(inode)
    _kept[folder] = kept  # the last to be dropped
    while len(_kept) > _MAX_KEPT:
        del _kept[next(iter(_kept))]
    file.seek(kept.offset)
    rest = b""
    while chunk := file.read(_CHUNK_BYTES):
        whole, newline, rest = (rest + chunk).rpartition(b"\n")
        _collect(b"\n" + whole + newline, kept.gaps)
        kept.offset += len(whole) + len(newline)
    return kept


def _collect(data: bytes, found: list[Gap]) -> None:
    at = data.find(_GAP)
    while at >= 0:
        end = data.find(b"\n", at + 1)
        if end >= 0 and (line := decode(data[at + 1 : end])) is not None:
            gap = line["gap"]
            found.append(Gap(millis(gap["from"]), millis(gap["to"]), gap["missed"], gap["why"]))
        at = data.find(_GAP, at + 1)


def _find(file: BufferedReader, key: str, target: int, low: int) -> int:
    """Where the line of the first shot begins whose `key` is `target` or more; or where shots end.

    Args:
        low: no earlier than here.
    """
    high = _identity(file)[1]
    while low < high:
        middle = (low + high) // 2
        found = _shot_after(file, middle)
        if found is None:
            high = middle
            continue
        end, line = found
        if (line["n"] if key == "n" else millis(line["due"])) >= target:
            high = middle
        else:
            low = end
    return low


def _shot_after(file: BufferedReader, offset: int) -> tuple[int, Line] | None:
    """The first shot whose line begins at `offset` or later, and where that ends."""
    file.seek(max(0, offset - 1))
    if offset:
        file.readline()
    while raw := file.readline():
        line = decode(raw)
        if line is not None and "n" in line:
            return file.tell(), line
    return None


def _identity(file: BufferedReader) -> tuple[int, int]:
    """Inode and size."""
    found = os.fstat(file.fileno())
    return found.st_ino, found.st_size
