"""The list of cameras that the daemon works with and shows: complete, and as new as it has to be."""

import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from capture_daemon import DEADLINE_S, ROOT, CaptureDaemon
from listed_programs import listed_programs

from stillcam.camera.rpicam.listing import parse
from stillcam.ipc.protocol import Refusal

SMALL: dict[str, Any] = {"snapshot": {"interval_s": 0.2, "width": 320}}


@pytest.fixture
def daemon(tmp_path) -> Iterator[CaptureDaemon]:
    with ExitStack() as closing_time:
        yield made(tmp_path / "one", closing_time)


def made(folder: Path, closing_time: ExitStack) -> CaptureDaemon:
    """A daemon that has not been started, and is ended with the test."""
    folder.mkdir()
    daemon = CaptureDaemon(folder)
    closing_time.callback(lambda: daemon.process and daemon.end())
    daemon.fault()
    return daemon


@contextmanager
def held(daemon: CaptureDaemon, index: int) -> Iterator[None]:
    """Another program has this camera."""
    fd = os.open(daemon.simulated / f"camera{index}.lock", os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(fd, fcntl.LOCK_EX)
    try:
        yield
    finally:
        os.close(fd)


def listed(daemon: CaptureDaemon) -> dict[int, dict[str, Any]]:
    """The cameras by their numbers."""
    return {camera["index"]: camera for camera in daemon.ask("cameras")["cameras"]}


def real(daemon: CaptureDaemon) -> dict[int, Any]:
    """What the camera program lists while nothing has a camera."""
    call = [sys.executable, "-m", "stillcam.camera.simulated", "rpicam-still", "--list-cameras", "--verbose=2"]
    env = os.environ | {"PYTHONPATH": str(ROOT / "python"), "STILLCAM_SIMULATED_DIR": str(daemon.simulated)}
    text = subprocess.run(call, env=env, capture_output=True, check=True, text=True, timeout=DEADLINE_S).stdout
    return {camera.index: camera for camera in parse(text)}


def test_wrong_values_of_a_camera_in_use_are_ignored(daemon):
    """Its rates, crops and limits are not known, and are read once it is used."""
    truth = real(daemon)
    with held(daemon, 0):
        daemon.set(**SMALL, camera={"index": 1})
        daemon.start()
        daemon.frames()
        cameras = listed(daemon)
        assert {mode["crop"] and mode["crop"][0] for mode in cameras[0]["modes"]} == {None}
        assert [tuple(mode["size"]) for mode in cameras[0]["modes"]] == [mode.size for mode in truth[0].modes]
    assert daemon.change(**SMALL, camera={"index": 0})["in_force"]
    assert [mode["fps"] for mode in listed(daemon)[0]["modes"]] == [mode.fps for mode in truth[0].modes]
    status = daemon.until(lambda status: status["camera"]["index"] == 0)
    assert status["camera"]["limits"]["ExposureTime"] == list(truth[0].limits["ExposureTime"])
    # What was known of the other one before this listing, in which our own program had none, is still known.
    assert [mode["fps"] for mode in listed(daemon)[1]["modes"]] == [mode.fps for mode in truth[1].modes]


def test_the_reason_while_another_program_has_the_camera(daemon):
    with held(daemon, 0):
        daemon.start()
        status = daemon.until(lambda status: status["mode"] == "no camera")
        assert "another program uses" in status["reason"]
        assert status["camera"] is None
    status = daemon.frames()
    assert status["camera"]["limits"]["ExposureTime"] == list(real_limits(daemon))


def real_limits(daemon: CaptureDaemon) -> tuple[float, float]:
    daemon.end()
    limits: tuple[float, float] = real(daemon)[0].limits["ExposureTime"]
    return limits


def test_daemons_that_start_at_the_same_moment_read_correct_lists(tmp_path):
    """Two cameras, as at every start: each listing acquires both."""
    with ExitStack() as closing_time:
        pair = [made(tmp_path / name, closing_time) for name in ("one", "two")]
        pair[0].fault(speed=1)  # a listing takes as long as it does on a Pi
        truth = real(pair[0])
        for index, daemon in enumerate(pair):
            daemon.set(**SMALL, camera={"index": index})
            daemon.start(STILLCAM_SIMULATED_DIR=str(pair[0].simulated))
        for index, daemon in enumerate(pair):
            status = daemon.frames()
            assert status["camera"]["limits"]["ExposureTime"] == list(truth[index].limits["ExposureTime"])
            assert [mode["fps"] for mode in listed(daemon)[index]["modes"]] == [mode.fps for mode in truth[index].modes]


def test_a_usb_camera_with_few_details_gives_pictures(daemon, tmp_path):
    """No bit depth, no Bayer order, a crop of nothing; no sensor mode is named that the settings refuse."""
    programs = listed_programs(tmp_path / "programs", "list-cameras-usb.txt")
    daemon.start(STILLCAM_CAMERA="rpicam", PATH=f"{programs}:{os.environ['PATH']}")
    daemon.frames()
    (camera,) = listed(daemon).values()
    assert (camera["size"], camera["bit_depth"], camera["colour"]) == ([1920, 1080], None, None)
    assert {mode["crop"] for mode in camera["modes"]} == {mode["bit_depth"] for mode in camera["modes"]} == {None}
    for mode in camera["modes"]:
        assert daemon.change(**SMALL, live={"sensor_mode": mode["sensor_mode"]})["in_force"]


def again(daemon: CaptureDaemon) -> list[str]:
    """The models of the cameras that there are now."""
    return [camera["model"] for camera in daemon.ask("cameras", again=True)["cameras"]]


@pytest.mark.parametrize("driver", ["simulated", "picamera2"])
def test_a_camera_that_is_plugged_in_later_is_found_on_request(daemon, driver):
    daemon.fault(cameras="imx519")
    daemon.start(STILLCAM_CAMERA=driver, PYTHONPATH=f"{ROOT / 'python'}:{ROOT / 'tests/standin'}")
    daemon.frames()
    daemon.fault(cameras="imx519 imx219")
    assert [camera["model"] for camera in listed(daemon).values()] == ["imx519"]
    assert again(daemon) == ["imx519", "imx219"]
    assert [camera["model"] for camera in listed(daemon).values()] == ["imx519", "imx219"]
    assert daemon.frames()["restarts"] == {}
    daemon.fault(cameras="imx519")
    assert again(daemon) == ["imx519"]
    assert daemon.frames()["restarts"] == {}


def test_looking_again_ends_the_wait_for_a_camera(daemon):
    """It is there: pictures come at once, not after up to 30 s. Where there is none, the list is empty."""
    daemon.fault(no_camera=True)
    daemon.start()
    daemon.until(lambda status: status["mode"] == "no camera")
    assert again(daemon) == []
    daemon.fault()
    assert again(daemon) == ["imx519", "imx219"]
    daemon.frames()
    daemon.fault(no_camera=True)
    assert again(daemon) == []
    assert "no camera" in daemon.until(lambda status: status["mode"] == "no camera")["reason"]


def test_a_camera_that_fails_meanwhile_does_not_keep_cameras_from_being_listed(daemon):
    daemon.fault(start_s=3600)
    daemon.start()
    daemon.until(lambda status: status["camera"])
    with ThreadPoolExecutor() as pool:
        models = pool.submit(again, daemon)
        time.sleep(0.5)  # nothing shows that the request waits; if it comes later, the test still passes
        daemon.until(lambda _: daemon.camera_programs())
        os.kill(daemon.camera_programs()[0], signal.SIGKILL)
        daemon.fault()
        assert models.result(DEADLINE_S) == ["imx519", "imx219"]
    assert daemon.frames()["restarts"] == {"died": 1}


def test_looking_again_while_somebody_watches_live(daemon):
    daemon.set(**SMALL, live={"width": 160, "framerate": 10})
    daemon.start()
    daemon.frames()
    daemon.ask("lease", seconds=30)
    daemon.until(lambda status: status["mode"] == "live")
    assert again(daemon) == ["imx519", "imx219"]
    assert daemon.frames(3)["mode"] == "live"


def test_a_video_is_not_interrupted_by_looking_again(daemon):
    daemon.set(**SMALL, video={"width": 320, "framerate": 10}, files={"video": "mjpeg"})
    daemon.start()
    daemon.frames()
    daemon.ask("video", seconds=600)
    with pytest.raises(Refusal, match="a video is being recorded"):
        daemon.ask("cameras", again=True)
    daemon.ask("stop")
    daemon.until(lambda status: not status["recording"])
    assert again(daemon) == ["imx519", "imx219"]


def test_a_listing_that_fails_says_why(daemon, tmp_path):
    """The camera programs are gone: an update is being installed."""
    programs = listed_programs(tmp_path / "programs", "list-cameras-usb.txt")
    daemon.start(STILLCAM_CAMERA="rpicam", PATH=f"{programs}:{os.environ['PATH']}")
    daemon.frames()
    for program in programs.iterdir():
        program.unlink()
    with pytest.raises(Refusal, match="cannot start"):
        daemon.ask("cameras", again=True)


def test_a_listing_leaves_the_hdr_of_another_camera_alone(daemon, tmp_path):
    """`--list-cameras` switches it off, of camera 0 if it is told no other one."""
    with ExitStack() as closing_time:
        daemon.fault(cameras="imx708 imx219")
        daemon.set(**SMALL, controls={"HdrMode": "Sensor"})
        daemon.start()
        daemon.frames()
        assert (daemon.simulated / "camera0.hdr").exists()
        other = made(tmp_path / "other", closing_time)
        other.set(**SMALL, camera={"index": 1})
        other.start(STILLCAM_SIMULATED_DIR=str(daemon.simulated))
        other.frames()
        assert (daemon.simulated / "camera0.hdr").exists()
