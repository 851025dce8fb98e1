"""The detector in a thread of its own, so that the camera's thread never waits for it."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from stillcam.camera.metadata import Metadata
from stillcam.capture.motion_events.items import Stream
from stillcam.common.threads import start_restarting
from stillcam.settings.geometry import Flips, Rectangle
from stillcam.settings.schema import MotionSettings, PrivacySettings
from stillcam.settings.zones import parse

if TYPE_CHECKING:  # with Pillow, which takes a second to import on a small board: the thread does that
    from PIL import Image

    from stillcam.motion.detector import Detector, DetectorSettings, Observation

NO_MASKS = PrivacySettings()
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
        mask: where motion counts, see `motion.zones`; None: everywhere.
    """

    def __init__(self, settings: MotionSettings) -> None:
        self.looked = self.skipped = 0
        self.threshold = 0
        self.mask: Image.Image | None = None
        self._settings = settings
        self._stream: Stream | None = None
        self._crop: tuple[Stream, Rectangle] | None = None  # that the camera has reported for this stream
        # What the last frame showed: the part of the sensor, as far as zones need it; the flips; and the zones.
        self._shown: tuple[Rectangle | None, Flips, Sequence[str]] = None, (False, False), ()
        self._privacy = NO_MASKS  # masks in the last frame
        self._applied: DetectorSettings | None = None
        self._newest: SeenFrame | None = None
        self._closed = False
        self._condition = threading.Condition()
        self._results: deque[tuple[SeenFrame, Observation]] = deque()
        self._detector: Detector | None = None
        start_restarting(self._run, "motion")

    def begin_stream(self, stream: Stream) -> None:
        """The frames from now on are from this stream."""
        self._stream = stream

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
            detector = self._apply(self._settings, frame)
            self.looked += 1
            try:
                self._results.append((frame, detector.look(frame.jpeg, frame.time_s, frame.metadata)))
            except ValueError:  # the camera has sent half a frame
                self.skipped += 1

    def _next(self) -> SeenFrame | None:
        with self._condition:
            self._condition.wait_for(lambda: self._newest or self._closed)
            frame, self._newest = self._newest, None
            return None if self._closed else frame

    def _apply(self, settings: MotionSettings, frame: SeenFrame) -> Detector:
        """The detector with these settings: a new one, with no background yet, only for another picture."""
        from stillcam.motion.detector import Detector

        stream, zones = self._stream, settings.zones
        crop = self._crop_of(stream, frame.metadata) if stream and zones else None
        flips = stream.geometry.flips if stream else (False, False)
        crop_before, flips_before, zones_before = self._shown
        self._shown = crop, flips, zones
        if (crop, flips, zones) != (crop_before, flips_before, zones_before):
            self.mask = _mask(zones, crop, stream) if stream and crop else None
        wanted = replace(detector_settings(settings), mask=self.mask)
        privacy_before, self._privacy = self._privacy, stream.settings.privacy if stream else NO_MASKS
        is_another = (
            flips != flips_before
            or self._privacy != privacy_before
            or (crop and crop_before and crop != crop_before)
        )  # fmt: skip
        if self._detector is None or is_another:
            self._detector = Detector(wanted)
        elif wanted != self._applied:
            self._detector.set(wanted)
        self.threshold, self._applied = wanted.least_blocks, wanted
        return self._detector

    def _crop_of(self, stream: Stream, metadata: Metadata) -> Rectangle:
        """The part of the sensor that the frames show: as the camera reports it, else as it is configured.

        The first frames after a start come before their metadata: until then the crop of the last such stream counts.
        It may differ by some pixels from the configured one, as libcamera rounds it to pixels of the sensor mode.
        """
        match metadata.get("ScalerCrop"):
            case [int(x), int(y), int(width), int(height)] if width > 0 and height > 0:
                self._crop = stream, (x, y, width, height)
        if self._crop and stream.shows_the_same(self._crop[0]):
            return self._crop[1]
        return stream.crop


def _mask(zones: Sequence[str], crop: Rectangle, stream: Stream) -> Image.Image:
    from stillcam.motion.zones import mask

    width, height = stream.geometry.size
    size = MASK_WIDTH, max(1, MASK_WIDTH * height // width)
    return mask([parse(zone) for zone in zones], crop, size, stream.geometry.flips)


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
