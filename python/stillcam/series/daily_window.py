"""A daily window on some days of the week, by the clock or the sun: whether it is open, and when that changes.

Days, times and the sun are those of `schedule`. No clock is read.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from stillcam.common.clock import zone_named
from stillcam.series.schedule import DAY_MS, SEARCH_DAYS, Edge, Schedule, local_day, window_on

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
ALL_DAY = ("00:00", "24:00")
_MAX_WINDOW_DAYS = 3  # see `schedule`


class DailyWindow:
    """A window that opens on each of some days.

    Args:
        weekdays: of `WEEKDAYS`; empty: every day. A window belongs to the day on which it begins.
        times: its beginning and its end, as `Edge` parses them.
        place: latitude and longitude in degrees.
        zone: of the local clock, see `stillcam.common.clock`.
    """

    def __init__(self, weekdays: Iterable[str], times: tuple[str, str], place: tuple[float, float], zone: str) -> None:
        self._schedule = Schedule(
            interval_ms=DAY_MS,
            starts_ms=0,
            weekdays=frozenset(WEEKDAYS.index(day) for day in weekdays) or frozenset(range(7)),
            window=None if times == ALL_DAY else (Edge.parse(times[0]), Edge.parse(times[1])),
            place=place,
            zone=zone_named(zone),
        )

    def is_open(self, now_ms: int) -> bool:
        """Whether it is open at this time (ms since the epoch)."""
        return self._schedule.even or self._open_until(now_ms) is not None

    def next_change(self, now_ms: int) -> int | None:
        """When that changes (ms since the epoch); None: not within a year."""
        if self._schedule.even:
            return None
        if (end_ms := self._open_until(now_ms)) is None:
            return self._next_begin(now_ms)
        last_ms = now_ms + SEARCH_DAYS * DAY_MS
        while end_ms < last_ms and (later_ms := self._open_until(end_ms)) is not None:
            end_ms = later_ms
        return end_ms if end_ms < last_ms else None

    def _open_until(self, now_ms: int) -> int | None:
        """The end of the window that is open; None: none is."""
        today = local_day(self._schedule, now_ms)
        windows = (window_on(self._schedule, today + timedelta(days)) for days in range(-_MAX_WINDOW_DAYS, 2))
        return max((window[1] for window in windows if window and window[0] <= now_ms < window[1]), default=None)

    def _next_begin(self, now_ms: int) -> int | None:
        today = local_day(self._schedule, now_ms)
        windows = (window_on(self._schedule, today + timedelta(days)) for days in range(-1, SEARCH_DAYS))
        return next((window[0] for window in windows if window and window[0] > now_ms), None)
