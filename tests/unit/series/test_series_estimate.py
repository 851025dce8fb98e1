"""What a schedule will come to: counted the short way as the long way would."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillcam.series.definition import Retention
from stillcam.series.estimate import can_fill_disk, disk_full_ms, due_per_day, end_ms, upcoming
from stillcam.series.schedule import Edge, Schedule, next_due, nth_due

BERLIN = ZoneInfo("Europe/Berlin")
MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
START = int(datetime(2026, 11, 20, tzinfo=BERLIN).timestamp() * 1000)  # a Friday
NINE_TO_FIVE = (Edge.parse("09:00"), Edge.parse("17:00"))
SUN = (Edge.parse("sunrise"), Edge.parse("sunset"))

schedules = st.builds(
    Schedule,
    interval_ms=st.integers(600, 86_400).map(lambda seconds: seconds * 1000),
    starts_ms=st.integers(START, START + 200 * DAY),  # over a change of the clocks
    ends_ms=st.none() | st.integers(START + 200 * DAY + 1, START + 220 * DAY),
    marks=st.booleans(),
    weekdays=st.frozensets(st.integers(0, 6), min_size=1),
    window=st.sampled_from([None, NINE_TO_FIVE, (Edge.parse("22:00"), Edge.parse("06:00")), SUN]),
    place=st.just((48.14, 11.58)),
    zone=st.just(BERLIN),
)


@given(schedule=schedules, number=st.integers(1, 50), ahead_ms=st.integers(-DAY, 30 * DAY))
def test_the_nth_due_time_is_reached_step_by_step(schedule, number, ahead_ms):
    moment = schedule.starts_ms + ahead_ms
    after_ms: int | None = moment
    for _ in range(number):
        after_ms = next_due(schedule, after_ms) if after_ms is not None else None
    if after_ms is None or after_ms - moment < 300 * DAY:  # farther ahead nobody counts
        assert nth_due(schedule, moment, number) == after_ms


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        pytest.param(Schedule(MINUTE, START), 1440, id="each minute"),
        pytest.param(Schedule(MINUTE, START + 30 * DAY), 1440, id="each minute, from next month on"),
        pytest.param(
            Schedule(MINUTE, START, START + HOUR, shots=10), 1440, id="as many as in a whole day, if it is short"
        ),
        pytest.param(Schedule(HOUR, START, window=NINE_TO_FIVE, zone=BERLIN), 8, id="from nine to five"),
        pytest.param(Schedule(HOUR, START, weekdays=frozenset({5, 6}), zone=BERLIN), 48 / 7, id="at the weekend"),
    ],
)
def test_due_times_per_day(schedule, expected):
    assert due_per_day(schedule, START) == pytest.approx(expected)


def test_upcoming_due_times_end_with_the_schedule():
    assert upcoming(Schedule(MINUTE, START), START - 1, 3) == [START, START + MINUTE, START + 2 * MINUTE]
    assert upcoming(Schedule(MINUTE, START, START + 2 * MINUTE), START, 5) == [START + MINUTE]


@pytest.mark.parametrize(
    ("schedule", "left", "expected"),
    [
        pytest.param(Schedule(MINUTE, START), None, None, id="never"),
        pytest.param(Schedule(MINUTE, START, START + DAY), None, START + DAY, id="with its time"),
        pytest.param(Schedule(MINUTE, START), 10_000_000, START + 9_999_999 * MINUTE, id="with its number"),
        pytest.param(Schedule(MINUTE, START, START + HOUR), 100, START + HOUR, id="with its time, before its number"),
        pytest.param(Schedule(HOUR, START, window=NINE_TO_FIVE, zone=BERLIN), 9, START + DAY + 9 * HOUR, id="next day"),
        pytest.param(Schedule(MINUTE, START), 0, START - 1, id="now"),
    ],
)
def test_the_end_of_a_series_is_estimated(schedule, left, expected):
    assert end_ms(schedule, START - 1, left) == expected


@pytest.mark.parametrize(
    ("left", "moment_bytes", "room_bytes", "expected"),
    [
        pytest.param(None, 10, 100, START + 10 * MINUTE, id="after ten"),
        pytest.param(None, 10, 99, START + 9 * MINUTE, id="the tenth has no room"),
        pytest.param(None, 10, -5, START, id="at once"),
        pytest.param(10, 10, 100, None, id="it is over before"),
        pytest.param(11, 10, 100, START + 10 * MINUTE, id="its last one has no room"),
        pytest.param(None, 0, 100, None, id="nobody knows how large a shot is"),
    ],
)
def test_the_full_disk_is_estimated(left, moment_bytes, room_bytes, expected):
    assert disk_full_ms(Schedule(MINUTE, START), START - 1, left, moment_bytes, room_bytes) == expected


@pytest.mark.parametrize(
    ("keep", "fills"),
    [
        pytest.param(Retention(), True, id="all is kept"),
        pytest.param(Retention("thin"), False, id="the older half goes first"),
        pytest.param(Retention("days", 9), False, id="nine days have room"),
        pytest.param(Retention("days", 11), True, id="eleven have not"),
    ],
)
def test_a_pruned_series_does_not_fill_the_disk(keep, fills):
    assert can_fill_disk(keep, day_bytes=10, kept_bytes=40, room_bytes=60) is fills
