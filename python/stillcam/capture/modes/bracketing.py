"""With which controls a camera program starts for a shot of a series: pure functions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stillcam.camera.convergence import clamped
from stillcam.camera.metadata import Metadata
from stillcam.series.definition import Definition
from stillcam.settings.control_values import is_number
from stillcam.settings.controls import Values

_EXPOSURE = ("ExposureTime", "AnalogueGain")


def fixes(definition: Definition) -> bool:
    """Whether exposure and white balance stay: a bracket of time or gain is none if the other makes up for it."""
    vary = definition.variation
    return definition.fixed or (vary is not None and vary.control in _EXPOSURE)


def fixed_controls(metadata: Metadata) -> Values:
    """Exposure and white balance of the picture that this is said of; empty where nothing is said."""
    found: Values = {name: clamped(name, metadata[name]) for name in _EXPOSURE if is_number(metadata.get(name))}
    gains = metadata.get("ColourGains")
    if isinstance(gains, list) and len(gains) == 2:
        found["ColourGains"] = [clamped("ColourGains", gain) for gain in gains]
    return found


def varied_controls(given: Mapping[str, Any], varied: Mapping[str, float]) -> Values:
    """The controls of a shot that differs from the others.

    Args:
        given: what holds for all of them, or what the camera had found before.
        varied: what is this shot's own. An ExposureValue is stops: where the exposure
            stays, its time is changed by them.
    """
    controls: Values = dict(given)
    for name, value in varied.items():
        if name == "LensPosition":
            controls |= {"AfMode": "Manual", "AfTrigger": "Cancel", name: clamped(name, value)}
        elif name == "ExposureValue" and "ExposureTime" in controls:
            controls["ExposureTime"] = clamped("ExposureTime", controls["ExposureTime"] * 2**value)
        else:
            controls[name] = clamped(name, value)
    return controls
