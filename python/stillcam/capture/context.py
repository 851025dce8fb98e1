"""What every mode works with: the camera's driver, the publisher, the settings, and waiting while commands come in."""

from __future__ import annotations

import logging
import os
import select
import shutil
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, TypeVar

from stillcam.camera.convergence import FRESH_S
from stillcam.camera.driver import Driver, Interrupted, PhotoRequest
from stillcam.camera.metadata import Metadata
from stillcam.capture.command_queue import Command, CommandQueue
from stillcam.capture.command_socket import PICTURE_S
from stillcam.capture.lock import FolderLock
from stillcam.capture.pending_settings import PendingSettings
from stillcam.capture.publish_frame import FramePublisher
from stillcam.capture.recovery import (
    AdaptiveTimeout,
    Backoff,
    exposure_allowance_s,
    photo_cycle_s,
    snapshot_cycle_s,
    stall_timeout_s,
    startup_s,
)
from stillcam.capture.status import FRAMELESS, Status
from stillcam.common.child_process import TERM_GRACE_S
from stillcam.common.errors import CameraError, StillcamError
from stillcam.common.paths import Paths
from stillcam.settings.capabilities import Camera
from stillcam.settings.schema import Settings

MAX_TORN = 3  # so many incomplete pictures running mean that the camera program needs a restart
START_TIMEOUT_S = 20.0  # a Pi Zero with a cold card takes several seconds to load libcamera
DESCRIBED_S = 5.0  # from the picture's file to its metadata
CONVERGE_S = 1.5  # for exposure and white balance, where nothing is known of them
PATIENCE_S = 3.0  # a camera program without a picture gets so long before newer settings end it

Result = TypeVar("Result")
Handler = Callable[[Command], None]


class Mode(Protocol):
    """One way to work with the camera; one runs at a time.

    Attributes:
        name: what the status calls it.
        urgent: whether it does not wait for the picture that another mode has asked for.
    """

    name: str
    urgent: bool

    @property
    def handlers(self) -> Mapping[str, Handler]:
        """By verb, the commands that it takes; called by the camera's thread, whatever mode runs."""
        ...

    def wanted(self) -> bool:
        """Whether it has something to do now."""
        ...

    def run(self, settings: Settings, camera: Camera) -> None:
        """Do it, until it is done or a mode that goes before wants the camera.

        Raises:
            Interrupted: the same, in the middle of a picture.
            CameraError: the camera fails.
        """
        ...

    def fail(self, error: CameraError) -> None:
        """There is no camera: tell those who wait."""
        ...


