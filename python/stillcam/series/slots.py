"""The moments of a plan: how many there are in a stretch of time, the last of them, and the next one."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache

from stillcam.series.schedule import Plan
from stillcam.series.windows import DAY_MS, LONGEST_DAYS, change_ms, local_day, midnight_ms, offset_ms, span

SEARCH_DAYS = 400  # a window that does not open within a year will not open
_FAR_DAYS = 36_500  # where no windows have to be looked at
_STEP_DAYS = 32  # counted at a time


@dataclass(frozen=True, slots=True)
class Slots:
    """Moments in a stretch of time: how many, and the last one (ms since the epoch; None without)."""

    count: int
    last_ms: int | None


def slots_in(plan: Plan, after_ms: int, until_ms: int) -> Slots:
    """The moments later than `after_ms`, up to and including `until_ms`; the number of shots wanted does not count."""
    count, last = 0, None
    for begin, end, anchor in _stretches(plan, after_ms, until_ms):
        low, high = max(begin, after_ms + 1), min(end - 1, until_ms)
        first = -((anchor - low) // plan.interval_ms)
        final = (high - anchor) // plan.interval_ms
        if high >= low and final >= first:
            count += final - first + 1
            last = anchor + final * plan.interval_ms
    return Slots(count, last)


def next_slot(plan: Plan, after_ms: int) -> int | None:
    """The first moment later than `after_ms`; None: there is none any more."""
    after_ms = max(after_ms, plan.starts_ms - 1)
    for begin, end, anchor in _stretches(plan, after_ms, after_ms + SEARCH_DAYS * DAY_MS):
        low = max(begin, after_ms + 1)
        moment = anchor - ((anchor - low) // plan.interval_ms) * plan.interval_ms
        if moment < end:
            return moment
    return None


def _stretches(plan: Plan, after_ms: int, until_ms: int) -> Iterator[tuple[int, int, int]]:
    """Begin, end (excluded) and a moment (maybe outside) of each stretch with an even grid of moments, in order."""
    limits = plan.starts_ms, plan.ends_ms if plan.ends_ms is not None else until_ms + 1
    if until_ms < limits[0] or after_ms >= limits[1]:
        return
    if plan.always and not plan.marks:
        yield *limits, plan.starts_ms
        return
    day = local_day(plan, max(after_ms, limits[0])) - timedelta(LONGEST_DAYS)  # that window may still be open
    last = local_day(plan, min(until_ms, limits[1])) + timedelta(1)  # 12 hours before sunrise is the evening before
    done = limits[0]
    while day <= last:
        if window := span(plan, day):
            begin, end = max(window[0], done), min(window[1], limits[1])
            done = max(done, end)
            if begin < end and plan.marks:
                yield from _marked(plan, begin, end)
            elif begin < end:
                yield begin, end, plan.starts_ms
        day += timedelta(1)


def _marked(plan: Plan, begin: int, end: int) -> Iterator[tuple[int, int, int]]:
    """The stretches of a window in which the local clock goes on evenly from one midnight."""
    while begin < end:
        day = local_day(plan, begin)
        stop = min(end, midnight_ms(plan, day + timedelta(1)))
        offset = offset_ms(plan, begin)
        if offset_ms(plan, stop - 1) != offset:
            stop = change_ms(plan, begin, stop)
        # Midnight as this stretch's clock has it, which on a day of change is not when the day began.
        anchor = (begin + offset) // DAY_MS * DAY_MS - offset
        yield begin, stop, anchor
        begin = stop


def nth_slot(plan: Plan, after_ms: int, number: int) -> int | None:
    """The `number`-th moment (from 1) later than `after_ms`; the number of shots wanted does not count.

    None: the plan has ended by then, or it would be so far ahead (400 days of windows) that nobody counts.
    What has been counted once is remembered until the next day.
    """
    after_ms = max(after_ms, plan.starts_ms - 1)
    if plan.always and not plan.marks:
        moment = after_ms + 1 + (plan.starts_ms - after_ms - 1) % plan.interval_ms + (number - 1) * plan.interval_ms
        end_ms = after_ms + _FAR_DAYS * DAY_MS if plan.ends_ms is None else plan.ends_ms
        return moment if moment < end_ms else None
    if number > SEARCH_DAYS * DAY_MS // plan.interval_ms:
        return None
    begin_ms = after_ms // DAY_MS * DAY_MS - 1
    number += slots_in(plan, begin_ms, after_ms).count
    for ahead in range(0, SEARCH_DAYS, _STEP_DAYS):
        counts, firsts = _counted(plan, begin_ms + ahead * DAY_MS)
        if counts and number <= counts[-1]:
            place = bisect_left(counts, number)
            return firsts[place] + (number - 1 - (counts[place - 1] if place else 0)) * plan.interval_ms
        number -= counts[-1] if counts else 0
    return None


@lru_cache(maxsize=1024)
def _counted(plan: Plan, after_ms: int) -> tuple[list[int], list[int]]:
    """The stretches of the days from `after_ms` on: how many moments up to the end of each, and its first one."""
    until_ms = after_ms + _STEP_DAYS * DAY_MS
    counts, firsts, count = [], [], 0
    for begin, end, anchor in _stretches(plan, after_ms, until_ms):
        low, high = max(begin, after_ms + 1), min(end - 1, until_ms)
        first = -((anchor - low) // plan.interval_ms)
        there = (high - anchor) // plan.interval_ms - first + 1
        if there > 0:
            count += there
            counts.append(count)
            firsts.append(anchor + first * plan.interval_ms)
    return counts, firsts
