"""Sizes and rectangles: sensor mode, picture size, crop and focus windows. Pure functions.

Rectangles in settings are in sensor pixels before any flip, so that they stay on their subject when the picture is
flipped. libcamera on a Pi flips in the sensor, and takes ScalerCrop and AfWindows in the flipped picture
(src/libcamera/pipeline/rpi/common/pipeline_base.cpp, applyScalerCrop; src/ipa/rpi/controller/rpi/af.cpp):
`flip_rectangle` converts between the two. This is known from the sources, not tested on every sensor.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from stillcam.settings.capabilities import CameraInfo, SensorMode
from stillcam.settings.schema import Configuration

Rectangle = tuple[int, int, int, int]
Size = tuple[int, int]
Flips = tuple[bool, bool]  # horizontal, vertical


@dataclass(frozen=True, slots=True)
class View:
    """What a picture shows.

    Attributes:
        crops: the part of the sensor, in its pixels before any flip. Several: it is one of them, as the zoom is being
            changed; none: it is not known.
        flips: by the camera; a rotation by 180 degrees is both.
        rotation: 90 or 270 degrees clockwise, if the picture has been rotated after that; masks are drawn before.
    """

    crops: tuple[Rectangle, ...]
    flips: Flips
    rotation: int = 0


_FRACTION_STEP = 1e-6  # less than a pixel of the largest sensor, more than the error of a float of 32 bits
_BLOCK = 16  # pixels: the largest JPEG block; only multiples of it can be rotated by 90 degrees without loss


def sensor_mode(wanted: str, camera: CameraInfo, size: Size, framerate: float = 0.0) -> SensorMode | None:
    """The sensor mode to use.

    rpicam-apps by default use the mode nearest to the picture's size, even if it crops the field of view
    (core/rpicam_app.cpp, selectMode): a small picture would then be zoomed.

    Args:
        wanted: `WIDTH:HEIGHT:BITDEPTH`, or empty for the best: fast enough, then with the widest field of view, then
            large enough for the picture, then the smallest, then the one with the highest bit depth.
        size: of the picture; 0 for the size of the sensor.
        framerate: the least frame rate.

    Returns:
        None if the camera does not list its modes, or `wanted` is not among them.
    """
    if wanted:
        return next((mode for mode in camera.modes if mode_name(mode).startswith(wanted)), None)

    def merit(mode: SensorMode) -> tuple[float, ...]:
        seen = mode.crop[2] * mode.crop[3] if mode.crop else mode.size[0] * mode.size[1]
        large = mode.size[0] >= (size[0] or camera.size[0]) and mode.size[1] >= (size[1] or camera.size[1])
        area = mode.size[0] * mode.size[1]
        fast = mode.fps is None or mode.fps >= framerate
        return fast, seen, large, -area if large else area, mode.bit_depth or 0

    return max(camera.modes, key=merit, default=None)


def viewfinder_mode(mode: SensorMode, camera: CameraInfo) -> SensorMode:
    """The smallest sensor mode with the field of view of `mode`, so that exposure and focus are measured for a still.

    A sensor's full mode is slow (10 to 14 fps), and the four buffers of a viewfinder need 60 MB and more of contiguous
    memory in it; its binned mode needs a quarter.
    """
    same = [other for other in camera.modes if mode.crop and other.crop == mode.crop]
    return min(same, key=lambda other: (other.size[0] * other.size[1], -(other.bit_depth or 0)), default=mode)


def mode_name(mode: SensorMode) -> str:
    """A sensor mode as settings and the camera programs write it: `2304:1296:10`."""
    return ":".join(str(part) for part in (*mode.size, mode.bit_depth) if part is not None)


def picture_size(width: int, height: int, whole: Size, step: int = _BLOCK) -> Size:
    """The size to request, in pixels.

    Args:
        width, height: as set; 0: follows from the other one and the aspect ratio of `whole` (to the nearest multiple
            of `step`); both 0: `whole`, the size of the sensor or of its mode.
        step: pixels; a video's size need only be even.
    """
    if not width and not height:
        return whole
    if not height:
        return width, _steps(width * whole[1] / whole[0], step)
    if not width:
        return _steps(height * whole[0] / whole[1], step), height
    return width, height


def _steps(length: float, step: int) -> int:
    return max(1, round(length / step)) * step


def configured_size(
    configuration: Configuration, camera: CameraInfo, like: Size | None = None, step: int = _BLOCK
) -> Size:
    """The picture's size in a configuration: as set, or fitted to the sensor mode.

    Args:
        like: a size whose proportions the picture gets; None: those of the configuration.
        step: see `picture_size`.
    """
    chosen = sensor_mode(configuration.sensor_mode, camera, (0, 0)) if configuration.sensor_mode else None
    whole = chosen.size if chosen else camera.size
    if like:
        return picture_size(configuration.width or whole[0], 0, like, step)
    height = 0 if configuration.align else configuration.height
    return picture_size(configuration.width, height, whole, step)


def field_of_view(mode: SensorMode | None, camera: CameraInfo) -> Rectangle:
    """The part of the sensor that a mode captures, in sensor pixels: libcamera's ScalerCropMaximum."""
    return mode.crop if mode and mode.crop else (0, 0, *camera.size)


def fit_crop(crop: Sequence[int], size: Size, within: Rectangle) -> Rectangle:
    """A crop in the proportions of a picture of this size, so that nothing is distorted.

    It grows around its centre; at the edge of the field of view `within` it moves, and shrinks if necessary.
    """
    x, y, width, height = crop
    aspect = size[0] / size[1]
    wide = max(width, height * aspect)
    wide = min(wide, within[2], within[3] * aspect)
    high = wide / aspect
    left = min(max(x + width / 2 - wide / 2, within[0]), within[0] + within[2] - wide)
    top = min(max(y + height / 2 - high / 2, within[1]), within[1] + within[3] - high)
    return round(left), round(top), round(wide), round(high)


def flip_rectangle(rectangle: Sequence[int], flips: Flips, within: Rectangle) -> Rectangle:
    """Convert a rectangle between the picture before flips and the flipped one; works both ways."""
    x, y, width, height = rectangle
    if flips[0]:
        x = 2 * within[0] + within[2] - x - width
    if flips[1]:
        y = 2 * within[1] + within[3] - y - height
    return x, y, width, height


def fractions(rectangle: Sequence[int], within: Rectangle) -> str:
    """A rectangle as `--roi` and `--autofocus-window` take it: x,y,width,height as fractions of `within`.

    They are a little too large: the camera programs multiply floats of 32 bits, and cut the result down to whole pixels
    (rpicam-apps core/rpicam_app.cpp, StartCamera).
    """
    x, y, width, height = rectangle
    parts = ((x - within[0]) / within[2], (y - within[1]) / within[3], width / within[2], height / within[3])
    return ",".join(f"{min(1.0, max(0.0, part) + _FRACTION_STEP):.6f}" for part in parts)
