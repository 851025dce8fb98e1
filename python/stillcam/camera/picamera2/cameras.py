"""In the child: which cameras there are, and what each can do.

What needs no opening is asked of libcamera itself, so that a camera that another program uses is listed too.
What a sensor mode sees and how fast it is, is told only of a camera that has been opened and configured for it.
"""

from __future__ import annotations

import logging
import re
from importlib import import_module
from typing import Any

from stillcam.camera.picamera2.errors import fault
from stillcam.camera.picamera2.wire import Message
from stillcam.settings.capabilities import Camera, SensorMode

UNKNOWN_SIZE = [1280, 720]  # of a camera that does not tell: what most can do
RAW = re.compile(r"(?:S[RGB]{4}|R)(\d+)")  # SRGGB10_CSI2P, R10; no other format is one of a sensor
# libcamera's ColorFilterArrangement (property_ids_draft.yaml).
COLOURS = ("RGGB", "GRBG", "GBRG", "BGGR", "RGB", "MONO")


def listed(index: int) -> list[Message]:
    """The cameras, as values that JSON carries; `camera_of` reads them.

    Args:
        index: the camera that is going to be used. It alone is opened, since another one may be in use.
    """
    library = import_module("picamera2")
    cameras = _known(library.Picamera2.global_camera_info())
    if index < len(cameras):
        try:
            with library.Picamera2(index) as opened:
                cameras[index] |= _measured(opened, cameras[index]["modes"]) | {"held": False}
        except (RuntimeError, LookupError, OSError) as error:  # it lacks a control, or memory
            cameras[index]["held"] = fault(error)[0] == "busy"
            logging.warning("the modes and limits of camera %s are unknown: %r", index, error.__cause__ or error)
    return cameras


def _measured(opened: Any, modes: list[Message]) -> Message:
    """What a camera tells once it is configured: what its modes see, how fast they are, and the limits of controls.

    As Picamera2.sensor_modes, but with one buffer for each instead of four: those of a full mode may be more than
    there is memory. Limits are those of the full mode, as in the list of rpicam-apps; before a mode is configured they
    are the same for every sensor (libcamera's ipa_base.cpp, ipaControls).
    """
    full = max((mode["size"] for mode in modes), key=lambda size: size[0] * size[1], default=None)
    limits = opened.camera_controls
    measured = []
    for mode in modes:
        raw = {"format": mode["format"], "size": tuple(mode["size"])}
        opened.configure(opened.create_preview_configuration(raw=raw, buffer_count=1))
        there = opened.camera_controls
        told = {"fps": round(1e6 / there["FrameDurationLimits"][0], 2), "crop": list(there["ScalerCrop"][1])}
        measured.append(mode | told)
        limits = there if mode["size"] == full else limits
    return {"modes": measured, "limits": {name: _limits(*told[:2]) for name, told in limits.items()}}


def _known(infos: list[Message]) -> list[Message]:
    """What libcamera tells of each camera without opening it; nothing of libcamera's is kept."""
    there = import_module("libcamera").CameraManager.singleton().cameras
    cameras = []
    for index, info in enumerate(infos):
        camera = there[info["Num"]]
        properties = {key.name: value for key, value in camera.properties.items()}
        size, colour = properties.get("PixelArraySize"), properties.get("ColorFilterArrangement")
        cameras.append(
            {
                "index": index,
                "model": str(info.get("Model", "camera")),
                "size": [size.width, size.height] if size is not None else UNKNOWN_SIZE,
                "colour": COLOURS[int(colour)] if colour is not None and int(colour) < len(COLOURS) else None,
                "path": str(info["Id"]),
                "modes": _formats(camera),
                "limits": {key.name: None for key in camera.controls},
                "held": True,
            }
        )
    return cameras


def _formats(camera: Any) -> list[Message]:
    """The sensor modes as far as they are told of a camera that is not opened."""
    roles = [import_module("libcamera").StreamRole.Raw]
    configuration = camera.generate_configuration(roles)
    if configuration is None:  # it cannot give raw pictures
        return []
    formats = configuration.at(0).formats
    return [
        {"format": str(pixels), "size": [size.width, size.height], "bit_depth": int(raw[1]), "fps": None, "crop": None}
        for pixels in formats.pixel_formats
        if (raw := RAW.match(str(pixels)))
        for size in formats.sizes(pixels)
    ]


def camera_of(told: Message) -> Camera:
    """A camera out of one of `listed`'s values."""
    modes = tuple(
        SensorMode(
            format=mode["format"],
            size=(mode["size"][0], mode["size"][1]),
            bit_depth=mode["bit_depth"],
            fps=mode["fps"],
            crop=(crop[0], crop[1], crop[2], crop[3]) if (crop := mode["crop"]) else None,
        )
        for mode in told["modes"]
    )
    limits = {name: (pair[0], pair[1]) if pair else None for name, pair in told["limits"].items()}
    return Camera(
        index=told["index"],
        model=told["model"],
        size=(told["size"][0], told["size"][1]),
        bit_depth=max((mode.bit_depth or 0 for mode in modes), default=0) or None,
        colour=told["colour"],
        path=told["path"],
        modes=modes,
        limits=limits or None,
        held=told["held"],
    )


def _limits(low: Any, high: Any) -> list[float] | None:
    """What a control may be; None for one that is no number."""
    if isinstance(low, bool) or not (isinstance(low, int | float) and isinstance(high, int | float)):
        return None
    return [low, high]
