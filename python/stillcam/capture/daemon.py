"""The mode loop: one thread owns the camera, is in one mode at a time, and takes commands in between.

snapshot: a still every interval. live: frames at video rate while a lease lasts. no camera:
a reason that a person can act on, and a retry with back-off. Whatever goes wrong with the
camera ends here, is counted by its cause, and leaves the last good frame on screen.
"""

from __future__ import annotations

import contextlib
import logging
import os
import select
import shutil
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

from stillcam.camera.driver import Camera, Driver, Interrupted
from stillcam.capture import focus
from stillcam.capture.commands import Command, Commands
from stillcam.capture.darkroom import Darkroom
from stillcam.capture.lock import FolderLock
from stillcam.capture.outage import Outage
from stillcam.capture.revisions import Revisions
from stillcam.capture.status import Status
from stillcam.capture.timing import live_s, snapshot_s, stall_timeout_s
from stillcam.errors import CameraError, StillcamError
from stillcam.paths import Paths
from stillcam.settings import Settings

LIVE_RETRY_S = 10.0  # how long live is left alone after it failed
MAX_TORN = 3  # so many incomplete pictures running mean that the camera program needs a restart
START_TIMEOUT_S = 20.0  # a Pi Zero with a cold card takes several seconds to load libcamera
PATIENCE_S = 3.0  # a camera program without a picture gets so long before newer settings end it
LINGER_S = 1.0  # after a scan, for settings that keep what it found

