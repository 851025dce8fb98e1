"""The camera modules that can be simulated, how `--list-cameras` prints them, and what size and mode a stream gets.

`cameras.txt` lists them as `rpicam-still --list-cameras --verbose=2` does on a Pi 4.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from stillcam.camera.simulated.options import StillOptions, VideoOptions
from stillcam.camera.simulated.program import Failure

LEAST_US, LONGEST_US = 26, 112_015_553  # ExposureTime
VIDEO_SIZE = (640, 480)
VIEWFINDER_FPS = 30.0

CAMERA = re.compile(r"(\w+) \[(\d+)x(\d+) (\d+)-bit (\w+)\] \((\S+)\)")
MODE = re.compile(r"(?:'(\w+)' : )?(\d+)x(\d+) \[([\d.]+) fps - \((\d+), (\d+)\)/(\d+)x(\d+) crop\]")
CONTROL = re.compile(r"(\w+) : \[(.*)\]")

# What is listed of a camera that is not configured: to read rates, crops and limits, the camera is configured for each
# mode (rpicam-apps core/options.cpp), which fails without a word where another process has it (ipa_base.cpp,
# ipaControls).
UNCONFIGURED = (
    (r"\[\d.* crop\]", "[30.00 fps - (65535, 65535)/65535x65535 crop]"),
    (r"(AnalogueGain : ).*", r"\1[1.000000..16.000000]"),
    (r"(ExposureTime : ).*", r"\1[1..66666]"),
    (r"(FrameDurationLimits : ).*", r"\1[33333..120000]"),
    (r"(LensPosition : ).*", r"\1[0.000000..32.000000]"),
    (r"(ScalerCrop : ).*", r"\1[(0, 0)/0x0..(65535, 65535)/65535x65535]"),
)

Size = tuple[int, int]
Rectangle = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class SensorMode:
    """What the sensor can read out: pixels, their format, the fastest rate, and the part of the pixel array used."""

    size: Size
    format: str
    fps: float
    crop: Rectangle

    def mirror(self, rectangle: Rectangle, across: bool, down: bool) -> Rectangle:
        """A rectangle of the pixel array where it comes to lie when the sensor flips what this mode reads."""
        x, y, width, height = rectangle
        x = 2 * self.crop[0] + self.crop[2] - x - width if across else x
        y = 2 * self.crop[1] + self.crop[3] - y - height if down else y
        return x, y, width, height

    @property
    def bits(self) -> int:
        return int("".join(filter(str.isdigit, self.format.split("_")[0])))


@dataclass(frozen=True, slots=True)
class Sensor:
    """A camera module."""

    model: str
    size: Size
    bits: int
    order: str
    path: str
    modes: tuple[SensorMode, ...]
    text: str  # how it is listed, without its number
    more: str  # its controls, as `--verbose=2` lists them
    controls: dict[str, str]  # the smallest and largest value of each, `LOW..HIGH`
    max_gain: float  # the largest AnalogueGain
    focus: tuple[float, float] | None  # the lens's range in dioptres; None where the lens is fixed

    def still_mode(self) -> SensorMode:
        """The first of the largest modes: what a still uses."""
        return max(self.modes, key=lambda mode: (mode.size, mode.bits))


def _read(listed: str) -> Sensor:
    """A camera as `cameras.txt` lists it, without its number."""
    text, _, more = listed.partition("\n\n")
    model, width, height, bits, order, path = CAMERA.findall(text)[0]
    modes: list[SensorMode] = []
    for form, wide, high, fps, *crop in MODE.findall(text):
        x, y, across, down = map(int, crop)
        modes.append(SensorMode((int(wide), int(high)), form or modes[-1].format, float(fps), (x, y, across, down)))
    controls = dict(CONTROL.findall(more))
    lens = controls.get("LensPosition", "").partition("..")
    return Sensor(
        model, (int(width), int(height)), int(bits), order, path, tuple(modes), text, more, controls,
        max_gain=float(controls["AnalogueGain"].partition("..")[2]),
        focus=(float(lens[0]), float(lens[2])) if lens[1] else None,
    )  # fmt: skip


CAMERAS = re.split(r"^\d+ : ", Path(__file__).with_name("cameras.txt").read_text(), flags=re.MULTILINE)[1:]
MODULES = {sensor.model: sensor for sensor in map(_read, CAMERAS)}


def sensors_of(models: str) -> tuple[Sensor, ...]:
    """The sensors of these models (`imx519 imx219`), in the order of their numbers."""
    for model in models.split():
        if model not in MODULES:
            raise Failure(f"{model} cannot be simulated: choose among {', '.join(MODULES)}")
    return tuple(MODULES[model] for model in models.split())


def listing(sensors: tuple[Sensor, ...], verbose: bool = False, busy: Collection[int] = ()) -> str:
    """The text of `--list-cameras`, with its last line's end; `verbose` lists the controls too.

    Args:
        busy: the cameras that another process has.
    """
    if not sensors:
        return "No cameras available!\n"
    text = "Available cameras\n-----------------\n"
    for index, sensor in enumerate(sensors):
        listed = f"{index} : {sensor.text}\n\n{sensor.more if verbose else ''}"
        for pattern, unknown in UNCONFIGURED if index in busy else ():
            listed = re.sub(pattern, unknown, listed)
        text += listed
    return text


def still(options: StillOptions, sensor: Sensor) -> tuple[Size, SensorMode]:
    """Size, as asked, each side for itself, else the mode's; and mode: as asked, else the full one.

    Sizes are even, and no larger than the sensor. Sensor HDR halves the imx708's mode.
    """
    halved = options.hdr in ("sensor", "auto") and sensor.model == "imx708"
    mode = sensor.modes[1] if halved else sensor.still_mode()
    if options.mode:
        mode = _select(options.mode, sensor, mode.size)
    return _even((options.width or mode.size[0], options.height or mode.size[1]), sensor), mode


def viewfinder(options: StillOptions, sensor: Sensor) -> tuple[Size, SensorMode]:
    """As asked, or half of the sensor in the still's proportions (core/rpicam_app.cpp, ConfigureViewfinder); mode."""
    wide, high = sensor.size[0] // 2, sensor.size[1] // 2
    if options.viewfinder_width and options.viewfinder_height:
        wide, high = options.viewfinder_width, options.viewfinder_height
    elif options.width and options.height:
        aspect = options.width / options.height
        wide, high = min(wide, int(high * aspect)), min(high, int(wide / aspect))
    size = _even((wide, high), sensor)
    return size, _select(options.viewfinder_mode, sensor, size)


