"""What the detector of a real daemon sees, asked for by somebody who chooses its settings."""

import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from capture_daemon import DEADLINE_S, IdleDaemon

from stillcam.ipc.protocol import Refusal

STREAM = {"width": 320, "framerate": 10}
ARMED = {"armed": True, "after_s": 1, "record": "picture"}
EMPTY = {"speed": 1, "no_boat": True}  # nothing moves in the picture
WALK = EMPTY | {"walk_every_s": 4, "walk_s": 4}
EVERYWHERE = ["exclude 0,0 3280,2464"]

Levels = dict[str, Any]


class Tuner:
    """Asks for the levels again and again, as the page does.

    Attributes:
        looks: all that have come, oldest first.
    """

    def __init__(self, daemon: IdleDaemon) -> None:
        self._daemon = daemon
        self.looks: list[dict[str, Any]] = []

    def ask(self) -> Levels:
        levels = self._daemon.ask("level", after=self.looks[-1]["number"] if self.looks else 0)
        self.looks += levels["looks"]
        return levels

    def until(self, holds: Callable[[Levels], object]) -> Levels:
        """The levels once `holds` is true of them."""
        deadline = time.monotonic() + DEADLINE_S
        while not holds(levels := self.ask()):
            assert time.monotonic() < deadline, levels
            time.sleep(0.1)
        return levels

    def settle(self) -> None:
        self.until(lambda levels: levels["looks"] and not levels["looks"][-1]["ignored"])


@pytest.fixture
def daemon(idle_daemon: IdleDaemon) -> IdleDaemon:
    """A disarmed daemon that looks at an empty scene."""
    idle_daemon.fault(**EMPTY)
    idle_daemon.settings(live=STREAM)
    idle_daemon.open()
    return idle_daemon


def test_a_disarmed_camera_shows_what_it_would_notice_and_makes_no_event(daemon):
    tuner = Tuner(daemon)
    first = tuner.ask()
    assert (first["looks"], first["active"], first["threshold"]) == ([], False, 0)
    assert first["reason"] == "the camera is starting its live stream"
    tuner.settle()
    assert daemon.ask("status")["motion"] is None
    daemon.fault(**WALK)
    seen = tuner.until(lambda levels: levels["blocks"])
    assert seen["reason"] is None
    assert seen["mask"] is None
    assert seen["threshold"] == 2
    tuner.until(lambda _: any(look["motion"] for look in tuner.looks))
    assert max(look["level"] for look in tuner.looks) >= 2
    assert [look["number"] for look in tuner.looks] == list(range(1, len(tuner.looks) + 1))
    times = [datetime.fromisoformat(look["time"]).timestamp() for look in tuner.looks]
    assert times == sorted(times)
    assert abs(times[-1] - time.time()) < DEADLINE_S
    assert daemon.ask("status")["motion"] is None
    with pytest.raises(Refusal, match="arm it first"):
        daemon.ask("keep")
    status = daemon.until(lambda status: status["mode"] == "snapshot")  # once nobody asks
    assert status["motion"] is None
    assert daemon.visible() == []


def test_blocks_are_where_the_picture_shows_them(daemon):
    daemon.settings(live=STREAM, camera={"rotation": 90}, motion={"zones": ["exclude 0,0 3280,1232"]})
    daemon.ask("reload")
    daemon.fault(**WALK)
    tuner = Tuner(daemon)
    tuner.settle()
    seen = tuner.until(lambda levels: (levels["blocks"] or levels["others"]) and levels["mask"])
    assert (seen["columns"], seen["rows"]) == (30, 40)
    assert seen["mask"] == ["1" * 15 + "0" * 15] * 40  # the upper half of the sensor is on the right
    assert all(column < 30 and row < 40 for column, row in (*seen["blocks"], *seen["others"]))


def test_other_settings_keep_what_the_detector_has_learned(daemon):
    """No setting of the detector changes the picture: a look that settles would be a new beginning."""
    daemon.settings(live=STREAM, motion=ARMED)
    daemon.ask("reload")
    tuner = Tuner(daemon)
    tuner.settle()
    expert = {"threshold": 20, "blocks": 7, "frames": 2, "least_size": 5, "most_size": 90, "learning_s": 30}
    changes: list[tuple[dict[str, Any], int, bool]] = [
        ({"sensitivity": 10}, 1, False),
        ({"zones": EVERYWHERE}, 2, True),
        (expert, 7, False),
    ]
    for motion, threshold, masked in changes:
        daemon.settings(live=STREAM, motion=ARMED | motion)
        daemon.ask("reload")
        tuner.until(lambda levels: (levels["threshold"], bool(levels["mask"])) == (threshold, masked))  # noqa: B023
        known = len(tuner.looks)
        tuner.until(lambda _: len(tuner.looks) > known + 3)  # noqa: B023
    assert "settling" not in {look["ignored"] for look in after_settling(tuner.looks)}


def test_without_the_zone_that_excluded_everything_a_person_counts_at_once(daemon):
    daemon.settings(live=STREAM, motion=ARMED | {"zones": EVERYWHERE})
    daemon.ask("reload")
    tuner = Tuner(daemon)
    tuner.settle()
    daemon.fault(**WALK)
    known = len(tuner.looks)
    tuner.until(lambda _: len(tuner.looks) > known + 20)
    assert {look["level"] for look in tuner.looks} == {0}
    daemon.settings(live=STREAM, motion=ARMED)
    daemon.ask("reload")
    daemon.until(lambda status: status["motion"]["event"])
    tuner.ask()
    assert "settling" not in {look["ignored"] for look in after_settling(tuner.looks)}


def after_settling(looks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The looks since the first one that counted."""
    return looks[[look["ignored"] for look in looks].index("") :]


@pytest.mark.parametrize(
    ("fault", "order", "reason"),
    [
        pytest.param({}, {"command": "video", "seconds": 3600}, "a video is being recorded", id="busy"),
        pytest.param({"no_camera": True}, None, "ribbon cable", id="missing"),
    ],
)
def test_a_camera_that_cannot_look_says_why(daemon, fault, order, reason):
    daemon.fault(**EMPTY, **fault)
    if order:
        daemon.ask(**order)
    levels = Tuner(daemon).until(lambda levels: levels["reason"] and reason in levels["reason"])
    assert not levels["active"]
    assert levels["looks"] == []
    if order:
        daemon.ask("stop")


def test_an_armed_camera_shows_its_last_minute_to_a_later_client(daemon):
    daemon.settings(live=STREAM, motion=ARMED)
    daemon.ask("reload")
    daemon.until(lambda status: status["motion"] and status["motion"]["counts"]["looked"] > 5)
    levels = Tuner(daemon).ask()
    assert levels["active"]
    assert len(levels["looks"]) > 4
    assert daemon.ask("level", after=1_000_000)["looks"]  # a number of another run


def test_a_wrong_number_is_refused(daemon):
    for after in (-1, "5", 0.5):
        with pytest.raises(Refusal, match="after must be a whole number"):
            daemon.ask("level", after=after)
