"""When a series takes its shots: every moment once, by the local clock and the sun, and never in a burst."""

from dataclasses import replace
from datetime import datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillcam.series.schedule import Edge, Plan
from stillcam.series.slots import next_slot, slots_in

BERLIN, AUCKLAND = ZoneInfo("Europe/Berlin"), ZoneInfo("Pacific/Auckland")
MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
MUNICH = (48.14, 11.58)


def ms(text: str, zone: ZoneInfo = BERLIN) -> int:
    """A local time such as `2026-11-20 08:30` in milliseconds since the epoch."""
    return int(datetime.fromisoformat(text).replace(tzinfo=zone).timestamp() * 1000)


def local(moment_ms: int, zone: ZoneInfo = BERLIN) -> str:
    return f"{datetime.fromtimestamp(moment_ms / 1000, zone):%Y-%m-%d %H:%M}"


def window(opens: str, closes: str) -> tuple[Edge, Edge]:
    return Edge.parse(opens), Edge.parse(closes)


def moments(plan: Plan, after_ms: int, count: int) -> list[int]:
    found: list[int] = []
    while len(found) < count and (after := next_slot(plan, after_ms)) is not None:
        found.append(after_ms := after)
    return found


plans = st.builds(
    Plan,
    interval_ms=st.integers(1, 86_400).map(lambda seconds: seconds * 1000),
    starts_ms=st.integers(ms("2026-01-01"), ms("2026-12-31")),
    ends_ms=st.none() | st.integers(ms("2027-01-01"), ms("2027-06-01")),
    marks=st.booleans(),
    weekdays=st.frozensets(st.integers(0, 6), min_size=1),
    window=st.none()
    | st.sampled_from(
        [window("08:00", "17:30"), window("22:00", "06:00"), window("00:00", "24:00"), window("02:15", "02:45")]
    )
    | st.sampled_from([window("sunrise-00:30", "sunset+00:30"), window("sunset", "sunrise")]),
    place=st.sampled_from([MUNICH, (69.65, 18.96), (-36.8, 174.7)]),
    zone=st.sampled_from([BERLIN, AUCKLAND, ZoneInfo("Australia/Lord_Howe"), ZoneInfo("UTC")]),
)


# --- moments


@given(plans, st.integers(ms("2026-01-01"), ms("2027-06-01")), st.integers(0, 3 * DAY))
def test_counting_moments_and_going_from_one_to_the_next_agree(plan, after_ms, length_ms):
    found: list[int] = []
    moment = next_slot(plan, after_ms)
    while moment is not None and moment <= after_ms + length_ms and len(found) < 300:
        found.append(moment)
        moment = next_slot(plan, moment)
    until_ms = found[-1] if len(found) == 300 else after_ms + length_ms
    slots = slots_in(plan, after_ms, until_ms)
    assert (slots.count, slots.last_ms) == (len(found), found[-1] if found else None)
    assert all(plan.starts_ms <= one < (plan.ends_ms or one + 1) for one in found)


@given(plans, st.integers(ms("2026-01-01"), ms("2027-06-01")), st.lists(st.integers(0, DAY), max_size=5))
def test_no_moment_is_counted_twice_or_left_out(plan, after_ms, lengths):
    edges = [after_ms]
    for length in lengths:
        edges.append(edges[-1] + length)
    counts = [slots_in(plan, begin, end).count for begin, end in pairwise(edges)]
    assert sum(counts) == slots_in(plan, edges[0], edges[-1]).count


def test_from_the_start_every_interval():
    plan = Plan(10 * MINUTE, ms("2026-11-20 08:03"))
    assert [local(one) for one in moments(plan, 0, 3)] == ["2026-11-20 08:03", "2026-11-20 08:13", "2026-11-20 08:23"]


def test_on_the_dial_s_marks():
    plan = Plan(15 * MINUTE, ms("2026-11-20 08:03"), marks=True, zone=BERLIN)
    assert [local(one)[-5:] for one in moments(plan, 0, 3)] == ["08:15", "08:30", "08:45"]


