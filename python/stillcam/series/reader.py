"""Series as the server, the command line and films read them, from the folders alone: the daemon need not run.

The cost does not grow with the number of shots, nor with that of deleted ones. `root` is always the folder of all
series. LookupError is raised where there is no such series, shot or file, with a text for people; OSError where the
disk does not answer.
"""

from __future__ import annotations

import logging
import os
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

from stillcam.common.disk_space import writable_bytes
from stillcam.common.errors import SettingsError, StillcamError
from stillcam.series.definition import check_name, to_document
from stillcam.series.estimate import can_fill_disk, disk_full_ms, due_per_day, end_ms, total_due
from stillcam.series.manifest import Line, ms_to_text, parse_shot_file, shot_folder, text_to_ms
from stillcam.series.manifest_search import gaps, reached_at, shots_from, shots_numbered
from stillcam.series.schedule import DAY_MS, due_between, next_due
from stillcam.series.state import FRAMES, StoredSeries, load_series, series_folders, shot_folder_names

Summary = dict[str, Any]

GUESSED_BYTES = {"photo": 4_000_000, "raw": 24_000_000}  # of a shot, before there is one: 12 megapixels
AHEAD = 10  # an open-ended timeline is a tenth longer than what has passed


def summaries(root: Path, now_ms: int, reserve_mb: int = 0) -> list[Summary]:
    """All series by name; a damaged one is left out. `reserve_mb` is the setting `files.floor_mb`."""
    series = list(_all(root))
    all_per_day = _all_per_day(series, now_ms)
    return [_summary(one, now_ms, reserve_mb, all_per_day) for one in series]


def summary(root: Path, name: str, now_ms: int, reserve_mb: int = 0) -> Summary:
    """One series."""
    return _summary(_read(root, name), now_ms, reserve_mb, _all_per_day(_all(root), now_ms))


def states(root: Path) -> list[dict[str, Any]]:
    """The counters of all series: name, state, why, taken, missed, bytes."""
    return [
        {"name": series.definition.name, "state": series.state.state, "why": series.state.why}
        | {name: getattr(series.state.tally, name) for name in ("taken", "missed", "bytes")}
        for series in _all(root)
    ]


def shots(root: Path, name: str, start: int, limit: int) -> list[dict[str, Any]]:
    """The first shots with this number or a later one, as lines of the manifest, unless their picture is gone."""
    return [dict(line) for line in islice(existing_shots(_folder(root, name), start), limit)]


def existing_shots(folder: Path, start: int) -> Iterator[Line]:
    """The shots from this number on whose picture exists, as lines of the manifest, in the order of their numbers.

    The pictures decide which lines are read: those of deleted shots may be most of the manifest.

    Args:
        folder: of the series.
        start: the first number.
    """
    try:
        names = shot_folder_names(folder)
    except FileNotFoundError:  # deleted by hand, with all shots
        return
    for name in names:
        if int(name) < int(shot_folder(start)):
            continue
        files = {number: f"{name}/{file}" for number, file in _pictures(folder / FRAMES / name) if number >= start}
        for line in shots_numbered(folder, sorted(files)):
            if files[line["n"]] in line["files"]:
                yield line


def picture(root: Path, name: str, number: int, raw: bool = False) -> Path:
    """The file of a shot: the JPEG, or the DNG beside it."""
    folder = _folder(root, name)
    line = next(shots_from(folder, number), None)
    if line is None or line["n"] != number:
        raise LookupError(f"{name} has no shot {number}")
    for file in line["files"]:
        path: Path = folder / FRAMES / file
        if path.suffix == (".dng" if raw else ".jpg") and path.is_file():
            return path
    raise LookupError(f"shot {number} of {name} {'has no raw file' if raw else 'is gone'}")


