"""The schedule of a series: when its shots are due.

Everything here is a pure function of a `Schedule` and of times in milliseconds since the epoch; no clock is read.
Days are those of the local calendar. Sunrise and sunset are found by the elevation of the sun: beyond the polar
circles the sun may not rise, and one date in UTC may have two sunrises.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache, partial
from heapq import merge
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING

from stillcam.common.clock import zone_named

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

MINUTE_MS, DAY_MS = 60_000, 86_400_000
DAY_MINUTES, MAX_OFFSET_MINUTES = 1440, 720
SEARCH_DAYS = 400  # a window that does not open within a year will not open

_MAX_WINDOW_DAYS = 3  # an offset of 12 hours at both ends of a day that is as long as a day
_UNWINDOWED_DAYS = 36_500  # how far ahead `nth_due` looks where there are no windows
_COUNTED_DAYS = 32  # counted, and cached, at a time
_HORIZON_DEGREES = -0.833  # the centre of the sun when its upper edge is seen there: 16' of it, 34' of refraction
_CLOCK = re.compile(r"(?P<hours>\d\d):(?P<minutes>[0-5]\d)", re.ASCII)
_SUN = re.compile(rf"(?P<sun>sunrise|sunset)(?:(?P<sign>[+-]){_CLOCK.pattern})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Edge:
    """Where a daily window begins or ends."""

    sun: str  # `sunrise` or `sunset`; empty: a time of day
    minutes: int  # after midnight by the local clock, or after (negative: before) sunrise or sunset

    @classmethod
    def parse(cls, text: str) -> Edge:
        """Parse `08:30`, `sunset`, `sunrise-00:30` or `sunset+01:00`; ValueError: it is none of these."""
        match = _CLOCK.fullmatch(text) or _SUN.fullmatch(text)
        if not match:
            raise ValueError(f"must be like 08:30, sunset or sunrise-00:30, not {text!r}")
        groups = match.groupdict()
        minutes = int(groups["hours"] or 0) * 60 + int(groups["minutes"] or 0)
        sun = groups.get("sun", "")
        if minutes > (MAX_OFFSET_MINUTES if sun else DAY_MINUTES):
            raise ValueError(f"there is no such time: {text!r}")
        return cls(sun, -minutes if groups.get("sign") == "-" else minutes)

    def __str__(self) -> str:
        hours, minutes = divmod(abs(self.minutes), 60)
        clock = f"{hours:02}:{minutes:02}"
        if not self.sun:
            return clock
        return f"{self.sun}{'-' if self.minutes < 0 else '+'}{clock}" if self.minutes else self.sun


Window = tuple[Edge, Edge]  # of each day, from and to

_ALL_DAY = Edge("", 0), Edge("", DAY_MINUTES)


@dataclass(frozen=True, slots=True)
class Schedule:
    """When shots are due. Times are milliseconds since the epoch, so that sums are not rounded."""

    interval_ms: int  # from one shot to the next
    starts_ms: int  # no shot is due earlier
    ends_ms: int | None = None  # no shot is due from here on; None: open-ended
    shots: int | None = None  # the number of shots wanted; None: no limit. The functions of this module ignore it
    marks: bool = False  # shots fall on multiples of the interval since local midnight, not since the start
    weekdays: frozenset[int] = frozenset(range(7))  # 0 is Monday; a window belongs to the day on which it begins
    window: Window | None = None  # None: all day
    second_window: Window | None = None  # of the same days, where there is a first; where both are open, they are one
    place: tuple[float, float] | None = None  # latitude and longitude in degrees, for the sun
    zone: ZoneInfo = field(default_factory=partial(zone_named, "UTC"))  # of the local clock

    @property
    def even(self) -> bool:
        """Whether the shots are evenly spaced from the start to the end."""
        return self.window is None and len(self.weekdays) == 7 and not self.marks


# --- due times


@dataclass(frozen=True, slots=True)
class Due:
    """The due times in a span: how many, and the last one (ms since the epoch; None if there is none)."""

    count: int
    last_ms: int | None


def due_between(schedule: Schedule, after_ms: int, until_ms: int) -> Due:
    """Count the due times later than `after_ms`, up to and including `until_ms`."""
    total, last_ms = 0, None
    for first_ms, count in _runs(schedule, after_ms, until_ms):
        total += count
        last_ms = first_ms + (count - 1) * schedule.interval_ms
    return Due(total, last_ms)


def next_due(schedule: Schedule, after_ms: int) -> int | None:
    """The first due time later than `after_ms`; None: there are no more."""
    after_ms = max(after_ms, schedule.starts_ms - 1)
    return next((first_ms for first_ms, _ in _runs(schedule, after_ms, after_ms + SEARCH_DAYS * DAY_MS)), None)


def nth_due(schedule: Schedule, after_ms: int, number: int) -> int | None:
    """The `number`-th due time (from 1) later than `after_ms`; days that were counted are cached until the next day.

    None: the schedule has ended by then, or it is more than 400 days of windows ahead.
    """
    after_ms = max(after_ms, schedule.starts_ms - 1)
    interval_ms = schedule.interval_ms
    if schedule.even:
        due_ms = after_ms + 1 + (schedule.starts_ms - after_ms - 1) % interval_ms + (number - 1) * interval_ms
        end_ms = after_ms + _UNWINDOWED_DAYS * DAY_MS if schedule.ends_ms is None else schedule.ends_ms
        return due_ms if due_ms < end_ms else None
    if number > SEARCH_DAYS * DAY_MS // interval_ms:
        return None
    begin_ms = after_ms // DAY_MS * DAY_MS - 1
    number += due_between(schedule, begin_ms, after_ms).count
    for ahead in range(0, SEARCH_DAYS, _COUNTED_DAYS):
        totals, firsts = _counted(schedule, begin_ms + ahead * DAY_MS)
        if totals and number <= totals[-1]:
            index = bisect_left(totals, number)
            return firsts[index] + (number - 1 - (totals[index - 1] if index else 0)) * interval_ms
        number -= totals[-1] if totals else 0
    return None


@lru_cache(maxsize=1024)
def _counted(schedule: Schedule, after_ms: int) -> tuple[list[int], list[int]]:
    """Of each run in the days after `after_ms`: the number of due times up to its end, and its first due time."""
    runs = list(_runs(schedule, after_ms, after_ms + _COUNTED_DAYS * DAY_MS))
    return list(accumulate(count for _, count in runs)), [first_ms for first_ms, _ in runs]


def _runs(schedule: Schedule, after_ms: int, until_ms: int) -> Iterator[tuple[int, int]]:
    """The due times later than `after_ms` up to `until_ms`, in order: the first of each even run, and its length."""
    for begin_ms, end_ms, anchor_ms in _stretches(schedule, after_ms, until_ms):
        low, high = max(begin_ms, after_ms + 1), min(end_ms - 1, until_ms)
        first_ms = anchor_ms - (anchor_ms - low) // schedule.interval_ms * schedule.interval_ms
        if first_ms <= high:
            yield first_ms, (high - first_ms) // schedule.interval_ms + 1


_Stretch = tuple[int, int, int]  # begin, end (excluded), and a due time that anchors its even grid, maybe outside of it


def _stretches(schedule: Schedule, after_ms: int, until_ms: int) -> Iterator[_Stretch]:
    """The stretches that may hold due times between the two, in order."""
    begins_ms, ends_ms = schedule.starts_ms, schedule.ends_ms if schedule.ends_ms is not None else until_ms + 1
    if until_ms < begins_ms or after_ms >= ends_ms:
        return
    if schedule.even:
        yield begins_ms, ends_ms, schedule.starts_ms
        return
    day = local_day(schedule, max(after_ms, begins_ms)) - timedelta(_MAX_WINDOW_DAYS)  # its window may still be open
    last = local_day(schedule, min(until_ms, ends_ms)) + timedelta(1)  # 12 h before sunrise is the evening before
    done_ms = begins_ms
    for window in _windows_between(schedule, day, last):
        begin_ms, end_ms = max(window[0], done_ms), min(window[1], ends_ms)
        done_ms = max(done_ms, end_ms)
        if begin_ms < end_ms and schedule.marks:
            yield from _marked_stretches(schedule, begin_ms, end_ms)
        elif begin_ms < end_ms:
            yield begin_ms, end_ms, schedule.starts_ms


def _marked_stretches(schedule: Schedule, begin_ms: int, end_ms: int) -> Iterator[_Stretch]:
    """The parts of a window in which the local clock runs evenly from one midnight."""
    while begin_ms < end_ms:
        stop_ms = min(end_ms, midnight_ms(schedule, local_day(schedule, begin_ms) + timedelta(1)))
        offset = _offset_ms(schedule, begin_ms)
        if _offset_ms(schedule, stop_ms - 1) != offset:
            stop_ms = _offset_change_ms(schedule, begin_ms, stop_ms)
        # Midnight by the offset of this part: on a day of change that is not when the day began.
        anchor_ms = (begin_ms + offset) // DAY_MS * DAY_MS - offset
        yield begin_ms, stop_ms, anchor_ms
        begin_ms = stop_ms


# --- days and daily windows


def local_day(schedule: Schedule, time_ms: int) -> date:
    return datetime.fromtimestamp(time_ms // 1000, schedule.zone).date()


def midnight_ms(schedule: Schedule, day: date) -> int:
    """When a local day begins."""
    return _wall_ms(schedule, datetime.combine(day, time.min))


def _windows_between(schedule: Schedule, first: date, last: date) -> Iterator[tuple[int, int]]:
    """The windows of these days, ordered by their beginning; they may overlap."""

    def of_days(second: bool) -> Iterator[tuple[int, int]]:
        day = first
        while day <= last:
            if window := window_on(schedule, day, second):
                yield window
            day += timedelta(1)

    return of_days(False) if schedule.second_window is None else merge(of_days(False), of_days(True))


@lru_cache(maxsize=512)
def window_on(schedule: Schedule, day: date, second: bool = False) -> tuple[int, int] | None:
    """The window that begins on `day`: its first millisecond, and the one after its last; None: it stays shut.

    A window that begins by the clock and ends by the sun, or the reverse, ends at the next such time.

    Args:
        second: the second window of the day.
    """
    if day.weekday() not in schedule.weekdays:
        return None
    opens, closes = (schedule.second_window if second else schedule.window) or _ALL_DAY
    if opens.sun:
        if midnight_ms(schedule, day) == midnight_ms(schedule, day + timedelta(1)):
            return None  # the calendar has skipped this day, the sun has not
        begin_ms = _sun_edge_ms(schedule, day, opens)
        wall = datetime.fromtimestamp(begin_ms // 1000, schedule.zone).replace(tzinfo=None)
    else:
        wall = datetime.combine(day, time.min) + timedelta(minutes=opens.minutes)
        begin_ms = _wall_ms(schedule, wall)
    if not closes.sun:
        shuts = datetime.combine(wall, time.min) + timedelta(minutes=closes.minutes)
        if shuts <= wall:
            shuts += timedelta(1)
        end_ms = _wall_ms(schedule, shuts)
        if end_ms <= begin_ms:  # the clock shows this time twice
            end_ms = _wall_ms(schedule, shuts, fold=1)
    elif opens.sun:
        next_day = (closes.sun, closes.minutes) <= (opens.sun, opens.minutes)  # `sunrise` sorts before `sunset`
        end_ms = _sun_edge_ms(schedule, day + timedelta(next_day), closes)
    else:
        end_ms = _sun_edge_ms(schedule, day, closes)
        if end_ms <= begin_ms:
            end_ms = _sun_edge_ms(schedule, day + timedelta(1), closes)
    return (begin_ms, end_ms) if begin_ms < end_ms else None


def _wall_ms(schedule: Schedule, wall: datetime, fold: int = 0) -> int:
    """When the wall clock shows this time (`fold` 1: the second time); if it is skipped: when it is put forward."""
    first, second = (int(wall.replace(tzinfo=schedule.zone, fold=one).timestamp()) * 1000 for one in (0, 1))
    if second < first:
        return _offset_change_ms(schedule, second, first)
    return second if fold else first


def _offset_ms(schedule: Schedule, time_ms: int) -> int:
    offset = datetime.fromtimestamp(time_ms // 1000, schedule.zone).utcoffset() or timedelta(0)
    return int(offset.total_seconds()) * 1000


def _offset_change_ms(schedule: Schedule, begin_ms: int, end_ms: int) -> int:
    """When the UTC offset changes between these two, to the second."""
    before, seconds = _offset_ms(schedule, begin_ms), range(begin_ms // 1000, end_ms // 1000)
    changed = bisect_left(seconds, True, key=lambda at: _offset_ms(schedule, at * 1000) != before)
    return (seconds.start + changed) * 1000


# --- the sun


def _sun_edge_ms(schedule: Schedule, day: date, edge: Edge) -> int:
    assert schedule.place is not None
    rises_ms, sets_ms = _sunrise_and_sunset(schedule.place, _solar_day(schedule, day))
    return (rises_ms if edge.sun == "sunrise" else sets_ms) + edge.minutes * MINUTE_MS


def _solar_day(schedule: Schedule, day: date) -> date:
    """The solar date, at the place, of the noon of a local day: at the date line it is the day before or after.

    Summer time does not count: its begin and end must neither skip nor repeat a solar day.
    """
    assert schedule.place is not None
    noon = datetime.combine(day, time(12), schedule.zone)
    standard = (noon.utcoffset() or timedelta(0)) - (noon.dst() or timedelta(0))
    return day - timedelta(round((standard - timedelta(hours=schedule.place[1] / 15)) / timedelta(1)))


@lru_cache(maxsize=1024)
def _sunrise_and_sunset(place: tuple[float, float], day: date) -> tuple[int, int]:
    """Sunrise and sunset (ms since the epoch) between two solar midnights.

    If the sun does not set, these are the two midnights; if it does not rise, both are noon. The length of the day
    thus changes smoothly: the last day before the polar night is hardly longer than none.
    """
    from astral import Observer
    from astral.sun import elevation, noon

    observer = Observer(*place)

    def height(at: int) -> float:
        """Of the sun's upper edge above the horizon, in degrees."""
        return elevation(observer, datetime.fromtimestamp(at, UTC), with_refraction=False) - _HORIZON_DEGREES

    before, middle, after = (int(noon(observer, day + timedelta(one)).timestamp()) for one in (-1, 0, 1))
    samples = [(at, height(at)) for at in ((before + middle) // 2, middle, (middle + after) // 2)]
    rises, sets = (at if high > 0 else middle for at, high in (samples[0], samples[-1]))
    for (begin, was), (end, then) in pairwise(samples):
        if was <= 0 < then:
            rises = _crossing(height, begin, end, was, then)
        elif then <= 0 < was:
            sets = _crossing(height, begin, end, was, then)
    return rises * 1000, sets * 1000


def _crossing(height: Callable[[int], float], begin: int, end: int, before: float, after: float) -> int:
    """The first second at which the sun is up, or down, between two at which it is not and is.

    By regula falsi with the Illinois rule: 4 elevations where bisection takes 15.

    Args:
        before, after: the heights at `begin` and `end`.
    """
    up, kept = after > 0, 0  # kept: the end that has stayed, 1 the first, -1 the last; its height counts half
    while end - begin > 1:
        at = min(max(begin + round((end - begin) * before / (before - after)), begin + 1), end - 1)
        found = height(at)
        if (found > 0) == up:
            end, after, before, kept = at, found, before / 2 if kept == 1 else before, 1
        else:
            begin, before, after, kept = at, found, after / 2 if kept == -1 else after, -1
    return end
