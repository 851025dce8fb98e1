"""Frames of a video that is being recorded, as they are shown: a frame that cannot be published costs no video."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable

from stillcam.camera.use_cases import DEFAULT_FRAMERATE, framerate
from stillcam.capture.video_recording.order import VideoTask
from stillcam.common.errors import CameraError

RETRY_S = 10.0  # after a frame that could not be published
REST = 1.5  # multiple of the time that publishing took: the frames of the video are read meanwhile


class PublishedFrames:
    """Decides which frames are published, and makes the photos that are requested of them.

    Without viewers that is one every snapshot interval, and one on request; for viewers, as many as the live view has.

    Args:
        notice: called with a remark on the video.
    """

    def __init__(self, task: VideoTask, notice: Callable[[str], None]) -> None:
        self._context, self._settings, self._camera = task.context, task.settings, task.camera
        self._frame_request, self._photos = task.frame_request, task.photos
        self._notice = notice
        self._last_s = -math.inf  # when the last one was due (monotonic)
        self._rest_s = -math.inf  # none before this time

    @property
    def due_s(self) -> float:
        """When the next frame is to be published (monotonic)."""
        if self.photo_due:
            return self._rest_s
        return max(self._rest_s, min(self._last_s + self._interval_s, self._frame_request.due_s))

    @property
    def photo_due(self) -> bool:
        """Whether the next frame is to be a photo, too."""
        return self._photos.due_in_video

    def publish(self, publish: Callable[[], str], *, small: bool = False) -> None:
        """Publish a frame now.

        Args:
            publish: does it, and returns the frame's name.
            small: it is smaller than the video: no photo is made of it.
        """
        context, began_s = self._context, time.monotonic()
        due_s, interval_s = self._last_s + self._interval_s, self._interval_s
        self._last_s = due_s if due_s <= began_s < due_s + interval_s else began_s
        try:
            name = publish()
            if not small:
                self._photos.take_of_video(context.paths.images / name, self._settings, self._camera)
            context.frame_published(name)
            self._frame_request.picture_taken()
            self._rest_s = time.monotonic() + REST * (time.monotonic() - began_s)
        except CameraError as error:
            context.status.count_failure(error.cause, restarts=False)
            if error.cause == "frozen":
                self._notice(str(error))
                return
            logging.warning("cannot publish a frame of the video: %s", error)
            self._rest_s = time.monotonic() + RETRY_S

    @property
    def _interval_s(self) -> float:
        settings = self._context.settings.wanted
        if self._context.commands.leased:
            return 1 / (framerate(settings, "live") or DEFAULT_FRAMERATE)
        return settings.snapshot.interval_s
