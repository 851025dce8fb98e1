"""Frames out of a video that is being made, where the driver can: who watches sees on."""

from __future__ import annotations

import logging
import math
import time

from stillcam.capture.context import CaptureContext
from stillcam.capture.modes.snapshots import FrameRequest
from stillcam.common.errors import CameraError


class FramesDuringVideo:
    """Frames while one video is recorded; the video goes before, so nothing of this is a fault of it.

    Args:
        frame_request: whether somebody waits for a frame.
    """

    def __init__(self, context: CaptureContext, frame_request: FrameRequest) -> None:
        self._context = context
        self._frame_request = frame_request
        self._asked = False
        self._due = 0.0 if context.driver.abilities.stills_in_videos else math.inf  # monotonic

    def look(self) -> None:
        """Ask for a frame if one is due, and publish one that has come; waits for neither.

        Raises:
            CameraError: the camera fails.
        """
        if self._due == math.inf:
            return
        context, now = self._context, time.monotonic()
        if not self._asked and now >= min(self._due, self._frame_request.due_s):
            self._asked, self._due = True, now + context.settings.wanted.snapshot.interval_s
            context.driver.request_still()
        if still := context.driver.wait_still(0.0, ()):
            self._asked = False
            try:
                name = context.publisher.publish(still)
                context.status.published(name, context.driver.metadata, context.driver.exposure_began_s)
                self._frame_request.came()
            except CameraError as error:
                logging.warning("no frame out of the video: %s", error)
                context.status.failed(error.cause, restarts=False)
                self._due = math.inf
