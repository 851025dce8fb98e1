"""How long pictures may take, and how long to wait before the next try when none comes."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass

from stillcam.camera.metadata import Metadata
from stillcam.camera.use_cases import effective_controls, frame_duration_s
from stillcam.capture.status import Status
from stillcam.common.errors import CameraError
from stillcam.settings.controls import Values
from stillcam.settings.schema import Settings

BACK_OFF_S = (1.0, 2.0, 4.0, 8.0, 16.0, 30.0)
MAX_TIMEOUT_S = 60.0  # of an `AdaptiveTimeout`, where settings and metadata imply less
STARTUP_FRAMES = 12  # dropped by a camera that starts, at most: exposure and white balance converge in them
BUFFERED_FRAMES = 16  # in libav's buffer of 32 KB, at most, before the file grows
NO_CONTROLS: Values = {}


class Backoff:
    """The delay before the next try while there is no picture; the reason is shown in the status.

    Each reason is logged once, and the recovery once.
    """

    def __init__(self, status: Status) -> None:
        self._status = status
        self._began_s = 0.0  # monotonic
        self._failures = 0  # in a row

    def failed(self, error: CameraError) -> float:
        """Count a failure, and return how long to wait before the next try, in seconds."""
        if self._status.reason is None:
            self._began_s = time.monotonic()
        if self._status.reason != error.reason:
            logging.error("no picture (%s): %s; trying again", error.cause, error)
        self._status.reason = error.reason
        self._failures += 1
        return BACK_OFF_S[min(self._failures, len(BACK_OFF_S)) - 1]

    def recovered(self) -> None:
        """Reset: there is a picture."""
        if self._status.reason is not None:
            logging.info("pictures again after %.1f s (%s)", time.monotonic() - self._began_s, self._status.reason)
        self._status.reason = None
        self._failures = 0


@dataclass(slots=True)
class AdaptiveTimeout:
    """The time-out of one kind of wait, after which the camera counts as stalled.

    A camera may be slower than its settings imply (64 megapixels, a scan in the dark): each stall doubles the
    time-out, up to `MAX_TIMEOUT_S`; afterwards it is twice the time that the camera took.
    """

    _stalls: int = 0  # in a row
    _took_s: float = 0.0

    def seconds(self, implied_s: float) -> float:
        """The time-out, where settings and metadata imply so much; never less than that."""
        return max(implied_s, min(MAX_TIMEOUT_S, max(implied_s * 2.0**self._stalls, 2 * self._took_s)))

    def stalled(self) -> None:
        """Count a wait that has timed out."""
        self._stalls = min(self._stalls + 1, 10)

    def completed(self, took_s: float) -> None:
        """Record how long a successful wait took."""
        self._stalls, self._took_s = 0, took_s


def startup_s(cycle_s: float) -> float:
    """How much longer the first frame of a starting camera takes than the frames after it, one every `cycle_s`."""
    return STARTUP_FRAMES * cycle_s


def buffered_s(cycle_s: float) -> float:
    """How long frames may stay in the buffers of the camera program, at most, before the file grows."""
    return BUFFERED_FRAMES * cycle_s


def snapshot_cycle_s(settings: Settings) -> float:
    """From one snapshot to the next: the interval, or what a long exposure needs for viewfinder and still."""
    return max(settings.snapshot.interval_s, 3 * _exposure_time_s(settings, "live"))


def photo_cycle_s(settings: Settings, kind: str, carried_over: Values = NO_CONTROLS) -> float:
    """From one photo of a burst to the next: what viewfinder and still need.

    Args:
        kind: `photo` or `raw`.
        carried_over: controls that the camera starts with, over those of the settings.
    """
    given_s = carried_over.get("ExposureTime", 0) / 1e6
    return max(1.0, 3 * (given_s or _exposure_time_s(settings, kind)))


def live_cycle_s(settings: Settings) -> float:
    """From one frame of the live view to the next."""
    return frame_duration_s(settings, "live")


def stall_timeout_s(cycle_s: float, settings: Settings, metadata: Metadata) -> float:
    """How long a picture, one every `cycle_s`, may take before the camera counts as stalled."""
    return max(5.0, 3 * cycle_s) + exposure_allowance_s(settings, metadata)


def exposure_allowance_s(settings: Settings, metadata: Metadata) -> float:
    """What the exposure, set or reported, adds to a picture's time: viewfinder, still, and both once more."""
    reported_us = metadata.get("ExposureTime")
    reported_s = reported_us / 1e6 if isinstance(reported_us, int | float) else 0.0
    return 4 * max(reported_s, _exposure_time_s(settings, "live"))


def _exposure_time_s(settings: Settings, use: str) -> float:
    return float(effective_controls(settings, use).get("ExposureTime", 0)) / 1e6
