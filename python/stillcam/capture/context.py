"""What every mode works with: the camera's driver, the publisher, the settings, and waiting while commands come in."""

from __future__ import annotations

import contextlib
import logging
import math
import os
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from stillcam.camera.convergence import FRESH_S
from stillcam.camera.driver import Driver, Interrupted, PhotoRequest, Still
from stillcam.camera.lens_positions import LensPositions
from stillcam.camera.metadata import Metadata
from stillcam.capture.command_queue import CommandQueue
from stillcam.capture.mode import Handler, Mode
from stillcam.capture.picture_edits import PictureEdits
from stillcam.capture.publish_frame import FramePublisher
from stillcam.capture.settings_in_force.pending_settings import PendingSettings
from stillcam.capture.settings_in_force.profile_watch import ProfileWatch
from stillcam.capture.status import FRAMELESS, Status
from stillcam.capture.timeouts import (
    NO_CONTROLS,
    AdaptiveTimeout,
    Backoff,
    exposure_allowance_s,
    photo_cycle_s,
    snapshot_cycle_s,
    stall_timeout_s,
    startup_s,
)
from stillcam.common.child_process import TERM_GRACE_S, find_program, wait_readable
from stillcam.common.errors import CameraError, StillcamError
from stillcam.common.paths import Paths
from stillcam.frames.files import lock_folder, stale_after_s
from stillcam.settings.capabilities import CameraInfo
from stillcam.settings.controls import Values
from stillcam.settings.schema import Settings

MAX_TORN = 3  # so many incomplete pictures running mean that the camera program needs a restart
START_TIMEOUT_S = 20.0  # a Pi Zero with a cold card takes several seconds to load libcamera
METADATA_S = 5.0  # from the picture's file to its metadata
CONVERGE_S = 1.5  # for exposure and white balance, where nothing is known of them
FIRST_PICTURE_S = 3.0  # a camera program without a picture gets so long before newer settings end it
PICTURE_S = 30.0  # for a picture that is requested, whatever the settings

Result = TypeVar("Result")


