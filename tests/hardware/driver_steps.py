"""The steps that ask a driver directly, without daemon: every mode of the sensor, every file type, every control."""

import io
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from hardware_attempts import Attempt, Group, Unable, attempts, complaint, together
from hardware_report import Step, Wrong
from PIL import Image

from stillcam.camera.driver import Driver, PhotoRequest
from stillcam.common.errors import CameraError
from stillcam.settings.capabilities import CameraInfo
from stillcam.settings.controls import Values
from stillcam.settings.document import from_json
from stillcam.settings.geometry import mode_name
from stillcam.settings.schema import Settings

START_S = 30.0
PICTURE_S = 30.0
STREAM_FRAMES = 30
BRACKET_US = 8000, 2000, 16_000  # exposure times
VIDEO_S, QUICK_VIDEO_S = 3, 1
NOT_QUICK = "not with --quick"


def settings_for(camera: CameraInfo, width: int, /, **sections: dict[str, Any]) -> Settings:
    """Settings of the check: the sections, with all pictures of this width; 0: as large as the camera can."""
    sized: dict[str, dict[str, Any]] = {name: {"width": width} for name in ("photo", "raw")}
    sized["snapshot"] = {"width": width or 1280}
    if width:
        sized |= {name: {"width": width} for name in ("live", "video")}
    merged = {name: sized.get(name, {}) | sections.get(name, {}) for name in sized.keys() | sections.keys()}
    merged["camera"] = {"index": camera.index} | sections.get("camera", {})
    return from_json({"version": 1, **merged})


