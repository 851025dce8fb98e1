"""New settings are on trial until the first picture made with them; who asked for them is told what came of it."""

import json
from pathlib import Path
from typing import Any

import pytest

from stillcam.capture.command_queue import Command, CommandQueue
from stillcam.capture.settings_in_force.pending_settings import PendingSettings
from stillcam.capture.settings_in_force.profile_watch import ProfileWatch
from stillcam.capture.status import Status
from stillcam.common.errors import CameraError, StillcamError
from stillcam.settings.document import from_json
from stillcam.settings.file import save
from stillcam.settings.schema import Settings

REFUSED = CameraError("options", "the camera does not support this size")
DIED = CameraError("died", "rpicam-still ended with status 255")


class Trial:
    """PendingSettings with their file, and the daemon's part played by the test."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "settings.json"
        self.status = Status("simulated")
        self.commands = CommandQueue()
        self.profiles = ProfileWatch(self.file, self.commands, dict, lambda: self.settings.healthy)
        self.settings = PendingSettings(self.file, Settings(), self.status, self.profiles)

    def reload(self, **sections: Any) -> Command:
        save(self.file, from_json(sections))
        command = Command("reload")
        self.settings.reload(command, lambda _: None)
        return command

    def picture(self, mode: str = "snapshot") -> None:
        self.settings.start(mode)
        self.settings.confirm("camera_1.jpg")

    @property
    def notice(self) -> Any:
        return self.status.to_json()["notice"]


@pytest.fixture
def trial(tmp_path: Path) -> Trial:
    """A camera that gives pictures with the default settings."""
    trial = Trial(tmp_path)
    trial.picture()
    return trial


def test_a_reload_is_answered_by_the_picture(trial):
    command = trial.reload(controls={"Contrast": 2})
    assert trial.settings.outdated
    assert command.wait(0) is None
    trial.picture()
    assert command.wait(0) == {"reloaded": True, "revision": 1, "in_force": True, "frame": "camera_1.jpg"}
    assert trial.status.to_json()["revision"] == 1


def test_a_picture_of_before_is_no_answer(trial):
    trial.settings.start("snapshot")
    command = trial.reload(controls={"Contrast": 2})
    trial.settings.confirm("camera_2.jpg")
    assert command.wait(0) is None


@pytest.mark.parametrize(
    "sections",
    [{}, {"snapshot": {"interval_s": 9}}, {"access": {"watch": "anyone"}}, {"photo": {"controls": {"Contrast": 2}}}],
)
def test_what_no_picture_depends_on_is_in_force_at_once(trial, sections):
    answer = trial.reload(**sections).wait(0)
    assert answer and answer["in_force"] is True
    assert not trial.settings.outdated


def test_a_superseded_change_is_answered_at_once(trial):
    one, two = trial.reload(controls={"Contrast": 2}), trial.reload(controls={"Contrast": 3})
    answer = one.wait(0)
    assert answer and answer["superseded"] is True
    assert two.wait(0) is None
    same = trial.reload(controls={"Contrast": 3})
    assert two.wait(0)
    trial.picture()
    assert (same.wait(0) or {})["in_force"] is True


def test_the_last_that_worked_come_back_and_the_rest_stays(trial):
    trial.reload(controls={"Contrast": 2})
    trial.picture()
    command = trial.reload(controls={"Contrast": 3}, access={"watch": "anyone"})
    trial.settings.start("snapshot")
    assert trial.settings.roll_back(REFUSED) is True
    answer = command.wait(0) or {}
    assert (answer["error"], answer["cause"], answer["field"]) == (REFUSED.reason, "refused", "controls.Contrast")
    assert answer["settings"]["controls"] == {"Contrast": 2.0}
    assert answer["settings"]["access"]["watch"] == "anyone"
    assert trial.settings.wanted.controls == {"Contrast": 2.0}
    assert "the camera refused controls.Contrast" in trial.notice
    trial.picture()
    assert trial.reload(controls={"Contrast": 2}).wait(0)
    assert trial.notice is None


@pytest.mark.parametrize("cause", ["died", "short"])
def test_settings_are_retried_once_after_a_transient_error(trial, cause):
    command = trial.reload(controls={"Contrast": 2})
    for again in (True, False):
        trial.settings.start("snapshot")
        assert trial.settings.roll_back(CameraError(cause, "it may pass")) is True
        assert (command.wait(0) is None) is again
        assert trial.settings.wanted.controls == ({"Contrast": 2.0} if again else {})


def test_newer_settings_get_their_own_trial(trial):
    trial.reload(controls={"Contrast": 2})
    trial.settings.start("snapshot")
    newer = trial.reload(controls={"Contrast": 3})
    assert trial.settings.roll_back(REFUSED) is True
    assert trial.settings.wanted.controls == {"Contrast": 3.0}
    trial.picture()
    assert (newer.wait(0) or {})["in_force"] is True


@pytest.mark.parametrize("cause", ["busy", "disk", "missing", "absent"])
def test_a_fault_that_no_setting_has_undoes_nothing(trial, cause):
    command = trial.reload(controls={"Contrast": 2})
    trial.settings.start("snapshot")
    assert trial.settings.roll_back(CameraError(cause, "elsewhere")) is False
    answer = command.wait(0)
    assert answer and answer["in_force"] is False
    assert trial.settings.wanted.controls == {"Contrast": 2.0}


def test_a_camera_that_had_given_a_picture_fails_by_itself(trial):
    trial.reload(controls={"Contrast": 2})
    trial.picture()
    assert trial.settings.roll_back(DIED) is False
    assert trial.settings.wanted.controls == {"Contrast": 2.0}


def test_an_absent_camera_is_to_blame_on_its_number_only(trial):
    trial.reload(camera={"index": 3})
    trial.settings.start("snapshot")
    assert trial.settings.roll_back(CameraError("absent", "no camera 3")) is True
    assert trial.settings.wanted.camera.index == 0


def test_each_mode_has_its_own_trial(trial):
    """What live has taken, stills may refuse: then the last that gave a still are wanted."""
    trial.reload(controls={"Contrast": 2})
    trial.picture("live")
    trial.settings.start("snapshot")
    assert trial.settings.roll_back(REFUSED) is True
    assert trial.settings.wanted.controls == {}


def test_a_wrong_file_changes_nothing(trial):
    trial.reload()
    trial.file.write_text("{")
    with pytest.raises(StillcamError, match="not JSON"):
        trial.settings.reload(Command("reload"), lambda _: None)
    assert not trial.settings.outdated
    assert "last good settings" in trial.notice


def test_settings_that_were_rolled_back_do_not_return_with_a_profile(trial):
    """They are still in the file, if they were edited by hand."""
    night = {"name": "Night", "changes": {"motion": {"armed": True}}}
    trial.file.with_name("profiles.json").write_text(json.dumps({"profiles": [night]}))
    trial.reload()
    trial.picture()
    trial.reload(controls={"Contrast": 2})
    trial.settings.start("snapshot")
    assert trial.settings.roll_back(REFUSED)
    trial.picture()
    switch = trial.profiles._switch
    assert switch is not None
    switch.use("Night", None)
    trial.settings.follow_profiles(Command("profile"), lambda _: None)
    assert trial.settings.wanted.motion.armed
    assert trial.settings.wanted.controls == {}
    trial.picture()
    assert not trial.profiles.to_json()["refused"]
