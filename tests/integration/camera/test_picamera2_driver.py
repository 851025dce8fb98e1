"""The picamera2 driver against difficult behaviour of the real library; see tests/standin/picamera2."""

import fcntl
import io
import os
import signal
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageStat
from test_driver_contract import LONG_S, MANUAL, SMALL, Rig, settings

from stillcam.camera.driver import PhotoRequest, Still
from stillcam.camera.picamera2.driver import Picamera2


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    rig = Rig(tmp_path, lambda images, env: Picamera2(images, env, machine=tmp_path))
    yield rig
    rig.driver.stop()


def start_video(rig: Rig) -> Path:
    """The file of a video that has begun."""
    path, _ = rig.driver.start_video(settings(files={"video": "mjpeg"}), rig.camera, rig.drafts / "film", None)
    while not (path.exists() and path.stat().st_size):
        assert not rig.driver.wait_video(0.1, ())
    return path


def test_a_stalled_camera_is_stopped_without_force(rig, caplog):
    """The library stops the camera behind its other jobs, of which one waits for a frame that never comes."""
    rig.stills(settings())
    rig.still()
    rig.fault(stall_after=1)
    rig.driver.request_still()
    assert rig.driver.wait_still(1.0, ()) is None
    rig.driver.stop()
    assert "killed" not in caplog.text


@pytest.mark.parametrize("still_pending", [False, True], ids=["", "while a still is pending"])
def test_a_video_is_finished_when_the_camera_stalls_and_the_reason_is_reported(rig, caplog, still_pending):
    path = start_video(rig)
    rig.fault(stall_after=1)
    if still_pending:
        rig.driver.request_still()
    error = rig.until_failed(lambda: rig.driver.wait_video(LONG_S, ()) or rig.driver.wait_still(0.0, ()))
    assert error.cause == "stalled" and "cable" in error.reason
    assert path.read_bytes().endswith(b"\xff\xd9")
    rig.driver.stop()
    assert "killed" not in caplog.text


def test_a_video_that_is_stopped_while_the_camera_stalls_is_finished(rig, caplog):
    path = start_video(rig)
    rig.fault(stall_after=1)
    rig.driver.request_still()
    assert not rig.driver.wait_video(1.0, ())
    rig.driver.stop(LONG_S)
    assert path.read_bytes().endswith(b"\xff\xd9")
    assert "killed" not in caplog.text


@pytest.mark.skipif("TEST_PICAMERA2" in os.environ, reason="the real encoder is no process that can be killed")
def test_an_encoder_that_fails_ends_a_video_with_its_reason(rig, caplog):
    """The exception ends the library's event loop, and it waits for that when the camera is to be stopped."""
    path, _ = rig.driver.start_video(settings(files={"video": "h264"}), rig.camera, rig.drafts / "film", None)
    while not (path.exists() and path.stat().st_size):
        assert not rig.driver.wait_video(0.1, ())
    (worker,) = children_of(os.getpid(), "stillcam.camera.picamera2")
    (encoder,) = children_of(worker, "ffmpeg")
    os.kill(encoder, signal.SIGKILL)
    error = rig.until_failed(lambda: rig.driver.wait_video(LONG_S, ()))
    assert error.cause == "died" and "Invalid argument" in error.reason
    rig.driver.stop()
    assert "killed" not in caplog.text
    rig.taken(settings())


def children_of(parent: int, name: str) -> list[int]:
    """The processes that `parent` has started and whose command line has this name in it."""
    pids = [int(pid) for file in Path(f"/proc/{parent}/task").glob("*/children") for pid in file.read_text().split()]
    return [pid for pid in pids if name in Path(f"/proc/{pid}/cmdline").read_text()]


def of_video(rig: Rig, *, small: bool) -> tuple[Still, Image.Image]:
    """A frame of the video that is being recorded."""
    rig.driver.request_still(small=small)
    while (still := rig.driver.wait_still(0.0, ())) is None:
        assert not rig.driver.wait_video(0.1, ())
    return still, Image.open(io.BytesIO(still.path.read_bytes()))


def contrast(image: Image.Image) -> float:
    return ImageStat.Stat(image.convert("L").resize((320, 180))).stddev[0]


def test_frames_that_are_shown_during_a_video_are_as_large_as_the_live_view(rig):
    """They come from a second stream, which takes less processor time than frames of the video.

    It shows the same zoom, where the library would set none, and has the contrast of the live view, which the colour
    space of videos lacks.
    """
    zoom = {"ScalerCrop": [1800, 1200, 1400, 788]}
    wanted = settings(MANUAL | zoom, video={"width": 640, "framerate": 15}, live={"width": 320, "height": 180})
    rig.driver.start_live(wanted, rig.camera)
    live = Image.open(io.BytesIO(next_frame(rig)))
    rig.driver.start_video(wanted, rig.camera, rig.drafts / "film", None)
    still, shown = of_video(rig, small=True)
    assert (still.small, shown.size) == (True, (320, 180))
    assert contrast(shown) == pytest.approx(contrast(live), rel=0.06)
    assert ImageStat.Stat(ImageChops.difference(shown.convert("L"), live.convert("L"))).mean[0] < 8
    still, whole = of_video(rig, small=False)
    assert (still.small, whole.size) == (False, (640, 360))
    assert contrast(whole) == pytest.approx(contrast(live), rel=0.06)
    assert 0x0110 in whole.getexif()  # Model
    rig.driver.stop(LONG_S)