class CaptureContext:
    """Everything that the modes share. For the camera's thread; other threads may call `stop` and `picture_s`.

    Methods that wait run commands meanwhile. They raise Interrupted if the mode must end, CameraError if the camera
    fails or is late.

    Args:
        lock: the lock of the images folder, see `lock_folder`.
        modes: gives the modes by priority, the highest first; the last is always wanted.
        handlers: of the commands that no mode takes, by verb.

    Attributes:
        recording: a video is being made: no other mode gets the camera.
        video_shows: frames of that video are published, and photos are taken of them.
        stop_fds: descriptors that are readable once the daemon ends.
        interrupts: descriptors that end a wait of the driver: the daemon ends, or there are commands.
        lens: where autofocus has left it.
        edits: draws privacy masks and stamps; whatever gets a picture from the driver passes it through this first.
        published_s: when the newest frame was published (monotonic).
    """

    def __init__(
        self,
        paths: Paths,
        driver: Driver,
        settings: Settings,
        lock: int,
        modes: Callable[[], Sequence[Mode]],
        handlers: Mapping[str, Handler],
    ) -> None:
        self.paths = paths
        self.driver = driver
        self.status = Status(driver.name)
        self.status.capabilities = driver.capabilities.to_json()
        self.commands = CommandQueue()
        self.profiles = ProfileWatch(
            paths.settings, self.commands, lambda: self.driver.metadata, lambda: self.settings.healthy
        )
        self.settings = PendingSettings(paths.settings, settings, self.status, self.profiles, self._mask_current)
        self.backoff = Backoff(self.status)
        self.stopping = False
        self.recording = self.video_shows = False
        self._modes = modes
        self._handlers = handlers
        self._stop = os.eventfd(0, os.EFD_NONBLOCK)
        self.stop_fds = (self._stop,)
        self.interrupts = (self._stop, self.commands.wake)
        self.edits = PictureEdits(driver, lambda: self.settings.wanted, lambda: self.status.camera, self.stop_fds)
        self.lens = LensPositions()
        self._began = 0.0  # when the camera program was started (monotonic)
        self._mode = ""  # that runs
        self._first = True  # the camera program has started, or become ready, and given no picture yet
        self._timeouts: defaultdict[tuple[str, str, bool], AdaptiveTimeout] = defaultdict(AdaptiveTimeout)
        self._known: Metadata = {}  # the newest, of any camera program
        self.published_s = -math.inf
        self._lock = lock
        self.publisher = self._new_publisher()

    def stop(self) -> None:
        """End the daemon's work; may be called from a signal handler."""
        self.stopping = True
        os.eventfd_write(self._stop, 1)

    def close(self) -> None:
        """Stop the camera, and release the images folder."""
        self.stop_camera()
        os.close(self._lock)

    def stop_camera(self, grace_s: float = TERM_GRACE_S) -> bool:
        """Stop the camera program; sooner if the daemon ends meanwhile. False: it was killed."""
        return self.driver.stop(grace_s, self.stop_fds)

    def camera_failed(self, error: CameraError) -> None:
        self.stop_camera()
        self.status.count_failure(error.cause, restarts=True)

    def enter_mode(self, mode: str) -> Settings:
        """Begin a mode: the settings for its camera program."""
        self._note_lens()
        self._began = time.monotonic()
        self._mode, self._first = mode, True
        self.status.capabilities = self.driver.capabilities.to_json()  # it may have learnt more of its camera
        self.publisher.rotation = self.settings.wanted.camera.rotation
        return self.settings.start(mode)

    def next_mode(self) -> Mode:
        """The mode that should run now."""
        for mode in self._modes():
            mode.update()
        return next(mode for mode in self._modes() if mode.wanted())

    def prestart_next(self, settings: Settings, camera: CameraInfo) -> None:
        """Start the camera program of the mode that follows: it loads while the running mode writes its files.

        A failure is not reported here: that mode tries again, and reports it.
        """
        self._note_lens()
        if not (self.stopping or self.settings.outdated):
            with contextlib.suppress(CameraError, OSError):
                self.next_mode().prestart(settings, camera)

    def must_leave(self) -> bool:
        """Whether the running mode must end; a new camera program gets `FIRST_PICTURE_S` for its first picture."""
        return self.stopping or (self._may_end() and self._interrupted())

    def start_stills(
        self,
        settings: Settings,
        camera: CameraInfo,
        photo: PhotoRequest | None = None,
        must_leave: Callable[[], bool] | None = None,
    ) -> None:
        """Start the camera for snapshots or the photos of a request, and wait until it takes requests.

        The driver may wait for a frame of a long exposure, after the one that has just been begun.
        """
        exposures_s = exposure_allowance_s(settings, self.driver.metadata)
        if photo:
            exposures_s += photo_cycle_s(settings, photo.kind, photo.controls)
        if photo or not (self.driver.just_started and self.driver.matches(settings, camera)):
            self.driver.start_stills(settings, camera, photo)
        self.wait_for(self.driver.wait_ready, START_TIMEOUT_S + exposures_s, must_leave)

    def start_snapshots(self, settings: Settings, camera: CameraInfo) -> None:
        """Start the camera for snapshots, and show that mode."""
        self.start_stills(settings, camera)
        self.status.enter("snapshot", snapshot_cycle_s(settings))

    def wait_for(
        self,
        wait: Callable[[float, Sequence[int]], Result | None],
        timeout_s: float,
        must_leave: Callable[[], bool] | None = None,
    ) -> Result:
        """Call `wait`, a method of the driver, until it returns something.

        Args:
            timeout_s: as the settings imply; `AdaptiveTimeout` may extend it.
            must_leave: whether the mode must end; by default see `must_leave`.
        """

        def step(left: float) -> Result | None:
            if must_leave is None and not self._may_end() and self._interrupted():
                left = min(left, max(0.0, self._began + FIRST_PICTURE_S - time.monotonic()))
            return wait(left, self.interrupts)

        began_s = time.monotonic()
        timeout = self._timeouts[self._mode, wait.__name__, self._first]
        timeout_s = timeout.seconds(timeout_s)
        ended = must_leave or self.must_leave
        if result := self._wait(step, timeout_s, ended):
            timeout.completed(time.monotonic() - began_s)
            self._first = result is True  # ready, and no picture yet
            return result
        if ended():
            raise Interrupted
        timeout.stalled()
        raise CameraError(
            "stalled", f"no picture within {timeout_s:g} s: check the camera's cable and the power supply"
        )

    def converge(self, seconds: float, cancelled: Callable[[], bool]) -> bool:
        """Wait for the camera's algorithms to converge; False: `cancelled` before."""
        self._wait(lambda left: self.driver.idle(left, self.interrupts), seconds, cancelled)
        return not cancelled()

    def idle(self, seconds: float) -> None:
        """Wait between captures, at most until commands come; the newest picture's metadata come meanwhile."""
        until = time.monotonic() + seconds
        try:
            while (left := until - time.monotonic()) > 0:
                self.driver.idle(left, self.interrupts)
                self.status.metadata = self.driver.metadata
        except Interrupted:
            self.run_commands()
        finally:
            self.status.metadata = self.driver.metadata

    def pause(self, seconds: float) -> None:
        """Wait, until a command comes or the daemon ends."""
        until = time.monotonic() + seconds
        while not self.stopping and (left := until - time.monotonic()) > 0:
            if wait_readable(left, *self.interrupts) and self.run_commands():
                return

    def still_metadata(self) -> Metadata:
        """Wait for the metadata of the newest still, which come after it; empty: not in time."""
        wait = self.driver.wait_metadata
        return self._wait(lambda left: wait(left, self.interrupts), METADATA_S, lambda: self.stopping) or {}

    def take_still(self, keep: Callable[[], bool] = lambda: True) -> str | None:
        """Take one still, publish it unless `keep` says no, and return the frame's name."""
        for torn in range(1, MAX_TORN + 1):
            self.driver.request_still()
            still = self.wait_for(self.driver.wait_still, self.stall_timeout_s(snapshot_cycle_s))
            if not keep():
                still.path.unlink(missing_ok=True)
                return None
            try:
                name = self.publisher.publish(self.edits.still(still))
            except CameraError as error:
                if error.cause != "torn" or torn == MAX_TORN:
                    raise
                logging.warning("%s", error)
                self.status.count_failure(error.cause, restarts=False)
            else:
                self.frame_published(name)
                return name
        raise AssertionError("the last torn picture is an error")

    def take_photo(
        self, settings: Settings, kind: str, must_leave: Callable[[], bool], carried_over: Values = NO_CONTROLS
    ) -> Still:
        """Take one still for the library or a series, which is neither checked nor published."""
        cycle_s = photo_cycle_s(settings, kind, carried_over)
        timeout_s = START_TIMEOUT_S + stall_timeout_s(cycle_s, settings, self.driver.metadata)
        self.driver.request_still()
        return self.edits.still(self.wait_for(self.driver.wait_still, timeout_s, must_leave))

    def read_frames(self, timeout_s: float, newest_only: Callable[[], bool]) -> list[bytes]:
        """Wait for frames of the live stream.

        Args:
            newest_only: whether the others that have come with it are not needed, and need not be masked.

        A frame that has been damaged cannot be masked: it is skipped, together with those that came with it.
        """
        for torn in range(1, MAX_TORN + 1):
            frames = self.wait_for(self.driver.read_frames, timeout_s)
            try:
                return self.edits.frames(frames[-1:] if newest_only() else frames)
            except CameraError as error:
                if error.cause != "torn" or torn == MAX_TORN:
                    raise
                self.status.count_failure(error.cause, restarts=False)
        raise AssertionError("the last torn frame is an error")

    def frame_published(self, name: str) -> None:
        """Record a published frame.

        Raises:
            CameraError: see `FramePublisher.check_frozen`.
        """
        self.published_s = time.monotonic()
        self.status.add_frame(name, self.driver.metadata, self.driver.exposure_began_s)
        if not self.driver.adjusting:
            self.settings.confirm(name)
        self.backoff.recovered()
        self.publisher.check_frozen()

    def shows_fresh_frame(self, wait_s: float) -> bool:
        """Whether a frame is shown that this daemon has published, and that will not be stale in `wait_s` seconds."""
        age_s = time.monotonic() - self.published_s
        return age_s + wait_s < stale_after_s(snapshot_cycle_s(self.settings.wanted))

    def stall_timeout_s(self, cycle_s: Callable[[Settings], float]) -> float:
        """How long a picture may take; before the first one, the camera program drops frames."""
        running, self._known = self.settings.running, self.driver.metadata or self._known
        startup = startup_s(exposure_allowance_s(running, self._known) / 4) if self._first else 0.0
        return stall_timeout_s(cycle_s(running), running, self._known) + startup

    def picture_s(self) -> float:
        """How long a picture that is requested now may take, in seconds; may be called from any thread."""
        busy_s = self.status.interval_s if self.status.mode in FRAMELESS else 0.0
        return PICTURE_S + busy_s + exposure_allowance_s(self.settings.wanted, self.status.metadata)

    @property
    def fresh_metadata(self) -> Metadata:
        """The metadata of the newest picture while they are fresh; else empty."""
        return self.driver.metadata if time.monotonic() - self.driver.metadata_received_s <= FRESH_S else {}

    def _mask_current(self, before: Settings) -> None:
        """A new mask is drawn into the newest frame at once: the next one may come late, or never.

        Masks that are said to be of another camera make it black.
        """
        if not self.edits.cover_more(before):
            return
        try:
            self.publisher.mask_current()
        except Interrupted:
            pass  # the daemon ends, and the picture that stays is black
        except OSError as error:
            logging.error("the newest picture shows what its new privacy mask covers, until the next one: %s", error)
        if name := self.publisher.current:
            self.status.frame_masked(name)

    def run_commands(self) -> bool:
        """Run the queued commands; whether there were any."""
        commands = self.commands.take()
        for command in commands:
            for mode in self._modes():
                if command.verb in mode.handlers:
                    try:
                        mode.handlers[command.verb](command)
                    except CameraError as error:
                        command.fail(error)
                    break
            else:
                self._handlers[command.verb](command)
        return bool(commands)

    def reclaim_folder(self) -> None:
        """Recreate the images folder if it is gone, and lock it."""
        images = self.paths.images
        try:
            self.paths.make(images)
            if not os.path.samestat(os.stat(images), os.fstat(self._lock)):
                lock = lock_folder(images)
                os.close(self._lock)
                self._lock = lock
            self.publisher = self._new_publisher()
        except (StillcamError, OSError) as error:
            logging.debug("%s", error)  # the next try reports the error

    def _wait(self, step: Callable[[float], Result | None], seconds: float, ended: Callable[[], bool]) -> Result | None:
        """Call `step` with the seconds that are left until it returns something; run commands meanwhile."""
        until = time.monotonic() + seconds
        while not ended() and (left := until - time.monotonic()) > 0:
            try:
                if result := step(left):
                    return result
            except Interrupted:
                self.run_commands()
        return None

    def _note_lens(self) -> None:
        """Before the next camera program is started, which begins without metadata."""
        if camera := self.status.camera:
            self.lens.note(self._mode, self.settings.running, camera, self.driver)

    def _may_end(self) -> bool:
        return self.settings.confirmed or time.monotonic() >= self._began + FIRST_PICTURE_S

    def _interrupted(self) -> bool:
        return self.settings.outdated or any(mode.urgent and mode.wanted() for mode in self._modes())

    def _new_publisher(self) -> FramePublisher:
        rotation = self.settings.wanted.camera.rotation
        return FramePublisher(
            self.paths.images, rotation, find_program("jpegtran"), self.status.publishing, self.stop_fds, self.edits
        )