class CaptureContext:
    """What all modes share; for the camera's thread. Other threads may call only `stop` and `picture_s`.

    Args:
        paths: where things are; the folders exist.
        driver: the camera.
        settings: in force at the start.
        modes: gives the modes, the most important first; the last is always wanted.
        handlers: by verb, the commands that no mode takes.

    Attributes:
        stopping: the daemon ends.
        recording: a video is being made: nothing else gets the camera.

    Raises:
        StillcamError: another daemon works in the same images folder.
    """

    def __init__(
        self,
        paths: Paths,
        driver: Driver,
        settings: Settings,
        modes: Callable[[], Sequence[Mode]],
        handlers: Mapping[str, Handler],
    ) -> None:
        self.paths = paths
        self.driver = driver
        self.status = Status(driver.name)
        self.status.capable(driver.abilities.message())
        self.commands = CommandQueue()
        self.settings = PendingSettings(paths.settings, settings, self.status)
        self.backoff = Backoff()
        self.stopping = False
        self.recording = False
        self._modes = modes
        self._handlers = handlers
        self._stop = os.eventfd(0, os.EFD_NONBLOCK)
        self._began = 0.0  # when the camera program was started (monotonic)
        self._mode = ""  # that runs
        self._first = True  # no picture has come since it began, or since its camera program was ready
        self._timeouts: defaultdict[tuple[str, str, bool], AdaptiveTimeout] = defaultdict(AdaptiveTimeout)
        self._known: Metadata = {}  # the newest that there are, of whatever camera program
        self._may_restart_frozen = True
        self._lock = FolderLock(paths.images)
        self.publisher = self._new_publisher()

    def stop(self) -> None:
        """Have the work ended; may be called from a signal handler."""
        self.stopping = True
        os.eventfd_write(self._stop, 1)

    def set_recording(self, recording: bool) -> None:
        """A video is requested, or there is none any more."""
        self.recording = recording

    def close(self) -> None:
        """Nothing of the camera runs any more."""
        self.end_program()
        self._lock.close()

    def end_program(self, patience_s: float = TERM_GRACE_S) -> bool:
        """End the camera program; sooner if the daemon ends meanwhile. False: it was killed."""
        return self.driver.stop(patience_s, self.stops)

    @property
    def stops(self) -> tuple[int, ...]:
        """The descriptors that end whatever waits for the camera."""
        return (self._stop,)

    def begin(self, mode: str) -> Settings:
        """A mode starts the camera program: the settings for it."""
        self._began = time.monotonic()
        self._mode, self._first = mode, True
        self.status.capable(self.driver.abilities.message())  # it may have learnt more of its camera
        self.renew_publisher()
        return self.settings.started(mode)

    def next_mode(self) -> Mode:
        """What is to be done now."""
        return next(mode for mode in self._modes() if mode.wanted())

    def leaving(self) -> bool:
        """Whether the mode that runs must end; a camera program may give its first picture before, if it comes soon."""
        over = self.settings.proven or time.monotonic() >= self._began + PATIENCE_S
        return self.stopping or (over and self._pressed())

    def start_stills(
        self,
        settings: Settings,
        camera: Camera,
        shoot: PhotoRequest | None = None,
        leaving: Callable[[], bool] | None = None,
    ) -> None:
        """Start the camera for stills, and wait until it takes requests.

        A driver may wait for a frame: one of a long exposure, behind that which has just been begun.

        Args:
            settings, camera, shoot: see `Driver.start_stills`.
            leaving: see `awaited`.

        Raises:
            Interrupted, CameraError: see `awaited`.
        """
        exposures_s = exposure_allowance_s(settings, self.driver.metadata)
        if shoot:
            exposures_s += photo_cycle_s(settings, shoot.kind, shoot.controls)
        self.driver.start_stills(settings, camera, shoot)
        self.awaited(self.driver.wait_ready, START_TIMEOUT_S + exposures_s, leaving)

    def start_snapshots(self, settings: Settings, camera: Camera) -> None:
        """Start the camera for snapshots, and wait until it takes requests.

        Raises:
            Interrupted, CameraError: see `awaited`.
        """
        self.start_stills(settings, camera)
        self.status.enter("snapshot", snapshot_cycle_s(settings), self.backoff.reason)

    def awaited(
        self,
        wait: Callable[[float, Sequence[int]], Result | None],
        timeout_s: float,
        leaving: Callable[[], bool] | None = None,
    ) -> Result:
        """What `wait` waits for, while commands are taken.

        Args:
            wait: a driver's method.
            timeout_s: for all of it, where there has been no reason to wait longer, see `AdaptiveTimeout`.
            leaving: whether the mode must end; None: as `leaving` says.

        Raises:
            Interrupted: the mode must end.
            CameraError: it did not come in time.
        """
        began_s, first = time.monotonic(), self._first
        timeout = self._timeouts[self._mode, wait.__name__, first]
        timeout_s = timeout.seconds(timeout_s)
        until = began_s + timeout_s
        while (left := until - time.monotonic()) > 0:
            if (leaving or self.leaving)():
                raise Interrupted
            if leaving is None and self._pressed():
                left = min(left, max(0.0, self._began + PATIENCE_S - time.monotonic()))
            try:
                if result := wait(left, (*self.stops, self.commands.wake)):
                    timeout.completed(time.monotonic() - began_s)
                    self._first = result is True  # ready, and no picture yet
                    return result
            except Interrupted:
                self.obey()
        timeout.stalled()
        raise CameraError(
            "stalled", f"no picture within {timeout_s:g} s: check the camera's cable and the power supply"
        )

    def stall_timeout_s(self, cycle_s: Callable[[Settings], float]) -> float:
        """How long a picture may take; the first one has frames before it that the camera program hides."""
        running, self._known = self.settings.running, self.driver.metadata or self._known
        hidden = startup_s(exposure_allowance_s(running, self._known) / 4) if self._first else 0.0
        return stall_timeout_s(cycle_s(running), running, self._known) + hidden

    def picture_s(self) -> float:
        """How long a picture that is asked for now may take, seconds; may be called from any thread."""
        told = self.status.message()
        runs_s = float(told["interval_s"]) if told["mode"] in FRAMELESS else 0.0
        return PICTURE_S + runs_s + exposure_allowance_s(self.settings.wanted, told["metadata"])

    @property
    def found(self) -> Metadata:
        """What the camera has said of its newest picture, while that is fresh; else nothing."""
        return self.driver.metadata if time.monotonic() - self.driver.metadata_received_s <= FRESH_S else {}

    def rest(self, seconds: float, over: Callable[[], bool]) -> bool:
        """Give the camera's algorithms their time, while commands are taken; False: it is `over` before."""
        until = time.monotonic() + seconds
        while not (ends := over()) and (left := until - time.monotonic()) > 0:
            try:
                self.driver.idle(left, (*self.stops, self.commands.wake))
            except Interrupted:
                self.obey()
        return not ends

    def described(self) -> Metadata:
        """What the camera says of the picture that has just come: that comes behind it."""
        until = time.monotonic() + DESCRIBED_S
        while not self.stopping and (left := until - time.monotonic()) > 0:
            try:
                return self.driver.wait_metadata(left, (*self.stops, self.commands.wake))
            except Interrupted:
                self.obey()
        return {}

    def take(self, cycle_s: Callable[[Settings], float], keep: Callable[[], bool] = lambda: True) -> str | None:
        """Take one still and publish it; the frame's name, None: it is not kept.

        Args:
            cycle_s: from one picture to the next, by the settings.
            keep: asked once the still is there.

        Raises:
            Interrupted, CameraError: see `awaited`.
        """
        for torn in range(1, MAX_TORN + 1):
            self.driver.request_still()
            still = self.awaited(self.driver.wait_still, self.stall_timeout_s(cycle_s))
            if not keep():
                still.path.unlink(missing_ok=True)
                return None
            try:
                name = self.publisher.publish(still)
            except CameraError as error:
                if error.cause != "torn" or torn == MAX_TORN:
                    raise
                logging.warning("%s", error)
                self.status.failed(error.cause, restarts=False)
            else:
                self.published(name)
                return name
        raise AssertionError("the last torn picture is an error")

    def published(self, name: str) -> None:
        """A frame is out."""
        self.status.published(name, self.driver.metadata, self.driver.exposure_began_s)
        if not self.driver.settling:
            self.settings.worked(name)
        if self.backoff.reason:
            self.backoff.recovered()
            self.status.recovered()
        if self.publisher.moving:
            self._may_restart_frozen = True
        elif self.publisher.frozen and self._may_restart_frozen:
            self._may_restart_frozen = False  # a sensor that stays frozen is not helped by more restarts
            raise CameraError(
                "frozen", "the picture does not change at all: the sensor hangs, or it is completely dark"
            )

    def pause(self, seconds: float) -> None:
        """Wait; a command other than a lease, or the end, cuts it short."""
        poller = select.poll()
        poller.register(self._stop, select.POLLIN)
        poller.register(self.commands.wake, select.POLLIN)
        until = time.monotonic() + seconds
        while not self.stopping and (left := until - time.monotonic()) > 0:
            if poller.poll(left * 1000) and self.obey():
                return

    def obey(self) -> bool:
        """Carry out the queued commands; whether there were any."""
        commands = self.commands.take()
        for command in commands:
            self._handler(command.verb)(command)
        return bool(commands)

    def _handler(self, verb: str) -> Handler:
        for mode in self._modes():
            if verb in mode.handlers:
                return mode.handlers[verb]
        return self._handlers[verb]

    def renew_folder(self) -> None:
        """Make the images folder again if it is gone, and claim it."""
        try:
            self.paths.make(self.paths.images)
            self._lock.renew()
            self.publisher = self._new_publisher()
        except (StillcamError, OSError) as error:
            logging.debug("%s", error)  # the next try says what is wrong

    def renew_publisher(self) -> None:
        """Turn pictures as the settings now say."""
        if self.publisher.rotation != self.settings.wanted.camera.rotation:
            self.publisher = self._new_publisher()

    def _pressed(self) -> bool:
        """Whether something does not wait until the mode ends of itself."""
        return self.settings.outdated or any(mode.urgent and mode.wanted() for mode in self._modes())

    def _new_publisher(self) -> FramePublisher:
        rotation = self.settings.wanted.camera.rotation
        return FramePublisher(self.paths.images, rotation, shutil.which("jpegtran"), self.status.publishing, self.stops)
