"""Which profile is in force: by conditions, by hand, after a restart, with a wrong clock, and once it is refused."""

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from stillcam.common.errors import SettingsError
from stillcam.profiles import file
from stillcam.profiles.definition import from_json
from stillcam.profiles.switch import Clocks, ProfileSwitch
from stillcam.settings.document import patched
from stillcam.settings.in_force import overlay_of, read_state, with_overlay
from stillcam.settings.schema import Settings

ZONE = "Europe/Berlin"
NIGHT = {"name": "Night", "when": {"type": "times", "from": "22:00", "to": "06:00"},
         "changes": {"controls": {"ExposureTime": 100_000}, "motion": {"armed": True}}}  # fmt: skip
DUSK = {"name": "Dusk", "when": {"type": "lux", "below": 10, "until": 20, "for_s": 60},
        "changes": {"snapshot": {"interval_s": 10}}}  # fmt: skip
PARTY = {"name": "Party", "changes": {"controls": {"Saturation": 2}}}


class House:
    """A data folder, its clocks, and what the capture daemon does with a switch."""

    def __init__(self, data: Path, *profiles: dict[str, Any], now: str = "2026-11-30T12:00") -> None:
        self.data = data
        self.up_s = 10_000.0
        self.synchronised = True
        self.healthy = True
        self.stored = Settings()
        self.now_ms = 0
        self.at(now, jumps=True)
        file.save(data, from_json({"profiles": list(profiles)}))
        self.start()

    def start(self) -> None:
        """As the daemon starts: it has the settings of the state, and then reads the profiles."""
        self.applied = with_overlay(self.stored, overlay_of(read_state(self.data)))
        self.switch = ProfileSwitch(
            self.data,
            Clocks(lambda: self.now_ms, lambda: self.up_s, lambda: ZONE, lambda: self.synchronised),
            lambda: self.healthy,
        )
        self.applied = self.switch.settings(self.stored)

    def at(self, local: str, *, jumps: bool = False) -> None:
        """The time, which passes, or jumps there."""
        now_ms = round(datetime.fromisoformat(local).replace(tzinfo=ZoneInfo(ZONE)).timestamp() * 1000)
        if not jumps:
            self.up_s += (now_ms - self.now_ms) / 1000
        self.now_ms = now_ms

    def look(self, **metadata: Any) -> bool:
        """One round of the thread; a picture follows, if another profile is applied."""
        if changed := self.switch.look(metadata):
            self.applied = self.switch.chosen()
            if self.healthy:
                self.switch.confirm()
        self.switch.save()
        return changed

    @property
    def name(self) -> str | None:
        return self.switch.active

    @property
    def shown(self) -> dict[str, Any]:
        return self.switch.to_json()


@pytest.fixture
def house(tmp_path: Path) -> Callable[..., House]:
    return lambda *profiles, **more: House(tmp_path, *profiles, **more)


def test_the_first_profile_whose_condition_holds_is_applied(house):
    here = house(NIGHT, DUSK)
    assert not here.look(Lux=500.0)
    assert here.applied == Settings()
    assert here.shown["next"] == {"time": "2026-11-30T21:00:00.000Z", "profile": "Night"}
    here.at("2026-11-30T21:59:59")
    assert not here.look(Lux=500.0)
    here.at("2026-11-30T22:00")
    assert here.look(Lux=500.0)
    assert (here.name, here.applied.controls["ExposureTime"], here.applied.motion.armed) == ("Night", 100_000, True)
    assert not here.look(Lux=500.0)
    assert here.shown["since"] == "2026-11-30T21:00:00.000Z"
    assert here.shown["why"] == "from 22:00 to 06:00"
    here.at("2026-12-01T06:00")
    assert here.look(Lux=500.0)
    assert (here.name, here.applied) == (None, Settings())


def test_brightness_counts_after_its_time_and_survives_a_restart_between_the_thresholds(house):
    here = house(DUSK)
    assert not here.look(Lux=5.0)
    here.at("2026-11-30T12:00:59")
    assert not here.look(Lux=5.0)
    here.at("2026-11-30T12:01")
    assert here.look(Lux=5.0)
    assert (here.name, here.applied.snapshot.interval_s) == ("Dusk", 10.0)
    assert here.shown["measured"] == {"lux": 5.0}
    here.start()
    assert not here.look(Lux=15.0)
    assert here.name == "Dusk"


def test_a_camera_that_does_not_say_how_bright_it_is_changes_nothing(house):
    here = house(DUSK)
    for minute in range(10):
        here.at(f"2026-11-30T12:{minute:02}")
        assert not here.look()
    assert here.shown["measured"] == {}


