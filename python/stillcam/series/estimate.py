"""Estimates of a series: how much a day, when it ends, when the disk is full.

The first half works on a schedule alone, also for a series that does not exist yet; the second half on one that does.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

from stillcam.series.definition import Retention
from stillcam.series.schedule import DAY_MS, Schedule, due_between, next_due, nth_due
from stillcam.series.state import StoredSeries

GUESSED_BYTES = {"photo": 4_000_000, "raw": 24_000_000}  # of a shot, before there is one: 12 megapixels
_WEEK = 7


@lru_cache(maxsize=256)
def due_per_day(schedule: Schedule, now_ms: int) -> float:
    """How many due times a day has while the series runs: the average of the coming, or the first, week."""
    begin_ms = max(now_ms, schedule.starts_ms) - 1
    endless = replace(schedule, ends_ms=None, shots=None)
    return due_between(endless, begin_ms, begin_ms + _WEEK * DAY_MS).count / _WEEK


def upcoming(schedule: Schedule, now_ms: int, number: int) -> list[int]:
    """The next due times, at most so many (ms since the epoch)."""
    found: list[int] = []
    while len(found) < number and (due_ms := next_due(schedule, found[-1] if found else now_ms)) is not None:
        found.append(due_ms)
    return found


def end_ms(schedule: Schedule, now_ms: int, left: int | None) -> int | None:
    """When the series ends (ms since the epoch); None: never, or too far ahead to be counted.

    Args:
        left: due times that are still wanted; None: no number is set.
    """
    if left is None:
        return schedule.ends_ms
    if left <= 0:
        return now_ms
    last = nth_due(schedule, now_ms, left)
    return schedule.ends_ms if last is None else last


def can_fill_disk(retention: Retention, day_bytes: float, kept_bytes: float, room_bytes: float) -> bool:
    """Whether a series, of which `kept_bytes` are there, can fill the disk at all, or is pruned before that."""
    if retention.rule == "days":
        return retention.days * day_bytes > kept_bytes + room_bytes
    return retention.rule != "thin"


def disk_full_ms(
    schedule: Schedule, now_ms: int, left: int | None, bytes_per_due: float, room_bytes: float
) -> int | None:
    """The first due time for which there is no room (ms since the epoch); None: not before the series ends.

    Args:
        left: due times that are still wanted; None: no number is set.
        bytes_per_due: what is written from one due time to the next, by other series too.
        room_bytes: what may be written.
    """
    if bytes_per_due <= 0:
        return None
    fit = max(0, int(room_bytes // bytes_per_due))
    if left is not None and left <= fit:
        return None
    return nth_due(schedule, now_ms, fit + 1)


# --- of a series that exists


def next_shot_ms(series: StoredSeries, now_ms: int) -> int | None:
    """The next due time (ms since the epoch); None: there is none, now or later."""
    if not series.state.active or _left(series) == 0:
        return None
    return next_due(series.definition.schedule, now_ms)


def series_end_ms(series: StoredSeries, now_ms: int) -> int | None:
    """When the series ends (ms since the epoch); None: it has ended, or that cannot be told."""
    return None if series.state.state == "finished" else end_ms(series.definition.schedule, now_ms, _left(series))


@lru_cache(maxsize=256)
def total_due(schedule: Schedule) -> int | None:
    """How many due times there are from start to end; None: no end is set."""
    if schedule.ends_ms is None:
        return schedule.shots
    count = due_between(schedule, schedule.starts_ms - 1, schedule.ends_ms).count
    return min(count, schedule.shots or count)


def bytes_per_day(series: StoredSeries, now_ms: int) -> float:
    """What the series writes in a day while it runs; nothing once it is over."""
    if series.state.state in ("finished", "failed"):
        return 0.0
    return due_per_day(series.definition.schedule, now_ms // DAY_MS * DAY_MS) * _bytes_per_due(series)


def series_disk_full_ms(series: StoredSeries, now_ms: int, all_per_day: float, room_bytes: float) -> int | None:
    """As `disk_full_ms`, where all series together write `all_per_day` bytes in a day."""
    definition, own = series.definition, bytes_per_day(series, now_ms)
    fills = can_fill_disk(definition.retention, own, series.state.tally.bytes, room_bytes)
    if not series.state.active or own <= 0 or not fills:
        return None
    bytes_per_due = _bytes_per_due(series) * max(1.0, all_per_day / own)
    return disk_full_ms(definition.schedule, now_ms, _left(series), bytes_per_due, room_bytes)


def _left(series: StoredSeries) -> int | None:
    """How many due times are still wanted; None: no number is set."""
    shots = series.definition.schedule.shots
    return None if shots is None else max(0, shots - series.state.tally.taken)


def _bytes_per_due(series: StoredSeries) -> float:
    definition, tally = series.definition, series.state.tally
    shot = tally.bytes / tally.shots if tally.shots else GUESSED_BYTES[definition.kind]
    return shot * len(definition.shots_at)
