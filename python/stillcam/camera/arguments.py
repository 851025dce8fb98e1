"""Builds the command lines of rpicam-still and rpicam-vid from settings: pure functions."""

from __future__ import annotations

from stillcam.camera.driver import Camera
from stillcam.frames import WORK_PREFIX
from stillcam.settings import CameraSettings, Settings

# Relative to the images folder, where the program runs: rpicam-still formats the output name
# into 128 bytes by printf, so a long path is cut and a % in a folder's name breaks it.
STILL_NAME = WORK_PREFIX + "%08d.jpg"
METADATA_NAME = WORK_PREFIX + "metadata.json"

_BLOCK = 16  # pixels: the largest JPEG block; a multiple of it turns by 90 degrees without loss


def picture_size(width: int, height: int, sensor: tuple[int, int]) -> tuple[int, int]:
    """The size to ask for, in pixels.

    Args:
        width, height: as set; 0 for what follows from the other one and the sensor's aspect
            ratio (to the nearest multiple of 16), and both 0 for the sensor's size.
        sensor: its width and height.
    """
    if not width and not height:
        return sensor
    if not height:
        return width, _blocks(width * sensor[1] / sensor[0])
    if not width:
        return _blocks(height * sensor[0] / sensor[1]), height
    return width, height


def _blocks(length: float) -> int:
    return max(1, round(length / _BLOCK)) * _BLOCK


def _common(camera: Camera, settings: CameraSettings, size: tuple[int, int]) -> list[str]:
    argv = ["--camera", str(camera.index), "--nopreview", "--timeout", "0"]
    argv += ["--width", str(size[0]), "--height", str(size[1])]
    if settings.hflip:
        argv.append("--hflip")
    if settings.vflip:
        argv.append("--vflip")
    if settings.rotation == 180:  # 90 and 270 are done on the JPEG: the camera cannot
        argv += ["--rotation", "180"]
    return argv


def still_arguments(settings: Settings, camera: Camera) -> list[str]:
    """The arguments of a long-running rpicam-still that takes one still on each SIGUSR1."""
    still = settings.snapshot
    argv = _common(camera, settings.camera, picture_size(still.width, still.height, camera.size))
    argv += ["--signal", "--output", STILL_NAME, "--metadata", METADATA_NAME, "--quality", str(still.quality)]
    if still.zsl:
        argv.append("--zsl")
    if settings.camera.rotation in (90, 270):
        argv += ["--thumb", "none"]  # jpegtran turns the picture, and would leave the thumbnail lying on its side
    return argv


def stream_arguments(settings: Settings, camera: Camera) -> list[str]:
    """The arguments of an rpicam-vid that writes JPEGs to stdout until it is ended."""
    live = settings.live
    argv = _common(camera, settings.camera, picture_size(live.width, live.height, camera.size))
    argv += ["--codec", "mjpeg", "--output", "-", "--quality", str(live.quality)]
    if live.framerate:
        argv += ["--framerate", f"{live.framerate:g}"]
    return argv