def test_by_hand_until_it_is_changed_back(house):
    here = house(NIGHT, PARTY)
    here.switch.use("Party", None)
    assert here.look()
    assert (here.name, here.shown["by"], here.shown["until"], here.shown["next"]) == ("Party", "hand", None, None)
    here.at("2026-11-30T23:00")
    assert not here.look()
    here.start()
    assert here.name == "Party"
    here.switch.automatic()
    assert here.look()
    assert here.name == "Night"
    here.switch.use(None, None)
    assert here.look()
    assert (here.name, here.shown["by"]) == (None, "hand")


def test_by_hand_until_tomorrow(house):
    here = house(PARTY)
    here.switch.use("Party", "tomorrow")
    assert here.look()
    assert here.shown["until"] == "2026-11-30T23:00:00.000Z"
    here.at("2026-11-30T23:59:59")
    assert not here.look()
    here.start()
    here.at("2026-12-01T00:00")
    assert here.look()
    assert here.name is None


def test_by_hand_until_the_conditions_make_another_choice(house):
    here = house(NIGHT, PARTY)
    here.switch.use("Party", "change")
    assert here.look()
    assert here.shown["next"] == {"time": "2026-11-30T21:00:00.000Z", "profile": "Night"}
    here.start()
    here.at("2026-11-30T21:59")
    assert not here.look()
    here.at("2026-11-30T22:00")
    assert here.look()
    assert here.name == "Night"
    here.at("2026-12-01T06:00")
    assert here.look()
    assert here.name is None


@pytest.mark.parametrize(
    ("name", "until", "text"),
    [
        pytest.param("Nigth", None, "the profiles are Night", id="no such profile"),
        pytest.param("Night", 0, "must be later than now", id="a time that is over"),
        pytest.param("Sun", None, "place.latitude", id="a profile that cannot work"),
    ],
)
def test_a_choice_that_is_not_possible_is_refused(house, name, until, text):
    here = house(NIGHT, {"name": "Sun", "when": {"type": "times", "from": "sunset", "to": "sunrise"}})
    with pytest.raises(SettingsError, match=text):
        here.switch.use(name, until)
    assert not here.look()
    assert [one["name"] for one in here.shown["refused"]] == ["Sun"]


def test_a_profile_that_is_deleted_or_renamed_ends(house):
    here = house(NIGHT, PARTY)
    here.switch.use("Party", None)
    assert here.look()
    file.save(here.data, from_json({"profiles": [NIGHT, {**PARTY, "name": "Fête"}]}))
    here.applied = here.switch.settings(here.stored)
    assert (here.name, here.applied) == (None, Settings())


def test_without_profiles_a_choice_by_hand_ends_too(house):
    here = house(NIGHT, now="2026-11-30T23:00")
    here.switch.use(None, None)
    assert here.look()
    file.save(here.data, ())
    here.switch.settings(here.stored)
    here.switch.save()
    assert not here.switch.in_use
    assert not (here.data / "profiles.state.json").exists()
    file.save(here.data, from_json({"profiles": [NIGHT]}))
    here.switch.settings(here.stored)
    assert here.name == "Night"


def test_an_invalid_file_leaves_the_last_valid_profiles_in_force(house):
    here = house(NIGHT, now="2026-11-30T23:00")
    assert here.name == "Night"
    (here.data / "profiles.json").write_text('{"profiles": [}')
    here.switch.settings(here.stored)
    assert here.name == "Night"
    assert "line 1: not JSON" in str(here.switch.notice)
    here.at("2026-12-01T06:00")
    assert here.look()
    file.save(here.data, from_json({"profiles": [NIGHT]}))
    here.switch.settings(here.stored)
    assert here.switch.notice is None


def test_a_profile_is_shown_once_a_picture_was_made_with_it(house):
    at_noon = house(NIGHT)
    at_noon.at("2026-11-30T22:30")
    at_noon.switch.chosen()
    assert at_noon.switch.active == "Night"  # applied
    status = at_noon.switch.to_json()
    assert (status["active"], status["since"]) == (None, None)
    assert status["why"] == "Night will be active with the next picture"
    at_noon.switch.confirm()
    status = at_noon.switch.to_json()
    assert (status["active"], status["since"]) == ("Night", "2026-11-30T21:30:00.000Z")


