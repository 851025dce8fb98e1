"""The mode loop: one thread owns the camera, is in one mode at a time, and takes commands in between.

snapshot: a still every interval. live: frames at video rate while a lease lasts. no camera:
a reason that a person can act on, and a retry with back-off. Whatever goes wrong with the
camera ends here, is counted by its cause, and leaves the last good frame on screen.
"""

from __future__ import annotations

import logging
import os
import select
import shutil
import time
from dataclasses import dataclass, replace
from typing import Any

from stillcam.camera.driver import Camera, Driver, Interrupted
from stillcam.capture.commands import Commands
from stillcam.capture.darkroom import Darkroom
from stillcam.capture.lock import FolderLock
from stillcam.capture.status import Status
from stillcam.errors import CameraError, StillcamError
from stillcam.paths import Paths
from stillcam.settings import Settings
from stillcam.settings_file import load_in_force

BACK_OFF_S = (1.0, 2.0, 4.0, 8.0, 16.0, 30.0)
DEFAULT_FRAMERATE = 30.0  # what the camera programs take where none is set
LIVE_RETRY_S = 10.0  # how long live is left alone after it failed
MAX_TORN = 3  # so many incomplete pictures running mean that the camera program needs a restart


def stall_timeout_s(interval_s: float, metadata: dict[str, Any]) -> float:
    """How long a still may take before the camera counts as stalled.

    Args:
        interval_s: from one snapshot to the next.
        metadata: the newest still's; its ExposureTime is in microseconds.
    """
    exposure = metadata.get("ExposureTime", 0)
    exposure_s = exposure / 1e6 if isinstance(exposure, int | float) else 0.0
    return max(5.0, 3 * interval_s + exposure_s)


@dataclass(slots=True)
class Wanted:
    """What the commands taken ask of the mode that is running."""

    snapshot: bool = False
    restart: bool = False


