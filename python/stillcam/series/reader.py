"""Series for those who look: the server and the command line. Works without the daemon, from the folders alone.

What it costs does not grow with the number of shots. `root` is always the folder of all series.
"""

from __future__ import annotations

import logging
import os
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

from stillcam.common.disk_space import writable_bytes
from stillcam.common.errors import SettingsError, StillcamError
from stillcam.series import index, outlook
from stillcam.series.definition import Definition, check_name, to_document
from stillcam.series.manifest import PAUSED, Line, millis, text
from stillcam.series.schedule import due_between
from stillcam.series.state import FRAMES, State, load, read_state

Summary = dict[str, Any]

AHEAD = 10  # without an end, a timeline shows a tenth of what there is, again, as planned


def summaries(root: Path, now_ms: int, reserve_mb: int = 0) -> list[Summary]:
    """All series by name; a damaged one is left out, and in the daemon's log.

    Args:
        now_ms: ms since the epoch.
        reserve_mb: the setting `files.floor_mb`.
    """
    found = list(_all(root))
    daily = _bytes_per_day(found, now_ms)
    return [_summary(one, now_ms, reserve_mb, daily) for one in found]


def summary(root: Path, name: str, now_ms: int, reserve_mb: int = 0) -> Summary:
    """One series.

    Raises:
        LookupError: there is no such one; the text is for a person.
    """
    one = _one(root, name)
    return _summary(one, now_ms, reserve_mb, _bytes_per_day(_all(root), now_ms))


def states(root: Path) -> list[dict[str, Any]]:
    """Of all series what is counted: name, state, why, taken, missed, bytes."""
    return [
        {
            "name": folder.name,
            "state": state.state,
            "why": state.why,
            "taken": state.tally.taken,
            "missed": state.tally.missed,
            "bytes": state.tally.bytes,
        }
        for folder, _, _, _, state in _all(root)
    ]


def shots(root: Path, name: str, start: int, limit: int) -> list[dict[str, Any]]:
    """The first shots with this number or a later one, as the manifest tells of them.

    Those whose picture is gone are left out.

    Raises:
        LookupError: there is no such series.
    """
    folder = _folder(root, name)
    there = There(folder / FRAMES)
    found: list[dict[str, Any]] = []
    if limit > 0:
        for line in _looked_up(_kept_from(folder, start)):
            if line["files"][0] in there:
                found.append(dict(line))
                if len(found) == limit:
                    break
    return found


def picture(root: Path, name: str, number: int, raw: bool = False) -> Path:
    """The file of a shot: the JPEG, or the DNG beside it.

    Raises:
        LookupError: there is no such series, no such shot, or no such file of it.
    """
    folder = _folder(root, name)
    line = next(_looked_up(index.shots_from(folder, number)), None)
    if line is None or line["n"] != number:
        raise LookupError(f"{name} has no shot {number}")
    for file in line["files"]:
        path: Path = folder / FRAMES / file
        if path.suffix == (".dng" if raw else ".jpg") and path.is_file():
            return path
    raise LookupError(f"shot {number} of {name} {'has no raw file' if raw else 'is gone'}")