def test_a_refused_profile_is_skipped_until_it_is_changed(house):
    here = house({**NIGHT, "name": "First"}, NIGHT, now="2026-11-30T23:00")
    here.applied = here.switch.chosen()
    assert here.switch.trial == "First"
    here.switch.refuse("the camera does not support this size")
    here.applied = here.switch.chosen()
    assert here.switch.trial == "Night"
    here.switch.confirm()
    assert here.shown["refused"] == [{"name": "First", "reason": "the camera does not support this size"}]
    assert "First is not used: the camera does not support" in str(here.switch.notice)
    here.switch.save()
    here.start()
    assert here.name == "Night"
    file.save(here.data, from_json({"profiles": [{**NIGHT, "name": "First", "changes": {}}, NIGHT]}))
    here.switch.settings(here.stored)
    assert here.name == "First"


def test_a_refused_profile_is_tried_again_by_hand_and_with_other_settings(house):
    here = house(NIGHT, now="2026-11-30T23:00")
    here.switch.refuse("no")
    assert here.switch.chosen() == Settings()
    here.switch.use("Night", None)
    assert here.look()
    assert here.name == "Night"
    here.switch.refuse("no")
    assert here.switch.chosen() == Settings()
    here.stored = patched(Settings(), {"snapshot": {"width": 640}})
    assert here.switch.settings(here.stored).controls == {"ExposureTime": 100_000}


def test_without_pictures_only_a_profile_that_has_given_one_is_applied(house):
    here = house(NIGHT)
    here.healthy = False
    here.at("2026-11-30T22:00")
    assert not here.look()
    assert here.applied == Settings()
    assert "as soon as the camera gives pictures" in here.shown["why"]
    here.healthy = True
    assert here.look()
    here.healthy = False
    here.at("2026-12-01T06:00")
    assert here.look()
    assert here.name is None
    here.at("2026-12-01T22:00")
    assert here.look()
    assert here.name == "Night"


def test_a_daemon_that_was_killed_before_the_first_picture_starts_with_the_settings_that_worked(house):
    here = house(NIGHT)
    here.at("2026-11-30T22:00")
    assert here.switch.look({})
    here.switch.chosen()  # applied, and killed before a picture has come
    here.switch.save()
    here.healthy = False
    assert with_overlay(here.stored, overlay_of(read_state(here.data))) == Settings()
    here.start()
    assert here.applied == Settings()
    here.healthy = True
    assert here.look()
    assert here.name == "Night"
    here.start()
    assert here.applied.motion.armed


def test_arming_by_hand_holds_until_another_profile_is_active(house):
    here = house(NIGHT, now="2026-11-30T23:00")
    here.switch.confirm()
    assert here.switch.arm(False)
    assert here.look()
    assert (here.name, here.applied.motion.armed) == ("Night", False)
    here.start()
    assert not here.applied.motion.armed
    here.at("2026-12-01T06:00")
    assert here.look()
    assert not here.switch.arm(False)
    here.at("2026-12-01T22:00")
    assert here.look()
    assert here.applied.motion.armed


def test_a_pi_without_a_clock_keeps_its_profile_until_a_time_server_answers(house):
    here = house(NIGHT, now="2026-11-30T23:00")
    here.switch.confirm()
    here.switch.save()
    here.at("2026-11-30T21:30", jumps=True)  # as it was saved at the shutdown, at the latest
    here.up_s, here.synchronised = 20.0, False
    here.start()
    assert not here.look()
    assert here.name == "Night"
    assert "clock is not set yet" in here.shown["why"]
    here.at("2026-12-01T05:59", jumps=True)
    here.synchronised = True
    assert not here.look()
    here.at("2026-12-01T06:00")
    assert here.look()
    assert here.name is None


def test_a_clock_that_jumps_to_and_fro_changes_nothing_and_counts_when_it_is_steady(house):
    here = house(NIGHT)
    assert not here.look()
    here.synchronised = False
    for _ in range(20):
        here.at("2026-11-30T23:00", jumps=True)
        here.up_s += 100
        assert not here.look()
        here.at("2026-11-30T12:00", jumps=True)
        here.up_s += 100
        assert not here.look()
    here.at("2026-11-30T23:00", jumps=True)
    assert not here.look()
    here.at("2026-11-30T23:04:59")
    assert not here.look()
    here.at("2026-11-30T23:05")
    assert here.look()
    assert here.name == "Night"


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"\xff", b'{"active": 3, "hand": {"name": 3}, "bright": [], "refused": 0, "since_ms": {}}']
)
def test_a_damaged_state_is_made_again(house, content):
    here = house(NIGHT, now="2026-11-30T23:00")
    (here.data / "profiles.state.json").write_bytes(content)
    here.start()
    here.switch.confirm()
    here.switch.save()
    assert json.loads((here.data / "profiles.state.json").read_bytes())["active"] == "Night"
