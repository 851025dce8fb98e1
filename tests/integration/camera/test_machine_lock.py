"""Cameras are listed by one process at a time, and not while another one opens its camera."""

import fcntl
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from stillcam.camera.driver import Interrupted
from stillcam.camera.machine_lock import MACHINE, MachineLock
from stillcam.camera.rpicam.driver import Rpicam
from stillcam.camera.rpicam.process import Programs
from stillcam.settings.document import from_json

ROOT = Path(__file__).resolve().parents[3]
LONG_S = 60.0
HOLD = (
    "import fcntl, os, sys; fcntl.flock(os.open(sys.argv[1], os.O_RDONLY), fcntl.LOCK_EX); print(flush=True); input()"
)


def free(folder: Path, how: int = fcntl.LOCK_EX) -> bool:
    """Whether a stranger gets the lock on a folder at once."""
    fd = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(fd, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(fd)
    return True


@pytest.fixture
def driver(tmp_path: Path) -> Iterator[Rpicam]:
    """The simulated camera; `tmp_path` stands for the machine."""
    camera = tmp_path / "camera"
    camera.mkdir()
    (camera / "faults.json").write_text(json.dumps({"speed": 20}))
    env = os.environ | {"PYTHONPATH": str(ROOT / "python"), "STILLCAM_SIMULATED_DIR": str(camera)}
    call = (sys.executable, "-m", "stillcam.camera.simulated")
    driver = Rpicam(Programs((*call, "rpicam-still"), (*call, "rpicam-vid")), tmp_path, env, machine=tmp_path)
    yield driver
    driver.stop()


@pytest.fixture
def other(tmp_path: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """Another process that lists cameras: it holds the lock until it is killed."""
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield process
        process.kill()


def test_listing_waits_for_the_listing_of_another_process(driver, other, tmp_path):
    stop = os.eventfd(1)
    with pytest.raises(Interrupted):
        driver.list_cameras(0, (stop,))
    os.close(stop)
    other.kill()  # the lock ends with its process
    assert [camera.model for camera in driver.list_cameras(0, ())]
    assert free(tmp_path)


@pytest.mark.parametrize("use", ["stills", "stream", "video"])
def test_no_listing_while_a_camera_is_opened(driver, tmp_path, use):
    """From the program's start until it has its camera; others may open theirs meanwhile."""
    settings = from_json({"version": 1, "live": {"width": 320}, "snapshot": {"width": 320}, "video": {"width": 320}})
    camera = driver.list_cameras(0, ())[0]
    if use == "stills":
        driver.start_stills(settings, camera)
    elif use == "stream":
        driver.start_live(settings, camera)
    else:
        driver.start_video(settings, camera, tmp_path / "video", None)
    assert not free(tmp_path) and free(tmp_path, fcntl.LOCK_SH)
    if use == "stills":
        assert driver.wait_ready(LONG_S, ())
    elif use == "stream":
        assert driver.read_frames(LONG_S, ())
    else:
        while not free(tmp_path):
            assert not driver.wait_video(0.1, ())
    assert free(tmp_path)


def test_a_camera_that_fails_to_open_does_not_keep_others_from_listing(driver, tmp_path):
    camera = driver.list_cameras(0, ())[0]
    driver.start_stills(from_json({"version": 1}), camera)
    driver.stop()
    assert free(tmp_path)


def test_the_camera_is_used_without_a_lock_that_is_never_released(other, tmp_path, caplog):
    with MachineLock(tmp_path, shared=True, timeout_s=0.1):
        assert "held the lock" in caplog.text


def test_the_folder_need_not_be_writable_or_exist(tmp_path):
    """In systemd's sandbox /run is read-only; where /run/lock is missing, /run is the machine's."""
    with MachineLock(MACHINE, shared=True, timeout_s=LONG_S):
        pass
    tmp_path.chmod(0o555)
    with MachineLock(tmp_path / "missing/lock", shared=False, timeout_s=LONG_S):
        assert not free(tmp_path)
    assert free(tmp_path)
