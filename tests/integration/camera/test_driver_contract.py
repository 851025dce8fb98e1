"""The contract of all drivers: rpicam on the simulated programs, and picamera2 on a stand-in for the library.

The stand-in's pictures are the simulated camera's too.
"""

import errno
import fcntl
import io
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from picamera2_library import python_path
from PIL import Image, ImageChops, ImageStat

from stillcam.camera.driver import Driver, Interrupted, PhotoRequest
from stillcam.camera.picamera2.driver import Picamera2
from stillcam.camera.rpicam.driver import Rpicam
from stillcam.camera.rpicam.process import Programs
from stillcam.common.errors import CameraError
from stillcam.settings.capabilities import CameraInfo
from stillcam.settings.document import from_json
from stillcam.settings.schema import Settings

LONG_S = 60.0
SMALL: dict[str, Any] = {
    "snapshot": {"width": 320}, "live": {"width": 320, "framerate": 5}, "photo": {"width": 320},
    "raw": {"width": 320}, "video": {"width": 320, "framerate": 5},
}  # fmt: skip
MANUAL = {"ExposureTime": 8000, "AnalogueGain": 1.0}


def settings(controls: dict[str, Any] | None = None, **sections: Any) -> Settings:
    return from_json({"version": 1, **SMALL, **sections, "controls": controls or {}})


Make = Callable[[Path, dict[str, str]], Driver]


class Rig:
    """A driver on simulated cameras, in a folder of its own.

    Args:
        camera: the first of them, where it has been listed before.
    """

    def __init__(self, folder: Path, make: Make, camera: CameraInfo | None = None) -> None:
        self.images, self.simulated, self.drafts = folder / "images", folder / "simulated", folder / "drafts"
        for path in (self.images, self.simulated, self.drafts):
            path.mkdir()
        self.fault()
        (self.simulated / "starts.log").touch()
        env = {**os.environ, "PYTHONPATH": python_path(), "STILLCAM_SIMULATED_DIR": str(self.simulated)}
        self.driver = make(self.images, env)
        self.camera: CameraInfo = camera or self.driver.list_cameras(0, ())[0]

    def fault(self, **faults: Any) -> None:
        new = self.simulated / ".faults.new"
        new.write_text(json.dumps({"speed": 20, **faults}))
        new.rename(self.simulated / "faults.json")

    def still(self) -> Image.Image:
        """The next still."""
        self.driver.request_still()
        still = self.driver.wait_still(LONG_S, ())
        assert still is not None
        return picture(still.path)

    def starts(self) -> list[str]:
        """What was done with the camera so far: each line one start."""
        return (self.simulated / "starts.log").read_text().splitlines()

    def stills(self, wanted: Settings, photo: PhotoRequest | None = None) -> None:
        """Get ready."""
        self.driver.start_stills(wanted, self.camera, photo)
        assert self.driver.wait_ready(LONG_S, ())

    def taken(self, wanted: Settings) -> Image.Image:
        """A snapshot with these settings."""
        self.stills(wanted)
        return self.still()

    def still_metadata(self) -> dict[str, Any]:
        return self.driver.wait_metadata(LONG_S, ())

    def until_failed(self, ask: Callable[[], object]) -> CameraError:
        """The fault that ends what runs."""
        with pytest.raises(CameraError) as caught:  # noqa: PT012 - it may take some frames
            for _ in range(1000):
                ask()
        return caught.value


def rpicam(images: Path, env: dict[str, str]) -> Driver:
    call = (sys.executable, "-m", "stillcam.camera.simulated")
    programs = Programs((*call, "rpicam-still"), (*call, "rpicam-vid"))
    return Rpicam(programs, images, env, machine=Path(env["STILLCAM_SIMULATED_DIR"]))