class Daemon:
    """Keeps `images/current.jpg` fresh.

    Args:
        paths: where things are; the folders exist.
        driver: the camera.
        settings: in force at the start.

    Raises:
        StillcamError: another daemon works in the same images folder.
    """

    def __init__(self, paths: Paths, driver: Driver, settings: Settings) -> None:
        self.status = Status(driver.name)
        self.commands = Commands(self.status)
        self._paths = paths
        self._driver = driver
        self._settings = settings
        self._stop = os.eventfd(0, os.EFD_NONBLOCK)
        self._stopping = False
        self._live_after = 0.0
        self._camera: Camera | None = None
        self._failures = 0  # running
        self._outage: tuple[str, float] | None = None  # the reason, and when it began (monotonic)
        self._may_restart_frozen = True
        self._lock = FolderLock(paths.images)
        self._darkroom = self._new_darkroom()

    def stop(self) -> None:
        """Make `run` return; may be called from a signal handler."""
        self._stopping = True
        os.eventfd_write(self._stop, 1)

    def run(self) -> None:
        """Take pictures until `stop`; then nothing of the camera runs any more."""
        try:
            while not self._stopping:
                try:
                    self._work()
                except Interrupted:
                    self._obey()
                except CameraError as error:
                    self._no_camera(error)
        finally:
            self._driver.stop()
            self._lock.close()

    def _work(self) -> None:
        """One mode, until a command, a lease or a fault asks for another."""
        camera = self._camera or self._find_camera()
        if self._live_wanted():
            self._live(camera)
        else:
            self._snapshots(camera)

    def _live_wanted(self) -> bool:
        return self.commands.leased and time.monotonic() >= self._live_after

    def _find_camera(self) -> Camera:
        cameras = self._driver.cameras((self._stop,))
        index = self._settings.camera.index
        if not cameras:
            raise CameraError("absent", "no camera found: switch the Pi off and check both ends of the ribbon cable")
        if not (chosen := [camera for camera in cameras if camera.index == index]):
            there = ", ".join(f"{camera.index} ({camera.model})" for camera in cameras)
            raise CameraError("absent", f"there is no camera {index}: set camera.index to one of {there}")
        self._camera = chosen[0]
        self.status.found(self._camera)
        logging.info("camera %s: %s, %sx%s", index, self._camera.model, *self._camera.size)
        return self._camera

    def _snapshots(self, camera: Camera) -> None:
        self._driver.start_stills(self._settings, camera, (self._stop,))
        self.status.enter("snapshot", self._settings.snapshot.interval_s, self._outage and self._outage[0])
        due = time.monotonic()
        torn = 0
        while not self._live_wanted():
            self.status.capturing()
            timeout_s = stall_timeout_s(self._settings.snapshot.interval_s, self._driver.metadata)
            still = self._driver.capture(timeout_s, (self._stop,))
            try:
                name = self._darkroom.publish(still)
            except CameraError as error:
                torn += 1
                if error.cause != "torn" or torn == MAX_TORN:
                    raise
                logging.warning("%s", error)
                self.status.failed(error.cause, restarts=False)
                continue
            torn = 0
            self._published(name)
            due = max(due + self._settings.snapshot.interval_s, time.monotonic())
            if self._rest(due).snapshot:
                due = time.monotonic()

    def _rest(self, due: float) -> Wanted:
        """Wait until `due` (monotonic), or until a command asks for a snapshot now.

        Raises:
            Interrupted: this mode must end: for new settings, a lease, or because the daemon stops.
        """
        while (left := due - time.monotonic()) > 0:
            try:
                self._driver.rest(left, (self._stop, self.commands.wake))
            except Interrupted:
                wanted = self._obey()
                if self._stopping or wanted.restart or self._live_wanted():
                    raise
                if wanted.snapshot:
                    return wanted
            finally:
                self.status.described(self._driver.metadata)
        return Wanted()

    def _live(self, camera: Camera) -> None:
        """Publish the stream's frames; a camera that cannot stream goes on with snapshots."""
        interval_s = 1 / (self._settings.live.framerate or DEFAULT_FRAMERATE)
        try:
            self._driver.start_stream(self._settings, camera)
            self.status.enter("live", interval_s)
            while self._live_wanted():
                try:
                    newest = self._driver.frames(stall_timeout_s(interval_s, {}), (self._stop, self.commands.wake))[-1]
                except Interrupted:
                    if self._obey().restart or self._stopping:
                        return
                    continue
                self._published(self._darkroom.publish_live(newest, time.time()))
        except CameraError as error:
            logging.warning("live view failed, going on with snapshots: %s", error)
            self._live_after = time.monotonic() + LIVE_RETRY_S
            self.status.failed(error.cause, restarts=True)
        finally:
            self._driver.stop()

    def _published(self, name: str) -> None:
        self.status.published(name, self._driver.metadata)
        self._failures = 0
        if self._outage:
            reason, began = self._outage
            logging.info("pictures again after %.1f s (%s)", time.monotonic() - began, reason)
            self._outage = None
            self.status.recovered()
        if self._darkroom.moving:
            self._may_restart_frozen = True
        elif self._darkroom.frozen and self._may_restart_frozen:
            self._may_restart_frozen = False  # a sensor that stays frozen is not helped by more restarts
            raise CameraError(
                "frozen", "the picture does not change at all: the sensor hangs, or it is completely dark"
            )

    def _no_camera(self, error: CameraError) -> None:
        """Say what is wrong, wait, and let `run` try again."""
        self._driver.stop()
        self._camera = None
        wait_s = BACK_OFF_S[min(self._failures, len(BACK_OFF_S) - 1)]
        self._failures += 1
        self.status.failed(error.cause, restarts=True)
        self.status.enter("no camera", self._settings.snapshot.interval_s, error.reason)
        if not self._outage or self._outage[0] != error.reason:
            logging.error("no picture (%s): %s; trying again", error.cause, error)
        self._outage = (error.reason, self._outage[1] if self._outage else time.monotonic())
        self._pause(wait_s)
        if error.cause == "disk" and not self._stopping:
            self._renew_folder()

    def _pause(self, seconds: float) -> None:
        """Wait; a command other than a lease, or the end, cuts it short."""
        poller = select.poll()
        poller.register(self._stop, select.POLLIN)
        poller.register(self.commands.wake, select.POLLIN)
        until = time.monotonic() + seconds
        while not self._stopping and (left := until - time.monotonic()) > 0:
            if poller.poll(left * 1000) and self._obey() != Wanted():
                return

    def _renew_folder(self) -> None:
        """Make the images folder again if it is gone, and claim it."""
        try:
            self._paths.make(self._paths.images)
            self._lock.renew()
            self._darkroom = self._new_darkroom()
        except StillcamError as error:
            logging.debug("%s", error)  # the next try says what is wrong

    def _new_darkroom(self) -> Darkroom:
        return Darkroom(
            self._paths.images, self._settings.camera.rotation, shutil.which("jpegtran"), self.status.publishing
        )

    def _obey(self) -> Wanted:
        """Carry out the queued commands."""
        wanted = Wanted()
        for command in self.commands.take():
            if command.verb == "snapshot":
                wanted.snapshot = True
            elif command.verb == "reload":
                try:
                    wanted.restart |= self._reload()
                except StillcamError as error:
                    logging.error("%s", error)
                    command.error = str(error)
            command.done.set()
        return wanted

    def _reload(self) -> bool:
        """Read the settings again; returns whether the camera program needs a restart for them.

        Raises:
            StillcamError: the file is wrong; the settings stay as they were.
        """
        old, (new, wrong) = self._settings, load_in_force(self._paths.settings)
        self.status.notice(wrong)
        if wrong:
            raise StillcamError(wrong)
        self._settings = new
        if new == old:
            return False
        logging.info("new settings from %s", self._paths.settings)
        if new.camera.rotation != old.camera.rotation:
            self._darkroom = self._new_darkroom()
        if new.camera.index != old.camera.index:
            self._camera = None
        self.status.interval(new.snapshot.interval_s)
        same_interval = replace(new.snapshot, interval_s=old.snapshot.interval_s)
        return (new.camera, same_interval, new.live) != (old.camera, old.snapshot, old.live)
