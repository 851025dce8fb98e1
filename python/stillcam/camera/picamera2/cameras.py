"""In the worker: lists the cameras and what each can do, and sets the HDR mode of a sensor.

libcamera lists a camera without opening it, so one that another program uses is listed too. Crop and frame rate of a
sensor mode are known only once the camera has been configured for it.
"""

from __future__ import annotations

import fcntl
import logging
import re
import struct
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

from stillcam.camera.picamera2.configuration import CameraConfiguration
from stillcam.camera.picamera2.errors import TooOld, cause_and_reason
from stillcam.camera.picamera2.ipc import Message, with_tuples
from stillcam.settings.capabilities import CameraInfo, SensorMode

UNKNOWN_SIZE = 1280, 720  # of a camera that does not report its size: most can do this
RAW = re.compile(r"(?:S[RGB]{4}|R)(\d+)")  # a sensor's formats: SRGGB10_CSI2P, R10
# libcamera's ColorFilterArrangement (property_ids_draft.yaml).
COLOURS = ("RGGB", "GRBG", "GBRG", "BGGR", "RGB", "MONO")

# The first version whose JPEG encoder takes YUV420 (0.3.26), and that starts with the exposure that is set (0.3.27).
OLDEST = 0, 3, 27

# The HDR mode of Camera Module 3's sensor is a control of its device, not of libcamera. It is set before libcamera
# opens the sensor, as in rpicam-apps, and stays until it is set again. The library's own function for it
# (picamera2.devices.imx708) would load the code for other devices too.
HDR_SENSOR = "imx708"
SUBDEVICES = Path("/sys/class/video4linux")
DEVICES = Path("/dev")
VIDIOC_S_CTRL = 0xC008561C  # linux/videodev2.h: _IOWR('V', 28, struct v4l2_control)
WIDE_DYNAMIC_RANGE = 0x009A0915  # V4L2_CID_WIDE_DYNAMIC_RANGE, of linux/v4l2-controls.h


def list_cameras(index: int) -> list[CameraInfo]:
    """The cameras of this machine.

    Args:
        index: the camera that is going to be used. Only this one is opened: others may be in use.

    Raises:
        TooOld: the library is too old for Stillcam.
    """
    _check_version()
    library = import_module("picamera2")
    cameras = _without_opening(library.Picamera2.global_camera_info())
    if index < len(cameras):
        try:
            with library.Picamera2(index) as opened:
                cameras[index] = _measured(opened, cameras[index])
        except (RuntimeError, LookupError, OSError) as error:  # a control is missing, or memory
            cameras[index] = replace(cameras[index], held=cause_and_reason(error)[0] == "busy")
            logging.warning("the modes and limits of camera %s are unknown: %r", index, error.__cause__ or error)
    return cameras


def _check_version() -> None:
    """Raise TooOld if the library is; a source folder of it has no version."""
    from importlib import metadata  # the daemon, which imports this module, does not need it

    try:
        version = metadata.version("picamera2")
    except metadata.PackageNotFoundError:
        return
    if tuple(map(int, re.findall(r"\d+", version)[:3])) < OLDEST:
        raise TooOld(f"picamera2 {version} is too old, Stillcam needs {'.'.join(map(str, OLDEST))}")


def _measured(opened: Any, camera: CameraInfo) -> CameraInfo:
    """`camera` with crop and frame rate of its sensor modes, and the limits of controls.

    It is configured for each mode, like Picamera2.sensor_modes, but with one buffer instead of four: four of a full
    mode may not fit into memory. Limits are those of the full mode, as rpicam-apps list them; without a configuration
    they are the same for every sensor (libcamera's ipa_base.cpp, ipaControls).
    """
    full = max((mode.size for mode in camera.modes), key=lambda size: size[0] * size[1], default=None)
    limits = opened.camera_controls
    measured = []
    for mode in camera.modes:
        raw = {"format": mode.format, "size": mode.size}
        opened.configure(opened.create_preview_configuration(raw=raw, buffer_count=1))
        controls = opened.camera_controls
        fps, crop = round(1e6 / controls["FrameDurationLimits"][0], 2), tuple(controls["ScalerCrop"][1])
        measured.append(replace(mode, fps=fps, crop=crop))
        limits = controls if mode.size == full else limits
    return replace(
        camera,
        modes=tuple(measured),
        limits={name: _limits(*limit[:2]) for name, limit in limits.items()} or None,
        held=False,
    )


