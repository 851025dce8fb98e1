"""Estimates of a series, also of one that does not exist yet: how much a day, when it ends, when the disk is full."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

from stillcam.series.definition import Retention
from stillcam.series.schedule import DAY_MS, Schedule, due_between, next_due, nth_due

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


@lru_cache(maxsize=256)
def total_due(schedule: Schedule) -> int | None:
    """How many due times there are from start to end; None: no end is set."""
    if schedule.ends_ms is None:
        return schedule.shots
    count = due_between(schedule, schedule.starts_ms - 1, schedule.ends_ms).count
    return min(count, schedule.shots or count)


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