@pytest.fixture(scope="module", params=[pytest.param(rpicam, id="rpicam"), pytest.param(Picamera2, id="picamera2")])
def listed(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> tuple[Make, CameraInfo]:
    """A driver, and its first camera, listed once."""
    rig = Rig(tmp_path_factory.mktemp("listed"), request.param)
    rig.driver.stop()
    return request.param, rig.camera


@pytest.fixture
def rig(tmp_path: Path, listed: tuple[Make, CameraInfo]) -> Iterator[Rig]:
    rig = Rig(tmp_path, *listed)
    yield rig
    rig.driver.stop()


def picture(path: Path) -> Image.Image:
    with Image.open(path) as image:
        return image.convert("RGB").crop((0, 0, 320, 224))  # without its line of text


def mean(image: Image.Image) -> float:
    return ImageStat.Stat(image.convert("L")).mean[0]


def apart(one: Image.Image, other: Image.Image) -> float:
    return ImageStat.Stat(ImageChops.difference(one, other).convert("L")).mean[0]


def test_cameras_with_modes_and_limits(rig):
    cameras = rig.driver.list_cameras(0, ())
    assert [(camera.index, camera.model, camera.size) for camera in cameras] == [
        (0, "imx519", (4656, 3496)),
        (1, "imx219", (3280, 2464)),
    ]
    first, second = cameras
    assert (first.bit_depth, first.colour, first.path) == (10, "RGGB", "/base/soc/i2c0mux/i2c@1/imx519@1a")
    assert [(mode.size, mode.fps, mode.crop) for mode in first.modes] == [
        ((1280, 720), 80.01, (1048, 1042, 2560, 1440)),
        ((1920, 1080), 60.05, (408, 674, 3840, 2160)),
        ((2328, 1748), 30.0, (0, 0, 4656, 3496)),
        ((3840, 2160), 18.0, (408, 672, 3840, 2160)),
        ((4656, 3496), 9.0, (0, 0, 4656, 3496)),
    ]
    assert first.limits["AnalogueGain"] == (1.0, 16.0)
    assert "LensPosition" in first.limits and "LensPosition" not in second.limits
    rig.fault(no_camera=True)
    assert rig.driver.list_cameras(0, ()) == []


def test_a_still_is_complete_and_has_metadata(rig):
    rig.stills(settings(snapshot={"width": 320, "quality": 50}))
    rig.driver.request_still()
    rig.driver.request_still()  # does nothing while one is under way
    still = rig.driver.wait_still(LONG_S, ())
    assert still.path.parent == rig.images and still.path.name.startswith(".still_")
    with Image.open(still.path) as image:
        image.load()
        assert (image.format, image.size) == ("JPEG", (320, 240))
    assert still.raw is None
    about = rig.still_metadata()
    assert about["ExposureTime"] > 0 and about["AfState"] in (1, 2) and len(about["ScalerCrop"]) == 4
    assert rig.driver.sensor_mode == "2328:1748:10"
    assert about == json.loads(json.dumps(about))
    assert rig.driver.wait_still(0.3, ()) is None  # nobody has asked
    rig.driver.stop()
    assert list(rig.images.iterdir()) == []


def test_a_control_changes_the_picture_and_is_reset(rig):
    """Asked for, and then no longer, which is where a driver might keep the value before."""
    plain = rig.taken(settings(MANUAL))
    changes: list[tuple[dict[str, Any], Callable[[Image.Image], bool]]] = [
        ({"Brightness": 0.3}, lambda other: mean(other) > mean(plain) + 15),
        ({"ExposureTime": 2000}, lambda other: mean(other) < mean(plain) - 15),
        ({"Saturation": 0.0}, lambda other: apart(other, other.convert("L").convert("RGB")) < 2),
        ({"ColourGains": [4.0, 1.0]}, lambda other: red(other) > red(plain) + 20),
        ({"AwbMode": "Tungsten"}, lambda other: red(other) < red(plain) - 10),
    ]
    for controls, seen in changes:
        assert seen(rig.taken(settings(MANUAL | controls))), controls
        assert apart(plain, rig.taken(settings(MANUAL))) < 4, controls


def red(image: Image.Image) -> float:
    means = ImageStat.Stat(image).mean
    return means[0] - means[2]


def test_exposure_becomes_automatic_again(rig):
    rig.taken(settings(MANUAL | {"ExposureTime": 1000}))
    assert 800 < rig.still_metadata()["ExposureTime"] < 1200
    rig.taken(settings())
    assert rig.still_metadata()["ExposureTime"] > 5000


def test_flips_and_zoom(rig):
    """ScalerCrop is in sensor pixels before any flip, in settings and metadata."""
    crop = {"ScalerCrop": [0, 0, 2328, 1748]}
    plain, zoomed = rig.taken(settings(MANUAL)), rig.taken(settings(MANUAL | crop))
    assert apart(zoomed, plain.crop((0, 0, 160, 112)).resize(zoomed.size)) < 12
    flipped = rig.taken(settings(MANUAL, camera={"hflip": True}))
    assert apart(flipped.transpose(Image.Transpose.FLIP_LEFT_RIGHT), plain) < 4 < apart(flipped, plain)
    rig.taken(settings(MANUAL | crop, camera={"rotation": 180}))
    assert rig.still_metadata()["ScalerCrop"] == [0, 0, 2331, 1748]  # grown to the picture's proportions
    narrow = {"width": 320, "sensor_mode": "1280:720:10"}
    rig.taken(settings(MANUAL, live=narrow))
    assert rig.still_metadata()["ScalerCrop"][0] >= 1048


def test_focus(rig):
    rig.taken(settings({"AfMode": "Manual", "LensPosition": 14.0}))
    assert rig.still_metadata()["LensPosition"] == 14
    rig.taken(settings({"AfMode": "Auto"}))  # a scan when it begins
    for _ in range(100):
        if rig.still_metadata()["AfState"] != 1:
            break
        rig.driver.idle(0.5, ())  # the still has interrupted it
        rig.still()
    assert rig.still_metadata()["AfState"] == 2 and rig.still_metadata()["LensPosition"] == 1.5
    rig.taken(settings({"AfTrigger": "Start", "AfRange": "Macro"}))  # for each still; there is nothing so near
    assert (
        rig.still_metadata()["AfState"] in (0, 3) and rig.still_metadata()["LensPosition"] == 3
    )  # rpicam-still cancels it then


@pytest.mark.parametrize(("extension", "form"), [("jpg", "JPEG"), ("png", "PNG"), ("bmp", "BMP")])
def test_photos(rig, extension, form):
    """In a folder of their own, and found controls come first."""
    photo = PhotoRequest("photo", rig.drafts, {"ExposureTime": 3000, "AnalogueGain": 2.0})
    wanted = settings(files={"photo": extension})
    rig.stills(wanted)
    rig.still()
    rig.stills(wanted, photo)
    assert not rig.driver.matches(wanted, rig.camera) and not rig.driver.matches(wanted, rig.camera, "photo")
    for _ in range(2):
        rig.driver.request_still()
        still = rig.driver.wait_still(LONG_S, ())
        assert still.path.parent == rig.drafts
        with Image.open(still.path) as image:
            image.load()
            assert (image.format, image.size) == (form, (320, 240))
        assert 2500 < rig.still_metadata()["ExposureTime"] < 3500
    rig.driver.stop()
    assert list(rig.images.iterdir()) == []


def test_a_raw_photo_is_a_dng_beside_a_jpeg(rig):
    wanted = settings(raw={"width": 320, "sensor_mode": "1280:720:10"})
    rig.stills(wanted, PhotoRequest("raw", rig.drafts, {}))
    rig.driver.request_still()
    still = rig.driver.wait_still(LONG_S, ())
    assert picture(still.path).size == (320, 224)
    assert still.raw.read_bytes()[:4] == b"II*\0"
    assert still.raw.stat().st_size > 10 / 8 * 1280 * 720


def test_the_live_view_gives_complete_jpegs_and_metadata(rig):
    wanted = settings(MANUAL)
    rig.driver.start_live(wanted, rig.camera)
    assert rig.driver.matches(wanted, rig.camera)
    assert not rig.driver.matches(settings(MANUAL | {"Contrast": 2.0}), rig.camera)
    frames: list[bytes] = []
    while len(frames) < 5 or not rig.driver.metadata:
        frames += rig.driver.read_frames(LONG_S, ())
    for frame in frames[:5]:
        with Image.open(io.BytesIO(frame)) as image:
            image.load()
            assert image.size == (320, 240)
    assert 7900 < rig.driver.metadata["ExposureTime"] < 8100


def test_a_rate_beyond_the_sensor_mode_does_not_change_what_is_seen(rig):
    """rpicam-vid would take a faster mode, of which the middle of the sensor alone is seen."""
    rig.driver.start_live(settings(live={"width": 320, "sensor_mode": "2328:1748:10", "framerate": 60}), rig.camera)
    while "ScalerCrop" not in rig.driver.metadata:
        rig.driver.read_frames(LONG_S, ())
    assert rig.driver.metadata["ScalerCrop"][2] > 4600
    assert rig.driver.metadata["FrameDuration"] > 33_000


def test_a_video_ends_by_itself_or_when_it_is_stopped(rig):
    path, form = rig.driver.start_video(settings(), rig.camera, rig.drafts / "one", 1)
    assert rig.driver.wait_video(LONG_S, ())
    assert path.parent == rig.drafts and path.stat().st_size > 1000
    assert (path.suffix, form.remux) == (f".{form.extension}", form.extension == "ts")
    metadata = rig.driver.metadata  # rpicam-vid reports nothing of its frames with libav
    assert metadata == {} if rig.driver.name == "rpicam" else metadata["ExposureTime"] > 0
    rig.driver.stop()
    path, _ = rig.driver.start_video(settings(files={"video": "mjpeg"}), rig.camera, rig.drafts / "two", None)
    while not (path.exists() and path.stat().st_size and rig.driver.metadata):
        assert not rig.driver.wait_video(0.1, ())
    assert rig.driver.metadata["ExposureTime"] > 0
    rig.driver.stop(LONG_S)
    assert path.read_bytes().startswith(b"\xff\xd8") and path.read_bytes().endswith(b"\xff\xd9")


def test_stills_during_a_video_if_the_driver_supports_them(rig):
    path, _ = rig.driver.start_video(settings(files={"video": "mjpeg"}), rig.camera, rig.drafts / "film", None)
    while not (path.exists() and path.stat().st_size):
        assert not rig.driver.wait_video(0.1, ())
    if rig.driver.capabilities.stills_in_videos:
        for _ in range(2):
            rig.driver.request_still()
            while (still := rig.driver.wait_still(0.0, ())) is None:
                assert not rig.driver.wait_video(0.1, ())
            assert still.path.parent == rig.images
            assert picture(still.path).size == (320, 224)
    rig.driver.stop(LONG_S)
    assert path.read_bytes().endswith(b"\xff\xd9")
    assert list(rig.images.iterdir()) == []


def test_a_usb_camera_gives_stills_and_frames(tmp_path, monkeypatch):
    """picamera2 alone: without raw pictures, in MJPEG only."""
    monkeypatch.setenv("STANDIN_USB", "1")
    rig = Rig(tmp_path, Picamera2)
    try:
        assert (rig.camera.colour, rig.camera.modes) == (None, ())
        plain = rig.taken(settings(MANUAL))
        assert mean(rig.taken(settings(MANUAL | {"Brightness": 0.3}))) > mean(plain) + 15
        rig.driver.start_live(settings(MANUAL), rig.camera)
        frames: list[bytes] = []
        while len(frames) < 3 or not rig.driver.metadata:
            frames += rig.driver.read_frames(LONG_S, ())
        for frame in frames[:3]:
            with Image.open(io.BytesIO(frame)) as image:
                image.load()
                assert image.size == (320, 240)
        rig.driver.stop()
        rig.driver.start_video_frames(settings(MANUAL, video={"width": 960, "framerate": 5}), rig.camera)
        with Image.open(io.BytesIO(rig.driver.read_frames(LONG_S, ())[0])) as image:
            assert image.size == (640, 480)
        rig.driver.stop()
        rig.driver.start_video(settings(), rig.camera, rig.drafts / "film", 1)
        error = rig.until_failed(lambda: rig.driver.wait_video(LONG_S, ()))
        assert error.cause == "options" and "set video.while_recording to picture" in str(error)
        rig.driver.stop()
        rig.driver.start_stills(settings(camera={"rotation": 180}), rig.camera)
        error = rig.until_failed(lambda: rig.driver.wait_ready(LONG_S, ()))
        assert error.cause == "options" and "cannot flip" in str(error)
    finally:
        rig.driver.stop()


def test_matches_compares_settings_with_what_runs(rig):
    assert not rig.driver.matches(settings(), rig.camera)
    rig.taken(settings())
    assert rig.driver.matches(settings(), rig.camera)
    assert rig.driver.matches(settings(snapshot={"width": 320, "interval_s": 9}), rig.camera)
    assert not rig.driver.matches(settings(snapshot={"width": 640}), rig.camera)
    assert not rig.driver.matches(settings(), rig.camera, "photo")  # of another quality
    rig.driver.stop()
    assert not rig.driver.matches(settings(), rig.camera)


def test_a_wait_is_interrupted_or_ends_in_time(rig):
    read, write = os.pipe()
    rig.stills(settings())
    os.write(write, b"!")
    for wait in (rig.driver.wait_still, rig.driver.idle):
        with pytest.raises(Interrupted):  # noqa: PT012
            while True:  # what the camera says of its frames may come first
                wait(LONG_S, (read,))
    os.read(read, 1)
    rig.driver.idle(0.1, (read,))
    os.close(read)
    os.close(write)


def test_long_arrays_in_metadata_are_left_out(rig):
    """An IMX500 gives its network's output with each picture: more than the command socket carries."""
    rig.fault(tensor=300_000)
    rig.stills(settings(MANUAL))
    rig.still()
    about = rig.still_metadata()
    assert about["ExposureTime"] == pytest.approx(8000, rel=0.01)
    assert about["CnnOutputTensor"] == "300000 numbers left out"
    rig.driver.start_live(settings(MANUAL), rig.camera)
    while not rig.driver.metadata:
        rig.driver.read_frames(LONG_S, ())
    assert rig.driver.metadata["CnnOutputTensor"] == "300000 numbers left out"
    assert len(json.dumps(rig.driver.metadata)) < 10_000


def test_the_live_view_works_with_a_pipe_of_default_size(rig, monkeypatch):
    """The kernel refuses it to a user whose pipes hold 64 MB together (pipe(7): pipe-user-pages-soft)."""

    def refuse(_descriptor: int, command: int, *_: object) -> int:
        assert command == fcntl.F_SETPIPE_SZ
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(fcntl, "fcntl", refuse)
    rig.driver.start_live(settings(MANUAL), rig.camera)
    assert rig.driver.read_frames(LONG_S, ())


def test_an_abandoned_still_is_deleted_and_the_next_one_comes(rig):
    """Who has asked for it was interrupted: a burst that is cancelled during a series."""
    read, write = os.pipe()
    rig.stills(settings())
    before = rig.driver.metadata
    rig.driver.request_still()
    os.write(write, b"!")
    with pytest.raises(Interrupted):
        rig.driver.wait_still(LONG_S, (read,))
    while rig.driver.metadata is before:
        rig.driver.idle(LONG_S, ())
    assert not [path for path in rig.images.iterdir() if path.suffix == ".jpg"]
    rig.still()
    os.close(read)
    os.close(write)


def test_a_stalled_camera_gives_no_still_in_time_and_can_be_stopped(rig):
    rig.stills(settings())
    rig.still()
    rig.fault(stall_after=1)
    rig.driver.request_still()
    assert rig.driver.wait_still(1.0, ()) is None
    rig.driver.stop()
    rig.fault()
    rig.taken(settings())


@pytest.mark.parametrize(
    ("faults", "message"),
    [
        pytest.param({"die_signal": int(signal.SIGSEGV)}, "signal 11", id="crash"),
        pytest.param({}, "status 255", id="exit"),
    ],
)
def test_a_crash_is_an_error_and_the_next_start_works(rig, faults, message):
    rig.stills(settings())
    rig.fault(die_after=1, **faults)
    error = rig.until_failed(rig.still)
    assert error.cause == "died" and message in str(error)
    assert "INFO" not in str(error)  # the last line that it printed is seldom why it ended
    rig.driver.stop()
    rig.fault()
    rig.taken(settings())


def test_a_camera_that_another_program_has_is_busy(rig):
    rig.fault(busy=True)

    def begin() -> None:
        rig.driver.start_stills(settings(), rig.camera)
        rig.driver.wait_ready(LONG_S, ())

    assert rig.until_failed(begin).cause == "busy"
    rig.driver.stop()
    rig.fault()
    rig.taken(settings())


def test_too_large_pictures_are_refused(rig):
    huge = settings(snapshot={"width": 4656}, live={"buffer_count": 32})
    error = rig.until_failed(lambda: rig.taken(huge))
    assert error.cause == "short" and "no memory" in str(error)


def test_a_still_of_all_pixels_fits_into_64_mb_of_contiguous_memory(rig):
    rig.fault(cma_mb=64, cameras="imx708")
    rig.camera = rig.driver.list_cameras(0, ())[0]
    rig.stills(settings(snapshot={"width": 0}))
    rig.driver.request_still()
    with Image.open(rig.driver.wait_still(LONG_S, ()).path) as image:
        assert image.size == rig.camera.size


def test_a_deleted_folder_is_reported(rig):
    rig.stills(settings())
    rig.images.rmdir()
    assert rig.until_failed(rig.still).cause == "disk"


def test_nothing_runs_after_stop(rig):
    children = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children")
    before = children.read_text().split()
    rig.taken(settings())
    assert len(children.read_text().split()) > len(before)
    rig.driver.stop()
    assert children.read_text().split() == before


def test_after_a_libav_failure_one_video_is_recorded_without_libav(tmp_path):
    """So it is on some systems after an update (rpicam-apps issues 643 and 896), and for a size that is refused."""
    program = tmp_path / "rpicam-vid"
    program.write_text(
        "#!/bin/sh\n"
        'case "$*" in\n'
        "  *--version*) echo 'rpicam-apps capabilites: egl:1 qt:1 drm:1 libav:1' ;;\n"
        "  *libav*) echo 'ERROR: *** libav: unable to open video codec: -22 ***' >&2; exit 255 ;;\n"
        "esac\n"
    )
    program.chmod(0o755)
    driver = Rpicam(Programs((str(program),), (str(program),)), tmp_path)
    camera = CameraInfo(0, "imx219", (640, 480), 10, "RGGB", "/base/x", ())
    tried, _ = driver.start_video(settings(), camera, tmp_path / "one", 1)
    with pytest.raises(CameraError, match="libav cannot encode this") as caught:
        driver.wait_video(LONG_S, ())
    assert caught.value.cause == "encoder"
    path, _ = driver.start_video(settings(), camera, tmp_path / "one", 1)
    assert driver.wait_video(LONG_S, ())
    assert path.suffix in (".h264", ".mjpeg")
    again, _ = driver.start_video(settings(), camera, tmp_path / "two", 1)
    assert again.suffix == tried.suffix in (".ts", ".mp4")
    driver.stop()
