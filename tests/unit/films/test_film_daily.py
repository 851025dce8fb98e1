"""Daily films: each day with shots gets one film, whenever the daemon runs."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from series_folders import START_MS, make_series

from stillcam.common.paths import Paths
from stillcam.films.daily import BACK_DAYS, DailyFilms, days_due, span_of
from stillcam.films.order import Order
from stillcam.films.record import Film, new_id
from stillcam.films.sources import LATE_MS, sources_of
from stillcam.films.store import FilmStore
from stillcam.series.schedule import DAY_MS, Schedule


@pytest.fixture
def paths(tmp_path):
    return Paths(tmp_path / "images", tmp_path / "data")


BERLIN = Schedule(interval_ms=60_000, starts_ms=0, zone=ZoneInfo("Europe/Berlin"))


def at(text: str) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=BERLIN.zone).timestamp() * 1000)


def test_a_day_is_due_once_it_is_over():
    shots = {at("2026-11-19T12:00"), at("2026-11-20T12:00")}

    def has(from_ms: int, to_ms: int) -> bool:
        return any(from_ms <= shot <= to_ms for shot in shots)

    def due(now: str, *made: str) -> list[str]:
        return [day for day, _ in days_due(BERLIN, at(now), made, has)]

    assert due("2026-11-20T23:59") == ["2026-11-19"]
    assert due("2026-11-21T00:01") == ["2026-11-19"]  # the last shot may be late
    assert due("2026-11-21T00:03") == ["2026-11-19", "2026-11-20"]
    assert due("2026-11-21T00:03", "2026-11-19") == ["2026-11-20"]
    assert due("2026-11-21T00:03", "2026-11-19", "2026-11-20") == []
    assert due("2026-11-23T12:00") == ["2026-11-20"]  # what is longer ago is left out
    assert due("2026-12-24T12:00") == []
    assert due("1970-01-05T12:00") == []  # a Pi whose clock is not set yet
    assert due("2099-01-05T12:00") == []


@pytest.mark.parametrize(
    ("day", "hours"),
    [((2026, 3, 29), 23), ((2026, 10, 25), 25), ((2026, 11, 20), 24)],
    ids=["spring", "autumn", "plain"],
)
def test_a_day_has_23_24_or_25_hours(day, hours):
    from_ms, to_ms = span_of(BERLIN, date(*day))
    assert to_ms + 1 - from_ms == hours * 3_600_000
    assert span_of(BERLIN, date(*day) + timedelta(1))[0] == to_ms + 1


def test_over_two_years_each_day_with_shots_gets_one_film():
    """The daemon looks every three hours and is off now and then; no day is repeated or left out."""
    begin, made, missing = at("2026-01-01T00:00"), list[str](), 0
    for step in range(8 * 730):
        now = begin + step * 3 * 3_600_000
        if step % 100 < 12:  # off for a day and a half
            continue
        found = days_due(BERLIN, now, made, lambda from_ms, _: from_ms >= begin and from_ms // DAY_MS % 7 != 3)
        assert len(found) <= BACK_DAYS
        made += [day for day, _ in found]
    assert len(made) == len(set(made))
    days = {(date(2026, 1, 1) + timedelta(number)).isoformat() for number in range(728)}
    for day in days - set(made):
        missing += span_of(BERLIN, date.fromisoformat(day))[0] // DAY_MS % 7 != 3
    assert missing == 0
    assert LATE_MS < 3_600_000


def test_a_damaged_series_does_not_stop_the_films_of_others(paths, caplog):
    """And is logged once, not every minute."""
    make_series(paths.series, 3, daily_film=True)
    make_series(paths.series, 3, daily_film=True, name="Roof")
    (paths.series / "Garden/series.json").write_text("{")
    added: list[Order] = []

    def add(order: Order) -> Film:
        added.append(order)
        return Film(new_id("film", 1), order)

    days = DailyFilms(paths, FilmStore(paths), add)
    for _ in range(2):
        days.order_due(START_MS + DAY_MS)
    assert [(order.series, order.day) for order in added] == [("Roof", "2026-11-20")] * 2
    assert len([record for record in caplog.records if record.levelname == "ERROR"]) == 1
    assert [shot.path.name[:6] for shot in sources_of(added[0], paths)] == ["000001", "000002", "000003"]