class DriverSteps:
    """One driver, one camera.

    Args:
        driver: not running.
        camera: as listed.
        folder: for photos and videos.
        width: of pictures, in pixels; 0: as large as the camera can.
        quick: one value of each control, short videos.
    """

    def __init__(self, driver: Driver, camera: CameraInfo, folder: Path, width: int, *, quick: bool) -> None:
        self._driver, self._camera, self._folder = driver, camera, folder
        self._width, self._quick = width, quick
        self._groups: dict[Attempt, Group] = {}

    def steps(self) -> Iterator[Step]:
        """All of them; those that this camera or driver cannot do are skipped."""
        yield Step("snapshots", self._snapshots)
        yield Step("snapshots with zero shutter lag", partial(self._still, self._settings(snapshot={"zsl": True})))
        for mode in self._camera.modes:
            name = mode_name(mode)
            yield Step(f"sensor mode {name}", partial(self._still, self._settings(live={"sensor_mode": name})))
        flips: dict[str, dict[str, Any]] = {name: {name: True} for name in ("hflip", "vflip")}
        for text, flip in (flips | {"rotation 180": {"rotation": 180}}).items():
            act = partial(self._still, self._settings(camera=flip))
            yield Step(text, NOT_QUICK if self._quick and "rotation" not in flip else act)
        for kind in ("jpg", "png", "bmp"):
            act = partial(self._photo, "photo", self._settings(files={"photo": kind}))
            yield Step(f"photo, {kind}", NOT_QUICK if self._quick and kind != "jpg" else act)
        yield Step("raw photo", partial(self._photo, "raw", self._settings()))
        yield Step("live view", partial(self._stream, self._driver.start_live, wanted=15))
        for kind in ("mp4", "h264", "mjpeg"):
            yield Step(f"video, {kind}", partial(self._video, self._settings(files={"video": kind})))
        stream = partial(self._stream, self._driver.start_video_frames, wanted=30)
        takes = self._driver.capabilities.stills_in_videos
        yield Step("picture during a video", self._stills_of_video if takes else stream)
        if takes:
            yield Step("frames of a video, for privacy masks", stream)
            yield Step("exposure bracket without a restart", self._bracket)
        tried = list(attempts(self._camera, self._driver.capabilities, quick=self._quick))
        self._groups = together(tried, quick=self._quick)
        for attempt in tried:
            if isinstance(attempt, Unable):
                yield Step(attempt.control, attempt.reason)
            else:
                yield Step(attempt.name, partial(self._control, attempt))
        live = self._driver.capabilities.live
        yield Step("controls while the camera runs", self._adjust if live else "this driver starts the camera again")

    def _settings(self, **sections: dict[str, Any]) -> Settings:
        return settings_for(self._camera, self._width, **sections)

    def _begin(self, settings: Settings, photo: PhotoRequest | None = None) -> None:
        self._driver.start_stills(settings, self._camera, photo)
        if not self._driver.wait_ready(START_S, ()):
            raise Wrong(f"not ready within {START_S:g} s")

    def _take(self, *, small: bool = False) -> tuple[str, dict[str, Any]]:
        """A still, looked at and deleted; what it is, and what the camera says of it."""
        self._driver.request_still(small=small)
        still = self._driver.wait_still(PICTURE_S, ())
        if still is None:
            raise Wrong(f"no picture within {PICTURE_S:g} s")
        with Image.open(still.path) as image:
            image.load()
            said = f"{image.format} {image.width}x{image.height}, {still.path.stat().st_size / 1e6:.2f} MB"
        if still.raw:
            said += f", DNG {still.raw.stat().st_size / 1e6:.2f} MB"
            still.raw.unlink()
        still.path.unlink()
        return said, self._driver.wait_metadata(5.0, ())

    def _snapshots(self) -> str:
        began = time.monotonic()
        self._begin(self._settings())
        said, metadata = self._take()
        first = time.monotonic()
        self._take()
        again = time.monotonic()
        keys = ", ".join(metadata) or "nothing"
        return f"{said}; the first after {first - began:.1f} s, the next after {again - first:.2f} s; metadata: {keys}"

    def _still(self, settings: Settings) -> str:
        self._begin(settings)
        said, metadata = self._take()
        return f"{said}, crop {metadata.get('ScalerCrop', 'unknown')}"

    def _photo(self, kind: str, settings: Settings) -> str:
        self._begin(settings, PhotoRequest(kind, self._folder, {}))
        return self._take()[0]

    def _stream(self, start: Callable[[Settings, CameraInfo], None], wanted: int) -> str:
        """Read JPEGs of the live view, or of a video: whether the board can keep up with them."""
        start(self._settings(), self._camera)
        count, received, size, began = 0, 0, "", 0.0
        while count < STREAM_FRAMES:
            frames = self._driver.read_frames(START_S, ())
            if not frames:
                raise Wrong(f"no frame within {START_S:g} s")
            began = began or time.monotonic()
            count += len(frames)
            received += sum(map(len, frames))
            with Image.open(io.BytesIO(frames[-1])) as image:
                image.load()
                size = f"{image.width}x{image.height}"
        took_s = max(0.001, time.monotonic() - began)
        self._driver.stop()
        return f"{size}, {count / took_s:.1f} frames/s ({wanted} wanted), {received / took_s / 1e6:.1f} MB/s"

    def _stills_of_video(self) -> str:
        """A frame as it is shown, of the second stream, and one as large as the video."""
        path, _ = self._driver.start_video(self._settings(), self._camera, self._folder / "video", None)
        try:
            shown, _ = self._take(small=True)
            whole, _ = self._take()
        finally:
            path.unlink(missing_ok=True)
        self._driver.stop()
        return f"shown: {shown}; a photo: {whole}"

    def _bracket(self) -> str:
        """Photos that differ in the exposure time only: they have it, and how long each takes."""
        said, began_s = [], time.monotonic()
        for wanted_us in BRACKET_US:
            fixed = {"ExposureTime": wanted_us, "AnalogueGain": 1.0}
            self._begin(self._settings(), PhotoRequest("photo", self._folder, fixed, bracket=True))
            _, metadata = self._take()
            found_us, now_s = metadata.get("ExposureTime", 0), time.monotonic()
            if metadata and abs(found_us - wanted_us) > max(100, 0.1 * wanted_us):
                raise Wrong(f"the photo of {wanted_us} µs has {found_us} µs")
            said.append(f"{wanted_us} µs after {now_s - began_s:.2f} s")
            began_s = now_s
        self._driver.stop()
        return ", ".join(said)

    def _video(self, settings: Settings) -> str:
        seconds = QUICK_VIDEO_S if self._quick else VIDEO_S
        path, form = self._driver.start_video(settings, self._camera, self._folder / "video", seconds)
        try:
            if not self._driver.wait_video(START_S + 10 * seconds, ()):
                raise Wrong("the recording did not end")
            size = path.stat().st_size if path.exists() else 0
            if not size:
                raise Wrong("there is nothing in the file")
        finally:
            path.unlink(missing_ok=True)
        self._driver.stop()
        return f"{path.suffix}, {size / 1e6:.2f} MB in {seconds} s{', for ffmpeg to make an MP4 of' * form.remux}"

    def _control(self, attempt: Attempt) -> str:
        group = self._groups.get(attempt)
        if group and self._accepts(group) and not complaint(attempt.controls, group.metadata):
            return ", ".join(["accepted", *_told(attempt, group.metadata)])
        if "FrameDurationLimits" in attempt.controls:  # of live view and video only
            self._driver.start_live(self._settings(controls=attempt.controls), self._camera)
            if not self._driver.read_frames(START_S, ()):
                raise Wrong(f"no frame within {START_S:g} s")
            return "live view"
        metadata = self._take_with(attempt.controls)
        if wrong := complaint(attempt.controls, metadata):
            raise Wrong(wrong)
        return ", ".join(_told(attempt, metadata))

    def _accepts(self, group: Group) -> bool:
        """Whether the camera gives a picture with all controls of a group; otherwise each is tried alone."""
        if group.accepted is None:
            try:
                group.metadata = self._take_with(group.controls)
                group.accepted = True
            except (CameraError, Wrong):
                self._driver.stop()
                group.accepted = False
        return group.accepted

    def _take_with(self, controls: Values) -> dict[str, Any]:
        self._begin(self._settings(controls=controls))
        return self._take()[1]

    def _adjust(self) -> str:
        """Each of a few controls, in the live view."""
        self._driver.start_live(self._settings(), self._camera)
        self._driver.read_frames(START_S, ())
        took = []
        for controls in ({"Brightness": 0.2}, {"ExposureTime": 5000, "AnalogueGain": 1.0}, {}):
            began = time.monotonic()
            if not self._driver.adjust(self._settings(controls=controls), self._camera):
                raise Wrong(f"{controls} would need a restart")
            while self._driver.adjusting:
                if not self._driver.read_frames(PICTURE_S, ()):
                    raise Wrong(f"no frame within {PICTURE_S:g} s of {controls}")
            took.append(f"{time.monotonic() - began:.2f} s")
        return "in force after " + ", ".join(took)


def _told(attempt: Attempt, metadata: Mapping[str, Any]) -> list[str]:
    """What the camera says of the controls that were tried."""
    told = {name: metadata[name] for name in attempt.controls if name in metadata}
    state = {"AfState": metadata["AfState"]} if "Af" in attempt.name and "AfState" in metadata else {}
    return [f"{name} {value}" for name, value in (told | state).items()]
