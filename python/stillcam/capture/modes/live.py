"""The mode for viewers: frames at video rate while a lease lasts."""

from __future__ import annotations

import logging
import time

from stillcam.capture.context import START_TIMEOUT_S, CaptureContext, Mode
from stillcam.capture.timeouts import live_cycle_s, startup_s
from stillcam.common.errors import CameraError
from stillcam.settings.capabilities import CameraInfo
from stillcam.settings.schema import Settings

LIVE_RETRY_S = 10.0  # without live view after it failed


class LiveMode(Mode):
    """Publishes the frames of the live stream; a camera that cannot stream continues with snapshots."""

    use = "live"

    def __init__(self, context: CaptureContext) -> None:
        self._context = context
        self._not_before_s = 0.0  # monotonic

    def wanted(self) -> bool:
        return self._context.commands.leased and time.monotonic() >= self._not_before_s

    def run(self, settings: Settings, camera: CameraInfo) -> None:
        context, cycle_s = self._context, live_cycle_s(settings)
        try:
            context.driver.start_live(settings, camera)
            context.status.enter("live", cycle_s)
            while context.next_mode() is self:
                start_s = 0.0 if context.settings.confirmed else START_TIMEOUT_S + startup_s(cycle_s)
                timeout_s = context.stall_timeout_s(live_cycle_s) + start_s
                newest = context.wait_for(context.driver.read_frames, timeout_s)[-1]
                context.frame_published(context.publisher.publish_live(newest, time.time()))
        except CameraError as error:
            context.status.count_failure(error.cause, restarts=True)
            if not context.settings.roll_back(error):
                logging.warning("live view failed, continuing with snapshots: %s", error)
                self._not_before_s = time.monotonic() + LIVE_RETRY_S
        finally:
            context.stop_camera()
