"""Profiles on a real daemon: what is chosen is in the picture, survives kill -9, and never leaves the camera dark."""

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from capture_daemon import CaptureDaemon

from stillcam.ipc.protocol import NoAnswer, Refusal

MANUAL = {"AeEnable": False, "ExposureTime": 5000, "AnalogueGain": 2}
NIGHT = {"name": "Night", "changes": {"controls": MANUAL, "motion": {"sensitivity": 3}}}
DARK = {"name": "Dark", "when": {"type": "lux", "below": 10, "until": 20, "for_s": 0},
        "changes": {"snapshot": {"interval_s": 0.3}}}  # fmt: skip
BROKEN = {"name": "Broken", "changes": {"camera": {"tuning_file": "/x/y.json"}}}


class House:
    """A daemon, and its profiles."""

    def __init__(self, daemon: CaptureDaemon) -> None:
        self.daemon = daemon

    def profiles(self, *rows: dict[str, Any]) -> dict[str, Any]:
        """Write profiles, and have the daemon read them."""
        self.write(json.dumps({"version": 1, "profiles": rows}))
        return self.daemon.ask("reload")

    def write(self, text: str) -> None:
        new = self.daemon.data / "profiles.new"
        new.write_text(text)
        new.rename(self.daemon.data / "profiles.json")

    def use(self, name: str | None, until: str | None = None) -> dict[str, Any]:
        return self.daemon.ask("profile", action="use", name=name, until=until)

    def until(self, active: str | None, interval_s: float | None = None) -> dict[str, Any]:
        """The status once this profile is active, and applied as far as the interval tells."""

        def holds(status: dict[str, Any]) -> bool:
            applied = interval_s in (None, status["interval_s"])
            return bool(status["profile"] and status["profile"]["active"] == active and applied)

        return self.daemon.until(holds)

    def exposed(self, time_us: int) -> dict[str, Any]:
        """The status once a frame with this exposure is shown."""
        return self.daemon.until(lambda status: is_about(time_us, status))

    @property
    def kept(self) -> dict[str, Any]:
        kept: dict[str, Any] = json.loads((self.daemon.data / "profiles.state.json").read_text())
        return kept


def is_about(time_us: int, status: dict[str, Any]) -> bool:
    """Whether the newest frame has this exposure, as far as the sensor has it."""
    return bool(abs(status["metadata"].get("ExposureTime", 0) - time_us) < 50)


@pytest.fixture
def house(daemon: CaptureDaemon) -> House:
    daemon.start()
    daemon.frames()
    return House(daemon)


def test_a_profile_is_applied_by_hand_and_survives_kill_9(house):
    daemon = house.daemon
    assert daemon.until(lambda _: True)["profile"] is None
    with pytest.raises(Refusal, match="there are no profiles"):
        house.use("Night")
    assert house.profiles(NIGHT)["in_force"]
    assert daemon.until(lambda status: status["profile"])["profile"]["active"] is None
    answer = house.use("Night")
    assert answer["in_force"]
    assert answer["profile"]["active"] == "Night"
    house.exposed(5000)
    with pytest.raises(Refusal, match="the profiles are Night") as caught:
        house.use("Nihgt")
    assert caught.value.answer["field"] == "name"
    assert daemon.process is not None
    daemon.until(lambda _: house.kept["active"] == "Night")
    daemon.process.kill()
    daemon.process.wait()
    daemon.start()
    assert is_about(5000, daemon.until(lambda status: status["metadata"]))  # from the first picture on
    assert house.until("Night")["profile"]["by"] == "hand"
    assert daemon.ask("profile", action="auto")["profile"]["active"] is None
    daemon.until(lambda status: status["metadata"] and not is_about(5000, status))


def test_the_brightness_chooses_and_a_wrong_file_changes_nothing(house):
    daemon = house.daemon
    house.profiles(DARK)
    assert daemon.until(lambda status: status["profile"]["measured"].get("lux"))["profile"]["active"] is None
    daemon.fault(light=0.002)
    dark = house.until("Dark", 0.3)
    assert dark["profile"]["why"] == "brightness below 10 lux, until 20 lux"
    house.write('{"profiles": [{"name": "Dark", "when": {"type": "lux", "below": 10}}]}')
    assert daemon.ask("reload")["reloaded"]
    notice = daemon.until(lambda status: status["notice"])["notice"]
    assert "profiles.json: profiles.0.when.until: is missing" in notice
    assert house.until("Dark", 0.3)["profile"]["by"] == "conditions"
    daemon.fault(light=1)
    house.until(None, 0.2)


