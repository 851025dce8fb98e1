"""How bright the scene is by the metadata of a frame, and when a condition follows it: with hysteresis and delay."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from stillcam.common.validate import is_number
from stillcam.profiles.definition import Brightness


@dataclass(frozen=True, slots=True)
class Light:
    """What a condition has seen so far."""

    holds: bool = False
    since_s: float | None = None  # beyond the threshold that would change it, without a break (monotonic)


def measured(measure: str, metadata: Mapping[str, Any]) -> float | None:
    """The brightness in libcamera's metadata: `Lux`, or exposure time (s) × gain; None: they do not contain it."""
    if measure == "lux":
        return metadata["Lux"] if is_number(metadata.get("Lux")) else None
    if is_number(metadata.get("ExposureTime")) and is_number(metadata.get("AnalogueGain")):
        return float(metadata["ExposureTime"] * metadata["AnalogueGain"] / 1e6)
    return None


def follow(when: Brightness, light: Light, value: float | None, now_s: float) -> Light:
    """What the condition has seen after one more measurement; None: there is none, and the waiting time starts over.

    Args:
        now_s: of the measurement (monotonic).
    """
    threshold = when.ends if light.holds else when.begins
    leaves_downwards = when.below is not light.holds
    if value is None or not (value < threshold if leaves_downwards else value > threshold):
        return Light(light.holds)
    since_s = now_s if light.since_s is None else light.since_s
    if now_s - since_s < when.for_s:
        return Light(light.holds, since_s)
    return Light(not light.holds)
