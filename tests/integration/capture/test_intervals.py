"""How long a frame may take is the business of the mode that runs; settings of snapshots do not change it."""

import shutil

import pytest
from capture_daemon import LIVE, STILL, BackgroundRequest, IdleDaemon

from stillcam.capture.status import Status

needs_ffmpeg = pytest.mark.skipif(not shutil.which("ffmpeg"), reason="without ffmpeg")

ENCODE = {"width": 320, "framerate": 15, "while_recording": "encode"}  # no picture until it ends
LONG = {"width": 320, "controls": {"ExposureTime": 60_000_000}}


def video(idle_daemon: IdleDaemon) -> BackgroundRequest:
    return BackgroundRequest(idle_daemon, "video")


def photo(idle_daemon: IdleDaemon) -> BackgroundRequest:
    idle_daemon.settings(photo=LONG)
    idle_daemon.ask("reload")
    return BackgroundRequest(idle_daemon, "photo")


def series(idle_daemon: IdleDaemon) -> BackgroundRequest:
    idle_daemon.settings(photo=LONG)
    idle_daemon.ask("reload")
    return BackgroundRequest(idle_daemon, "series", do="create", definition={"name": "Garden", "interval_s": 60})


@pytest.mark.parametrize(
    ("mode", "begin"), [pytest.param("video", video, marks=needs_ffmpeg), ("photo", photo), ("series", series)]
)
def test_a_setting_that_changes_in_the_middle_leaves_the_interval_of_the_mode(idle_daemon, mode, begin):
    """Else the newest frame counts as stale: health 503, a placeholder, a webhook."""
    idle_daemon.video |= ENCODE
    idle_daemon.settings()
    idle_daemon.open()
    begin(idle_daemon)
    before = idle_daemon.until(lambda status: status["mode"] == mode)["interval_s"]
    assert before >= 60
    idle_daemon.settings(snapshot=STILL | {"interval_s": 1}, live=LIVE, photo=LONG)
    idle_daemon.ask("reload")
    now = idle_daemon.ask("status")
    assert (now["mode"], now["interval_s"]) == (mode, before)


@needs_ffmpeg
def test_the_first_snapshot_after_a_video_has_its_time(idle_daemon):
    """The newest frame is then as old as the video is long, and no camera is to blame."""
    idle_daemon.settings(snapshot=STILL | {"interval_s": 1}, video=ENCODE)
    idle_daemon.open()
    idle_daemon.ask("video")
    frame = idle_daemon.ask("status")["frame"]
    idle_daemon.fault(slow_s=2.0)
    idle_daemon.ask("stop")
    told = idle_daemon.until(lambda status: status["mode"] == "snapshot")
    assert told["frame"] == frame and told["interval_s"] > 3600
    idle_daemon.until(lambda status: status["frame"] > frame and status["interval_s"] == 1)


def test_without_a_camera_the_interval_of_snapshots_counts():
    status = Status("simulated")
    status.enter("video", 86_400.0)
    status.enter("snapshot", 2.0)
    status.enter("no camera", 2.0)
    assert status.to_json()["interval_s"] == 2.0
