"""How long pictures take, by the settings and by what the camera says."""

from __future__ import annotations

from dataclasses import dataclass

from stillcam.camera.metadata import Metadata
from stillcam.camera.use_cases import DEFAULT_FRAMERATE, effective_controls, live_framerate, photo_configuration
from stillcam.settings.controls import Values
from stillcam.settings.schema import Configuration, Settings

EMPTY: Values = {}
HIDDEN_FRAMES = 12  # that a camera keeps for itself when it starts, at most: exposure and colours converge in them
MAX_PATIENCE_S = 60.0
HELD_FRAMES = 16  # that may be in libav's buffer of 32 KB before there is more of the file; one a second stands alone


@dataclass(slots=True)
class Patience:
    """How long one kind of wait may last before the camera counts as stalled, as far as experience goes.

    A camera may be slower than its settings tell (64 megapixels, a scan in the dark): after each stall it gets
    twice the time, up to `MAX_PATIENCE_S`, and afterwards twice the time that it turned out to need.
    """

    _stalls: int = 0  # running
    _took_s: float = 0.0

    def seconds(self, implied_s: float) -> float:
        """How long to wait, where settings and metadata imply so much; never less than that."""
        return max(implied_s, min(MAX_PATIENCE_S, max(implied_s * 2.0**self._stalls, 2 * self._took_s)))

    def stalled(self) -> None:
        """Nothing came in that time."""
        self._stalls = min(self._stalls + 1, 10)

    def came(self, took_s: float) -> None:
        """It came, after so long."""
        self._stalls, self._took_s = 0, took_s


def hidden_s(cycle_s: float) -> float:
    """What the first frame of a camera that starts takes longer than one that follows another.

    Args:
        cycle_s: from one frame to the next.
    """
    return HIDDEN_FRAMES * cycle_s


def held_s(cycle_s: float) -> float:
    """How long frames may stay in the buffers of the camera program, at most, before the file grows."""
    return HELD_FRAMES * cycle_s


def snapshot_s(settings: Settings) -> float:
    """From one snapshot to the next: the interval, or what a long exposure needs for viewfinder and still."""
    return max(settings.snapshot.interval_s, 3 * _exposure_s(settings, settings.live))


def photo_s(settings: Settings, kind: str, found: Values = EMPTY) -> float:
    """From one photo of a burst to the next: what viewfinder and still need.

    Args:
        settings: in force.
        kind: `photo` or `raw`.
        found: controls that the camera starts with over those of the settings.
    """
    exposure_s = found.get("ExposureTime", 0) / 1e6 or _exposure_s(settings, photo_configuration(settings, kind))
    return max(1.0, 3 * exposure_s)


def live_s(settings: Settings) -> float:
    """From one frame of the live view to the next."""
    return 1 / (live_framerate(settings) or DEFAULT_FRAMERATE)


def stall_timeout_s(cycle_s: float, settings: Settings, metadata: Metadata) -> float:
    """How long a picture may take before the camera counts as stalled.

    Args:
        cycle_s: from one picture to the next.
        settings, metadata: see `exposure_s`.
    """
    return max(5.0, 3 * cycle_s) + exposure_s(settings, metadata)


def exposure_s(settings: Settings, metadata: Metadata) -> float:
    """What the exposure adds to the time that a picture may take: viewfinder, still, and both once more.

    Args:
        settings: those that the camera runs with.
        metadata: the newest picture's; its ExposureTime is in microseconds.
    """
    told_us = metadata.get("ExposureTime")
    told_s = told_us / 1e6 if isinstance(told_us, int | float) else 0.0
    return 4 * max(told_s, _exposure_s(settings, settings.live))


def _exposure_s(settings: Settings, configuration: Configuration) -> float:
    return float(effective_controls(settings, configuration).get("ExposureTime", 0)) / 1e6
