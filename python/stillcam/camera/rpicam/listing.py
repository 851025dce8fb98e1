"""Reads what `rpicam-still --list-cameras --verbose=2` prints.

Source of the text: rpicam-apps core/options.cpp. Size, bit depth, Bayer order and crop can be missing, and the frame
rate may be `nan`; libcamera-apps of 2023 print only the size in the brackets. Lines in an unknown format are ignored,
so that none hides a camera. The programs do not list USB cameras with `/usb` in their path (core/rpicam_app.hpp,
GetCameras), and others without bit depth, Bayer order and crop.

To read frame rates, crops and limits the program acquires each camera. If another process has it, that fails silently
and the program prints libcamera's initial values: 30 fps and `(65535, 65535)/65535x65535 crop` for every mode, and
wrong limits.
"""

from __future__ import annotations

import re
from dataclasses import replace
from math import isfinite

from stillcam.settings.capabilities import CameraInfo, SensorMode

_CAMERA = re.compile(
    r"(?=.*[\])])(?P<index>\d+)\s*:\s*(?P<model>[^\s\[\](][^\[\](]*?)\s*(?=[\[\](])\[?(?:(?P<width>\d+)x(?P<height>\d+))?"
    r"(?P<rest>[^\](]*)\]?\s*(?:\((?P<path>.*)\))?\s*"
)
_UNKNOWN_SIZE = 1280, 720  # of a camera that lists neither size nor modes: most can do this
_BIT_DEPTH = re.compile(r"(\d+)-bit")
_COLOUR = re.compile(r"\b(MONO|[RGB]{4})\b")
_FORMAT = re.compile(r"'(?P<format>[^']+)'\s*:")
_MODE = re.compile(
    r"(?P<width>\d+)x(?P<height>\d+)\s*\[(?P<fps>[^\s\]]+) fps"
    r"(?:\s*-\s*\((?P<x>-?\d+),\s*(?P<y>-?\d+)\)/(?P<w>\d+)x(?P<h>\d+) crop)?[^\]]*\]"
)
_CONTROL = re.compile(r"\s+(?P<name>[A-Z]\w+) : \[(?P<low>.+)\.\.(?P<high>.+)\]")
_FORMAT_DEPTH = re.compile(r"[A-Z]+(\d+)")
_NOT_CONFIGURED = (65535, 65535, 65535, 65535)


def parse(text: str) -> list[CameraInfo]:
    """The cameras in the output of `--list-cameras`, in its order."""
    cameras: list[CameraInfo] = []
    format_name = ""
    for line in text.splitlines():
        if head := _CAMERA.fullmatch(line.strip()):
            cameras.append(_camera(head))
            format_name = ""
        elif cameras:
            if label := _FORMAT.search(line):
                format_name = label["format"]
            camera = cameras[-1]
            if mode := _MODE.search(line):
                cameras[-1] = replace(camera, modes=(*camera.modes, _sensor_mode(format_name, mode)))
            elif control := _CONTROL.fullmatch(line):
                limits = _numbers(control["low"], control["high"])
                cameras[-1] = replace(camera, limits={**(camera.limits or {}), control["name"]: limits})
    return [_complete(camera) for camera in cameras]


def _camera(head: re.Match[str]) -> CameraInfo:
    depth, colour = _BIT_DEPTH.search(head["rest"]), _COLOUR.search(head["rest"])
    return CameraInfo(
        index=int(head["index"]),
        model=head["model"],
        size=(int(head["width"]), int(head["height"])) if head["width"] else (0, 0),
        bit_depth=int(depth[1]) if depth else None,
        colour=colour[1] if colour else None,
        path=head["path"] or "",
        modes=(),
    )


def _complete(camera: CameraInfo) -> CameraInfo:
    if not all(camera.size):  # then that of the largest mode
        camera = replace(camera, size=max((mode.size for mode in camera.modes), default=_UNKNOWN_SIZE))
    if any(mode.crop == _NOT_CONFIGURED for mode in camera.modes):
        return camera.as_held()
    return camera


def _numbers(low: str, high: str) -> tuple[float, float] | None:
    try:
        limits = float(low), float(high)
    except ValueError:  # false..true, rectangles
        return None
    return limits if all(map(isfinite, limits)) else None


def _sensor_mode(format_name: str, mode: re.Match[str]) -> SensorMode:
    depth = _FORMAT_DEPTH.match(format_name)
    sees = mode["x"] and int(mode["w"]) and int(mode["h"])
    fps = _numbers(mode["fps"], mode["fps"])
    return SensorMode(
        format=format_name,
        size=(int(mode["width"]), int(mode["height"])),
        bit_depth=int(depth[1]) if depth else None,
        fps=fps[0] if fps else None,
        crop=(int(mode["x"]), int(mode["y"]), int(mode["w"]), int(mode["h"])) if sees else None,
    )
