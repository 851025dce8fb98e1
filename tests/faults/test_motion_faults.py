"""Faults in the middle of an event of motion: what there was stays playable, and nothing half remains."""

import os
import shutil
import signal
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from capture_daemon import IdleDaemon, read_sidecar
from small_disk import SmallDisk, small_disk
from test_clock_jumps import HOUR_S, Clock

pytestmark = pytest.mark.skipif(not shutil.which("ffmpeg"), reason="needs ffmpeg")

MB = 1 << 20
STREAM = {"width": 320, "framerate": 10}
EMPTY = {"speed": 1, "no_boat": True}
WALK = EMPTY | {"walk_every_s": 4, "walk_s": 4}


@pytest.fixture
def guard(idle_daemon: IdleDaemon) -> IdleDaemon:
    """A daemon that is armed, not started yet."""
    idle_daemon.fault(**EMPTY)
    idle_daemon.settings(live=STREAM, motion={"armed": True, "after_s": 2, "before_s": 1})
    return idle_daemon


@pytest.fixture
def disk(guard: IdleDaemon) -> Iterator[SmallDisk]:
    with small_disk(guard.library, 8 * MB) as disk:
        yield disk


def begin_event(guard: IdleDaemon, **environ: str) -> None:
    """Start, and wait until an event has a second on the disk."""
    guard.start(**environ)
    guard.until(lambda status: status["motion"] and status["motion"]["active"] and not status["motion"]["ignored"])
    guard.fault(**WALK)
    guard.until(lambda status: status["motion"]["event"])
    guard.until(lambda _: sum(path.stat().st_size for path in guard.library.glob(".drafts/*.mjpeg")) > 100_000)


def item(guard: IdleDaemon) -> dict[str, Any]:
    """The sidecar of the only item, once it is there."""
    guard.until(lambda _: guard.visible() and not guard.drafts())
    assert [name.rpartition(".")[2] for name in guard.visible()] == ["jpg", "json", "mp4"]
    (video,) = guard.library.glob("2*/*_motion_*.mp4")
    sidecar = read_sidecar(video)
    assert sidecar["duration_s"] > 0.5
    assert sidecar["motion"]["trigger"] == "motion"
    assert "Traceback" not in guard.log.read_text()
    return sidecar


def test_after_kill_9_there_is_what_was_written(guard):
    begin_event(guard)
    guard.kill()
    guard.fault(**EMPTY)
    guard.start()
    assert item(guard)["interrupted"]


def test_after_sigterm_the_event_is_whole(guard):
    """It is finished at once, or at the next start."""
    begin_event(guard)
    assert guard.end() == 0
    guard.fault(**EMPTY)
    guard.start()
    sidecar = item(guard)
    too_slow = "too slow for the end of the event" in guard.log.read_text()  # it may take a second at most
    assert ("interrupted" in sidecar) == too_slow
    assert sidecar["motion"]["end"] >= sidecar["motion"]["peak"]


def test_a_full_disk_ends_the_video_and_detection_goes_on(guard, disk):
    begin_event(guard)
    disk.fill(left_bytes=100_000)
    guard.until(lambda _: "the recording of motion was stopped" in guard.log.read_text())
    looked = guard.ask("status")["motion"]["counts"]["looked"]
    status = guard.until(lambda status: status["motion"]["counts"]["looked"] > looked + 10)
    assert status["motion"]["event"]["number"] == 1  # it lasts: no event begins with each frame
    guard.fault(**EMPTY)
    guard.until(lambda status: status["motion"]["event"]["end"])
    disk.clear()
    sidecar = item(guard)
    assert "nearly full" in sidecar["notices"][0] or "space" in sidecar["notices"][0]


def test_a_camera_that_stalls_leaves_a_gap(guard):
    begin_event(guard)
    guard.fault(**EMPTY, stall_after=1)
    guard.until(lambda status: status["restarts"].get("stalled"))
    guard.fault(**EMPTY)
    guard.until(lambda status: status["motion"]["event"]["end"])
    motion = item(guard)["motion"]
    assert motion["gaps"][0]["seconds"] > 2


def test_a_camera_program_that_is_killed_leaves_a_short_gap(guard):
    """The stream is started again at once, without snapshots before it."""
    begin_event(guard)
    starts = len(guard.starts())
    (program,) = guard.camera_programs()
    os.kill(program, signal.SIGKILL)
    looked = guard.until(lambda status: status["restarts"].get("died"))["motion"]["counts"]["looked"]
    guard.until(lambda status: status["motion"]["counts"]["looked"] > looked + 5)
    guard.fault(**EMPTY)
    guard.until(lambda status: status["motion"]["event"]["end"])
    sidecar = item(guard)
    assert len(sidecar["motion"]["gaps"]) == 1
    (start,) = guard.starts()[starts:]
    assert "--codec=mjpeg" in start


def test_a_clock_that_jumps_does_not_stretch_the_event(guard, tmp_path: Path):
    clock = Clock(tmp_path)
    begin_event(guard, **clock.environ)
    clock.jump(HOUR_S)
    guard.fault(**EMPTY)
    guard.until(lambda status: status["motion"]["event"]["end"])
    sidecar = item(guard)
    began, ended = (datetime.fromisoformat(sidecar["motion"][name]) for name in ("start", "end"))
    assert 0 <= (ended - began).total_seconds() < HOUR_S / 2


def test_a_full_disk_costs_no_restart_of_the_camera_for_a_photo_of_motion(guard, disk):
    """The photo is not even begun: the live stream, and detection with it, go on."""
    guard.settings(live=STREAM, motion={"armed": True, "after_s": 2, "record": "photos", "photo_interval_s": 1})
    disk.fill(left_bytes=100_000)
    guard.start()
    guard.until(lambda status: status["motion"] and status["motion"]["active"] and not status["motion"]["ignored"])
    guard.fault(**WALK)
    looked = guard.until(lambda status: status["motion"]["event"])["motion"]["counts"]["looked"]
    status = guard.until(lambda status: status["motion"]["counts"]["looked"] > looked + 15)
    assert status["motion"]["event"]["number"] == 1
    assert status["restarts"] == {}
    assert len(guard.starts()) == 1
    assert guard.log.read_text().count("event 1 has no more photos: the disk is nearly full") == 1
