"""When a series takes its shots: every moment once, by the local clock and the sun, everywhere and on every day."""

from bisect import bisect_right
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import groupby, pairwise, takewhile
from zoneinfo import ZoneInfo

import pytest
from astral import Observer
from astral.sun import elevation
from hypothesis import assume, given
from hypothesis import strategies as st

from stillcam.series.schedule import Edge, Schedule, due_between, next_due, window_on

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


def moments(schedule: Schedule, after_ms: int, count: int) -> list[int]:
    found: list[int] = []
    while len(found) < count and (after := next_due(schedule, after_ms)) is not None:
        found.append(after_ms := after)
    return found


schedules = st.builds(
    Schedule,
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


# --- due times


@given(schedules, st.integers(ms("2026-01-01"), ms("2027-06-01")), st.integers(0, 3 * DAY))
def test_counting_due_times_and_stepping_through_them_agree(schedule, after_ms, length_ms):
    found: list[int] = []
    moment = next_due(schedule, after_ms)
    while moment is not None and moment <= after_ms + length_ms and len(found) < 300:
        found.append(moment)
        moment = next_due(schedule, moment)
    until_ms = found[-1] if len(found) == 300 else after_ms + length_ms
    due = due_between(schedule, after_ms, until_ms)
    assert (due.count, due.last_ms) == (len(found), found[-1] if found else None)
    assert all(schedule.starts_ms <= one < (schedule.ends_ms or one + 1) for one in found)


@given(schedules, st.integers(ms("2026-01-01"), ms("2027-06-01")), st.lists(st.integers(0, DAY), max_size=5))
def test_no_due_time_is_counted_twice_or_left_out(schedule, after_ms, lengths):
    edges = [after_ms]
    for length in lengths:
        edges.append(edges[-1] + length)
    counts = [due_between(schedule, begin, end).count for begin, end in pairwise(edges)]
    assert sum(counts) == due_between(schedule, edges[0], edges[-1]).count


def test_due_times_count_from_the_start():
    schedule = Schedule(10 * MINUTE, ms("2026-11-20 08:03"))
    assert [local(one) for one in moments(schedule, 0, 3)] == [
        "2026-11-20 08:03",
        "2026-11-20 08:13",
        "2026-11-20 08:23",
    ]


def test_due_times_on_marks_of_the_clock():
    schedule = Schedule(15 * MINUTE, ms("2026-11-20 08:03"), marks=True, zone=BERLIN)
    assert [local(one)[-5:] for one in moments(schedule, 0, 3)] == ["08:15", "08:30", "08:45"]


def test_marks_follow_the_clock_through_summer_time():
    """Two hours are even on the dial on the days when the clock is put forward and back, too."""
    schedule = Schedule(2 * HOUR, ms("2026-01-01"), marks=True, zone=BERLIN)
    spring = moments(schedule, ms("2026-03-29 00:30"), 3)
    autumn = moments(schedule, ms("2026-10-25 00:30"), 3)
    assert [local(one) for one in spring] == ["2026-03-29 04:00", "2026-03-29 06:00", "2026-03-29 08:00"]
    assert [local(one)[-5:] for one in autumn] == ["02:00", "02:00", "04:00"]


def test_due_times_lie_within_the_window():
    schedule = Schedule(30 * MINUTE, ms("2026-11-20 00:00"), window=window("08:00", "09:00"), zone=BERLIN)
    assert [local(one) for one in moments(schedule, 0, 3)] == [
        "2026-11-20 08:00",
        "2026-11-20 08:30",
        "2026-11-21 08:00",
    ]


def test_a_window_over_midnight_belongs_to_its_evening():
    friday = frozenset({4})
    schedule = Schedule(HOUR, ms("2026-11-16 00:00"), window=window("22:00", "02:00"), weekdays=friday, zone=BERLIN)
    assert [local(one)[5:] for one in moments(schedule, 0, 5)] == [
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
def test_sunrise_and_sunset_match_published_times(place, zone, day, sunrise, sunset):
    schedule = Schedule(1000, ms(f"{day} 00:00", zone), window=window("sunrise", "sunset"), place=place, zone=zone)
    first = next_due(schedule, ms(f"{day} 00:00", zone))
    last = due_between(schedule, ms(f"{day} 00:00", zone), ms(f"{day} 23:59", zone)).last_ms
    assert first is not None
    assert last is not None
    assert abs(first - ms(f"{day} {sunrise}", zone)) <= 2 * MINUTE
    assert abs(last - ms(f"{day} {sunset}", zone)) <= 2 * MINUTE


def test_polar_day_is_24_hours_and_polar_night_none():
    tromso = Schedule(HOUR, ms("2026-01-01"), window=window("sunrise", "sunset"), place=(69.65, 18.96), zone=BERLIN)
    assert due_between(tromso, ms("2026-06-21 00:00") - 1, ms("2026-06-21 23:59")).count == 24
    assert due_between(tromso, ms("2026-12-21 00:00") - 1, ms("2026-12-21 23:59")).count == 0


@pytest.mark.parametrize(
    "text", ["", "8:30", "08:60", "25:00", "24:01", "sun", "sunrise-", "sunrise+13:00", "sunset00:30", "+01:00"]
)
def test_an_invalid_edge_is_refused(text):
    with pytest.raises(ValueError, match=r"must be like|no such time"):
        Edge.parse(text)


# --- windows

DISC_DEGREES = -0.833  # the sun's upper edge is at the horizon
TROMSO, DELHI, APIA, TONGATAPU = (69.65, 18.96), (28.61, 77.21), (-13.83, -171.77), (-21.13, -175.2)


def hourly(opens: str, closes: str, zone: str, place: tuple[float, float] | None = None) -> Schedule:
    return Schedule(HOUR, 0, window=(Edge.parse(opens), Edge.parse(closes)), place=place, zone=ZoneInfo(zone))


def days_from(first: date, number: int) -> list[date]:
    return [first + timedelta(ahead) for ahead in range(number)]


def spans(of: Schedule, days: list[date]) -> list[tuple[int, int]]:
    return [found for day in days if (found := window_on(of, day))]


def open_at(found: list[tuple[int, int]], moment_ms: int) -> bool:
    """Whether one of these windows, in order and apart from each other, is open."""
    place = bisect_right(found, (moment_ms, 1 << 62)) - 1
    return place >= 0 and found[place][0] <= moment_ms < found[place][1]


# --- windows by the clock


@pytest.mark.parametrize(
    ("opens", "closes", "minutes"),
    [
        pytest.param("02:30", "03:15", 15, id="begins in the hour that is skipped"),
        pytest.param("01:30", "02:15", 30, id="ends in it"),
        pytest.param("02:10", "02:50", None, id="lies in it"),
        pytest.param("01:30", "03:30", 60, id="spans it"),
        pytest.param("03:15", "02:30", 23 * 60 + 15, id="over midnight"),
    ],
)
def test_a_window_that_touches_a_skipped_hour_is_open_while_the_clock_is_within_it(opens, closes, minutes):
    found = window_on(hourly(opens, closes, "Europe/Berlin"), date(2026, 3, 29))
    assert (found and (found[1] - found[0]) // MINUTE) == minutes


@pytest.mark.parametrize(
    ("zone", "day"),
    [
        pytest.param("Europe/Berlin", date(2026, 3, 29), id="an hour"),
        pytest.param("Australia/Lord_Howe", date(2026, 10, 4), id="half an hour"),
        pytest.param("Antarctica/Troll", date(2026, 3, 29), id="two hours"),
        pytest.param("America/Santiago", date(2026, 9, 6), id="from midnight on"),
        pytest.param("Africa/Cairo", date(2026, 4, 24), id="from midnight on, in Cairo"),
        pytest.param("America/Toronto", date(1919, 3, 30), id="over midnight"),
        pytest.param("Pacific/Apia", date(2011, 12, 30), id="a whole day"),
    ],
)
@given(edges=st.tuples(st.integers(0, 1439), st.integers(0, 1440)).filter(lambda pair: pair[0] != pair[1]))
def test_a_window_is_open_exactly_while_the_clock_is_within_it_whatever_is_skipped(zone, day, edges):
    opens, closes = edges
    at = Schedule(HOUR, 0, window=(Edge("", opens), Edge("", closes)), zone=ZoneInfo(zone))
    found = spans(at, days_from(day - timedelta(3), 7))
    assert all(before[1] <= after[0] for before, after in pairwise(found))
    noon_ms = int(datetime(day.year, day.month, day.day, 12, tzinfo=UTC).timestamp()) * 1000
    for minutes in range(-36 * 60, 36 * 60, 5):
        moment_ms = noon_ms + minutes * MINUTE
        wall = datetime.fromtimestamp(moment_ms // 1000, at.zone)
        reads = wall.hour * 60 + wall.minute
        inside = opens <= reads < closes if opens < closes else reads >= opens or reads < closes
        if wall.second == 0:
            assert open_at(found, moment_ms) == inside, wall


# --- two windows


def test_two_windows_a_day():
    morning_and_evening = Schedule(
        HOUR, 0, window=window("06:00", "08:00"), second_window=window("sunset-01:00", "sunset+01:00"), marks=True,
        place=MUNICH, zone=BERLIN,
    )  # fmt: skip
    found = moments(morning_and_evening, ms("2026-06-20 00:00"), 8)
    assert [local(one)[8:] for one in found] == [
        f"{day} {hour}:00" for day in (20, 21) for hour in ("06", "07", "21", "22")
    ]


CLOCK_WINDOWS = st.tuples(st.integers(0, 1439), st.integers(0, 1440)).filter(lambda pair: pair[0] != pair[1])


@cache
def three_days(zone: str, day: date) -> list[tuple[int, datetime]]:
    """Every five minutes of the day, the one before and the one after, with the local time."""
    begin_ms = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) * 1000 - DAY
    moments = range(begin_ms, begin_ms + 3 * DAY, 5 * MINUTE)
    return [(at, datetime.fromtimestamp(at // 1000, ZoneInfo(zone))) for at in moments]


@pytest.mark.parametrize(
    ("zone", "day"),
    [
        pytest.param("Europe/Berlin", date(2026, 3, 29), id="an hour is skipped"),
        pytest.param("Europe/Berlin", date(2026, 10, 25), id="an hour comes twice"),
        pytest.param("Australia/Lord_Howe", date(2026, 4, 5), id="half an hour comes twice"),
        pytest.param("UTC", date(2026, 11, 20), id="an even day"),
    ],
)
@given(windows=st.tuples(CLOCK_WINDOWS, CLOCK_WINDOWS), weekdays=st.frozensets(st.integers(0, 6), min_size=1))
def test_a_shot_is_due_in_either_window_and_once_in_both(zone, day, windows, weekdays):
    """Against every five minutes of the wall clock in three days around."""
    first, second = [(Edge("", opens), Edge("", closes)) for opens, closes in windows]
    schedule = Schedule(5 * MINUTE, 0, weekdays=weekdays, window=first, second_window=second, zone=ZoneInfo(zone))

    def is_open(wall: datetime, opens: int, closes: int) -> bool:
        reads, evening = wall.hour * 60 + wall.minute, wall.date()
        if opens < closes:
            inside = opens <= reads < closes
        else:
            inside = reads >= opens or reads < closes
            evening -= timedelta(reads < closes)
        return inside and evening.weekday() in weekdays

    walls = three_days(zone, day)
    if any(wall.fold for _, wall in walls):  # a window that begins or ends in an hour that comes twice is one window
        wall_minutes = {wall.hour * 60 + wall.minute for _, wall in walls if wall.fold}
        assume(not any(edge in range(min(wall_minutes), max(wall_minutes) + 61) for pair in windows for edge in pair))
    due = [(at, any(is_open(wall, *one) for one in windows)) for at, wall in walls]
    for opened, group in groupby(due, key=lambda one: one[1]):
        stretch = [at for at, _ in group]  # all of them are due, or none
        assert due_between(schedule, stretch[0] - 1, stretch[-1]).count == (len(stretch) if opened else 0)
    assert due_between(schedule, walls[0][0] - 1, walls[-1][0]).count == sum(opened for _, opened in due)


SUN_WINDOWS = st.tuples(
    st.sampled_from(["06:00", "23:00", "sunrise-12:00", "sunset-01:00", "sunset+12:00"]),
    st.sampled_from(["08:00", "sunrise+02:00", "sunset+01:00", "sunset+12:00", "02:00"]),
)


@given(
    pair=st.tuples(SUN_WINDOWS, SUN_WINDOWS),
    place=st.sampled_from([(48.14, 11.58), (69.65, 18.96)]),
    month=st.integers(1, 12),
    marks=st.booleans(),
)
def test_two_windows_are_the_union_of_each_alone(pair, place, month, marks):
    both, *each = [
        Schedule(30 * MINUTE, 0, marks=marks, window=one, second_window=other, place=place, zone=BERLIN)
        for one, other in (
            (window(*pair[0]), window(*pair[1])), (window(*pair[0]), None), (window(*pair[1]), None)
        )
    ]  # fmt: skip
    begin_ms = ms(f"2026-{month:02}-25 00:00")
    end_ms = begin_ms + 4 * DAY
    alone = set[int]()
    for one in each:
        alone |= set(takewhile(lambda at: at < end_ms, moments(one, begin_ms, 200)))
    assert sorted(alone) == list(takewhile(lambda at: at < end_ms, moments(both, begin_ms, 200)))


# --- windows by the sun

PLACES = {  # place, and the zone of its clocks
    "Munich": ((48.14, 11.58), "Europe/Berlin"),
    "Tromsø": (TROMSO, "Europe/Oslo"),
    "Longyearbyen": ((78.22, 15.64), "Europe/Oslo"),
    "McMurdo": ((-77.85, 166.67), "Antarctica/McMurdo"),
    "Utqiagvik": ((71.29, -156.79), "America/Anchorage"),
    "Delhi": (DELHI, "Asia/Kolkata"),
    "Apia": (APIA, "Pacific/Apia"),
    "Tongatapu": (TONGATAPU, "Pacific/Tongatapu"),
    "Kiritimati": ((1.87, -157.43), "Pacific/Kiritimati"),
    "Chatham": ((-43.95, -176.55), "Pacific/Chatham"),
    "Taveuni": ((-16.8, 180.0), "Pacific/Fiji"),
    "Adak": ((51.88, -176.66), "America/Adak"),
    "Kashgar": ((39.47, 75.99), "Asia/Shanghai"),
    "Quito": ((-0.18, -78.47), "America/Guayaquil"),
    "Auckland, clock in UTC": ((-36.85, 174.76), "UTC"),
    "Honolulu, clock of Berlin": ((21.31, -157.86), "Europe/Berlin"),
}
FOUR_YEARS = days_from(date(2026, 1, 1), 1461)  # until then, the sun returns to the same times of the calendar


@pytest.mark.parametrize(("place", "zone"), PLACES.values(), ids=PLACES)
def test_day_and_night_are_distinguished_on_every_day_of_four_years(place, zone):
    """The window of the day is open while the sun is up, and that of the night while it is down."""
    light, dark = hourly("sunrise", "sunset", zone, place), hourly("sunset", "sunrise", zone, place)
    each = [(window_on(light, day), window_on(dark, day)) for day in FOUR_YEARS]
    by_day, by_night = ([found for found in windows if found] for windows in zip(*each, strict=True))
    for found in (by_day, by_night):
        assert all(begin < end for begin, end in found)
        assert all(before[1] <= after[0] for before, after in pairwise(found))
    observer, step = Observer(*place), timedelta(hours=4, minutes=33)
    moment, end = datetime(2026, 1, 3, tzinfo=UTC), datetime(2029, 12, 29, tzinfo=UTC)
    while moment < end:
        height = elevation(observer, moment, with_refraction=False) - DISC_DEGREES
        if abs(height) > 0.05:
            moment_ms = int(moment.timestamp()) * 1000
            assert (open_at(by_day, moment_ms), open_at(by_night, moment_ms)) == (height > 0, height < 0), moment
        moment += step


@pytest.mark.parametrize(
    ("opens", "closes", "june", "december"),
    [
        pytest.param("sunrise", "sunset", 24, 0, id="the day"),
        pytest.param("sunset", "sunrise", 0, 24, id="the night"),
        pytest.param("sunrise-00:30", "sunset+00:30", 24, 1, id="the day with its twilight"),
        pytest.param("sunset+00:30", "sunrise-00:30", 0, 23, id="the night without its twilight"),
        pytest.param("08:00", "sunset", 16, 4, id="from a time to sunset"),
        pytest.param("22:00", "sunrise", 2, 14, id="from a time to sunrise"),
    ],
)
def test_beyond_the_polar_circle_the_sun_stays_up_in_june_and_down_in_december(opens, closes, june, december):
    """A sun that does not rise does so at noon for a moment; one that does not set, at midnight: days go on evenly."""
    tromso = hourly(opens, closes, "Europe/Oslo", TROMSO)
    taken = []
    for month in (6, 12):
        begin = int(datetime(2026, month, 21, tzinfo=tromso.zone).timestamp()) * 1000
        taken.append(due_between(tromso, begin - 1, begin + DAY - 1).count)
    assert taken[0] == pytest.approx(june, abs=1)
    assert taken[1] == pytest.approx(december, abs=1)


def test_the_window_changes_smoothly_into_polar_night_and_day():
    days = [
        end - begin for begin, end in spans(hourly("sunrise-01:00", "sunset+01:00", "UTC", TROMSO), FOUR_YEARS[:365])
    ]
    assert len(days) == 365
    assert max(abs(after - before) for before, after in pairwise(days)) < 90 * MINUTE


def test_each_day_has_its_window_where_sunrise_crosses_midnight_utc():
    """On one day a year there are two sunrises by UTC's date, and on another one none."""
    delhi = hourly("sunrise", "sunset", "Asia/Kolkata", DELHI)
    lengths = [end - begin for begin, end in spans(delhi, FOUR_YEARS)]
    assert len(lengths) == len(FOUR_YEARS)
    assert min(lengths) > 10 * HOUR
    assert max(lengths) < 14.1 * HOUR


@pytest.mark.parametrize(
    ("place", "zone"), [(APIA, "Pacific/Apia"), (TONGATAPU, "Pacific/Tongatapu")], ids=["Samoa", "Tonga"]
)
def test_at_the_date_line_the_solar_day_is_that_of_the_clock(place, zone):
    days = FOUR_YEARS[:730]
    for opens, closes, longest in (("sunrise", "sunset", 14), ("sunrise", "20:00", 15), ("06:00", "sunset", 13.5)):
        window = hourly(opens, closes, zone, place)
        for day in days:
            found = window_on(window, day)
            assert found
            assert datetime.fromtimestamp(found[0] // 1000, window.zone).date() == day
            assert found[1] - found[0] < longest * HOUR


def test_a_date_line_that_moves_skips_no_solar_day():
    """Samoa had no 30 December 2011; the sun rose all the same, on the 29th and the 31st."""
    samoa = hourly("sunrise", "sunset", "Pacific/Apia", APIA)
    found = spans(samoa, days_from(date(2011, 12, 27), 8))
    assert all(abs(after[0] - before[0] - DAY) < 2 * MINUTE for before, after in pairwise(found))


def test_an_offset_that_shuts_the_window_does_not_open_it_for_a_day():
    """Six hours after sunrise is later than six hours before sunset where the day is short."""
    munich = (48.14, 11.58)
    assert window_on(hourly("sunrise+06:00", "sunset-06:00", "Europe/Berlin", munich), date(2026, 12, 21)) is None
    assert window_on(hourly("sunrise+06:00", "sunset-06:00", "Europe/Berlin", munich), date(2026, 6, 21)) is not None


@pytest.mark.parametrize(("opens", "closes"), [("sunrise-12:00", "sunset+12:00"), ("sunset-12:00", "sunrise+12:00")])
def test_overlapping_windows_have_each_due_time_once(opens, closes):
    munich = hourly(opens, closes, "Europe/Berlin", (48.14, 11.58))
    begin = int(datetime(2026, 6, 1, tzinfo=UTC).timestamp()) * 1000
    assert due_between(munich, begin, begin + 10 * DAY).count == 240
