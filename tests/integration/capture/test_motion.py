"""Motion on a real daemon: a person walks through the picture of the simulated camera."""

import os
import shutil
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from capture_daemon import DEADLINE_S, ROOT, IdleDaemon, read_sidecar

from stillcam.ipc.protocol import Refusal

needs_ffmpeg = pytest.mark.skipif(not shutil.which("ffmpeg"), reason="needs ffmpeg")
ARMED = {"armed": True, "after_s": 1, "record": "picture"}
FILMED = ARMED | {"record": "video", "before_s": 2}
STREAM = {"width": 320, "framerate": 10}
STILL = {"interval_s": 3600, "width": 320}
EMPTY = {"speed": 1, "no_boat": True}  # nothing moves in the picture
WALK = EMPTY | {"walk_every_s": 4, "walk_s": 4}
NEW_YORK = ZoneInfo("America/New_York")  # where the person at the command line is
PERSONS = "%Y-%m-%d %H:%M:%S %Z"


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


def item_of(guard: IdleDaemon, number: int = 1) -> Path:
    """The item of an event, once it is in the library."""
    status = guard.until(lambda status: ended(number)(status) and status["motion"]["event"]["item"])
    return guard.library / str(status["motion"]["event"]["item"])


def command(guard: IdleDaemon, *arguments: str) -> str:
    """What `stillcam motion` prints."""
    environ = os.environ | {"PYTHONPATH": str(ROOT / "python"), "STILLCAM_DATA": str(guard.data), "TZ": NEW_YORK.key}
    argv = [sys.executable, "-m", "stillcam", "motion", *arguments]
    ran = subprocess.run(argv, capture_output=True, text=True, check=False, env=environ, timeout=DEADLINE_S)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def seconds(later: str, earlier: str) -> float:
    """The time between two UTC texts."""
    return (datetime.fromisoformat(later) - datetime.fromisoformat(earlier)).total_seconds()


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
        assert not (motion["active"] or motion["scheduled"])
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


@needs_ffmpeg
def test_an_event_becomes_a_video_with_the_seconds_before_it(guard):
    guard.settings(live=STREAM, motion=FILMED)
    guard.start()
    guard.until(settled)
    walk(guard)
    item = item_of(guard)
    sidecar = read_sidecar(item)
    motion = sidecar["motion"]
    assert (item.suffix, sidecar["kind"], sidecar["size"]) == (".mp4", "motion", [320, 240])
    assert 1 < seconds(motion["start"], sidecar["time"]) <= 2.5
    assert motion["start"] <= motion["peak"] <= motion["end"]
    assert sidecar["duration_s"] == pytest.approx(seconds(motion["end"], sidecar["time"]) + 1, abs=1.5)
    assert len(motion["blocks"]) == motion["peak_blocks"] > 1
    assert all(column < motion["columns"] and row < motion["rows"] for column, row in motion["blocks"])
    assert "notices" not in sidecar
    assert "interrupted" not in sidecar
    assert [name.rpartition(".")[2] for name in guard.visible()] == ["jpg", "json", "mp4"]
    assert guard.drafts() == []


def test_an_event_may_become_one_picture(guard):
    guard.settings(live=STREAM, motion=ARMED)
    guard.start()
    guard.until(settled)
    walk(guard)
    item = item_of(guard)
    assert item.suffix == ".jpg"
    sidecar = read_sidecar(item)
    assert sidecar["time"] == sidecar["motion"]["peak"]
    assert len(guard.visible()) == 2
    assert guard.drafts() == []


def test_the_blocks_of_an_event_are_where_the_shown_picture_has_them(guard):
    """The person walks in the lower half of the sensor's picture: on its side, that is the left half."""
    guard.settings(live=STREAM, camera={"rotation": 90}, motion=ARMED)
    guard.start()
    guard.until(settled)
    walk(guard)
    sidecar = read_sidecar(item_of(guard))
    motion, (width, height) = sidecar["motion"], sidecar["size"]
    assert width / height == pytest.approx(motion["columns"] / motion["rows"], rel=0.1)
    assert all(column < motion["columns"] / 2 for column, _ in motion["blocks"])


@needs_ffmpeg
def test_a_request_makes_an_event_of_several_parts_also_of_a_disarmed_camera(guard):
    guard.settings(live=STREAM, motion={"max_s": 5})
    guard.open()
    event = guard.ask("trigger", seconds=8)["event"]
    assert (event["number"], event["trigger"], event["end"]) == (1, "request", None)
    assert guard.until(lambda status: status["mode"] == "motion")["motion"]["armed"] is False
    assert item_of(guard).exists()  # programs that are notified of the end get its item
    guard.until(lambda status: status["motion"] is None and status["mode"] == "snapshot")
    guard.until(lambda _: len(guard.visible()) == 6)
    first, second = sorted(guard.library.glob("2*/*.mp4"))
    assert 4 < read_sidecar(first)["duration_s"] < 8
    assert read_sidecar(second)["motion"]["part"] == 2
    assert read_sidecar(second)["motion"]["trigger"] == "request"


