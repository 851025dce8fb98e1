"""Motion on a real daemon: a person walks through the picture of the simulated camera."""

from typing import Any

import pytest
from capture_daemon import IdleDaemon

ARMED = {"armed": True, "after_s": 1}
STREAM = {"width": 320, "framerate": 10}
STILL = {"interval_s": 3600, "width": 320}
EMPTY = {"speed": 1, "no_boat": True}  # nothing moves in the picture
WALK = EMPTY | {"walk_every_s": 4, "walk_s": 4}


@pytest.fixture
def guard(idle_daemon: IdleDaemon) -> IdleDaemon:
    """A daemon that is armed, not started yet."""
    idle_daemon.fault(**EMPTY)
    idle_daemon.settings(live=STREAM, motion=ARMED)
    return idle_daemon


def settled(status: dict[str, Any]) -> bool:
    motion = status["motion"]
    return bool(motion and motion["counts"]["looked"] and not motion["ignored"])


def ended(number: int = 1) -> Any:
    """A condition: the event of this number is over."""

    def holds(status: dict[str, Any]) -> bool:
        event = status["motion"] and status["motion"]["event"]
        return bool(event and event["number"] == number and event["end"])

    return holds


def begun(number: int = 1) -> Any:
    def holds(status: dict[str, Any]) -> bool:
        event = status["motion"] and status["motion"]["event"]
        return bool(event and event["number"] == number)

    return holds


def walk(guard: IdleDaemon, number: int = 1) -> dict[str, Any]:
    """Have a person walk through the picture; the event."""
    guard.fault(**WALK)
    guard.until(begun(number))
    guard.fault(**EMPTY)
    event: dict[str, Any] = guard.until(ended(number))["motion"]["event"]
    return event


def test_an_armed_camera_notices_a_person_while_nobody_watches(guard):
    guard.start()
    status = guard.until(settled)
    assert status["mode"] == "motion"
    assert status["interval_s"] == 3600
    assert status["motion"]["active"]
    event = walk(guard)
    assert event["start"] <= event["end"]
    assert event["trigger"] == "motion"
    status = guard.ask("status")
    assert status["captures"]["ok"] == 1  # nothing is written while nobody watches
    assert status["motion"]["counts"]["events"] == 1
    assert guard.ask("snapshot")["frame"] > status["frame"]  # but for who asks
    assert ["--codec=mjpeg" in start for start in guard.starts()] == [True]


def test_viewers_arming_and_other_settings_do_not_restart_the_camera(guard):
    guard.settings(live=STREAM)
    guard.open()
    guard.ask("lease", seconds=30)
    guard.until(lambda status: status["mode"] == "live")
    guard.frames(2)
    starts = guard.starts()
    assert "--codec=mjpeg" in starts[-1]
    guard.settings(live=STREAM, motion=ARMED)
    guard.ask("reload")
    guard.until(settled)
    guard.settings(live=STREAM, motion=ARMED | {"sensitivity": 8, "fps": 3, "active_to": "23:59"})
    guard.ask("reload")
    status = guard.until(lambda status: status["motion"]["next"])
    assert status["mode"] == "live"
    guard.settings(live=STREAM)
    guard.ask("reload")
    guard.until(lambda status: status["motion"] is None)
    guard.frames(3)
    assert guard.starts() == starts


def test_a_photo_interrupts_and_detection_goes_on_with_what_it_has_learned(guard):
    guard.start()
    looked = guard.until(settled)["motion"]["counts"]["looked"]
    assert len(guard.take()) == 1
    status = guard.until(lambda status: status["motion"]["active"] and status["motion"]["counts"]["looked"] > looked)
    assert status["mode"] == "motion"
    guard.until(settled)
    walk(guard)


def test_outside_its_window_the_camera_takes_snapshots(guard):
    guard.settings(live=STREAM, motion=ARMED | {"active_from": "23:59", "active_to": "00:00", "weekdays": ["mon"]})
    guard.open(TZ="UTC")
    status = guard.until(lambda status: status["mode"] in ("snapshot", "motion"))
    motion = status["motion"]
    if status["mode"] == "snapshot":  # but in that one minute of the week
        assert motion["armed"]
        assert not motion["active"]
        assert motion["next"].endswith("T23:59:00.000Z")
    guard.settings(live=STREAM, motion=ARMED)
    guard.ask("reload")
    assert guard.until(settled)["motion"]["next"] is None


def test_a_stream_that_fails_is_tried_again(guard):
    guard.fault(**EMPTY, die_after=5)
    guard.start()
    guard.until(lambda status: status["restarts"].get("died") and status["mode"] == "snapshot")
    guard.until(lambda status: not status["motion"]["active"])
    guard.fault(**EMPTY)
    guard.until(settled)
    walk(guard)
