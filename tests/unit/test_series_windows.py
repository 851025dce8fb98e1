"""When the windows of series are open: as the wall clock reads, and as the sun stands, everywhere and on every day."""

from bisect import bisect_right
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from astral import Observer
from astral.sun import elevation
from hypothesis import given
from hypothesis import strategies as st

from stillcam.series.schedule import Edge, Plan
from stillcam.series.slots import slots_in
from stillcam.series.windows import span

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
DISC_DEGREES = -0.833  # the sun's upper edge is at the horizon
TROMSO, DELHI, APIA, TONGATAPU = (69.65, 18.96), (28.61, 77.21), (-13.83, -171.77), (-21.13, -175.2)


def plan(opens: str, closes: str, zone: str, place: tuple[float, float] | None = None) -> Plan:
    return Plan(HOUR, 0, window=(Edge.parse(opens), Edge.parse(closes)), place=place, zone=ZoneInfo(zone))


def days_from(first: date, number: int) -> list[date]:
    return [first + timedelta(ahead) for ahead in range(number)]


def spans(of: Plan, days: list[date]) -> list[tuple[int, int]]:
    return [found for day in days if (found := span(of, day))]


def open_at(found: list[tuple[int, int]], moment_ms: int) -> bool:
    """Whether one of these windows, in order and apart from each other, is open."""
    place = bisect_right(found, (moment_ms, 1 << 62)) - 1
    return place >= 0 and found[place][0] <= moment_ms < found[place][1]


# --- by the clock


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
def test_a_window_that_touches_the_hour_that_is_skipped_is_open_while_the_clock_reads_so(opens, closes, minutes):
    found = span(plan(opens, closes, "Europe/Berlin"), date(2026, 3, 29))
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
def test_a_window_is_open_just_while_the_clock_reads_so_whatever_is_skipped(zone, day, edges):
    opens, closes = edges
    at = Plan(HOUR, 0, window=(Edge("", opens), Edge("", closes)), zone=ZoneInfo(zone))
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


# --- by the sun

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
TEN_YEARS = days_from(date(2026, 1, 1), 3653)


@pytest.mark.parametrize(("place", "zone"), PLACES.values(), ids=PLACES)
def test_day_and_night_are_told_apart_on_every_day_of_ten_years(place, zone):
    """The window of the day is open while the sun is up, and that of the night while it is down."""
    light, dark = plan("sunrise", "sunset", zone, place), plan("sunset", "sunrise", zone, place)
    each = [(span(light, day), span(dark, day)) for day in TEN_YEARS]
    by_day, by_night = ([found for found in windows if found] for windows in zip(*each, strict=True))
    for found in (by_day, by_night):
        assert all(begin < end for begin, end in found)
        assert all(before[1] <= after[0] for before, after in pairwise(found))
    observer, step = Observer(*place), timedelta(hours=11, minutes=17)
    moment, end = datetime(2026, 1, 3, tzinfo=UTC), datetime(2035, 12, 29, tzinfo=UTC)
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
    tromso = plan(opens, closes, "Europe/Oslo", TROMSO)
    taken = []
    for month in (6, 12):
        begin = int(datetime(2026, month, 21, tzinfo=tromso.zone).timestamp()) * 1000
        taken.append(slots_in(tromso, begin - 1, begin + DAY - 1).count)
    assert taken[0] == pytest.approx(june, abs=1)
    assert taken[1] == pytest.approx(december, abs=1)


def test_the_window_grows_and_shrinks_evenly_into_the_polar_night_and_day():
    days = [end - begin for begin, end in spans(plan("sunrise-01:00", "sunset+01:00", "UTC", TROMSO), TEN_YEARS[:365])]
    assert len(days) == 365
    assert max(abs(after - before) for before, after in pairwise(days)) < 90 * MINUTE


def test_where_sunrise_crosses_midnight_of_utc_each_day_has_its_window():
    """On one day a year there are two sunrises by UTC's date, and on another one none."""
    delhi = plan("sunrise", "sunset", "Asia/Kolkata", DELHI)
    lengths = [end - begin for begin, end in spans(delhi, TEN_YEARS)]
    assert len(lengths) == len(TEN_YEARS)
    assert min(lengths) > 10 * HOUR
    assert max(lengths) < 14.1 * HOUR


@pytest.mark.parametrize(
    ("place", "zone"), [(APIA, "Pacific/Apia"), (TONGATAPU, "Pacific/Tongatapu")], ids=["Samoa", "Tonga"]
)
def test_at_the_date_line_the_sun_s_day_is_that_of_the_clock(place, zone):
    days = TEN_YEARS[:730]
    for opens, closes, longest in (("sunrise", "sunset", 14), ("sunrise", "20:00", 15), ("06:00", "sunset", 13.5)):
        window = plan(opens, closes, zone, place)
        for day in days:
            found = span(window, day)
            assert found
            assert datetime.fromtimestamp(found[0] // 1000, window.zone).date() == day
            assert found[1] - found[0] < longest * HOUR


def test_the_date_line_that_moves_costs_no_day_of_the_sun():
    """Samoa had no 30 December 2011; the sun rose all the same, on the 29th and the 31st."""
    samoa = plan("sunrise", "sunset", "Pacific/Apia", APIA)
    found = spans(samoa, days_from(date(2011, 12, 27), 8))
    assert all(abs(after[0] - before[0] - DAY) < 2 * MINUTE for before, after in pairwise(found))


def test_an_offset_that_shuts_the_window_does_not_open_it_for_a_day():
    """Six hours after sunrise is later than six hours before sunset where the day is short."""
    munich = (48.14, 11.58)
    assert span(plan("sunrise+06:00", "sunset-06:00", "Europe/Berlin", munich), date(2026, 12, 21)) is None
    assert span(plan("sunrise+06:00", "sunset-06:00", "Europe/Berlin", munich), date(2026, 6, 21)) is not None


@pytest.mark.parametrize(("opens", "closes"), [("sunrise-12:00", "sunset+12:00"), ("sunset-12:00", "sunrise+12:00")])
def test_windows_that_overlap_take_each_moment_once(opens, closes):
    munich = plan(opens, closes, "Europe/Berlin", (48.14, 11.58))
    begin = int(datetime(2026, 6, 1, tzinfo=UTC).timestamp()) * 1000
    assert slots_in(munich, begin, begin + 10 * DAY).count == 240
