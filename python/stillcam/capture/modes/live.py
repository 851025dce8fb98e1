"""The mode for viewers: frames at video rate while a lease lasts."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping

from stillcam.capture.context import START_TIMEOUT_S, Studio, Verb
from stillcam.capture.timing import hidden_s, live_s
from stillcam.common.errors import CameraError
from stillcam.settings.capabilities import Camera
from stillcam.settings.schema import Settings

RETRY_S = 10.0  # how long live is left alone after it failed


class Live:
    """Publishes the stream's frames; a camera that cannot stream goes on with snapshots."""

    name = "live"
    urgent = False
    verbs: Mapping[str, Verb] = {}

    def __init__(self, studio: Studio) -> None:
        self._studio = studio
        self._not_before = 0.0

    def wanted(self) -> bool:
        return self._studio.commands.leased and time.monotonic() >= self._not_before

    def run(self, settings: Settings, camera: Camera) -> None:
        """See Mode."""
        studio = self._studio
        try:
            studio.driver.start_stream(settings, camera)
            studio.status.enter("live", live_s(settings), studio.outage.reason)
            while studio.next_mode() is self:
                start_s = START_TIMEOUT_S + hidden_s(live_s(settings))
                timeout_s = studio.stall_timeout_s(live_s) + (0 if studio.revisions.proven else start_s)
                newest = studio.awaited(studio.driver.frames, timeout_s)[-1]
                studio.published(studio.darkroom.publish_live(newest, time.time()))
        except CameraError as error:
            studio.status.failed(error.cause, restarts=True)
            if not studio.revisions.refused(error):
                logging.warning("live view failed, going on with snapshots: %s", error)
                self._not_before = time.monotonic() + RETRY_S
        finally:
            studio.end_program()

    def fail(self, error: CameraError) -> None:
        """Nobody waits for it."""
