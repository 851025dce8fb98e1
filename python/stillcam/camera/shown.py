"""What the pictures of the running camera show: which part of the sensor, and how it is flipped."""

from __future__ import annotations

import time

from stillcam.camera.use_cases import Geometry, expected_crop
from stillcam.settings.geometry import Rectangle, View, fit_crop
from stillcam.settings.schema import Settings

QUEUED_S = 2.0  # after a change of zoom has arrived, older frames may still come: they are short then, see `adjust`


class ShownPart:
    """Follows the zoom of one use case, from its settings and from what the camera reports.

    A crop that the camera has reported counts; libcamera rounds the one that was asked for. Before the first report,
    the settings say it, where the crop of the sensor mode is known.
    """

    def __init__(self, settings: Settings, geometry: Geometry, use: str) -> None:
        self._geometry = geometry
        self._use = use
        self._expected = expected_crop(settings, geometry, use)
        self._reported: Rectangle | None = None
        self._has_report = False  # the camera has reported something, possibly no crop
        self._before: tuple[Rectangle, ...] = ()  # which frames before a change of the zoom may show
        self._changed_s = 0.0  # until when it was going on (monotonic)

    def change(self, settings: Settings) -> None:
        """The running camera gets the controls of these settings."""
        expected = expected_crop(settings, self._geometry, self._use)
        if expected != self._expected:
            self._before = (*self._before, *self._now())
            self._expected = expected
            self._changed_s = time.monotonic()

    def report(self, crop: Rectangle | None) -> None:
        """The metadata of a picture have come; `crop` is as it is before any flip, if they have it."""
        self._has_report = True
        self._reported = crop or self._reported

    def view(self, *, adjusting: bool) -> View:
        """What the newest picture shows.

        Args:
            adjusting: it may have been taken before the last `change`.
        """
        now = time.monotonic()
        if adjusting:
            self._changed_s = now
        if self._before and now - self._changed_s > QUEUED_S:
            self._before = ()
        crops = (*self._before, self._expected, *self._now()) if self._before else self._now()
        return View(tuple(dict.fromkeys(crops)), self._geometry.flips)

    def _now(self) -> tuple[Rectangle, ...]:
        if self._reported:
            return (self._reported,)
        if self._geometry.mode and self._geometry.mode.crop:
            return (self._expected,)
        if not self._has_report:
            return ()
        # A camera that reports no crop, such as one at USB, may cut a picture of other proportions or squeeze it.
        whole = self._geometry.field_of_view
        return self._expected, fit_crop(whole, self._geometry.size, whole), whole
