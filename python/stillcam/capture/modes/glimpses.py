"""Frames out of a video that is being made, where the driver can: who watches sees on."""

from __future__ import annotations

import logging
import math
import time

from stillcam.capture.context import Studio
from stillcam.capture.modes.snapshots import Hurry
from stillcam.common.errors import CameraError


class Glimpses:
    """Frames while one video is recorded; the video goes before, so nothing of this is a fault of it.

    Args:
        hurry: whether somebody waits for a frame.
    """

    def __init__(self, studio: Studio, hurry: Hurry) -> None:
        self._studio = studio
        self._hurry = hurry
        self._asked = False
        self._due = 0.0 if studio.driver.abilities.stills_in_videos else math.inf  # monotonic

    def look(self) -> None:
        """Ask for a frame if one is due, and publish one that has come; waits for neither.

        Raises:
            CameraError: the camera fails.
        """
        if self._due == math.inf:
            return
        studio, now = self._studio, time.monotonic()
        if not self._asked and now >= min(self._due, self._hurry.due_s):
            self._asked, self._due = True, now + studio.revisions.wanted.snapshot.interval_s
            studio.driver.request()
        if still := studio.driver.still(0.0, ()):
            self._asked = False
            try:
                name = studio.darkroom.publish(still)
                studio.status.published(name, studio.driver.metadata, studio.driver.began_s)
                self._hurry.came()
            except CameraError as error:
                logging.warning("no frame out of the video: %s", error)
                studio.status.failed(error.cause, restarts=False)
                self._due = math.inf
