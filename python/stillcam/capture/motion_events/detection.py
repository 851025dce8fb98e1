"""The detector in a thread of its own, so that the camera's thread never waits for it."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from stillcam.camera.metadata import Metadata
from stillcam.camera.use_cases import Geometry
from stillcam.common.threads import start_restarting
from stillcam.settings.geometry import Rectangle, field_of_view, fit_crop
from stillcam.settings.schema import MotionSettings

if TYPE_CHECKING:  # with Pillow, which takes a second to import on a small board: the thread does that
    from stillcam.motion.detector import Detector, DetectorSettings, Observation

MASK_WIDTH = 320  # pixels of the mask that zones make


@dataclass(frozen=True, slots=True)
class SeenFrame:
    """A frame of the live stream: when it was read (monotonic), and what the camera said then."""

    time_s: float
    jpeg: bytes
    metadata: Metadata


class DetectionThread:
    """Looks at the newest frame; one that comes while it is busy replaces the one that waits.

    Attributes:
        looked: how many frames it has looked at.
        skipped: how many it had no time for.
        threshold: blocks that count, see `DetectorSettings.least_blocks`.
        geometry: of the stream that the frames are from.
    """

    def __init__(self, settings: MotionSettings) -> None:
        self.looked = self.skipped = 0
        self.threshold = 0
        self.geometry: Geometry | None = None
        self._settings = settings
        self._applied: tuple[object, ...] = ()  # what the detector was made for
        self._newest: SeenFrame | None = None
        self._closed = False
        self._condition = threading.Condition()
        self._results: deque[tuple[SeenFrame, Observation]] = deque()
        self._detector: Detector
        start_restarting(self._run, "motion")

    def offer(self, frame: SeenFrame) -> None:
        """Have a frame looked at."""
        with self._condition:
            self.skipped += self._newest is not None
            self._newest = frame
            self._condition.notify()

    def set(self, settings: MotionSettings) -> None:
        """Use these settings from the next frame on."""
        self._settings = settings

    def take(self) -> list[tuple[SeenFrame, Observation]]:
        """What it has found since the last call."""
        found = []
        while self._results:
            found.append(self._results.popleft())
        return found

    def close(self) -> None:
        """End the thread."""
        with self._condition:
            self._closed = True
            self._condition.notify()

    def _run(self) -> None:
        while frame := self._next():
            self._apply(self._settings, frame)
            self.looked += 1
            try:
                self._results.append((frame, self._detector.look(frame.jpeg, frame.time_s, frame.metadata)))
            except ValueError:  # the camera has sent half a frame
                self.skipped += 1

    def _next(self) -> SeenFrame | None:
        with self._condition:
            self._condition.wait_for(lambda: self._newest or self._closed)
            frame, self._newest = self._newest, None
            return None if self._closed else frame

    def _apply(self, settings: MotionSettings, frame: SeenFrame) -> None:
        """Another detector where what it depends on has changed: it learns the background anew."""
        from stillcam.motion.detector import Detector

        wanted, geometry = detector_settings(settings), self.geometry
        crop = _crop(geometry, frame.metadata) if geometry and settings.zones else None
        applied = (wanted, settings.zones, crop, geometry and geometry.flips)
        if applied == self._applied:
            return
        self._applied = applied
        if geometry and crop:
            from stillcam.motion.zones import mask, parse

            width, height = geometry.size
            size = MASK_WIDTH, max(1, MASK_WIDTH * height // width)
            wanted = replace(wanted, mask=mask([parse(zone) for zone in settings.zones], crop, size, geometry.flips))
        self._detector, self.threshold = Detector(wanted), wanted.least_blocks


def detector_settings(settings: MotionSettings) -> DetectorSettings:
    """What the detector makes of the settings, but for the zones."""
    from stillcam.motion.detector import DetectorSettings

    usual = DetectorSettings.of_sensitivity(settings.sensitivity)
    return replace(
        usual,
        threshold=settings.threshold or usual.threshold,
        least_blocks=settings.blocks or usual.least_blocks,
        least_size=settings.least_size,
        most_size=settings.most_size,
        frames=settings.frames,
        learning_s=settings.learning_s,
    )


def _crop(geometry: Geometry, metadata: Metadata) -> Rectangle:
    """The part of the sensor that the frames show, as the camera says, or by the configuration."""
    crop = metadata.get("ScalerCrop")
    if isinstance(crop, list) and len(crop) == 4:
        x, y, width, height = crop
        return x, y, width, height
    whole = field_of_view(geometry.mode, geometry.camera)
    return fit_crop(whole, geometry.size, whole)
