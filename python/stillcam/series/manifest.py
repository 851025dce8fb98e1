"""The manifest of a series, `manifest.jsonl`: the format of its lines, what they come to, and searching in it.

A line is a shot (`n`, `due`, `time`, `files`, `bytes`, `boot`, `metadata`, `vary`), a `gap` (`from`, `to`, `missed`,
`why`) or the numbers of shots that were `thinned` (deleted). Lines are only appended; numbers rise from line to line
and are never used again. All shots of one due time have the same `due`.

A manifest may have any length. Shots are found by bisecting the file, as numbers and due times rise from line to line
(due times except where a clock was set back). Gaps are few: they are cached, and read on from where the file has grown.
"""

from __future__ import annotations

import json
import os
import re
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from io import BufferedReader
from pathlib import Path
from typing import Any, NamedTuple

from stillcam.common.formats import utc_text
from stillcam.common.safe_read import parse_json

MANIFEST = "manifest.jsonl"
PAUSED = "paused"  # the reason of a gap that was wanted: its due times do not count as missed
GAP_REASONS = ("off", "camera", "busy", "disk", PAUSED, "clock")
SHOT_METADATA = ("ExposureTime", "AnalogueGain", "ColourTemperature", "Lux", "LensPosition")  # kept of each shot

Line = Mapping[str, Any]
ShotRef = Mapping[str, Any]  # {"n": number, "time": text} of a shot

_CHUNK_BYTES = 1 << 20
_SHOT_FILE = re.compile(r"(\d{6,})_(\d{8}T\d{6}\.\d{3}Z)\.(?:jpg|dng)", re.ASCII)  # see `shot_name`
_FOLDER_SHOTS = 1000  # in one folder
_SKIP = 32  # lines that are passed over sooner than the next shot is found by bisection
_MAX_CACHED = 128  # manifests whose gaps are cached


def ms_to_text(time_ms: int) -> str:
    """A time (ms since the epoch) as lines have it: `2026-11-20T23:45:01.123Z`."""
    return utc_text(time_ms / 1000)


def text_to_ms(moment: str) -> int:
    """Parse what `ms_to_text` has formatted; ValueError: it is not a time."""
    return round(datetime.fromisoformat(moment).timestamp() * 1000)


# --- lines


@dataclass(frozen=True, slots=True)
class Tally:
    """The sums over the lines of a manifest."""

    until_ms: int  # every due time up to here has been handled (ms since the epoch)
    taken: int = 0  # due times with a shot, even if that has been deleted since
    missed: int = 0  # due times without one
    sequence: int = 0  # the number of the last shot; 0: there was none
    shots: int = 0  # that are left
    bytes: int = 0  # of these, without what is derived from them
    due_ms: int | None = None  # the due time of the last shot
    first: ShotRef | None = None  # the first and the last shot that are left
    last: ShotRef | None = None

    def add(self, line: Line) -> Tally:
        """The tally with one more line, which is valid: see `decode`."""
        if "n" in line:
            number, due_ms = line["n"], text_to_ms(line["due"])
            shot = {"n": number, "time": line["time"]}
            return replace(
                self,
                until_ms=due_ms,
                taken=self.taken + (due_ms != self.due_ms),
                sequence=number,
                shots=self.shots + 1,
                bytes=self.bytes + line["bytes"],
                due_ms=due_ms,
                first=self.first or shot,
                last=shot,
            )
        if "gap" in line:
            gap = line["gap"]
            missed = 0 if gap["why"] == PAUSED else gap["missed"]
            return replace(self, until_ms=text_to_ms(gap["to"]), missed=self.missed + missed)
        left = self.shots - len(line["thinned"])
        return replace(self, shots=left, bytes=self.bytes - line["bytes"], first=line["first"])


def encode(line: Line) -> bytes:
    return json.dumps(line, separators=(",", ":")).encode() + b"\n"


def decode(raw: bytes) -> Line | None:
    """Parse a line; None: a power cut, or a worn card, has damaged it."""
    try:
        line = parse_json(raw)
        return line if _is_valid(line) else None
    except (ValueError, KeyError, TypeError):
        return None


def _is_valid(line: Any) -> bool:
    """Whether a line has all fields that are ever read, of the right types; may raise where it does not."""
    if "n" in line:
        files = line["files"]
        return (
            type(line["n"]) is type(line["bytes"]) is int
            and bool(files and text_to_ms(line["due"]) and text_to_ms(line["time"]))
            and isinstance(files, list)
            and all(isinstance(file, str) for file in files)
            and isinstance(line["metadata"], dict)
            and isinstance(line.get("vary", {}), dict)
        )
    if "gap" in line:
        gap = line["gap"]
        known = gap["why"] in GAP_REASONS
        return known and type(gap["missed"]) is int and bool(text_to_ms(gap["from"]) and text_to_ms(gap["to"]))
    return isinstance(line["thinned"], list) and type(line["bytes"]) is int and is_shot_ref(line["first"])


