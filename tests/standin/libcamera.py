"""Stands in for libcamera's Python bindings: what the picamera2 driver uses of them, on the simulated cameras.

Enumerators and their numbers are libcamera's (src/libcamera/control_ids_core.yaml and
control_ids_draft.yaml), named as the bindings do: without the prefix that they have in common.
"""

import os
from dataclasses import dataclass
from enum import IntEnum
from types import SimpleNamespace
from typing import Any

from stillcam.camera.simulated.camera import folder
from stillcam.camera.simulated.faults import FaultSource
from stillcam.camera.simulated.sensors import CONTROLS, LEAST_US, LENS_CONTROLS, LONGEST_US, Sensor

USB = "STANDIN_USB"  # where it is set, the cameras are USB cameras: no raw pictures, no sensor modes, only MJPEG


def _enum(name: str, *members: str) -> Any:
    return IntEnum(name, {member: number for number, member in enumerate(members)})


controls = SimpleNamespace(
    AeMeteringModeEnum=_enum("AeMeteringMode", "CentreWeighted", "Spot", "Matrix", "Custom"),
    AeConstraintModeEnum=_enum("AeConstraintMode", "Normal", "Highlight", "Shadows", "Custom"),
    AeExposureModeEnum=_enum("AeExposureMode", "Normal", "Short", "Long", "Custom"),
    AeFlickerModeEnum=_enum("AeFlickerMode", "Off", "Manual", "Auto"),
    AwbModeEnum=_enum(
        "AwbMode", "Auto", "Incandescent", "Tungsten", "Fluorescent", "Indoor", "Daylight", "Cloudy", "Custom"
    ),
    AfModeEnum=_enum("AfMode", "Manual", "Auto", "Continuous"),
    AfRangeEnum=_enum("AfRange", "Normal", "Macro", "Full"),
    AfSpeedEnum=_enum("AfSpeed", "Normal", "Fast"),
    AfMeteringEnum=_enum("AfMetering", "Auto", "Windows"),
    AfTriggerEnum=_enum("AfTrigger", "Start", "Cancel"),
    AfPauseEnum=_enum("AfPause", "Immediate", "Deferred", "Resume"),
    HdrModeEnum=_enum("HdrMode", "Off", "MultiExposureUnmerged", "MultiExposure", "SingleExposure", "Night"),
    draft=SimpleNamespace(
        NoiseReductionModeEnum=_enum("NoiseReductionMode", "Off", "Fast", "HighQuality", "Minimal", "ZSL")
    ),
)


@dataclass(frozen=True)
class Size:
    width: int
    height: int


@dataclass(frozen=True)
class Transform:
    hflip: bool = False
    vflip: bool = False
    transpose: bool = False


class ColorSpace:
    def __init__(self, name: str) -> None:
        self.name = name

    @staticmethod
    def Sycc() -> "ColorSpace":  # noqa: N802 - libcamera's name
        return ColorSpace("sYCC")


@dataclass(frozen=True)
class ControlId:
    name: str


class ControlInfo:
    """Smallest, largest and default value."""

    def __init__(self, low: Any, high: Any, default: Any) -> None:
        self.min, self.max, self.default = low, high, default


class Camera:
    """A camera as it is listed, without being opened."""

    def __init__(self, sensor: Sensor) -> None:
        self.id = sensor.path
        about = {
            "Model": sensor.model,
            "PixelArraySize": Size(*sensor.size),
            **(
                {}
                if USB in os.environ
                else {"ColorFilterArrangement": ("RGGB", "GRBG", "GBRG", "BGGR").index(sensor.order)}
            ),
            "Rotation": 180,
            "Location": 2,
        }
        self.properties = {ControlId(name): value for name, value in about.items()}
        self.controls = {ControlId(name): info for name, info in control_infos(sensor).items()}


class CameraManager:
    @staticmethod
    def singleton() -> "CameraManager":
        return CameraManager()

    @property
    def cameras(self) -> list[Camera]:
        faults = FaultSource(folder(os.environ), os.environ).read()
        return [Camera(sensor) for sensor in faults.sensors()]


def control_infos(sensor: Sensor) -> dict[str, ControlInfo]:
    """What the sensor's camera can be told."""
    listed = CONTROLS | (LENS_CONTROLS if sensor.focus else {})
    infos = {name: ControlInfo(*_range(text)) for name, text in listed.items()}
    defaults = {"Contrast": 1.0, "Saturation": 1.0, "Sharpness": 1.0, "Brightness": 0.0, "ExposureValue": 0.0}
    for name, default in defaults.items():
        infos[name].default = default
    fastest = round(1e6 / sensor.still_mode().fps)
    infos["AnalogueGain"] = ControlInfo(1.0, sensor.max_gain, 1.0)
    infos["ExposureTime"] = ControlInfo(LEAST_US, LONGEST_US, 20_000)
    infos["FrameDurationLimits"] = ControlInfo(fastest, LONGEST_US + 1000, 33_333)
    infos["ScalerCrops"] = infos["ScalerCrop"] = ControlInfo((0, 0, 64, 64), (0, 0, *sensor.size), (0, 0, *sensor.size))
    if sensor.focus:
        infos["LensPosition"] = ControlInfo(*sensor.focus, 1.0)
    return infos


def _range(text: str) -> tuple[Any, Any, Any]:
    low, high = text.split("..")
    if low == "false":
        return False, True, True
    if low.startswith("("):
        return (0, 0, 0, 0), (65535, 65535, 65535, 65535), (0, 0, 0, 0)
    kind = float if "." in low else int
    return kind(low), kind(high), 0 if kind is int else None