def test_marks_follow_the_clock_through_its_changes():
    """Two hours are even on the dial on the days when the clock is put forward and back, too."""
    plan = Plan(2 * HOUR, ms("2026-01-01"), marks=True, zone=BERLIN)
    spring = moments(plan, ms("2026-03-29 00:30"), 3)
    autumn = moments(plan, ms("2026-10-25 00:30"), 3)
    assert [local(one) for one in spring] == ["2026-03-29 04:00", "2026-03-29 06:00", "2026-03-29 08:00"]
    assert [local(one)[-5:] for one in autumn] == ["02:00", "02:00", "04:00"]


def test_the_window_opens_and_shuts():
    plan = Plan(30 * MINUTE, ms("2026-11-20 00:00"), window=window("08:00", "09:00"), zone=BERLIN)
    assert [local(one) for one in moments(plan, 0, 3)] == ["2026-11-20 08:00", "2026-11-20 08:30", "2026-11-21 08:00"]


def test_a_window_over_midnight_belongs_to_its_evening():
    friday = frozenset({4})
    plan = Plan(HOUR, ms("2026-11-16 00:00"), window=window("22:00", "02:00"), weekdays=friday, zone=BERLIN)
    assert [local(one)[5:] for one in moments(plan, 0, 5)] == [
        "11-20 22:00", "11-20 23:00", "11-21 00:00", "11-21 01:00", "11-27 22:00",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("place", "zone", "day", "sunrise", "sunset"),
    [  # to the minute or two: timeanddate.com, for these towns
        (MUNICH, BERLIN, "2026-06-21", "05:13", "21:17"),
        ((-36.85, 174.76), AUCKLAND, "2026-06-21", "07:34", "17:12"),
        ((21.31, -157.86), ZoneInfo("Pacific/Honolulu"), "2026-12-21", "07:04", "17:54"),
    ],
)
def test_the_sun_opens_and_shuts(place, zone, day, sunrise, sunset):
    plan = Plan(1000, ms(f"{day} 00:00", zone), window=window("sunrise", "sunset"), place=place, zone=zone)
    first = next_slot(plan, ms(f"{day} 00:00", zone))
    last = slots_in(plan, ms(f"{day} 00:00", zone), ms(f"{day} 23:59", zone)).last_ms
    assert first is not None
    assert last is not None
    assert abs(first - ms(f"{day} {sunrise}", zone)) <= 2 * MINUTE
    assert abs(last - ms(f"{day} {sunset}", zone)) <= 2 * MINUTE


def test_where_the_sun_stays_up_the_day_is_whole_and_where_it_stays_down_there_is_none():
    tromso = Plan(HOUR, ms("2026-01-01"), window=window("sunrise", "sunset"), place=(69.65, 18.96), zone=BERLIN)
    assert slots_in(tromso, ms("2026-06-21 00:00") - 1, ms("2026-06-21 23:59")).count == 24
    assert slots_in(tromso, ms("2026-12-21 00:00") - 1, ms("2026-12-21 23:59")).count == 0


@pytest.mark.parametrize(
    "text", ["", "8:30", "08:60", "25:00", "24:01", "sun", "sunrise-", "sunrise+13:00", "sunset00:30", "+01:00"]
)
def test_an_edge_that_makes_no_sense_is_refused(text):
    with pytest.raises(ValueError, match=r"must be like|no such time"):
        Edge.parse(text)


@pytest.mark.parametrize(
    "wrong",
    [
        {"interval_ms": 999},
        {"interval_ms": DAY + 1},
        {"ends_ms": 0},
        {"shots": 0},
        {"weekdays": frozenset()},
        {"window": window("sunrise", "sunset")},
        {"place": (91.0, 0.0)},
    ],
)
def test_a_plan_that_makes_no_sense_is_refused(wrong):
    with pytest.raises(ValueError, match=r".+"):
        replace(Plan(HOUR, 1), **wrong)
