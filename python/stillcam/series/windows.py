"""The hours of a plan's days, as spans of time.

Days are those of the local calendar, and times are what the wall clock reads. The sun is asked where it
stands, never when it rises: beyond the polar circles it may not, and a date of UTC may have two sunrises.
"""

from __future__ import annotations

from bisect import bisect_left
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import pairwise

from stillcam.series.schedule import DAY_MINUTES, Edge, Plan

MINUTE_MS, DAY_MS = 60_000, 86_400_000
LONGEST_DAYS = 3  # an offset of 12 hours at both ends of a day that is as long as a day
ALL_DAY = Edge("", 0), Edge("", DAY_MINUTES)
_HORIZON_DEGREES = -0.833  # the centre of the sun when its upper edge is seen there: 16' of it, 34' of refraction


def local_day(plan: Plan, time_ms: int) -> date:
    """The date on the local calendar."""
    return datetime.fromtimestamp(time_ms // 1000, plan.zone).date()


def midnight_ms(plan: Plan, day: date) -> int:
    """When a local day begins."""
    return _at_ms(plan, datetime.combine(day, time.min))


def offset_ms(plan: Plan, time_ms: int) -> int:
    """By how much the local clock is ahead of UTC."""
    ahead = datetime.fromtimestamp(time_ms // 1000, plan.zone).utcoffset() or timedelta(0)
    return int(ahead.total_seconds()) * 1000


def change_ms(plan: Plan, begin_ms: int, end_ms: int) -> int:
    """When the local clock is put forward or back, between these two: to the second."""
    before, seconds = offset_ms(plan, begin_ms), range(begin_ms // 1000, end_ms // 1000)
    return (seconds.start + bisect_left(seconds, True, key=lambda at: offset_ms(plan, at * 1000) != before)) * 1000


@lru_cache(maxsize=256)
def span(plan: Plan, day: date) -> tuple[int, int] | None:
    """The window that begins on `day`: its first millisecond, and the one after its last; None: it stays shut.

    One that ends by the clock or by the sun, whichever it did not begin by, ends when that next comes.
    """
    if day.weekday() not in plan.weekdays:
        return None
    opens, closes = plan.window or ALL_DAY
    if opens.sun:
        if midnight_ms(plan, day) == midnight_ms(plan, day + timedelta(1)):
            return None  # the calendar has skipped this day, the sun has not
        begin = _sun_ms(plan, day, opens)
        wall = datetime.fromtimestamp(begin // 1000, plan.zone).replace(tzinfo=None)
    else:
        wall = datetime.combine(day, time.min) + timedelta(minutes=opens.minutes)
        begin = _at_ms(plan, wall)
    if not closes.sun:
        shuts = datetime.combine(wall, time.min) + timedelta(minutes=closes.minutes)
        if shuts <= wall:
            shuts += timedelta(1)
        end = _at_ms(plan, shuts)
        if end <= begin:  # the clock reads so twice
            end = _at_ms(plan, shuts, fold=1)
    elif opens.sun:
        over = (closes.sun, closes.minutes) <= (opens.sun, opens.minutes)  # `sunrise` comes before `sunset`
        end = _sun_ms(plan, day + timedelta(over), closes)
    else:
        end = _sun_ms(plan, day, closes)
        if end <= begin:
            end = _sun_ms(plan, day + timedelta(1), closes)
    return (begin, end) if begin < end else None


def _at_ms(plan: Plan, wall: datetime, fold: int = 0) -> int:
    """When the wall clock reads so; where that is skipped: when the clock is put forward.

    Args:
        fold: 1: the second time, where the clock reads so twice.
    """
    first, second = (int(wall.replace(tzinfo=plan.zone, fold=one).timestamp()) * 1000 for one in (0, 1))
    if second < first:
        return change_ms(plan, second, first)
    return second if fold else first


def _sun_ms(plan: Plan, day: date, edge: Edge) -> int:
    """When an edge that goes by the sun is on a local day."""
    assert plan.place is not None
    rises, sets = _sun(plan.place, _solar_day(plan, day))
    return (rises if edge.sun == "sunrise" else sets) + edge.minutes * MINUTE_MS


def _solar_day(plan: Plan, day: date) -> date:
    """The date, by the sun at the place, of the noon of a local day: at the date line it is the day before or after.

    Summer time does not count: no day of the sun may come twice or be left out when that begins.
    """
    assert plan.place is not None
    noon = datetime.combine(day, time(12), plan.zone)
    standard = (noon.utcoffset() or timedelta(0)) - (noon.dst() or timedelta(0))
    return day - timedelta(round((standard - timedelta(hours=plan.place[1] / 15)) / timedelta(1)))


@lru_cache(maxsize=1024)
def _sun(place: tuple[float, float], day: date) -> tuple[int, int]:
    """Sunrise and sunset (ms since the epoch), from one midnight of the sun to the next.

    Where it does not set, they are these two midnights; where it does not rise, both are noon. So from day to day
    they go on evenly: the last day before the polar night is hardly longer than none.
    """
    from astral import Observer
    from astral.sun import elevation, noon

    observer = Observer(*place)

    def is_up(at: int) -> bool:
        return elevation(observer, datetime.fromtimestamp(at, UTC), with_refraction=False) > _HORIZON_DEGREES

    def turn(begin: int, end: int, to: bool) -> int:
        """When it is so for the first time, between two seconds."""
        return begin + bisect_left(range(begin, end), True, key=lambda at: is_up(at) == to)

    before, middle, after = (int(noon(observer, day + timedelta(one)).timestamp()) for one in (-1, 0, 1))
    marks = [(at, is_up(at)) for at in ((before + middle) // 2, middle, (middle + after) // 2)]
    rises, sets = (at if up else middle for at, up in (marks[0], marks[-1]))
    for (begin, was_up), (end, up) in pairwise(marks):
        if up and not was_up:
            rises = turn(begin, end, True)
        elif was_up and not up:
            sets = turn(begin, end, False)
    return rises * 1000, sets * 1000
