"""The mode in which the daemon is most of the time: a still every interval."""

from __future__ import annotations

import time

from stillcam.camera.driver import Camera, Interrupted
from stillcam.capture.commands import Command
from stillcam.capture.studio import START_TIMEOUT_S, Studio
from stillcam.capture.timing import snapshot_s
from stillcam.errors import CameraError
from stillcam.settings import Settings


class Snapshots:
    """Takes a still every interval, and at once where one is wanted now. Always has something to do."""

    name = "snapshot"
    urgent = False

    def __init__(self, studio: Studio) -> None:
        self._studio = studio
        self._hurry = False
        self.verbs = {"snapshot": self._asked}

    def wanted(self) -> bool:
        return True

    def hurry(self) -> None:
        """A picture is wanted now."""
        self._hurry = True

    def run(self, settings: Settings, camera: Camera) -> None:
        """See Mode. What was missed is not made up for."""
        studio = self._studio
        if studio.driver.fits(settings, camera):  # a photo was taken in between
            studio.status.enter("snapshot", snapshot_s(settings), studio.outage.reason)
        else:
            start_stills(studio, settings, camera)
        due = time.monotonic()
        while not self._over():
            self._hurry = False
            studio.take(snapshot_s)
            self._rest(due)
            interval_s, now_s = studio.revisions.wanted.snapshot.interval_s, time.monotonic()
            due += interval_s
            if self._hurry or now_s - due > interval_s:
                due = now_s

    def fail(self, error: CameraError) -> None:
        """Who waits for a frame learns it from the status."""

    def _asked(self, _command: Command) -> None:
        self._hurry = True

    def _over(self) -> bool:
        return self._studio.leaving() or self._studio.next_mode() is not self

    def _rest(self, since: float) -> None:
        """Wait until the interval from `since` (monotonic) is over, a picture is wanted now, or the mode must end."""
        studio = self._studio
        while not (self._hurry or self._over()):
            left = since + studio.revisions.wanted.snapshot.interval_s - time.monotonic()
            if left <= 0:
                return
            try:
                studio.driver.rest(left, (*studio.stops, studio.commands.wake))
            except Interrupted:
                studio.obey()
            finally:
                studio.status.described(studio.driver.metadata)


def start_stills(studio: Studio, settings: Settings, camera: Camera) -> None:
    """Start the camera program for snapshots, and wait until it takes requests.

    Raises:
        Interrupted, CameraError: see `Studio.awaited`.
    """
    studio.driver.start_stills(settings, camera)
    studio.awaited(studio.driver.ready, START_TIMEOUT_S)
    studio.status.enter("snapshot", snapshot_s(settings), studio.outage.reason)
