"""How bright the scene is by the metadata of a frame, and when a condition follows it: with hysteresis and delay."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from stillcam.common.validate import is_number
from stillcam.profiles.definition import MEASURES, Brightness

GAP_S = 60.0  # the camera may give no metadata for so long between two of its uses


@dataclass(frozen=True, slots=True)
class Light:
    """What a condition has seen so far."""

    holds: bool = False
    since_s: float | None = None  # beyond the threshold that would change it, without a break (monotonic)


class LightMeter:
    """The brightness that was measured last, and what each condition has seen of it.

    Args:
        holds: name of a profile -> whether its condition held before.
    """

    def __init__(self, holds: Mapping[str, bool]) -> None:
        self._lights = {name: Light(held) for name, held in holds.items()}
        self._measured: dict[str, tuple[float, float]] = {}  # measure -> value, and when it came

    @property
    def holds(self) -> dict[str, bool]:
        """Name of a profile -> whether its condition holds."""
        return {name: light.holds for name, light in self._lights.items()}

    @property
    def values(self) -> dict[str, float]:
        """Measure -> value."""
        return {measure: value for measure, (value, _) in self._measured.items()}

    def keep(self, names: Collection[str]) -> None:
        """Forget the conditions of all profiles but these."""
        self._lights = {name: light for name, light in self._lights.items() if name in names}

    def measure(self, metadata: Mapping[str, Any], conditions: Mapping[str, Brightness], now_s: float) -> None:
        """Measure, and have each profile's condition follow.

        Args:
            metadata: of the newest frame; empty: there is none.
            now_s: monotonic.
        """
        for measure in MEASURES:
            if (value := measured(measure, metadata)) is not None:
                self._measured[measure] = value, now_s
            elif measure in self._measured and now_s - self._measured[measure][1] > GAP_S:
                del self._measured[measure]
        for name, when in conditions.items():
            value = self._measured.get(when.measure, (None,))[0]
            self._lights[name] = follow(when, self._lights.get(name, Light()), value, now_s)


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