def test_without_a_second_stream_frames_of_the_video_are_shown(rig, caplog):
    """A board that has no memory for it."""
    rig.fault(cma_mb=38)
    wanted = settings(video={"width": 1280, "framerate": 15}, live={"width": 640})
    rig.driver.start_video(wanted, rig.camera, rig.drafts / "film", None)
    still, shown = of_video(rig, small=True)
    assert (still.small, shown.size) == (False, (1280, 720))
    assert "no second stream of 640x360 beside the video" in caplog.text
    assert "Cannot allocate memory" in caplog.text
    rig.driver.stop(LONG_S)


@pytest.mark.parametrize("form", ["mjpeg", "h264", "mp4"])
def test_a_full_disk_ends_a_video_with_its_reason(rig, form, caplog):
    """The library's FileOutput ends the thread that writes, and tells nobody."""
    (rig.drafts / f"film.{'ts' if form == 'mp4' else form}").symlink_to("/dev/full")
    rig.driver.start_video(settings(files={"video": form}), rig.camera, rig.drafts / "film", None)
    error = rig.until_failed(lambda: rig.driver.wait_video(LONG_S, ()))
    assert error.cause == "disk" and "No space left" in error.reason
    rig.driver.stop()
    assert "killed" not in caplog.text


def test_a_full_disk_fails_a_raw_photo_with_its_reason(rig):
    (rig.drafts / ".still_00000001.dng").symlink_to("/dev/full")
    rig.stills(settings(), PhotoRequest("raw", rig.drafts, {}))
    error = rig.until_failed(rig.still)
    assert error.cause == "disk" and "No space left" in error.reason


@pytest.mark.parametrize("section", ["live", "raw", "video"])
def test_a_sensor_mode_that_the_camera_lacks_is_refused(rig, section):
    """The library takes the nearest one instead."""
    wanted = settings(**{section: SMALL[section] | {"sensor_mode": "1000:700:10"}})

    def begin() -> None:
        if section == "raw":
            rig.driver.start_stills(wanted, rig.camera, PhotoRequest("raw", rig.drafts, {}))
            rig.driver.wait_ready(LONG_S, ())
        elif section == "video":
            rig.driver.start_video(wanted, rig.camera, rig.drafts / "film", 1)
            rig.driver.wait_video(LONG_S, ())
        else:
            rig.taken(wanted)

    error = rig.until_failed(begin)
    assert error.cause == "options" and "sensor mode" in error.reason


def test_the_default_sensor_mode_of_picamera2_has_the_full_field_of_view(rig):
    """The library by itself takes the mode nearest to the picture's size, which is a cropped one."""
    rig.taken(settings())
    assert rig.driver.sensor_mode == "2328:1748:10"
    rig.taken(settings(live={"width": 320, "sensor_mode": "1280:720:10"}))
    assert rig.driver.sensor_mode == "1280:720:10"


def test_only_the_camera_that_is_used_is_opened_for_the_list(rig):
    """Another one may be another daemon's."""
    lock = os.open(rig.simulated / "camera1.lock", os.O_RDWR | os.O_CREAT)
    fcntl.flock(lock, fcntl.LOCK_EX)
    first, second = rig.driver.list_cameras(0, ())
    assert not first.held and all(mode.crop for mode in first.modes)
    assert second.held and [mode.size for mode in second.modes] and not any(mode.crop for mode in second.modes)
    assert rig.driver.list_cameras(1, ())[1].held
    os.close(lock)
    assert not rig.driver.list_cameras(1, ())[1].held


def test_listing_needs_little_memory(rig):
    """The library's own sensor_modes takes four buffers of a full mode: more than a board with 64 MB for them has."""
    rig.fault(cma_mb=64)
    assert all(mode.crop and mode.fps for mode in rig.driver.list_cameras(0, ())[0].modes)


def test_limits_are_those_of_the_configured_camera(rig):
    """Before that they are the same for every sensor: 66,666 µs at most."""
    assert rig.camera.limits is not None
    limits = rig.camera.limits["ExposureTime"]
    assert limits is not None and limits[1] > 1_000_000


def test_opening_waits_until_no_process_lists_cameras(rig):
    """A list opens cameras."""
    held = os.open(rig.images.parent, os.O_RDONLY)
    fcntl.flock(held, fcntl.LOCK_EX)
    rig.driver.start_stills(settings(), rig.camera)
    assert not rig.driver.wait_ready(1.0, ())
    os.close(held)
    assert rig.driver.wait_ready(LONG_S, ())


