"""A simulated year: every change at the right minute, over changes of the clock, in polar regions and in twilight."""

import math
import random
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from astral import Observer
from astral.sun import elevation, sun

from stillcam.profiles.brightness import Light, follow
from stillcam.profiles.choice import World, choose, next_choice, next_midnight_ms
from stillcam.profiles.definition import Brightness, Profile, from_json

BERLIN, HELSINKI = "Europe/Berlin", "Europe/Helsinki"
PLACE = (52.52, 13.4)
MINUTE_MS, DAY_MS = 60_000, 86_400_000


def profiles(*rows: tuple[str, dict[str, object]]) -> tuple[Profile, ...]:
    return from_json({"profiles": [{"name": name, "when": when} for name, when in rows]})


def times(opens: str, closes: str, *weekdays: str) -> dict[str, object]:
    return {"type": "times", "from": opens, "to": closes, "weekdays": list(weekdays)}


def brightness(when: dict[str, object]) -> Brightness:
    (profile,) = profiles(("Night", when))
    assert isinstance(profile.when, Brightness)
    return profile.when


def ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def year_of(table: tuple[Profile, ...], world: World, year: int = 2026) -> list[tuple[int, str | None]]:
    """All changes of a year, by `next_choice`."""
    zone = ZoneInfo(world.zone)
    at_ms, end_ms = ms(datetime(year, 1, 1, tzinfo=zone)), ms(datetime(year + 1, 1, 1, tzinfo=zone))
    changes = []
    while (change := next_choice(table, at_ms, world)) and change[0] < end_ms:
        before, after = choose(table, change[0] - 1, world), choose(table, change[0], world)
        assert before is not after
        assert change[1] == (after.name if after else None)
        changes.append(change)
        at_ms = change[0]
    return changes


def test_from_sunset_to_sunrise_every_change_of_a_year_is_at_its_minute():
    """The reference is astral's own sunrise and sunset, which this program does not use."""
    observer, zone = Observer(*PLACE), ZoneInfo(BERLIN)
    changes = year_of(profiles(("Night", times("sunset+00:30", "sunrise-00:30"))), World(PLACE, BERLIN, {}))
    wanted = []
    for number in range(365):
        day = date(2026, 1, 1) + timedelta(number)
        of_day = sun(observer, day, tzinfo=zone)
        wanted += [
            (of_day["sunrise"] - timedelta(minutes=30), None),
            (of_day["sunset"] + timedelta(minutes=30), "Night"),
        ]
    assert [name for _, name in changes] == [name for _, name in wanted]
    late_s = [abs(at_ms / 1000 - moment.timestamp()) for (at_ms, _), (moment, _) in zip(changes, wanted, strict=True)]
    assert max(late_s) < 60


def test_hours_follow_the_local_clock_on_the_days_when_it_is_changed():
    table = profiles(("Early", times("02:30", "03:30")), ("Night", times("22:00", "06:00")))
    zone = ZoneInfo(BERLIN)
    changes = year_of(table, World((0.0, 0.0), BERLIN, {}))
    days = {
        day: [(datetime.fromtimestamp(at / 1000, zone).time(), name) for at, name in changes
              if datetime.fromtimestamp(at / 1000, zone).date() == day]
        for day in (date(2026, 3, 28), date(2026, 3, 29), date(2026, 10, 25))
    }  # fmt: skip
    usual = [(time(2, 30), "Early"), (time(3, 30), "Night"), (time(6), None), (time(22), "Night")]
    assert days[date(2026, 3, 28)] == usual
    assert days[date(2026, 3, 29)] == [(time(3), "Early"), *usual[1:]]  # 02:30 does not exist
    assert days[date(2026, 10, 25)][0] == usual[0]  # the first 02:30 of two
    assert [name for _, name in days[date(2026, 10, 25)]] == [name for _, name in usual]
    assert len(changes) == 4 * 365


