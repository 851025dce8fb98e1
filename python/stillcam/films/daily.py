"""Of which days a film is to be made by itself: a function of what there is, and now."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import date, timedelta

from stillcam.series.schedule import Schedule, local_day, midnight_ms

BACK_DAYS = 3  # the Pi may have been off for the night; what is longer ago is left to whoever wants it
GRACE_MS = 120_000  # the last shot of a day may be late
Span = tuple[int, int]  # first and last millisecond


def days_due(
    schedule: Schedule, now_ms: int, made: Collection[str], has_shots: Callable[[int, int], bool]
) -> list[tuple[str, Span]]:
    """The local days that are over, have shots, and have no film yet; each with its span, oldest first.

    Args:
        schedule: of the series, with its time zone.
        now_ms: ms since the epoch.
        made: the days, like `2026-11-20`, that had their film, whether or not it is still there.
        has_shots: whether there is a shot between two moments, both included.
    """
    today = local_day(schedule, now_ms - GRACE_MS)
    days = (today - timedelta(back) for back in range(BACK_DAYS, 0, -1))
    spans = ((day.isoformat(), span_of(schedule, day)) for day in days)
    return [(day, span) for day, span in spans if day not in made and has_shots(*span)]


def span_of(schedule: Schedule, day: date) -> Span:
    """All of a local day, be it of 23, 24 or 25 hours."""
    return midnight_ms(schedule, day), midnight_ms(schedule, day + timedelta(1)) - 1