def video(options: VideoOptions, sensor: Sensor) -> tuple[Size, SensorMode]:
    """The size as asked, each side for itself, else that of 640x480; and the mode for it and the frame rate."""
    size = _even((options.width or VIDEO_SIZE[0], options.height or VIDEO_SIZE[1]), sensor)
    return size, _select(options.mode, sensor, size, options.framerate)


def _even(size: Size, sensor: Sensor) -> Size:
    return max(2, min(size[0], sensor.size[0]) & ~1), max(2, min(size[1], sensor.size[1]) & ~1)


def _select(text: str, sensor: Sensor, size: Size, fps: float = 0.0) -> SensorMode:
    """The mode that rpicam-apps takes: the one with the fewest penalties (core/rpicam_app.cpp, selectMode).

    Args:
        text: W:H, perhaps with :DEPTH, as `--mode`; empty: none is asked for, and it is to fit the size.
        fps: as `--framerate`; 0: none is asked for, and modes may be slower.
    """
    width, height, depth = (*map(int, text.split(":")[:3]), 12)[:3] if text else (*size, 12)

    def penalty(mode: SensorMode) -> float:
        wide, high = mode.size
        score = _deviation(width, wide) + _deviation(height, high) + 1500 * _deviation(width / height, wide / high)
        return score + 2000 * max(0.0, fps - mode.fps) + 500 * abs(depth - mode.bits)

    return min(reversed(sensor.modes), key=penalty)  # of equal ones, the last


def _deviation(wanted: float, found: float) -> float:
    return 2 * (wanted - found if found <= wanted else (found - wanted) / 8)