def test_every_quarter_of_an_hour_of_a_year_the_first_profile_that_holds_is_chosen():
    table = profiles(
        ("Weekend", times("08:00", "20:00", "sat", "sun")), ("Evening", times("18:00", "23:30")),
        ("Night", times("22:00", "06:00")), ("By hand", {"type": "manual"}),
    )  # fmt: skip
    world, zone, moment = World((0.0, 0.0), BERLIN, {}), ZoneInfo(BERLIN), datetime(2026, 1, 1, tzinfo=UTC)
    while moment.year == 2026:
        local = moment.astimezone(zone)
        clock = local.time()
        wanted = (
            "Weekend" if local.weekday() >= 5 and time(8) <= clock < time(20)
            else "Evening" if time(18) <= clock < time(23, 30)
            else "Night" if clock >= time(22) or clock < time(6)
            else None
        )  # fmt: skip
        found = choose(table, ms(moment), world)
        assert (found.name if found else None) == wanted, local
        moment += timedelta(minutes=45)


def test_in_polar_regions_the_night_profile_rests_in_summer_and_lasts_in_winter():
    place = (69.91, 27.02)  # Utsjoki
    changes = year_of(profiles(("Night", times("sunset", "sunrise"))), World(place, HELSINKI, {}))
    zone = ZoneInfo(HELSINKI)
    gaps = sorted(
        ((after[0] - before[0]) / DAY_MS, before[1], datetime.fromtimestamp(before[0] / 1000, zone).month)
        for before, after in pairwise(changes)
    )
    assert gaps[-1][0] > 60 and gaps[-1][1] is None and gaps[-1][2] == 5
    assert all(gap > 0 for gap, _, _ in gaps)
    table, world = profiles(("Night", times("sunset", "sunrise"))), World(place, HELSINKI, {})
    for day in (datetime(2026, 12, 10, 12, tzinfo=zone), datetime(2026, 12, 22, 12, tzinfo=zone)):
        found = choose(table, ms(day), world)
        assert found is not None and found.name == "Night"


@pytest.mark.parametrize("day", ["2026-03-29", "2026-10-25", "2026-06-21"])
def test_tomorrow_begins_at_local_midnight(day):
    zone = ZoneInfo(BERLIN)
    noon = datetime.fromisoformat(f"{day}T12:00").replace(tzinfo=zone)
    wanted = datetime.combine(noon.date() + timedelta(1), time(), zone)
    assert next_midnight_ms(ms(noon), BERLIN) == ms(wanted)
    assert next_midnight_ms(ms(wanted), BERLIN) == ms(datetime.combine(wanted.date() + timedelta(1), time(), zone))


def lux(moment: datetime) -> float:
    """The light outside: about 400 lx at sunrise, a factor of ten for three degrees, 100,000 lx at most."""
    return min(1e5, 400 * 10 ** (elevation(Observer(*PLACE), moment) / 3))


@pytest.mark.parametrize("measure", ["lux", "exposure"])
def test_noise_in_twilight_never_makes_it_flap(measure):
    """Two changes a day, with a measurement every 10 s and noise of 30 %, clouds included."""
    when = {"type": "lux", "below": 10, "until": 20} if measure == "lux" else {
        "type": "exposure", "above": 0.4, "until": 0.2}  # fmt: skip
    night = brightness(when)
    noise = random.Random(20)
    for day in (date(2026, 1, 10), date(2026, 3, 29), date(2026, 6, 21), date(2026, 10, 25)):
        light, changes = Light(holds=True), []
        moment = datetime.combine(day, time(), UTC)
        for step in range(8640):
            if step % 30 == 0:  # the sun is slow
                seen = lux(moment)
            value = seen * math.exp(noise.gauss(0, 0.3)) * (0.5 if step % 400 < 60 else 1.0)
            if measure == "exposure":
                value = 4 / max(value, 0.5)
            after = follow(night, light, value, step * 10.0)
            if after.holds is not light.holds:
                changes.append((after.holds, seen))
            light, moment = after, moment + timedelta(seconds=10)
        assert [holds for holds, _ in changes] == [False, True], (day, changes)
        assert 10 < changes[0][1] < 100 and 2 < changes[1][1] < 20


def test_a_short_light_is_no_reason_to_change():
    night = brightness({"type": "lux", "below": 10, "until": 20, "for_s": 120})
    light = Light(holds=True)
    for second in range(0, 110, 10):
        light = follow(night, light, 500.0, float(second))
    assert light.holds
    light = follow(night, light, 15.0, 110.0)  # a car has passed
    light = follow(night, light, 500.0, 120.0)
    assert light.holds
    assert not follow(night, light, 500.0, 240.0).holds