Result = TypeVar("Result")


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
        self._revisions = Revisions(paths.settings, settings, self.status)
        self._stop = os.eventfd(0, os.EFD_NONBLOCK)
        self._stopping = False
        self._live_after = 0.0
        self._began = 0.0  # when the camera program was started (monotonic)
        self._hurry = False  # a picture is wanted now
        self._scans: list[Command] = []  # who asked to focus
        self._cameras: list[Camera] = []
        self._outage = Outage()
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
                    with contextlib.suppress(Interrupted):
                        self._work()
                except CameraError as error:
                    self._no_camera(error)
        finally:
            self._driver.stop()
            self._lock.close()

    def _work(self) -> None:
        """One mode, until a command, a lease or a fault asks for another."""
        mode = "focus" if self._scans else "live" if self._live_wanted() else "snapshot"
        work = {"focus": self._focus, "live": self._live, "snapshot": self._snapshots}[mode]
        settings = self._revisions.started(mode)
        self._began = time.monotonic()
        self._renew_darkroom()
        work(settings, self._camera(settings))

    def _live_wanted(self) -> bool:
        return self.commands.leased and time.monotonic() >= self._live_after

    def _leaving(self) -> bool:
        """Whether the mode that runs must end; a camera program may give its first picture before, if it comes soon."""
        over = self._revisions.proven or time.monotonic() >= self._began + PATIENCE_S
        return self._stopping or (over and (self._revisions.outdated or bool(self._scans)))

    def _camera(self, settings: Settings) -> Camera:
        """The camera of the settings, as listed when cameras were last looked for."""
        index = settings.camera.index
        if not any(camera.index == index for camera in self._cameras):
            self._driver.stop()
            self._cameras = self._driver.cameras((self._stop,))
        if not self._cameras:
            raise CameraError("absent", "no camera found: switch the Pi off and check both ends of the ribbon cable")
        if not (chosen := [camera for camera in self._cameras if camera.index == index]):
            there = ", ".join(f"{camera.index} ({camera.model})" for camera in self._cameras)
            raise CameraError("absent", f"there is no camera {index}: set camera.index to one of {there}")
        if self.status.found(chosen[0], self._cameras):
            logging.info("camera %s: %s, %sx%s", index, chosen[0].model, *chosen[0].size)
        return chosen[0]

    def _snapshots(self, settings: Settings, camera: Camera) -> None:
        self._start_stills(settings, camera)
        due = time.monotonic()
        while not (self._leaving() or self._live_wanted()):
            self._take()
            self._rest(due)
            interval_s, now_s = self._revisions.wanted.snapshot.interval_s, time.monotonic()
            due += interval_s
            if self._hurry or now_s - due > interval_s:  # what was missed is not made up for
                due = now_s

    def _take(self) -> str:
        """Take one still and publish it; the frame's name."""
        for torn in range(1, MAX_TORN + 1):
            self._hurry = False
            self.status.capturing()
            self._driver.request()
            still = self._awaited(self._driver.still, self._stall_timeout_s(snapshot_s))
            try:
                name = self._darkroom.publish(still)
            except CameraError as error:
                if error.cause != "torn" or torn == MAX_TORN:
                    raise
                logging.warning("%s", error)
                self.status.failed(error.cause, restarts=False)
            else:
                self._published(name)
                return name
        raise AssertionError("the last torn picture is an error")

    def _start_stills(self, settings: Settings, camera: Camera) -> None:
        self._driver.start_stills(settings, camera)
        self._awaited(self._driver.ready, START_TIMEOUT_S)
        self.status.enter("snapshot", snapshot_s(settings), self._outage.reason)

    def _stall_timeout_s(self, cycle_s: Callable[[Settings], float]) -> float:
        running = self._revisions.running
        return stall_timeout_s(cycle_s(running), running, self._driver.metadata)

    def _awaited(self, wait: Callable[[float, Sequence[int]], Result | None], timeout_s: float) -> Result:
        """What `wait` waits for, while commands are taken.

        Raises:
            Interrupted: the mode must end.
            CameraError: it did not come in time.
        """
        until = time.monotonic() + timeout_s
        while (left := until - time.monotonic()) > 0:
            if self._leaving():
                raise Interrupted
            if self._revisions.outdated or self._scans:
                left = min(left, max(0.0, self._began + PATIENCE_S - time.monotonic()))
            try:
                if result := wait(left, (self._stop, self.commands.wake)):
                    return result
            except Interrupted:
                self._obey()
        raise CameraError(
            "stalled", f"no picture within {timeout_s:g} s: check the camera's cable and the power supply"
        )

    def _rest(self, since: float) -> None:
        """Wait until the interval from `since` (monotonic) is over, a picture is wanted now, or the mode must end."""
        while not (self._hurry or self._leaving() or self._live_wanted()):
            left = since + self._revisions.wanted.snapshot.interval_s - time.monotonic()
            if left <= 0:
                return
            try:
                self._driver.rest(left, (self._stop, self.commands.wake))
            except Interrupted:
                self._obey()
            finally:
                self.status.described(self._driver.metadata)

    def _live(self, settings: Settings, camera: Camera) -> None:
        """Publish the stream's frames; a camera that cannot stream goes on with snapshots."""
        try:
            self._driver.start_stream(settings, camera)
            self.status.enter("live", live_s(settings), self._outage.reason)
            while self._live_wanted():
                self.status.capturing()
                timeout_s = self._stall_timeout_s(live_s) + (0 if self._revisions.proven else START_TIMEOUT_S)
                newest = self._awaited(self._driver.frames, timeout_s)[-1]
                self._published(self._darkroom.publish_live(newest, time.time()))
        except CameraError as error:
            self.status.failed(error.cause, restarts=True)
            if not self._revisions.refused(error):
                logging.warning("live view failed, going on with snapshots: %s", error)
                self._live_after = time.monotonic() + LIVE_RETRY_S
        finally:
            self._driver.stop()

    def _focus(self, settings: Settings, camera: Camera) -> None:
        """One scan, for all who asked."""
        asking, self._scans = self._scans, []
        try:
            self._start_stills(focus.scanning(settings), camera)
            answer = focus.scan(self._driver, self._take, (self._stop,))
        except (CameraError, Interrupted) as error:
            for command in asking:
                command.fail(error if isinstance(error, CameraError) else StillcamError("interrupted: focus again"))
            raise
        for command in asking:
            command.finish(answer)
        self._pause(LINGER_S)

    def _published(self, name: str) -> None:
        self.status.published(name, self._driver.metadata)
        self._revisions.worked(name)
        if self._outage.reason:
            self._outage.over()
            self.status.recovered()
        if self._darkroom.moving:
            self._may_restart_frozen = True
        elif self._darkroom.frozen and self._may_restart_frozen:
            self._may_restart_frozen = False  # a sensor that stays frozen is not helped by more restarts
            raise CameraError(
                "frozen", "the picture does not change at all: the sensor hangs, or it is completely dark"
            )

    def _no_camera(self, error: CameraError) -> None:
        """Say what is wrong, wait, and let `run` try again; at once where new settings are to blame."""
        self._driver.stop()
        self.status.failed(error.cause, restarts=True)
        if self._revisions.refused(error):
            return
        self._cameras = []
        for command in self._scans:
            command.fail(error)
        self._scans = []
        self.status.enter("no camera", snapshot_s(self._revisions.wanted), error.reason)
        self._pause(self._outage.failed(error))
        if error.cause == "disk" and not self._stopping:
            self._renew_folder()

    def _pause(self, seconds: float) -> None:
        """Wait; a command other than a lease, or the end, cuts it short."""
        poller = select.poll()
        poller.register(self._stop, select.POLLIN)
        poller.register(self.commands.wake, select.POLLIN)
        until = time.monotonic() + seconds
        while not self._stopping and (left := until - time.monotonic()) > 0:
            if poller.poll(left * 1000) and self._obey():
                return

    def _renew_folder(self) -> None:
        """Make the images folder again if it is gone, and claim it."""
        try:
            self._paths.make(self._paths.images)
            self._lock.renew()
            self._darkroom = self._new_darkroom()
        except StillcamError as error:
            logging.debug("%s", error)  # the next try says what is wrong

    def _renew_darkroom(self) -> None:
        """Turn pictures as the settings now say."""
        if self._darkroom.rotation != self._revisions.wanted.camera.rotation:
            self._darkroom = self._new_darkroom()

    def _new_darkroom(self) -> Darkroom:
        rotation = self._revisions.wanted.camera.rotation
        return Darkroom(self._paths.images, rotation, shutil.which("jpegtran"), self.status.publishing)

    def _obey(self) -> bool:
        """Carry out the queued commands; whether there were any."""
        commands = self.commands.take()
        for command in commands:
            if command.verb == "snapshot":
                self._hurry = True
            elif command.verb == "focus" and (error := focus.unable(self.status.camera)):
                command.fail(error)
            elif command.verb == "focus":
                self._scans.append(command)
            elif command.verb == "reload":
                self._reload(command)
        return bool(commands)

    def _reload(self, command: Command) -> None:
        try:
            other = self._revisions.read(command)
        except StillcamError as error:
            logging.error("%s", error)
            command.fail(error)
            return
        wanted, camera = self._revisions.wanted, self.status.camera
        self.status.interval(snapshot_s(wanted))
        if other and camera and camera.index == wanted.camera.index and self._driver.fits(wanted, camera):
            self._revisions.adopt()
            self._renew_darkroom()
            self._hurry = True