def timeline(root: Path, name: str, buckets: int, now_ms: int) -> dict[str, Any]:
    """How many due times were taken, missed, and are planned, in buckets of equal length.

    The shots of a bracket count as one. Due times that passed while the series was paused were not missed.
    """
    series = _read(root, name)
    schedule, state, tally = series.definition.schedule, series.state, series.state.tally
    edges = _edges(series, buckets, now_ms)
    reached = reached_at(series.folder, edges, tally)
    each = len(series.definition.shots_at)
    taken = [-(-max(0, later.number - at.number) // each) for at, later in pairwise(reached)]
    missed_before = [at.missed for at in reached if at.missed is not None]
    missed = [max(0, later - before) for before, later in pairwise(missed_before)]
    if len(missed) < buckets:  # an older version has written some of the lines
        missed = _missed_in_gaps(series.folder, edges)
    planned = [0] * buckets
    if state.active:
        for number, (edge, later) in enumerate(pairwise(edges)):
            if later > now_ms:
                planned[number] = due_between(schedule, max(edge - 1, now_ms), later - 1).count
    return {
        "from": ms_to_text(edges[0]),
        "to": ms_to_text(edges[-1]),
        "step_s": (edges[1] - edges[0]) / 1000,
        "taken": taken,
        "missed": missed,
        "planned": planned,
    }


def _pictures(folder: Path) -> list[tuple[int, str]]:
    """The number and the name of each JPEG in a folder of shots; none if it is gone, or no folder."""
    try:
        names = os.listdir(folder)
    except (FileNotFoundError, NotADirectoryError):
        return []
    parsed = ((parse_shot_file(name), name) for name in names if name.endswith(".jpg"))
    return [(file.number, name) for file, name in parsed if file]


def _missed_in_gaps(folder: Path, edges: list[int]) -> list[int]:
    """How many due times between the edges were missed; the first call reads the whole manifest."""
    missed = [0] * (len(edges) - 1)
    for gap in gaps(folder):
        for number in range(max(0, bisect_right(edges, gap.from_ms) - 1), len(missed)):
            if edges[number] > gap.to_ms:
                break
            missed[number] += gap.missed_before(edges[number + 1]) - gap.missed_before(edges[number])
    return missed


def _all(root: Path) -> Iterator[StoredSeries]:
    for folder in series_folders(root):
        try:
            yield load_series(folder)
        except (StillcamError, OSError) as error:
            logging.debug("%s", error)


def _read(root: Path, name: str) -> StoredSeries:
    folder = _folder(root, name)
    try:
        return load_series(folder)
    except (StillcamError, OSError) as error:
        raise LookupError(str(error)) from error


def _folder(root: Path, name: str) -> Path:
    with suppress(SettingsError):
        if (folder := root / check_name(name)).is_dir():
            return folder
    raise LookupError(f"there is no series {name}")


def _summary(series: StoredSeries, now_ms: int, reserve_mb: int, all_per_day: float) -> Summary:
    definition, state, tally = series.definition, series.state, series.state.tally
    own_per_day, left, full_ms = _bytes_per_day(series, now_ms), _left(series), None
    if state.active and own_per_day > 0:
        with suppress(OSError):  # the disk does not answer
            room = writable_bytes(series.folder, reserve_mb)
            if can_fill_disk(definition.retention, own_per_day, tally.bytes, room):
                bytes_per_due = _bytes_per_due(series) * max(1.0, all_per_day / own_per_day)
                full_ms = disk_full_ms(definition.schedule, now_ms, left, bytes_per_due, room)
    return {
        "name": definition.name,
        "state": state.state,
        "why": state.why,
        "since": ms_to_text(state.since_ms),
        "kind": definition.kind,
        "created": series.created,
        "zone": series.zone,
        **{name: getattr(tally, name) for name in ("taken", "missed", "shots", "bytes", "first", "last")},
        "next": _text(next_due(definition.schedule, now_ms) if state.active and left != 0 else None),
        "ends": _text(_end_ms(series, now_ms)),
        "planned": total_due(definition.schedule),
        "definition": to_document(definition),
        "forecast": {"bytes_per_day": round(own_per_day), "full": _text(full_ms)},
    }


def _all_per_day(series: Iterable[StoredSeries], now_ms: int) -> float:
    return sum(_bytes_per_day(one, now_ms) for one in series if one.state.active)


def _bytes_per_day(series: StoredSeries, now_ms: int) -> float:
    """What the series writes in a day while it runs; nothing once it is over."""
    if series.state.state in ("finished", "failed"):
        return 0.0
    return due_per_day(series.definition.schedule, now_ms // DAY_MS * DAY_MS) * _bytes_per_due(series)


def _bytes_per_due(series: StoredSeries) -> float:
    definition, tally = series.definition, series.state.tally
    shot = tally.bytes / tally.shots if tally.shots else GUESSED_BYTES[definition.kind]
    return shot * len(definition.shots_at)


def _left(series: StoredSeries) -> int | None:
    """How many due times are still wanted; None: no number is set."""
    shots = series.definition.schedule.shots
    return None if shots is None else max(0, shots - series.state.tally.taken)


def _end_ms(series: StoredSeries, now_ms: int) -> int | None:
    """When the series ends (ms since the epoch); None: it has ended, or that cannot be told."""
    return None if series.state.state == "finished" else end_ms(series.definition.schedule, now_ms, _left(series))


def _text(time_ms: int | None) -> str | None:
    return None if time_ms is None else ms_to_text(time_ms)


def _edges(series: StoredSeries, buckets: int, now_ms: int) -> list[int]:
    """Where the buckets of a timeline begin, and where the last one ends (ms since the epoch)."""
    schedule, state, tally = series.definition.schedule, series.state, series.state.tally
    begin = min(schedule.starts_ms, text_to_ms(tally.first["time"])) if tally.first else schedule.starts_ms
    end = _end_ms(series, now_ms)
    if end is None:
        taken_ms = text_to_ms(tally.last["time"]) if tally.last else begin
        last = max(taken_ms, tally.until_ms) if state.state == "finished" else now_ms
        end = max(last, begin) + (max(now_ms - begin, 0) // AHEAD if state.active else 0)
    if end != schedule.ends_ms:
        end += 1  # the last shot is within
    step_ms = max(1, -(-(end - begin) // buckets))
    return [begin + number * step_ms for number in range(buckets + 1)]