def timeline(root: Path, name: str, buckets: int, now_ms: int) -> dict[str, Any]:
    """What was taken and missed, and what is planned, in stretches of equal length.

    Moments are counted: those of a bracket as one. What was not taken because somebody
    had paused the series was not missed.

    Raises:
        LookupError: there is no such series.
    """
    folder, _, _, definition, state = _one(root, name)
    schedule, tally = definition.schedule, state.tally
    begin = min(schedule.starts_ms, millis(tally.first["time"])) if tally.first else schedule.starts_ms
    end = outlook.ends_ms(definition, state, now_ms)
    if end is None:
        taken_ms = millis(tally.last["time"]) if tally.last else begin
        last = max(taken_ms, tally.until_ms) if state.state == "finished" else now_ms
        end = max(last, begin) + (max(now_ms - begin, 0) // AHEAD if state.state in outlook.ACTIVE else 0)
    if end != schedule.ends_ms:
        end += 1  # the last shot is within
    step_ms = max(1, -(-(end - begin) // buckets))
    edges = [begin + number * step_ms for number in range(buckets + 1)]
    try:
        numbers = index.numbers_at(folder, edges, tally.sequence + 1)
        gaps = index.gaps(folder)
    except OSError as error:
        raise LookupError(f"cannot read {folder} ({error.strerror})") from error
    each = len(definition.shots_at)
    taken = [-(-max(0, later - number) // each) for number, later in pairwise(numbers)]
    missed = [0] * buckets
    for gap in gaps:
        if gap.why != PAUSED:
            _spread(gap, edges, missed)
    planned = [0] * buckets
    if state.state in outlook.ACTIVE:
        for number, (edge, later) in enumerate(pairwise(edges)):
            if later > now_ms:
                planned[number] = due_between(schedule, max(edge - 1, now_ms), later - 1).count
    return {
        "from": text(begin),
        "to": text(edges[-1]),
        "step_s": step_ms / 1000,
        "taken": taken,
        "missed": missed,
        "planned": planned,
    }


One = tuple[Path, str, str, Definition, State]  # its folder, when it was created, its time zone, what and how it is


def _all(root: Path) -> Iterator[One]:
    try:
        names = sorted(path.name for path in root.iterdir() if not path.name.startswith("."))
    except FileNotFoundError:
        return
    for name in names:
        try:
            yield _one(root, name)
        except LookupError as error:
            logging.debug("%s", error)


def _one(root: Path, name: str) -> One:
    folder = _folder(root, name)
    try:
        created, zone, definition = load(folder)
        return folder, created, zone, definition, read_state(folder, millis(created))
    except (StillcamError, OSError) as error:
        raise LookupError(str(error)) from error


def _folder(root: Path, name: str) -> Path:
    try:
        folder = root / check_name(name)
    except SettingsError as error:
        raise LookupError(f"there is no series {name}") from error
    if not folder.is_dir():
        raise LookupError(f"there is no series {name}")
    return folder


def _summary(one: One, now_ms: int, reserve_mb: int, daily: float) -> Summary:
    folder, created, zone, definition, state = one
    tally, due_ms = state.tally, outlook.next_ms(definition, state, now_ms)
    ends_ms = outlook.ends_ms(definition, state, now_ms)
    try:
        full_ms = outlook.full_ms(definition, state, now_ms, daily, writable_bytes(folder, reserve_mb))
    except OSError:  # the disk does not answer: nobody knows
        full_ms = None
    return {
        "name": folder.name,
        "state": state.state,
        "why": state.why,
        "since": text(state.since_ms),
        "kind": definition.kind,
        "created": created,
        "zone": zone,
        "taken": tally.taken,
        "missed": tally.missed,
        "shots": tally.shots,
        "bytes": tally.bytes,
        "first": tally.first,
        "last": tally.last,
        "next": _text(due_ms),
        "ends": _text(ends_ms),
        "planned": outlook.planned(definition.schedule),
        "definition": to_document(definition),
        "forecast": {
            "bytes_per_day": round(outlook.bytes_per_day(definition, state, now_ms)),
            "full": _text(full_ms),
        },
    }


def _bytes_per_day(found: Iterable[One], now_ms: int) -> float:
    """What all that run write in a day."""
    return sum(
        outlook.bytes_per_day(definition, state, now_ms)
        for _, _, _, definition, state in found
        if state.state in outlook.ACTIVE
    )


def _text(time_ms: int | None) -> str | None:
    return None if time_ms is None else text(time_ms)


def _kept_from(folder: Path, start: int) -> Iterator[Line]:
    """The shots from a number on; what was pruned at the beginning is not looked through."""
    tally = read_state(folder, 0).tally
    first = tally.first["n"] if tally.first else tally.sequence + 1
    yield from index.shots_from(folder, max(start, first))


def _looked_up(lines: Iterator[Line]) -> Iterator[Line]:
    try:
        yield from lines
    except OSError as error:
        raise LookupError(f"the manifest cannot be read ({error.strerror})") from error


def _spread(gap: index.Gap, edges: list[int], missed: list[int]) -> None:
    """Count the moments of a gap in the stretches that it covers, as if they were even."""
    first, last = (bisect_right(edges, moment) - 1 for moment in (gap.from_ms, gap.to_ms))
    length, counted = gap.to_ms - gap.from_ms, 0
    for number in range(max(first, 0), min(last, len(missed) - 1) + 1):
        end = edges[number + 1]
        until = gap.missed if end > gap.to_ms else -(-(end - gap.from_ms) * (gap.missed - 1) // length)
        missed[number] += until - counted
        counted = until


class There:
    """Which files there are below a folder; each of its folders is looked into once."""

    def __init__(self, frames: Path) -> None:
        self._frames = frames
        self._names: dict[str, frozenset[str]] = {}

    def __contains__(self, file: str) -> bool:
        folder, _, name = file.partition("/")
        if folder not in self._names:
            try:
                self._names[folder] = frozenset(os.listdir(self._frames / folder))
            except OSError:
                self._names[folder] = frozenset()
        return name in self._names[folder]
