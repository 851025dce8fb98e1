"""Autofocus: where the lens goes, for which part of the scene."""

from dataclasses import dataclass

from stillcam.camera.simulated import values
from stillcam.camera.simulated.canvas import View
from stillcam.camera.simulated.options import Options
from stillcam.camera.simulated.scene import LAYERS, Box, Layer
from stillcam.camera.simulated.sensors import Sensor

HYPERFOCAL = 1.0  # dioptres: where the lens rests
RANGES = {"normal": (0.0, 12.0), "macro": (3.0, 15.0), "full": (0.0, 15.0)}
BEST_FOM = 14_000
TOLERANCE = 0.5  # dioptres from what was to be sharp to where a scan still counts as a success

IDLE, SCANNING, FOCUSED, FAILED = 0, 1, 2, 3  # libcamera's AfState


@dataclass(frozen=True, slots=True)
class Focus:
    """Where the lens is (dioptres; None: it has no motor), AfState, and how sharp the focus window is."""

    position: float | None
    state: int
    figure_of_merit: int


def focus(options: Options, sensor: Sensor, whole: View, flips: tuple[bool, bool], *, settled: bool) -> Focus:
    """Focus as rpicam-apps asks for it: continuously, unless there is reason for another mode.

    Args:
        whole: the largest crop of the sensor mode, of which a focus window is a part.
        flips: whether the sensor mirrors left and right, top and bottom; a window lies in what it gives.
        settled: whether there have been frames to scan with.
    """
    subject = _subject(_window(options, whole, flips))
    if sensor.focus is None:
        return Focus(None, IDLE, BEST_FOM)
    asked = values.NUMBER.match(options.lens_position)
    manual = bool(options.lens_position) and not options.focus_on_capture
    mode = options.autofocus_mode
    if mode == "manual" or (mode == "default" and manual):
        position = float(asked[1]) if asked else HYPERFOCAL
        return _at(min(sensor.focus[1], max(sensor.focus[0], position)), IDLE, subject)
    if not settled and not options.focus_on_capture:
        return _at(HYPERFOCAL, SCANNING, subject)
    nearest, farthest = RANGES[options.autofocus_range][1], RANGES[options.autofocus_range][0]
    position = min(nearest, max(farthest, subject))
    return _at(position, FOCUSED if abs(position - subject) < TOLERANCE else FAILED, subject)


def _at(position: float, state: int, subject: float) -> Focus:
    return Focus(position, state, round(BEST_FOM / (1 + 2 * abs(position - subject))))


def _window(options: Options, whole: View, flips: tuple[bool, bool]) -> Box:
    """The focus window in the scene; where none is given, half the width of the middle third (libcamera's af.cpp)."""
    x, y, width, height = values.rectangle(options.autofocus_window) or (1 / 4, 1 / 3, 1 / 2, 1 / 3)
    x, y = 1 - x - width if flips[0] else x, 1 - y - height if flips[1] else y
    left, top = whole.left + x * whole.width, whole.top + y * whole.height
    return left, top, left + width * whole.width, top + height * whole.height


def _subject(window: Box) -> float:
    """The distance (dioptres) of what has most contrast in the window."""

    def weight(layer: Layer) -> float:
        return layer.contrast * sum(_overlap(window, box) for box in layer.subjects)

    return max(LAYERS, key=weight).dioptres


def _overlap(one: Box, other: Box) -> float:
    across, down = min(one[2], other[2]) - max(one[0], other[0]), min(one[3], other[3]) - max(one[1], other[1])
    return max(0.0, across) * max(0.0, down)
