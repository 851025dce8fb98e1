"""The capture daemon on the simulated camera: frames come, faults are survived, and it says why."""

import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest
from capture_daemon import DEADLINE_S
from PIL import Image, ImageChops

from stillcam.capture.image_files import rotate
from stillcam.frames.jpeg import check_jpeg


def test_frames_come_and_the_end_leaves_no_litter(daemon):
    daemon.start()
    status = daemon.frames(5)
    assert status["mode"] == "snapshot"
    assert status["camera"]["model"] == "imx519"
    assert "ExposureTime" in daemon.until(lambda status: status["metadata"])["metadata"]
    (program,) = daemon.camera_programs()
    assert daemon.end() == 0
    assert not Path(f"/proc/{program}").exists()
    names = sorted(os.listdir(daemon.images))
    assert len(names) <= 3
    assert names[-1] == "current.jpg"
    assert check_jpeg((daemon.images / "current.jpg").read_bytes()) == (320, 240)
    assert not (daemon.data / "run/capture.sock").exists()


@pytest.mark.parametrize(
    ("cause", "faults"),
    [
        pytest.param("stalled", {"stall_after": 0}, id="stalls"),
        pytest.param("stalled", {"stall_after": 0, "ignore_term": True}, id="stalls and refuses to end"),
        pytest.param("died", {"die_after": 0, "die_exit": 255}, id="dies"),
        pytest.param("torn", {"half_file_every": 1}, id="writes half a file"),
        pytest.param("torn", {"garbage_every": 1}, id="writes garbage"),
        pytest.param("disk", {"disk_full": True}, id="finds the disk full"),
    ],
)
def test_a_fault_is_survived_and_counted_by_its_cause(daemon, cause, faults):
    daemon.start()
    before = daemon.frames(2)["frame"]
    daemon.fault(**faults)
    status = daemon.until(lambda status: status["failures"].get(cause) and status["mode"] == "no camera")
    assert status["reason"]
    check_jpeg((daemon.images / "current.jpg").read_bytes())
    daemon.fault()
    status = daemon.until(lambda status: status["mode"] == "snapshot" and not status["reason"])
    assert status["restarts"][cause] >= 1
    assert status["frame"] > before
    assert "pictures again after" in daemon.log.read_text()


@pytest.mark.parametrize(("fault", "said"), [("no_camera", "ribbon cable"), ("busy", "another program")])
def test_without_a_camera_it_says_what_to_check_and_goes_on_when_it_is_there(daemon, fault, said):
    daemon.fault(**{fault: True})
    daemon.start()
    assert said in daemon.until(lambda status: status["mode"] == "no camera")["reason"]
    daemon.fault()
    daemon.ask("reload")
    daemon.until(lambda status: status["captures"]["ok"])


def test_a_camera_program_that_is_killed_comes_back(daemon):
    daemon.start()
    daemon.frames(2)
    (program,) = daemon.camera_programs()
    os.kill(program, signal.SIGKILL)
    assert daemon.until(lambda status: status["restarts"].get("died"))["reason"]
    daemon.frames(2)


def test_a_camera_whose_first_picture_takes_long_is_given_the_time(daemon):
    """64 megapixels, or a scan in the dark: patience grows until it comes, and is kept for the next start."""
    daemon.fault(first_s=8)
    daemon.start()
    restarts = daemon.until(lambda status: status["captures"]["ok"])["restarts"]
    assert restarts["stalled"] >= 1
    assert daemon.change(snapshot={"interval_s": 0.2, "width": 640})["in_force"]
    assert daemon.frames(2)["restarts"] == restarts


def test_a_daemon_that_is_killed_takes_the_camera_program_with_it(daemon):
    daemon.fault(ignore_term=True)
    process = daemon.start()
    daemon.frames(2)
    (program,) = daemon.camera_programs()
    process.kill()
    process.wait()
    deadline = time.monotonic() + DEADLINE_S
    while Path(f"/proc/{program}").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not Path(f"/proc/{program}").exists()
    daemon.fault()
    daemon.start()
    daemon.frames(2)
    assert len([name for name in os.listdir(daemon.images) if name.startswith("camera_")]) <= 2


def test_a_second_daemon_on_the_same_images_refuses(daemon, tmp_path):
    first = daemon.start()
    daemon.frames(1)
    second = daemon.start(STILLCAM_DATA=str(tmp_path / "other"))
    assert second.wait(DEADLINE_S) == 1
    assert "another capture daemon uses" in daemon.log.read_text()
    daemon.process = first
    daemon.frames(1)


