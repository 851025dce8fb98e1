"""The mode in which the daemon is most of the time: a still every interval."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from stillcam.camera.convergence import scans_at_start
from stillcam.camera.driver import Driver
from stillcam.camera.use_cases import effective_controls
from stillcam.capture.command_queue import Command
from stillcam.capture.context import CaptureContext
from stillcam.capture.mode import Mode
from stillcam.capture.modes.autofocus import ScanWatch, take_focused
from stillcam.capture.timeouts import snapshot_cycle_s
from stillcam.settings.capabilities import CameraInfo
from stillcam.settings.schema import Settings

FIRST_TAKES_S, MAX_TAKES_S = 0.5, 5.0
CLOCK_CHECK_S = 5.0  # from one check of the clock to the next while another mode will want the camera
MIN_WAIT_S = 0.02


class FrameRequest:
    """A request for a picture whose exposure begins after it; at most one is pending."""

    def __init__(self, driver: Driver) -> None:
        self._driver = driver
        self._requested_s = -math.inf  # monotonic
        self._pending = False

    def ask(self) -> None:
        """Request a picture: its exposure must begin now or later."""
        self._requested_s, self._pending = time.monotonic(), True

    @property
    def due_s(self) -> float:
        """When to request a still from the driver (monotonic); infinite: nothing is pending."""
        return self._requested_s + self._driver.lag_s if self._pending else math.inf

    def picture_taken(self) -> None:
        """Complete the request if the exposure of the newest picture began late enough."""
        self._pending = self._pending and self._driver.exposure_began_s < self._requested_s


class SnapshotMode(Mode):
    """Takes a still every interval, and at once on request. Always wanted.

    Args:
        next_start_s: gives when another mode will want the camera (monotonic): a snapshot must be over by then.
        check_cameras: called after each snapshot, while the camera runs; with Interrupted, the mode ends.
    """

    use = "snapshot"
    title = "snapshots"
    picture = "a new one every `snapshot.interval_s`"

    def __init__(
        self, context: CaptureContext, next_start_s: Callable[[], float], check_cameras: Callable[[], None]
    ) -> None:
        self._context = context
        self._check_cameras = check_cameras
        self._next_start_s = next_start_s
        self.frame_request = FrameRequest(context.driver)
        self._scans = ScanWatch(context.driver)
        self._takes_s = FIRST_TAKES_S  # how long a snapshot takes at most, by experience
        self.handlers = {"snapshot": self._on_snapshot}

    def wanted(self) -> bool:
        return True

    def prestart(self, settings: Settings, camera: CameraInfo) -> None:
        driver = self._context.driver
        if not driver.matches(settings, camera):
            driver.start_stills(self._in_focus(settings, camera) or settings, camera)

    def run(self, settings: Settings, camera: CameraInfo) -> None:
        """See Mode. Missed snapshots are not made up for."""
        context = self._context
        since = -math.inf  # when the last one was due (monotonic)
        if context.driver.matches(settings, camera) and not context.driver.just_started:  # after a photo
            context.status.enter("snapshot", snapshot_cycle_s(settings))
        elif not scans_at_start(effective_controls(settings, "snapshot"), camera):
            context.start_snapshots(settings, camera)
        else:
            if in_focus := self._in_focus(settings, camera):
                context.start_snapshots(in_focus, camera)
                if self._must_end():
                    return
                if context.take_still(lambda: context.lens.is_in_focus(context.still_metadata())):
                    self.frame_request.picture_taken()
                    context.status.metadata = context.driver.metadata  # before the program ends
            context.start_snapshots(settings, camera)
            if self._must_end() or not take_focused(context, camera, self._must_end):
                return
            self.frame_request.picture_taken()
            since = time.monotonic()
            self._check_cameras()
        while self._wait_until_due(since):
            began, interval_s = time.monotonic(), context.settings.wanted.snapshot.interval_s
            late = self.frame_request.due_s <= began or began - since > 2 * interval_s
            since = began if late else since + interval_s
            context.take_still()
            self.frame_request.picture_taken()
            self._takes_s = min(MAX_TAKES_S, max(time.monotonic() - began, 0.9 * self._takes_s))
            self._check_cameras()

    def _in_focus(self, settings: Settings, camera: CameraInfo) -> Settings | None:
        """See `LensPositions.in_focus`; also None for settings on trial, which that picture would confirm."""
        context = self._context
        if not context.settings.have_worked(self.use):
            return None
        return context.lens.in_focus(settings, camera, context.driver)

    def _on_snapshot(self, _command: Command) -> None:
        self.frame_request.ask()

    def _must_end(self) -> bool:
        return self._context.must_leave() or self._context.next_mode() is not self

    def _wait_until_due(self, since: float) -> bool:
        """Wait until the interval from `since` (monotonic) is over, or for a request; False: the mode must end.

        A snapshot that would not be over before another mode wants the camera is not begun. One that would interrupt a
        scan waits, unless it is requested.
        """
        context = self._context
        while not self._must_end():
            now, snapshot = time.monotonic(), context.settings.wanted.snapshot
            due_s = since + snapshot.interval_s
            if not snapshot.zsl:  # which leaves scans alone
                due_s = max(due_s, self._scans.earliest_s())
            left = min(due_s, self.frame_request.due_s) - now
            free = self._next_start_s() - now
            if left <= 0 and free > self._takes_s:
                return True
            wait = min(left, free, CLOCK_CHECK_S if free < math.inf else left) if left > 0 else free
            context.idle(max(wait, MIN_WAIT_S))
        return False