def is_shot_ref(ref: Any) -> bool:
    """Whether it names a shot, or is None; may raise KeyError, TypeError or ValueError where it does not."""
    return ref is None or (type(ref["n"]) is int and bool(text_to_ms(ref["time"])))


def shot_line(
    number: int, due_ms: int, time_ms: int, files: Sequence[Path], boot: str, metadata: Mapping[str, Any]
) -> dict[str, Any]:
    """The line of a shot.

    Args:
        files: in the folder of the series; the picture first.
        boot: the start of the machine in which it was taken.
        metadata: from the camera; only SHOT_METADATA is kept.
    """
    return {
        "n": number,
        "due": ms_to_text(due_ms),
        "time": ms_to_text(time_ms),
        "files": [f"{path.parent.name}/{path.name}" for path in files],
        "bytes": sum(path.stat().st_size for path in files),
        "boot": boot,
        "metadata": {name: metadata[name] for name in SHOT_METADATA if name in metadata},
    }


def gap_line(from_ms: int, to_ms: int, missed: int, why: str) -> Line:
    """The line of a gap: see `Gap`."""
    return {"gap": {"from": ms_to_text(from_ms), "to": ms_to_text(to_ms), "missed": missed, "why": why}}


def shot_name(number: int, time_ms: int) -> str:
    """The file of a shot, without its extension, below `frames/`: `000/000123_20261120T234501.123Z`."""
    stamp = ms_to_text(time_ms).replace("-", "").replace(":", "")
    return f"{shot_folder(number)}/{number:06}_{stamp}"


def shot_folder(number: int) -> str:
    """The name of the folder of a shot, below `frames/`."""
    return f"{number // _FOLDER_SHOTS:03}"


class ShotFile(NamedTuple):
    """The parts of the name of a shot's file."""

    number: int
    time_ms: int  # when it was taken, since the epoch


def parse_shot_file(name: str) -> ShotFile | None:
    """Parse the name of a file, without its folder; None: it is not that of a shot."""
    if match := _SHOT_FILE.fullmatch(name):
        with suppress(ValueError):  # 31 February
            return ShotFile(int(match[1]), text_to_ms(match[2]))
    return None


# --- reading and searching; each raises OSError if the manifest cannot be read


class Gap(NamedTuple):
    """Due times without a shot: the first and the last (ms since the epoch), how many, and one of GAP_REASONS."""

    from_ms: int
    to_ms: int
    missed: int
    why: str


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


def first_numbers(folder: Path, times_ms: list[int], end: int) -> list[int]:
    """For each of these rising times: the number of the first shot that was due then or later, or else `end`."""
    numbers, offset = [], 0
    with _open(folder) as file:
        for time_ms in times_ms:
            offset = _bisect(file, lambda line: text_to_ms(line["due"]), time_ms, offset)
            found = _shot_after(file, offset)
            numbers.append(end if found is None else found[1]["n"])
    return numbers


def gaps(folder: Path) -> list[Gap]:
    """All gaps, in the order in which they were recorded."""
    with _open(folder) as file, _gaps_lock:
        stat = os.fstat(file.fileno())
        inode, offset, found = _gaps_cache.pop(folder, (0, 0, []))
        if inode != stat.st_ino or offset > stat.st_size:
            offset, found = 0, []
        lines, offset = _lines_beginning(file, b'{"gap":', offset)
        for gap in (line["gap"] for line in lines):
            found.append(Gap(text_to_ms(gap["from"]), text_to_ms(gap["to"]), gap["missed"], gap["why"]))
        _gaps_cache[folder] = stat.st_ino, offset, found  # the last to be dropped
        while len(_gaps_cache) > _MAX_CACHED:
            del _gaps_cache[next(iter(_gaps_cache))]
        return list(found)


def deleted_numbers(folder: Path, first: int) -> set[int]:
    """The numbers of the shots that have been deleted, all of those from `first` on: that is recorded after a shot."""
    with _open(folder) as file:
        begin = _bisect(file, lambda line: int(line["n"]), first, 0)
        lines, _ = _lines_beginning(file, b'{"thinned":', begin)
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


def _bisect(file: BufferedReader, key: Callable[[Line], int], target: int, low: int) -> int:
    """The offset, from `low` on, of the first shot whose `key` is `target` or more, or else of the end."""
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