def test_new_settings_are_taken_and_wrong_ones_are_refused(daemon):
    daemon.start()
    daemon.frames(1)
    daemon.set(snapshot={"interval_s": 0.2, "width": 640}, camera={"rotation": 90, "index": 1})
    daemon.ask("reload")
    daemon.until(lambda status: status["camera"]["index"] == 1)
    daemon.frames(2)
    assert check_jpeg((daemon.images / "current.jpg").read_bytes()) == (480, 640)
    daemon.set(snapshot={"interval_s": "soon"})
    with pytest.raises(Exception, match=r"line 1: snapshot\.interval_s: must be a number"):
        daemon.ask("reload")
    assert "last good settings" in daemon.frames(2)["notice"]


def test_a_snapshot_now_does_not_wait_for_the_interval(daemon):
    daemon.set(snapshot={"interval_s": 3600, "width": 320})
    daemon.start()
    before = daemon.until(lambda status: status["captures"]["ok"])["frame"]
    assert daemon.ask("snapshot")["frame"] > before


def test_a_lease_makes_it_live_and_its_end_brings_snapshots_back(daemon):
    daemon.set(snapshot={"interval_s": 3600, "width": 320}, live={"width": 320, "framerate": 30})
    daemon.start()
    daemon.until(lambda status: status["captures"]["ok"])
    daemon.ask("lease", seconds=20)
    daemon.until(lambda status: status["mode"] == "live")
    daemon.frames(20)
    daemon.ask("lease", seconds=0)
    daemon.until(lambda status: status["mode"] == "snapshot")
    daemon.frames(0)
    check_jpeg((daemon.images / "current.jpg").read_bytes())


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        pytest.param({"STILLCAM_CAMERA": "webcam"}, "must be one of auto, rpicam", id="unknown camera"),
        pytest.param({"STILLCAM_IMAGES": "/dev/null"}, "/dev/null is not a folder", id="images is no folder"),
        pytest.param({"STILLCAM_CAMERA": "rpicam", "PATH": "/nowhere"}, "rpicam-apps", id="no camera programs"),
    ],
)
def test_what_cannot_work_is_one_line_and_status_1(daemon, environ, said):
    assert daemon.start(**environ).wait(DEADLINE_S) == 1
    (line,) = daemon.log.read_text().splitlines()
    assert said in line
    assert "Traceback" not in line


def test_a_twelve_megapixel_picture_turns_without_loss(tmp_path):
    """It is the original rotated, pixel for pixel again once turned back, and the EXIF is kept."""
    source, target = tmp_path / "still.jpg", tmp_path / "turned.jpg"
    exif = Image.Exif()
    exif[0x010F] = "Raspberry Pi"
    gradient = Image.linear_gradient("L").resize((4608, 2592))
    colours = Image.merge("RGB", [gradient, gradient.rotate(180), Image.effect_noise((4608, 2592), 40)])
    colours.save(source, quality=93, subsampling="4:2:0", exif=exif)
    rotate(source, target, 90, "/usr/bin/jpegtran")
    with Image.open(source) as before, Image.open(target) as after:
        assert after.size == (2592, 4608)
        assert after.getexif()[0x010F] == "Raspberry Pi"
        difference = ImageChops.difference(before.transpose(Image.Transpose.ROTATE_270), after)
        # The inverse DCT rounds rows and columns in turn: a level of it is the decoder's, not the file's.
        assert difference.point(lambda level: 255 * (level > 4)).getbbox() is None
    back = tmp_path / "back.jpg"
    rotate(target, back, 270, "/usr/bin/jpegtran")
    with Image.open(source) as before, Image.open(back) as after:
        assert before.tobytes() == after.tobytes()


@pytest.mark.parametrize("zsl", [False, True], ids=["", "zsl"])
def test_the_exposure_of_a_picture_that_is_asked_for_begins_afterwards(daemon, zsl):
    """With zero shutter lag the camera answers with frames that it has begun before."""
    daemon.fault(speed=1, cameras="imx219")  # no scan, whose pictures come by themselves
    daemon.set(snapshot={"interval_s": 3600, "width": 160, "zsl": zsl}, controls={"ExposureTime": 300_000})
    daemon.start()
    daemon.until(begun_ns)
    for _ in range(2):
        before_ns, asked_ns = begun_ns(daemon.ask("status")), time.clock_gettime_ns(time.CLOCK_BOOTTIME)
        name = daemon.ask("snapshot")["frame"]
        told = daemon.until(lambda told, before_ns=before_ns: begun_ns(told) > before_ns)  # it comes behind the file
        assert told["frame"] == name
        assert begun_ns(told) > asked_ns


def begun_ns(status: dict[str, Any]) -> int:
    """When the exposure of the newest frame began, since the machine's start; 0: it is not known."""
    return int(status["metadata"].get("SensorTimestamp", 0))
