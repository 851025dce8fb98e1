"""The mode for viewers and for motion: the frames of the live stream, at video rate."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence

from stillcam.capture.context import START_TIMEOUT_S, CaptureContext
from stillcam.capture.mode import Mode
from stillcam.capture.modes.motion import MotionWatch
from stillcam.capture.modes.snapshots import FrameRequest
from stillcam.capture.timeouts import live_cycle_s, snapshot_cycle_s, startup_s
from stillcam.common.errors import CameraError
from stillcam.settings.capabilities import CameraInfo
from stillcam.settings.schema import Settings

STEADY_S = 5.0  # a stream that has given frames for so long is started again at once
LIVE_RETRY_S = 10.0  # with snapshots instead, after a stream that has not


class LiveMode(Mode):
    """Runs the live stream while somebody watches or the camera is armed.

    While somebody watches, it publishes every frame; otherwise one every snapshot interval, and one on request. A
    stream that breaks is started again; a camera that cannot stream continues with snapshots.
    """

    use = "live"
    title = "live view, motion detection"
    picture = "every frame for viewers, else one every `snapshot.interval_s`"

    def __init__(self, context: CaptureContext, motion: MotionWatch, frame_request: FrameRequest) -> None:
        self._context = context
        self._motion = motion
        self._frame_request = frame_request
        self._not_before_s = 0.0  # monotonic
        self.handlers = motion.handlers
        self._due_s = 0.0  # when an unwatched stream publishes the next frame (monotonic)

    def update(self) -> None:
        self._motion.update()

    def close(self) -> None:
        self._motion.close()

    def wanted(self) -> bool:
        return (self._context.commands.leased or self._motion.wanted) and time.monotonic() >= self._not_before_s

    def prestart(self, settings: Settings, camera: CameraInfo) -> None:
        self._context.driver.start_live(settings, camera)

    def run(self, settings: Settings, camera: CameraInfo) -> None:
        context, cycle_s = self._context, live_cycle_s(settings)
        shown: bool | None = None  # whether the status shows viewers
        began_s = newest_s = time.monotonic()
        try:
            if not (context.driver.just_started and context.driver.matches(settings, camera, self.use)):
                context.driver.start_live(settings, camera)
            self._motion.begin_stream(settings, camera)
            running = context.settings.running
            while context.next_mode() is self:
                if running is not context.settings.running:  # the camera needed no restart for the new ones
                    running = context.settings.running
                    self._motion.change_stream(running, camera)
                if shown is not context.commands.leased:
                    shown = self._show_mode(cycle_s)
                start_s = 0.0 if context.settings.confirmed else START_TIMEOUT_S + startup_s(cycle_s)
                timeout_s = context.stall_timeout_s(live_cycle_s) + start_s
                self._take(context.read_frames(timeout_s, lambda: not self._motion.wanted))
                newest_s = time.monotonic()
        except CameraError as error:
            context.status.count_failure(error.cause, restarts=True)
            if context.settings.roll_back(error):
                return
            if newest_s - began_s > STEADY_S:
                logging.warning("live view failed, starting it again: %s", error)
            else:
                logging.warning("live view failed, continuing with snapshots: %s", error)
                self._not_before_s = time.monotonic() + LIVE_RETRY_S
        finally:
            context.stop_camera()

    def _show_mode(self, cycle_s: float) -> bool:
        """With viewers the mode is `live`, whatever else the stream runs for; returns whether there are any."""
        leased, status = self._context.commands.leased, self._context.status
        if leased:
            status.enter("live", cycle_s)
        else:
            status.enter("motion", snapshot_cycle_s(self._context.settings.wanted))
        return leased

    def _take(self, frames: Sequence[bytes]) -> None:
        self._motion.add(frames)
        context, now = self._context, time.monotonic()
        due_s = min(self._due_s, self._frame_request.due_s)
        if context.commands.leased or now >= due_s or not context.settings.confirmed:
            context.frame_published(context.publisher.publish_live(frames[-1], time.time()))
            self._frame_request.picture_taken()
            self._due_s = now + context.settings.wanted.snapshot.interval_s
