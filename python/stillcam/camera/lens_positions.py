"""Where autofocus has left the lens of each camera, which the camera programs do not remember at the next start."""

from __future__ import annotations

import math
import time
from dataclasses import replace
from typing import Any

from stillcam.camera.convergence import found_lens, same_autofocus, scans_at_start, with_lens_position
from stillcam.camera.driver import Driver
from stillcam.camera.metadata import Metadata
from stillcam.camera.use_cases import effective_controls
from stillcam.common.validate import is_number
from stillcam.settings.capabilities import CameraInfo
from stillcam.settings.controls import Values
from stillcam.settings.schema import Settings

FOLLOWING = ("snapshot", "live", "video")  # uses in which autofocus follows the subject, if AfMode is Continuous
FOCUSED = 2  # libcamera's AfState
LEAST_SHARPNESS = 0.75  # of that before; with less the scene has changed (retrigger_ratio in libcamera's af.cpp)
FOUND_S = 30.0  # so long after a position was found, a first picture may be taken with it
SLOW_S = 3600.0  # a camera whose scan took long is believed to be slow for so long: then there may be more light


class LensPositions:
    """Where the last scan has left the lens of each camera."""

    def __init__(self) -> None:
        self._requested: dict[str, float | None] = {}  # for AfMode Auto, in dioptres, by the camera's path
        self._found: tuple[str, Values, Values, float] | None = None  # path, all controls, lens, when (monotonic)
        self._sharpness: float | None = None  # of the snapshot in which that was found (FocusFoM)
        self._slow: dict[str, float] = {}  # when its scan last took long (monotonic), by the camera's path

    def record(self, camera: CameraInfo, position: float | None) -> None:
        """Record the result of a scan on request; None: this camera does not report its lens position."""
        self._requested[camera.path] = position

    def needs_scan(self, settings: Settings, camera: CameraInfo | None) -> bool:
        """Whether the lens is to stay where a scan on request has left it, and there has been none."""
        controls = effective_controls(settings, "live")
        when_asked = controls.get("AfMode") == "Auto" and controls.get("AfTrigger") != "Start"
        return when_asked and camera is not None and camera.path not in self._requested

    def apply(self, settings: Settings, camera: CameraInfo) -> Settings:
        """The settings to start the driver with: in AfMode Auto the lens stays where a scan on request has left it."""
        position = self._requested.get(camera.path)
        return settings if position is None else with_lens_position(settings, position)

    def note(self, use: str, settings: Settings, camera: CameraInfo, driver: Driver) -> None:
        """Note where autofocus had the lens in the newest picture of the program of `use`."""
        if use not in FOLLOWING or driver.metadata.get("AfState") != FOCUSED:
            return
        controls = effective_controls(settings, use)
        if lens := found_lens(controls, driver.metadata):
            self._found = camera.path, controls, lens, driver.metadata_received_s
            sharpness: Any = driver.metadata.get("FocusFoM") if use == "snapshot" else None  # others: another scale
            self._sharpness = sharpness if is_number(sharpness) else None

    def in_focus(self, settings: Settings, camera: CameraInfo, driver: Driver) -> Settings | None:
        """The settings for a first snapshot without a scan: the lens stays where autofocus had it a moment ago.

        None if it is not known, or if nothing would scan.
        """
        controls = effective_controls(settings, "snapshot")
        if self._found is None or driver.waits_for_focus or not scans_at_start(controls, camera):
            return None
        path, before, lens, when_s = self._found
        if path != camera.path or not same_autofocus(before, controls) or time.monotonic() - when_s > FOUND_S:
            return None
        return replace(settings, controls=settings.controls | lens)

    def is_in_focus(self, metadata: Metadata) -> bool:
        """Whether a first snapshot with the settings of `in_focus` is as sharp as the one before, as far as is known.

        FocusFoM is the contrast in the middle of the picture, where autofocus looks unless there is a focus window.
        """
        before: Any = self._sharpness
        now: Any = metadata.get("FocusFoM")
        if before is None or not is_number(now):
            return True
        return bool(now + 1 >= LEAST_SHARPNESS * before)

    def scan_took_long(self, camera: CameraInfo) -> None:
        """Record that a scan was not over when a still was requested after the usual time."""
        self._slow[camera.path] = time.monotonic()

    def is_slow(self, camera: CameraInfo) -> bool:
        """Whether a scan is likely to take longer than the usual time."""
        return time.monotonic() - self._slow.get(camera.path, -math.inf) < SLOW_S
