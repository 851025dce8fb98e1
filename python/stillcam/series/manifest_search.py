"""Reading and searching the manifest of a series; each function raises OSError if it cannot be read.

A manifest may have any length. Shots are found by bisecting the file, as numbers and due times rise from line to line
(due times except where a clock was set back). All gaps are read only where an older version has written the manifest:
they are cached, and read on from where the file has grown.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from io import BufferedReader
from pathlib import Path
from typing import NamedTuple

from stillcam.series.manifest import MANIFEST, Gap, Line, Tally, decode, text_to_ms

NEVER_MS = 1 << 62  # since the epoch
_CHUNK_BYTES = 1 << 20
_DELETION = b'{"thinned":'  # how the lines of deleted shots begin
_SKIP = 32  # lines that are passed over sooner than the next shot is found by bisection
_MAX_CACHED = 128  # manifests whose gaps are cached


def lines_from(folder: Path, offset: int) -> Iterator[tuple[Line, int]]:
    """The complete lines from a byte on, and where each ends; damaged ones are left out."""
    with _open(folder) as file:
        file.seek(offset)
        for raw in file:
            if not raw.endswith(b"\n"):
                return  # it is being written
            offset += len(raw)
            if (line := decode(raw)) is not None:
                yield line, offset


def shots_from(folder: Path, number: int) -> Iterator[Line]:
    """The shots from this number on, in order, including those that have been deleted."""
    with _open(folder) as file:
        file.seek(_bisect(file, lambda line: int(line["n"]), number, 0))
        for raw in file:
            if (line := decode(raw)) is not None and "n" in line and line["n"] >= number:
                yield line


def shots_numbered(folder: Path, numbers: Iterable[int]) -> Iterator[Line]:
    """The shots with these rising numbers that have a line; of the lines between them few are read."""
    rising = iter(numbers)
    number, passed = next(rising, None), _SKIP
    with _open(folder) as file:
        while number is not None:
            if passed >= _SKIP:
                file.seek(_bisect(file, lambda line: int(line["n"]), number, 0))
                passed = 0
            if not (raw := file.readline()):
                return
            line, passed = decode(raw), passed + 1
            if line is None or "n" not in line:
                continue
            while number is not None and number < line["n"]:
                number = next(rising, None)
            if number == line["n"]:
                yield line
                number, passed = next(rising, None), 0


class Reached(NamedTuple):
    """How far a series had come at some time."""

    number: int  # of the first shot that was due then or later, or else the next one
    missed: int | None  # due times before; None: older versions do not say


def reached_at(folder: Path, times_ms: Sequence[int], tally: Tally) -> list[Reached]:
    """How far the series, which has come to `tally`, had come at each of these rising times (ms since the epoch)."""
    reached, offset = list[Reached](), 0
    with _open(folder) as file:
        for time_ms in times_ms:
            offset = _bisect(file, lambda line: text_to_ms(line["due"]), time_ms, offset)
            between, shot = _until_shot(file, offset)
            number, missed = (shot["n"], shot.get("missed")) if shot else (tally.sequence + 1, tally.missed)
            later = sum(gap.missed_before(NEVER_MS) - gap.missed_before(time_ms) for gap in between)
            reached.append(Reached(number, None if missed is None else missed - later))
    return reached


def first_numbers(folder: Path, times_ms: list[int], end: int) -> list[int]:
    """For each of these rising times: the number of the first shot that was due then or later, or else `end`."""
    numbers, offset = [], 0
    with _open(folder) as file:
        for time_ms in times_ms:
            offset = _bisect(file, lambda line: text_to_ms(line["due"]), time_ms, offset)
            found = _shot_after(file, offset)
            numbers.append(end if found is None else found[1]["n"])
    return numbers


def extent_of(folder: Path, first: int, last: int) -> tuple[int, int]:
    """Where the lines from the shot with one number to that with another begin and end, as offsets in the manifest."""
    with _open(folder) as file:
        begin = _bisect(file, lambda line: int(line["n"]), first, 0)
        return begin, _bisect(file, lambda line: int(line["n"]), last + 1, begin)


def gaps(folder: Path) -> list[Gap]:
    """All gaps, in the order in which they were recorded."""
    with _open(folder) as file, _gaps_lock:
        stat = os.fstat(file.fileno())
        inode, offset, found = _gaps_cache.pop(folder, (0, 0, []))
        if inode != stat.st_ino or offset > stat.st_size:
            offset, found = 0, []
        lines, offset = _lines_beginning(file, b'{"gap":', offset)
        found += map(_gap_in, lines)
        _gaps_cache[folder] = stat.st_ino, offset, found  # the last to be dropped
        while len(_gaps_cache) > _MAX_CACHED:
            del _gaps_cache[next(iter(_gaps_cache))]
        return list(found)


def deleted_numbers(folder: Path, first: int) -> set[int]:
    """The numbers of the shots that have been deleted, all of those from `first` on: that is recorded after a shot."""
    with _open(folder) as file:
        begin = _bisect(file, lambda line: int(line["n"]), first, 0)
        lines, _ = _lines_beginning(file, _DELETION, begin)
    return {number for line in lines for number in line["thinned"]}


_gaps_cache: dict[Path, tuple[int, int, list[Gap]]] = {}  # by folder: the inode, how far it was read, its gaps
_gaps_lock = threading.Lock()


def _open(folder: Path) -> BufferedReader:
    """Open the manifest; before the first line there is none, which is like an empty one."""
    try:
        return (folder / MANIFEST).open("rb")
    except FileNotFoundError:
        return open(os.devnull, "rb")


def _lines_beginning(file: BufferedReader, begin: bytes, offset: int) -> tuple[list[Line], int]:
    """The lines from an offset on that begin so, without parsing the others; and where the last complete line ends."""
    found: list[Line] = []
    file.seek(offset)
    rest = b""
    while chunk := file.read(_CHUNK_BYTES):
        complete, newline, rest = (rest + chunk).rpartition(b"\n")
        offset += len(complete) + len(newline)
        data = b"\n" + complete + newline
        at = data.find(b"\n" + begin)
        while at >= 0:
            end = data.index(b"\n", at + 1)
            if (line := decode(data[at + 1 : end])) is not None:
                found.append(line)
            at = data.find(b"\n" + begin, end)
    return found, offset


def _until_shot(file: BufferedReader, offset: int) -> tuple[list[Gap], Line | None]:
    """The gaps from an offset, where a line ends, up to the next shot, and that shot."""
    found: list[Gap] = []
    file.seek(offset)
    for raw in file:
        if raw.startswith(_DELETION) or (line := decode(raw)) is None:
            continue
        if "n" in line:
            return found, line
        found.append(_gap_in(line))
    return found, None


def _gap_in(line: Line) -> Gap:
    gap = line["gap"]
    return Gap(text_to_ms(gap["from"]), text_to_ms(gap["to"]), gap["missed"], gap["why"])


def _bisect(file: BufferedReader, key: Callable[[Line], int], target: int, low: int) -> int:
    """Where the last shot, from `low` on, ends whose `key` is less than `target`; else `low`."""
    high = os.fstat(file.fileno()).st_size
    while low < high:
        middle = (low + high) // 2
        found = _shot_after(file, middle)
        if found is None or key(found[1]) >= target:
            high = middle
        else:
            low = found[0]
    return low


def _shot_after(file: BufferedReader, offset: int) -> tuple[int, Line] | None:
    """The first shot whose line begins at `offset` or later, and where that line ends."""
    file.seek(max(0, offset - 1))
    if offset:
        file.readline()
    while raw := file.readline():
        line = decode(raw)
        if line is not None and "n" in line:
            return file.tell(), line
    return None
