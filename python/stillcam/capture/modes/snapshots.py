"""The mode in which the daemon is most of the time: a still every interval."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from stillcam.camera.convergence import scans_at_start
from stillcam.camera.driver import Driver, Interrupted
from stillcam.camera.use_cases import effective_controls
from stillcam.capture.command_queue import Command
from stillcam.capture.context import CaptureContext
from stillcam.capture.modes.autofocus import take_focused
from stillcam.capture.recovery import snapshot_cycle_s
from stillcam.common.errors import CameraError
from stillcam.settings.capabilities import Camera
from stillcam.settings.schema import Settings

FIRST_TAKES_S, MAX_TAKES_S = 0.5, 5.0
LOOK_S = 5.0  # how often the clock is looked at, by which another mode may want the camera
SHORT_S = 0.02


class FrameRequest:
    """Whether somebody waits for a picture whose exposure begins after the request."""

    def __init__(self, driver: Driver) -> None:
        self._driver = driver
        self._asked_s = -math.inf  # monotonic
        self._waits = False

    def ask(self) -> None:
        """Request one: its exposure must begin now or later."""
        self._asked_s, self._waits = time.monotonic(), True

    @property
    def due_s(self) -> float:
        """When to request it from the driver (monotonic); infinite: none is wanted."""
        return self._asked_s + self._driver.lag_s if self._waits else math.inf

    def came(self) -> None:
        """A picture has come; if its exposure began late enough, nobody waits any more."""
        self._waits = self._waits and self._driver.exposure_began_s < self._asked_s


class SnapshotMode:
    """Takes a still every interval, and at once where one is wanted now. Always has something to do.

    Args:
        booked: gives when another mode will want the camera (monotonic): a snapshot must be over by then.
    """

    name = "snapshot"
    urgent = False

    def __init__(self, context: CaptureContext, booked: Callable[[], float]) -> None:
        self._context = context
        self._booked = booked
        self.frame_request = FrameRequest(context.driver)
        self._takes_s = FIRST_TAKES_S  # how long one takes at most, as far as is known
        self.handlers = {"snapshot": self._asked}

    def wanted(self) -> bool:
        return True

    def run(self, settings: Settings, camera: Camera) -> None:
        """See Mode. What was missed is not made up for."""
        context = self._context
        since = -math.inf  # when the last one was due (monotonic)
        if context.driver.matches(settings, camera):  # a photo was taken in between
            context.status.enter("snapshot", snapshot_cycle_s(settings), context.backoff.reason)
        else:
            context.start_snapshots(settings, camera)
            if scans_at_start(effective_controls(settings, settings.live), camera) and not self._over():
                if not take_focused(context, snapshot_cycle_s, self._over):
                    return
                self.frame_request.came()
                since = time.monotonic()
        while self._rest(since):
            began, interval_s = time.monotonic(), context.settings.wanted.snapshot.interval_s
            late = self.frame_request.due_s <= began or began - since > 2 * interval_s
            since = began if late else since + interval_s
            context.take(snapshot_cycle_s)
            self.frame_request.came()
            self._takes_s = min(MAX_TAKES_S, max(time.monotonic() - began, 0.9 * self._takes_s))

    def fail(self, error: CameraError) -> None:
        """Who waits for a frame learns it from the status."""

    def _asked(self, _command: Command) -> None:
        self.frame_request.ask()

    def _over(self) -> bool:
        return self._context.leaving() or self._context.next_mode() is not self

    def _rest(self, since: float) -> bool:
        """Wait until the interval from `since` (monotonic) is over, or one is wanted now; False: the mode must end.

        One that would not be over before another mode wants the camera is not begun.
        """
        context = self._context
        while not self._over():
            now = time.monotonic()
            left = min(since + context.settings.wanted.snapshot.interval_s, self.frame_request.due_s) - now
            free = self._booked() - now
            if left <= 0 and free > self._takes_s:
                return True
            wait = min(left, free, LOOK_S if free < math.inf else left) if left > 0 else free
            try:
                context.driver.idle(max(wait, SHORT_S), (*context.stops, context.commands.wake))
            except Interrupted:
                context.obey()
            finally:
                context.status.described(context.driver.metadata)
        return False
