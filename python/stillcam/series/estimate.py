"""What a schedule will come to: how much a day, when it is over, when the disk is full."""

from __future__ import annotations

from dataclasses import replace

from stillcam.series.definition import Keep
from stillcam.series.schedule import DAY_MS, Schedule, due_between, next_due, nth_due

_WEEK = 7


def moments_per_day(schedule: Schedule, now_ms: int) -> float:
    """How many moments a day has while it runs: the average of the week that comes, or of its first one."""
    begin_ms = max(now_ms, schedule.starts_ms) - 1
    endless = replace(schedule, ends_ms=None, shots=None)
    return due_between(endless, begin_ms, begin_ms + _WEEK * DAY_MS).count / _WEEK


def upcoming(schedule: Schedule, now_ms: int, number: int) -> list[int]:
    """The next moments, at most so many (ms since the epoch)."""
    found: list[int] = []
    while len(found) < number and (moment := next_due(schedule, found[-1] if found else now_ms)) is not None:
        found.append(moment)
    return found


def last_ms(schedule: Schedule, now_ms: int, left: int | None) -> int | None:
    """When it is over (ms since the epoch); None: never, or so far ahead that nobody counts.

    Args:
        left: moments that are still wanted; None: no number is.
    """
    if left is None:
        return schedule.ends_ms
    if left <= 0:
        return now_ms
    last = nth_due(schedule, now_ms, left)
    return schedule.ends_ms if last is None else last


def may_fill(keep: Keep, day_bytes: float, kept_bytes: float, room_bytes: float) -> bool:
    """Whether a series can fill the disk at all: what is not to be kept goes before.

    Args:
        day_bytes: that it writes in a day.
        kept_bytes: that there are of it.
        room_bytes: that may be written beside.
    """
    if keep.rule == "days":
        return keep.days * day_bytes > kept_bytes + room_bytes
    return keep.rule != "thin"


def full_ms(schedule: Schedule, now_ms: int, left: int | None, moment_bytes: float, room_bytes: float) -> int | None:
    """The first moment for which there is no room (ms since the epoch); None: not before the series is over.

    Args:
        left: as for `last_ms`.
        moment_bytes: that are written from one moment to the next, by other series too.
        room_bytes: that may be written.
    """
    if moment_bytes <= 0:
        return None
    fit = max(0, int(room_bytes // moment_bytes))
    if left is not None and left <= fit:
        return None
    return nth_due(schedule, now_ms, fit + 1)
