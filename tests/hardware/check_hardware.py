"""Goes through every mode and every control on the real camera, and prints a report to paste into an issue.

It asks the drivers directly, without daemon and server: whatever `STILLCAM_CAMERA` says, else rpicam and
picamera2, whichever are installed. A step that fails is said, and the next one begins anew. It works in a
temporary folder.
"""

import argparse
import io
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from hardware_attempts import Attempt, attempts, complaint
from PIL import Image

from stillcam import __version__
from stillcam.camera.driver import Driver, PhotoRequest
from stillcam.camera.rpicam.process import find_programs
from stillcam.camera.select import choose_driver, has_picamera2
from stillcam.common.errors import CameraError, StillcamError
from stillcam.common.paths import Paths
from stillcam.settings.capabilities import CameraInfo
from stillcam.settings.document import from_json
from stillcam.settings.geometry import mode_name
from stillcam.settings.schema import Settings
from stillcam.system_info.machine import board, system
from stillcam.system_info.software import Software

START_S = 30.0
PICTURE_S = 30.0
STREAM_FRAMES = 30
VIDEO_S, QUICK_VIDEO_S = 3, 1

Step = tuple[str, Callable[[], str]]  # what is done, and what does it: it returns a remark


class Wrong(Exception):
    """The camera did something else than was asked."""


class Check:
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

    def steps(self) -> Iterator[Step | str]:
        """All of it; a text for what this camera or driver cannot."""
        yield "snapshots", self._snapshots
        yield "snapshots with zero shutter lag", partial(self._still, self._settings(snapshot={"zsl": True}))
        for mode in self._camera.modes:
            name = mode_name(mode)
            yield f"sensor mode {name}", partial(self._still, self._settings(live={"sensor_mode": name}))
        flips: tuple[dict[str, Any], ...] = {"hflip": True}, {"vflip": True}, {"rotation": 180}
        for flip in flips:
            text = ", ".join(f"{name} {value}" for name, value in flip.items())
            yield text, partial(self._still, self._settings(camera=flip))
        for kind in ("jpg", "png", "bmp"):
            yield f"photo, {kind}", partial(self._photo, "photo", self._settings(files={"photo": kind}))
        yield "raw photo", partial(self._photo, "raw", self._settings())
        yield "live view", partial(self._stream, self._driver.start_live, wanted=15)
        for kind in ("mp4", "h264", "mjpeg"):
            yield f"video, {kind}", partial(self._video, self._settings(files={"video": kind}))
        if self._driver.capabilities.stills_in_videos:
            yield "picture during a video", self._still_of_video
        else:
            yield "picture during a video", partial(self._stream, self._driver.start_video_frames, wanted=30)
        for attempt in attempts(self._camera, self._driver.capabilities, quick=self._quick):
            if isinstance(attempt, str):
                yield attempt
            else:
                yield attempt.name, partial(self._control, attempt)
        if self._driver.capabilities.live:
            yield "controls while the camera runs", self._adjust
        else:
            yield "controls while the camera runs: this driver starts the camera again"

    def _settings(self, **sections: dict[str, Any]) -> Settings:
        sized = {name: {"width": self._width} for name in ("photo", "raw")}
        sized |= {"snapshot": {"width": self._width or 1280}}
        if self._width:
            sized |= {name: {"width": self._width} for name in ("live", "video")}
        merged = {name: sized.get(name, {}) | sections.get(name, {}) for name in sized.keys() | sections.keys()}
        merged["camera"] = {"index": self._camera.index} | sections.get("camera", {})
        return from_json({"version": 1, **merged})

    def _begin(self, settings: Settings, photo: PhotoRequest | None = None) -> None:
        self._driver.start_stills(settings, self._camera, photo)
        if not self._driver.wait_ready(START_S, ()):
            raise Wrong(f"not ready within {START_S:g} s")

    def _take(self) -> tuple[str, dict[str, Any]]:
        """A still, looked at and deleted; what it is, and what the camera says of it."""
        self._driver.request_still()
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
        return f"{said}; the first after {first - began:.1f} s, the next after {again - first:.2f} s; told: {keys}"

    def _still(self, settings: Settings) -> str:
        self._begin(settings)
        said, metadata = self._take()
        return f"{said}, crop {metadata.get('ScalerCrop', 'not told')}"

    def _photo(self, kind: str, settings: Settings) -> str:
        self._begin(settings, PhotoRequest(kind, self._folder, {}))
        return self._take()[0]

    def _stream(self, start: Callable[[Settings, CameraInfo], None], wanted: int) -> str:
        """Read JPEGs of the live view, or of a video: whether the board and its card can keep up with them."""
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

    def _still_of_video(self) -> str:
        path, _ = self._driver.start_video(self._settings(), self._camera, self._folder / "video", None)
        try:
            return self._take()[0]
        finally:
            self._driver.stop()
            path.unlink(missing_ok=True)

    def _video(self, settings: Settings) -> str:
        seconds = QUICK_VIDEO_S if self._quick else VIDEO_S
        path, form = self._driver.start_video(settings, self._camera, self._folder / "video", seconds)
        try:
            if not self._driver.wait_video(START_S + 10 * seconds, ()):
                raise Wrong("the recording did not end")
            size = path.stat().st_size if path.exists() else 0
            if not size:
                raise Wrong("there is nothing in the file")
            return f"{path.suffix}, {size / 1e6:.2f} MB in {seconds} s{', for ffmpeg to make an MP4 of' * form.remux}"
        finally:
            self._driver.stop()
            path.unlink(missing_ok=True)

    def _control(self, attempt: Attempt) -> str:
        settings = self._settings(controls=attempt.controls)
        if "FrameDurationLimits" in attempt.controls:  # of live view and video only
            self._driver.start_live(settings, self._camera)
            if not self._driver.read_frames(START_S, ()):
                raise Wrong(f"no frame within {START_S:g} s")
            return "live view"
        self._begin(settings)
        _, metadata = self._take()
        if wrong := complaint(attempt.controls, metadata):
            raise Wrong(wrong)
        told = {name: metadata[name] for name in attempt.controls if name in metadata}
        state = {"AfState": metadata["AfState"]} if "Af" in attempt.name and "AfState" in metadata else {}
        return ", ".join(f"{name} {value}" for name, value in (told | state).items())

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