@pytest.mark.parametrize("zsl", [False, True], ids=["", "zsl"])
def test_stills_have_the_controls_once_settled(rig, zsl):
    """With the controls in the next request they come behind all that are queued, and exposure later still."""
    wanted = settings(MANUAL, snapshot={"width": 320, "zsl": zsl})
    rig.stills(wanted)
    rig.still()
    for exposure_us in (2000, 8000, 1000):
        other = replace(wanted, controls=MANUAL | {"ExposureTime": exposure_us})
        assert rig.driver.adjust(other, rig.camera)
        while rig.driver.adjusting:
            rig.driver.idle(0.1, ())
        rig.still()
        assert rig.still_metadata()["ExposureTime"] == pytest.approx(exposure_us, rel=0.05)


def test_a_bracket_changes_the_exposure_without_a_restart(rig):
    """Each still is the first frame that has its exposure, whatever is queued before it."""

    def still(exposure_us: int) -> None:
        fixed = {"ExposureTime": exposure_us, "AnalogueGain": 1.5, "AfMode": "Manual", "LensPosition": 1.0}
        rig.stills(settings(), PhotoRequest("photo", rig.drafts, fixed, bracket=True))
        rig.still()
        assert rig.still_metadata()["ExposureTime"] == pytest.approx(exposure_us, rel=0.05)
        assert rig.still_metadata()["AnalogueGain"] == pytest.approx(1.5, rel=0.05)

    rig.stills(settings(), PhotoRequest("photo", rig.drafts, {}, bracket=True))
    rig.still()
    starts = rig.starts()
    for exposure_us in (2000, 16_000, 500, 300_000):
        still(exposure_us)
    assert rig.starts() == starts
    still(4000)  # frames of 0.3 s are queued: a restart drops them
    assert rig.starts() != starts


def test_a_change_does_not_wait_for_long_frames_in_the_queue(rig):
    """A new start drops them; with 8 s of exposure they would take a minute."""
    rig.stills(settings(MANUAL | {"ExposureTime": 300_000}))
    rig.still()
    assert rig.still_metadata()["ExposureTime"] == 300_000
    assert not rig.driver.adjust(settings(MANUAL), rig.camera)


def test_live_frames_and_metadata_have_the_controls_once_settled(rig):
    wanted = settings(MANUAL)
    rig.driver.start_live(wanted, rig.camera)
    bright = mean(next_frame(rig))
    for exposure_us, seen in ((2000, lambda now: now < bright - 15), (8000, lambda now: abs(now - bright) < 4)):
        other = replace(wanted, controls=MANUAL | {"ExposureTime": exposure_us})
        assert rig.driver.adjust(other, rig.camera)
        frame = next_frame(rig)
        while rig.driver.adjusting:
            frame = next_frame(rig)
        assert seen(mean(frame))
        assert rig.driver.metadata["ExposureTime"] == pytest.approx(exposure_us, rel=0.05)


def next_frame(rig: Rig) -> bytes:
    frames: list[bytes] = []
    while not frames:
        frames = rig.driver.read_frames(LONG_S, ())
    return frames[-1]


def mean(frame: bytes) -> float:
    with Image.open(io.BytesIO(frame)) as image:
        return ImageStat.Stat(image.convert("L").crop((0, 0, 320, 160))).mean[0]


@pytest.mark.parametrize("other", [{"controls": {"AfTrigger": "Start"}}, {"live": SMALL["live"] | {"quality": 40}}])
def test_settings_of_other_use_cases_do_not_restart_the_live_view(rig, other):
    rig.driver.start_live(settings(), rig.camera)
    next_frame(rig)
    starts = rig.starts()
    wanted = settings(**other)
    assert rig.driver.matches(wanted, rig.camera) or rig.driver.adjust(wanted, rig.camera)
    while rig.driver.adjusting:
        next_frame(rig)
    assert rig.starts() == starts


def test_a_live_view_that_was_not_read_continues_with_the_newest_frame(rig):
    """Else it piles up in memory, and is shown late."""
    rig.driver.start_live(settings(MANUAL), rig.camera)
    first = next_frame(rig)
    time.sleep(2.0)  # at a hundred frames a second: more than a pipe holds
    assert rig.driver.adjust(settings(MANUAL | {"ExposureTime": 1000}), rig.camera)
    frame, frames = first, 0
    while rig.driver.adjusting:
        frame = next_frame(rig)
        frames += 1
    assert frames < 100  # not all those of the two seconds
    assert mean(frame) < mean(first) - 15
    rig.driver.stop()


def test_the_first_still_is_in_focus(rig):
    """A scan begins with the camera, and is begun anew when it is reconfigured for the still."""
    for controls in ({}, {"AfMode": "Auto"}):
        rig.taken(settings(controls))
        assert rig.still_metadata()["AfState"] == 2
        rig.driver.stop()


def test_the_scan_before_each_still_is_over_when_it_is_captured(rig):
    rig.stills(settings({"AfMode": "Manual", "LensPosition": 14.0}))
    assert rig.driver.adjust(settings({"AfTrigger": "Start"}), rig.camera)
    rig.still()
    assert rig.still_metadata()["AfState"] == 2
    assert rig.driver.adjust(settings({"AfMode": "Manual", "LensPosition": 14.0}), rig.camera)
    rig.still()
    assert rig.still_metadata()["LensPosition"] == 14
