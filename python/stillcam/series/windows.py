"""The hours of a plan's days, as spans of time."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from functools import lru_cache

from stillcam.series.plan import Edge, Plan

MINUTE_MS, DAY_MS = 60_000, 86_400_000


def local_day(plan: Plan, time_ms: int) -> date:
    """The date on the local calendar."""
    return datetime.fromtimestamp(time_ms // 1000, plan.zone).date()


def midnight_ms(plan: Plan, day: date) -> int:
    """When a local day begins."""
    return int(datetime(day.year, day.month, day.day, tzinfo=plan.zone).timestamp()) * 1000


def offset_ms(plan: Plan, time_ms: int) -> int:
    """By how much the local clock is ahead of UTC."""
    ahead = datetime.fromtimestamp(time_ms // 1000, plan.zone).utcoffset() or timedelta(0)
    return int(ahead.total_seconds()) * 1000


@lru_cache(maxsize=256)
def span(plan: Plan, day: date) -> tuple[int, int] | None:
    """The window that begins on `day`: its first millisecond, and the one after its last; None: it stays shut."""
    if day.weekday() not in plan.weekdays:
        return None
    if plan.window is None:
        return midnight_ms(plan, day), midnight_ms(plan, day + timedelta(1))
    opens, closes = plan.window
    begin = _edge_ms(plan, day, opens, 0)
    end = _edge_ms(plan, day, closes, 1)
    if begin is None or end is None:
        return None
    if end <= begin:
        end = _edge_ms(plan, day + timedelta(1), closes, 1)
    return None if end is None or end <= begin else (begin, end)


def _edge_ms(plan: Plan, day: date, edge: Edge, side: int) -> int | None:
    """When an edge of the window is on `day`.

    Where the sun does not set, the day is as long as a day; where it does not rise, there is none (None).

    Args:
        side: 0 where the window opens, 1 where it closes.
    """
    if not edge.sun:
        hours, minutes = divmod(edge.minutes, 60)
        later = timedelta(hours // 24)  # 24:00
        local = datetime(day.year, day.month, day.day, hours % 24, minutes, tzinfo=plan.zone) + later
        return int(local.timestamp()) * 1000
    event = sun_ms(plan, day, edge.sun)
    if event == "up":
        return midnight_ms(plan, day + timedelta(side))
    return None if isinstance(event, str) else event + edge.minutes * MINUTE_MS


@lru_cache(maxsize=1024)
def sun_ms(plan: Plan, day: date, event: str) -> int | str:
    """When the sun rises or sets on a local day; "up" or "down" where it does not.

    Args:
        event: `sunrise` or `sunset`.
    """
    from astral import Observer
    from astral.sun import elevation, noon, sunrise, sunset

    assert plan.place is not None
    observer = Observer(*plan.place)
    try:
        # astral's date is that of its time zone: this one's is the place's own by the sun, whatever the clocks say.
        solar = timezone(timedelta(hours=round(plan.place[1] / 15)))
        moment = {"sunrise": sunrise, "sunset": sunset}[event](observer, day, tzinfo=solar)
    except ValueError:
        return "up" if elevation(observer, noon(observer, day)) > 0 else "down"
    return int(moment.timestamp()) * 1000