@needs_ffmpeg
def test_the_last_seconds_can_be_kept(guard):
    with pytest.raises(Refusal, match="arm it first"):
        _disarmed(guard).ask("keep")
    guard.settings(live=STREAM, motion=ARMED)
    guard.ask("reload")
    guard.until(lambda status: status["motion"] and status["motion"]["held_s"] > 3)
    event = guard.ask("keep", seconds=2)["event"]
    assert event["trigger"] == "keep"
    assert 1 < seconds(event["end"], event["start"]) <= 2
    assert read_sidecar(item_of(guard))["motion"]["blocks"] == []


def _disarmed(guard: IdleDaemon) -> IdleDaemon:
    guard.settings(live=STREAM)
    guard.open()
    return guard


@needs_ffmpeg
def test_a_photo_in_the_middle_of_an_event_is_a_gap_in_it(guard):
    guard.settings(live=STREAM, motion=FILMED | {"after_s": 3})
    guard.start()
    guard.until(settled)
    guard.fault(**WALK)
    guard.until(begun())
    (photo,) = guard.take()
    guard.fault(**EMPTY)
    sidecar = read_sidecar(item_of(guard))
    gaps = [gap for gap in sidecar["motion"]["gaps"] if gap["start"] < read_sidecar(photo)["time"]]
    assert gaps[-1]["seconds"] > 0.5
    assert sidecar["duration_s"] > seconds(gaps[0]["start"], sidecar["time"]) + 2  # it went on after the photo


def looked(guard: IdleDaemon, more: int) -> dict[str, Any]:
    """Wait until the detector has looked at so many more frames; what the status then says of motion."""
    known = guard.ask("status")["motion"]["counts"]["looked"]
    motion: dict[str, Any] = guard.until(lambda status: status["motion"]["counts"]["looked"] > known + more)["motion"]
    return motion


def test_zones_limit_where_motion_counts(guard):
    guard.start()
    guard.until(settled)
    walk(guard)
    guard.settings(live=STREAM, motion=ARMED | {"zones": ["exclude 0,0 3280,2464"]})
    guard.ask("reload")
    looked(guard, 2)
    guard.fault(**WALK)
    assert looked(guard, 20)["event"]["number"] == 1


def test_the_command_line_arms_and_says_what_is_seen(guard):
    guard.settings(live=STREAM)
    guard.open()
    assert command(guard, "status") == "disarmed\n"
    assert command(guard, "arm") == "saved and applied\n"
    guard.until(settled)
    event = walk(guard)
    shown = command(guard, "status")
    assert "armed" in shown
    begin, end = (datetime.fromisoformat(event[name]).astimezone(NEW_YORK) for name in ("start", "end"))
    assert f"number 1 (motion), {begin:{PERSONS}} to {end:{PERSONS}}" in shown
    assert command(guard, "trigger", "--seconds", "1").startswith("event 2 is being recorded")
    command(guard, "disarm")
    assert guard.until(lambda status: status["motion"] is None)["mode"] in ("motion", "snapshot")


def test_an_event_may_become_photos_with_their_own_configuration(guard):
    photos = {"record": "photos", "photo_interval_s": 2, "after_s": 3}
    guard.settings(live=STREAM, photo={"width": 640}, motion=ARMED | photos)
    guard.start()
    guard.until(settled)
    guard.fault(**WALK)
    guard.until(lambda _: len(guard.visible()) >= 4)
    guard.fault(**EMPTY)
    event = guard.until(ended())["motion"]["event"]
    guard.until(lambda status: status["mode"] == "motion")
    items = sorted(guard.library.glob("2*/*.jpg"))
    sidecars = [read_sidecar(item) for item in items]
    assert len(guard.visible()) == 2 * len(items)  # no video, no preview
    assert {(sidecar["kind"], *sidecar["size"]) for sidecar in sidecars} == {("motion", 640, 480)}
    assert {sidecar["motion"]["start"] for sidecar in sidecars} == {event["start"]}
    assert guard.library / event["item"] in items
    assert guard.drafts() == []


@needs_ffmpeg
def test_an_event_may_become_a_video_and_a_photo(guard):
    guard.settings(live=STREAM, motion=FILMED | {"record": "both", "after_s": 3})
    guard.start()
    guard.until(settled)
    walk(guard)
    guard.until(lambda _: len(guard.visible()) == 5)
    assert sorted(name.rpartition(".")[2] for name in guard.visible()) == ["jpg", "jpg", "json", "json", "mp4"]
    (video,) = guard.library.glob("2*/*.mp4")
    assert read_sidecar(video)["motion"]["gaps"]
    assert guard.drafts() == []


def test_an_armed_camera_stays_armed_after_a_restart(guard):
    guard.start()
    guard.until(settled)
    assert guard.end() == 0
    guard.start()
    assert guard.until(settled)["motion"]["armed"]