def _without_opening(infos: list[Message]) -> list[CameraInfo]:
    """What libcamera knows of each camera that is not opened; no object of libcamera is kept."""
    available = import_module("libcamera").CameraManager.singleton().cameras
    cameras = []
    for index, info in enumerate(infos):
        camera = available[info["Num"]]
        properties = {key.name: value for key, value in camera.properties.items()}
        size, colour = properties.get("PixelArraySize"), properties.get("ColorFilterArrangement")
        modes = _modes(camera)
        cameras.append(
            CameraInfo(
                index=index,
                model=str(info.get("Model", "camera")),
                size=(size.width, size.height) if size is not None else UNKNOWN_SIZE,
                bit_depth=max((mode.bit_depth or 0 for mode in modes), default=None),
                colour=COLOURS[int(colour)] if colour is not None and int(colour) < len(COLOURS) else None,
                path=str(info["Id"]),
                modes=modes,
                limits={key.name: None for key in camera.controls} or None,
                held=True,
            )
        )
    return cameras


def _modes(camera: Any) -> tuple[SensorMode, ...]:
    """The sensor modes of a camera that is not opened: size and bit depth."""
    configuration = camera.generate_configuration([import_module("libcamera").StreamRole.Raw])
    if configuration is None:  # the camera has no raw formats
        return ()
    formats = configuration.at(0).formats
    return tuple(
        SensorMode(str(pixels), (size.width, size.height), int(raw[1]), fps=None, crop=None)
        for pixels in formats.pixel_formats
        if (raw := RAW.match(str(pixels)))
        for size in formats.sizes(pixels)
    )


def _limits(low: Any, high: Any) -> tuple[float, float] | None:
    """Lowest and highest value of a control; None if it is not a number."""
    if isinstance(low, bool) or not (isinstance(low, int | float) and isinstance(high, int | float)):
        return None
    return low, high


def camera_from_json(message: Message) -> CameraInfo:
    """The inverse of `asdict`, after JSON."""
    modes = tuple(SensorMode(**with_tuples(mode)) for mode in message["modes"])
    limits = message["limits"] and with_tuples(message["limits"])
    return CameraInfo(**with_tuples(message) | {"modes": modes, "limits": limits})


def set_sensor_hdr(library: Any, configuration: CameraConfiguration) -> bool:
    """Set the sensor's HDR mode before libcamera opens it; return whether the board does HDR instead."""
    board = configuration.hdr == "Auto" and library.Picamera2.platform.name == "PISP"
    wanted = configuration.hdr == "Sensor" or (configuration.hdr == "Auto" and not board)
    try:
        set_hdr(configuration.path, wanted)
    except OSError as error:
        if wanted:
            raise RuntimeError("configuration failed: the sensor's HDR cannot be switched") from error
        logging.debug("the sensor's HDR cannot be switched: %s", error)
    return board


def set_hdr(path: str, on: bool, subdevices: Path = SUBDEVICES, devices: Path = DEVICES) -> bool:
    """Switch the HDR mode of the sensor at `path` in the device tree; False: it has none.

    Raises:
        OSError: it cannot be switched.
    """
    for device in subdevices.glob("v4l-subdev*"):
        module, node = device / "device/driver/module", device / "device/of_node"
        try:
            found = HDR_SENSOR in module.readlink().name and path and path in str(node.readlink())
        except OSError:  # the device of something else
            continue
        if found:
            with (devices / device.name).open("rb+", buffering=0) as file:
                fcntl.ioctl(file, VIDIOC_S_CTRL, struct.pack("Ii", WIDE_DYNAMIC_RANGE, on))
            return True
    return False