def walk(check: Check, driver: Driver, say: Callable[[str], None]) -> int:
    """Do all steps, a line of the report each; how many failed."""
    failed = 0
    for step in check.steps():
        if isinstance(step, str):
            say(f"| – | {step} | |")
            continue
        name, act = step
        try:
            say(f"| ok | {name} | {act()} |")
        except (CameraError, Wrong, OSError, SyntaxError) as error:  # Pillow's SyntaxError: a broken PNG
            failed += 1
            say(f"| **FAILED** | {name} | {type(error).__name__}: {error} |")
            driver.stop()
    return failed


def drivers(environ: dict[str, str], paths: Paths) -> list[Driver]:
    """Those to check.

    Raises:
        StillcamError: there is none.
    """
    if environ.get("STILLCAM_CAMERA"):
        return [choose_driver(environ, paths)]
    kinds = ["rpicam"] * bool(find_programs(environ.get("PATH"))) + ["picamera2"] * has_picamera2()
    if not kinds:
        raise StillcamError("no camera software here: sudo apt install -y rpicam-apps, or STILLCAM_CAMERA=simulated")
    return [choose_driver(environ | {"STILLCAM_CAMERA": kind}, paths) for kind in kinds]


def about(environ: dict[str, str]) -> Iterator[str]:
    """The machine and its software."""
    yield f"Stillcam {__version__}, hardware check of {time.strftime('%Y-%m-%d %H:%M:%S %z')}"
    for name, value in [*board(), *system(), *Software().rows(environ.get("PATH"))]:
        if name != "Host name":  # nobody's concern
            yield f"- {name}: {value}"


def main() -> int:
    """0: all is well; 1: something failed, or cannot be checked."""
    parser = argparse.ArgumentParser(prog="tests/run --hardware", description=__doc__)
    parser.add_argument("--camera", type=int, help="check only this one")
    parser.add_argument("--width", type=int, default=0, help="width of the pictures (0: the sensor's)")
    parser.add_argument("--quick", action="store_true", help="one value of each control, short videos")
    options = parser.parse_args()
    environ = dict(os.environ)
    folder = Path(tempfile.mkdtemp(prefix="stillcam-hardware-"))
    failed = 0

    def say(line: str) -> None:
        print(line, flush=True)

    try:
        paths = Paths.from_environ(
            environ | {"STILLCAM_IMAGES": str(folder / "images"), "STILLCAM_DATA": str(folder / "data")}
        )
        for path in (paths.images, paths.data, paths.run):
            paths.make(path)
        (drafts := folder / "drafts").mkdir()
        for line in about(environ):
            say(line)
        for driver in drivers(environ, paths):
            cameras = [
                one for one in driver.list_cameras(options.camera or 0, ()) if options.camera in (None, one.index)
            ]
            if not cameras:
                raise StillcamError(f"{driver.name} lists no such camera: check the cable")
            for camera in cameras:
                say(f"\n## {driver.name}, camera {camera.index}: {camera.model} {camera.size[0]}x{camera.size[1]}\n")
                say("| | what | remark |\n| --- | --- | --- |")
                try:
                    failed += walk(Check(driver, camera, drafts, options.width, quick=options.quick), driver, say)
                finally:
                    driver.stop()
    except StillcamError as error:
        print(f"tests/run --hardware: {error}", file=sys.stderr)
        return 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    say(f"\n{failed} failed" if failed else "\nall is well")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
