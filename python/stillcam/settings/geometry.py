"""Sizes and rectangles: sensor mode, picture, crop and focus window; pure functions.

A setting's rectangle is in sensor pixels as they lie when nothing is flipped, so that it stays
on its subject whichever way the picture is turned. libcamera on a Pi lets the sensor itself
flip, and takes ScalerCrop and AfWindows in the picture that the sensor then gives
(src/libcamera/pipeline/rpi/common/pipeline_base.cpp, applyScalerCrop; src/ipa/rpi/controller/
rpi/af.cpp): `mirrored` goes between the two. Read from the sources; not seen on every sensor.
"""

from __future__ import annotations

from collections.abc import Sequence

from stillcam.settings.capabilities import Camera, SensorMode
from stillcam.settings.schema import Configuration

Rectangle = tuple[int, int, int, int]
Size = tuple[int, int]
Flips = tuple[bool, bool]  # left and right, top and bottom

_BLOCK = 16  # pixels: the largest JPEG block; a multiple of it turns by 90 degrees without loss


def sensor_mode(wanted: str, camera: Camera, size: Size, framerate: float = 0.0) -> SensorMode | None:
    """The sensor mode to take.

    rpicam-apps by itself takes the mode that comes nearest to the picture's size, whatever part of
    the view it cuts off (core/rpicam_app.cpp, selectMode): a small picture would then be zoomed.

    Args:
        wanted: `WIDTH:HEIGHT:BITDEPTH`, or empty for the best: fast enough, then of the widest view,
            then large enough for the picture, then the smallest, then the deepest.
        size: of the picture; 0 for as large as the sensor.
        framerate: that must be reached.

    Returns:
        None where the camera does not tell its modes, or `wanted` is none of them.
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


def viewfinder_mode(mode: SensorMode, camera: Camera) -> SensorMode:
    """The cheapest sensor mode that sees what `mode` sees, so that exposure and focus are measured for a still.

    A sensor's full mode is slow (10 to 14 fps), and the four buffers of a viewfinder take 60 MB and more of the
    contiguous memory in it; its binned mode takes a quarter.
    """
    same = [other for other in camera.modes if mode.crop and other.crop == mode.crop]
    return min(same, key=lambda other: (other.size[0] * other.size[1], -(other.bit_depth or 0)), default=mode)


def mode_name(mode: SensorMode) -> str:
    """A sensor mode as settings and the camera programs write it: `2304:1296:10`."""
    return ":".join(str(part) for part in (*mode.size, mode.bit_depth) if part is not None)


def picture_size(width: int, height: int, whole: Size, step: int = _BLOCK) -> Size:
    """The size to ask for, in pixels.

    Args:
        width, height: as set; 0 for what follows from the other one and the aspect ratio of
            `whole` (to the nearest multiple of `step`), and both 0 for `whole`.
        whole: width and height of the sensor, or of its mode.
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


def configured_size(configuration: Configuration, camera: Camera, like: Size | None = None, step: int = _BLOCK) -> Size:
    """The picture's size in a configuration: as set, or fitted to the sensor mode.

    Args:
        like: a size whose proportions the picture is to have; None: as the configuration says.
        step: see `picture_size`.
    """
    chosen = sensor_mode(configuration.sensor_mode, camera, (0, 0)) if configuration.sensor_mode else None
    whole = chosen.size if chosen else camera.size
    if like:
        return picture_size(configuration.width or whole[0], 0, like, step)
    height = 0 if configuration.align else configuration.height
    return picture_size(configuration.width, height, whole, step)


def view(mode: SensorMode | None, camera: Camera) -> Rectangle:
    """What a sensor mode sees, in sensor pixels: libcamera's ScalerCropMaximum."""
    return mode.crop if mode and mode.crop else (0, 0, *camera.size)


def fitted(crop: Sequence[int], size: Size, within: Rectangle) -> Rectangle:
    """A crop in the proportions of the picture, so that nothing is distorted.

    It keeps its middle and grows on one side; where there is no room, it shrinks and moves.

    Args:
        crop: as set, in sensor pixels.
        size: of the picture.
        within: what there is to see, in sensor pixels.
    """
    x, y, width, height = crop
    aspect = size[0] / size[1]
    wide = max(width, height * aspect)
    wide = min(wide, within[2], within[3] * aspect)
    high = wide / aspect
    left = min(max(x + width / 2 - wide / 2, within[0]), within[0] + within[2] - wide)
    top = min(max(y + height / 2 - high / 2, within[1]), within[1] + within[3] - high)
    return round(left), round(top), round(wide), round(high)


def mirrored(rectangle: Sequence[int], flips: Flips, within: Rectangle) -> Rectangle:
    """A rectangle in the flipped picture where it was in the upright one, and the reverse."""
    x, y, width, height = rectangle
    if flips[0]:
        x = 2 * within[0] + within[2] - x - width
    if flips[1]:
        y = 2 * within[1] + within[3] - y - height
    return x, y, width, height


def fractions(rectangle: Sequence[int], within: Rectangle) -> str:
    """A rectangle as `--roi` and `--autofocus-window` take it: x,y,width,height as parts of `within`."""
    x, y, width, height = rectangle
    parts = ((x - within[0]) / within[2], (y - within[1]) / within[3], width / within[2], height / within[3])
    return ",".join(f"{min(1.0, max(0.0, part)):.6f}" for part in parts)
