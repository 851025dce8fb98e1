"""When an armed camera looks for motion."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillcam.common.errors import SettingsError
from stillcam.motion.arming import Arming
from stillcam.series.schedule import Edge
from stillcam.settings.document import patched
from stillcam.settings.schema import MotionSettings, Settings

BERLIN = "Europe/Berlin"


def ms(text: str) -> int:
    """A local time in Berlin, such as `2026-11-30 22:00` (a Monday), as ms since the epoch."""
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(BERLIN)).timestamp() * 1000)


def arming(**settings: object) -> Arming:
    whole = patched(Settings(), {"motion": settings, "place": PLACE if "sunset" in settings.values() else None})
    return Arming(whole.motion, whole.place, BERLIN)


NIGHT = {"active_from": "22:00", "active_to": "06:00"}
SUN = {"active_from": "sunset", "active_to": "sunrise"}
PLACE = {"latitude": 52.5, "longitude": 13.4}


@pytest.mark.parametrize(
    ("settings", "now", "looks", "change"),
    [
        pytest.param({}, "2026-11-30 03:00", True, None, id="without a schedule always"),
        pytest.param(NIGHT, "2026-11-30 12:00", False, "2026-11-30 22:00", id="a night that has not begun"),
        pytest.param(NIGHT, "2026-11-30 22:00", True, "2026-12-01 06:00", id="from its first moment"),
        pytest.param(NIGHT, "2026-11-30 05:59", True, "2026-11-30 06:00", id="a night that began yesterday"),
        pytest.param(NIGHT, "2026-11-30 06:00", False, "2026-11-30 22:00", id="it ends"),
        pytest.param({"weekdays": ["sat", "sun"]}, "2026-11-30 12:00", False, "2026-12-05 00:00", id="not on Monday"),
        pytest.param(
            {"weekdays": ["sat", "sun"]}, "2026-12-05 12:00", True, "2026-12-07 00:00", id="two days are one window"
        ),
        pytest.param(
            {"weekdays": ["sun"], **NIGHT}, "2026-11-30 05:00", True, "2026-11-30 06:00", id="the night of Sunday"
        ),
        pytest.param({"active_from": "08:00", "active_to": "08:00"}, "2026-11-30 07:00", True, None, id="24 hours"),
    ],
)
def test_it_looks_in_its_windows_and_says_when_that_changes(settings, now, looks, change):
    plan = arming(**settings)
    assert plan.looks(ms(now)) is looks
    assert plan.next_change(ms(now)) == (None if change is None else ms(change))


def test_from_sunset_to_sunrise_is_the_time_without_sun():
    plan = arming(**SUN)
    assert not plan.looks(ms("2026-11-30 12:00"))
    assert plan.looks(ms("2026-11-30 17:00"))
    assert plan.looks(ms("2026-12-01 06:00"))
    change = plan.next_change(ms("2026-11-30 12:00"))
    assert change is not None
    assert ms("2026-11-30 15:45") < change < ms("2026-11-30 16:05")


def test_the_sun_needs_a_place():
    with pytest.raises(SettingsError, match=r"set place.latitude") as caught:
        patched(Settings(), {"motion": {"active_from": "sunset", "active_to": "23:00"}})
    assert caught.value.field == "motion.active_from"


@pytest.mark.parametrize("text", ["8:00", "25:00", "24:01", "sunset+13:00", "sunset+12:30", "noon", "", "08:00 "])
def test_what_is_no_time_of_a_day_is_refused(text):
    with pytest.raises(SettingsError, match=r"must be a time like 22:00"):
        arming(active_from=text)


@given(st.from_regex(r"\A(\d\d:\d\d|sun(rise|set)([+-]\d\d:\d\d)?)\Z"))
def test_a_time_that_the_settings_take_is_one_that_schedules_take(text):
    try:
        settings = patched(Settings(), {"motion": {"active_from": text}, "place": {"latitude": 1}}).motion
    except SettingsError:
        return
    assert Edge.parse(settings.active_from).minutes <= 1440


def test_the_defaults_are_disarmed():
    assert not MotionSettings().armed
