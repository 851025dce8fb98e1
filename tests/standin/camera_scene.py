"""The stand-in's pictures: those of the simulated camera, told what to do by libcamera's controls."""

from collections.abc import Mapping
from dataclasses import replace
from enum import IntEnum
from typing import Any

from stillcam.camera.simulated.isp import gains_for
from stillcam.camera.simulated.options import Options, StillOptions, VideoOptions
from stillcam.camera.simulated.sensors import SensorMode
from stillcam.settings.controls import CONTROLS
from stillcam.settings.geometry import fractions

WORDS = {
    "AeMeteringMode": "metering", "AeExposureMode": "exposure", "AwbMode": "awb", "NoiseReductionMode": "denoise",
    "HdrMode": "hdr", "AfMode": "autofocus_mode", "AfRange": "autofocus_range", "AfSpeed": "autofocus_speed",
}  # fmt: skip
NUMBERS = {
    "AnalogueGain": "gain", "ExposureValue": "ev", "Brightness": "brightness", "Contrast": "contrast",
    "Saturation": "saturation", "Sharpness": "sharpness",
}  # fmt: skip


def options_of(
    told: Mapping[str, Any],
    enums: Mapping[str, type[IntEnum]],
    flips: tuple[bool, bool],
    mode: SensorMode,
    *,
    video: bool,
) -> Options:
    """What the simulated camera's programs would be told for the same picture.

    Args:
        told: control -> its value; rectangles as tuples.
        enums: control -> its enumerators; libcamera takes their numbers too.
    """
    given: dict[str, Any] = {"hflip": flips[0], "vflip": flips[1]}
    for name, value in told.items():
        if name in WORDS:
            words = {choice.value: choice.rpicam_value for choice in CONTROLS[name].choices}
            given[WORDS[name]] = words.get(enums[name](value).name, "auto")
        elif name in NUMBERS:
            given[NUMBERS[name]] = float(value)
        elif name == "ExposureTime":
            given["shutter"] = f"{value}us"
        elif name == "ColourGains":
            given["awbgains"] = f"{value[0]},{value[1]}"
        elif name == "ColourTemperature":
            given["awbgains"] = ",".join(map(str, gains_for(value)))
        elif name == "ColourCorrectionMatrix":
            given["ccm"] = ",".join(map(str, value))
        elif name == "LensPosition":
            given["lens_position"] = str(value)
        elif name == "ScalerCrop":
            given["roi"] = fractions(value, mode.crop)
        elif name == "AfWindows" and told.get("AfMetering", 0) == 1:
            given["autofocus_window"] = fractions(value[0], mode.crop)
        elif name == "AeFlickerPeriod" and told.get("AeFlickerMode", 0) == 1:
            given["flicker_period"] = f"{value}us"
    return replace(VideoOptions() if video else StillOptions(), **given)