def test_a_profile_without_a_picture_is_rolled_back_and_named(house):
    daemon = house.daemon
    house.profiles(BROKEN, NIGHT)
    with pytest.raises(Refusal, match="no tuning file") as caught:
        house.use("Broken")
    assert caught.value.answer["field"] == "camera.tuning_file"
    status = daemon.frames()
    assert status["profile"]["active"] is None
    assert [one["name"] for one in status["profile"]["refused"]] == ["Broken"]
    assert "profile Broken is not used: " in status["notice"]
    daemon.end()
    daemon.start()
    assert [one["name"] for one in daemon.frames()["profile"]["refused"]] == ["Broken"]
    house.use("Night")
    house.exposed(5000)
    house.profiles(NIGHT)
    assert not daemon.until(lambda status: status["notice"] is None)["profile"]["refused"]


def test_a_profile_that_worked_before_and_fails_at_the_start_leaves_the_plain_settings(house, tmp_path):
    daemon = house.daemon
    house.profiles(NIGHT)
    house.use("Night")
    daemon.until(lambda _: house.kept["active"] == "Night")
    assert daemon.end() == 0
    state = house.kept
    state["changes"] = BROKEN["changes"]  # its tuning file is gone since
    (daemon.data / "profiles.state.json").write_text(json.dumps(state))
    house.write(json.dumps({"profiles": [{**NIGHT, "changes": BROKEN["changes"]}]}))
    daemon.start()
    status = daemon.frames()
    assert [one["name"] for one in status["profile"]["refused"]] == ["Night"]
    assert status["profile"]["active"] is None


def test_killed_between_the_choice_and_its_first_picture_it_starts_with_what_worked(house):
    daemon = house.daemon
    house.profiles(NIGHT)
    daemon.fault(stall_after=0)
    with ThreadPoolExecutor(1) as pool:
        order = pool.submit(house.use, "Night")
        status = daemon.until(lambda status: status["profile"]["why"] == "Night will be active with the next picture")
        assert status["profile"]["active"] is None
        assert daemon.process is not None
        daemon.process.kill()
        daemon.process.wait()
        with pytest.raises(NoAnswer):
            order.result()
    assert house.kept["active"] is None
    assert house.kept["hand"]["name"] == "Night"
    daemon.fault()
    daemon.start()
    house.exposed(5000)
    log = daemon.log.read_text().rpartition("with the simulated camera")[2]
    assert "profile: Night" in log  # it was not in force at the start, but tried again after a picture


def test_a_state_that_cannot_be_written_is_logged_and_the_pictures_go_on(house):
    daemon = house.daemon
    (daemon.data / "profiles.state.json").mkdir()
    daemon.fault(light=0.002)
    house.profiles(DARK)
    house.until("Dark")
    daemon.frames(2)
    daemon.until(lambda _: "the state of the profiles cannot be saved" in daemon.log.read_text())
    house.profiles(DARK, NIGHT)
    with pytest.raises(Refusal, match="the choice cannot be saved"):
        house.use("Night")
    shutil.rmtree(daemon.data / "profiles.state.json")
    assert house.use("Night")["profile"]["active"] == "Night"


def test_motion_that_a_profile_arms_is_disarmed_by_hand_until_the_profile_ends(house):
    daemon = house.daemon
    house.profiles({"name": "Away", "changes": {"motion": {"armed": True}}})
    assert daemon.ask("profile", action="arm", armed=False)["changed"] is False
    house.use("Away")
    daemon.until(lambda status: status["motion"] and status["motion"]["armed"])
    assert daemon.ask("profile", action="arm", armed=False)["changed"]
    daemon.until(lambda status: status["motion"] is None)
    assert house.until("Away")["profile"]["by"] == "hand"
    house.use(None)
    house.use("Away")
    daemon.until(lambda status: status["motion"] and status["motion"]["armed"])


def test_the_folder_without_profiles_has_no_file_of_theirs(house):
    assert not [path.name for path in Path(house.daemon.data).iterdir() if "profile" in path.name]
