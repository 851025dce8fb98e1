"""The mode loop: one thread owns the camera, is in one mode at a time, and takes commands in between.

Each mode is a file in `modes`. Without a camera the status gives a reason that a person can act on, and the daemon
tries again with back-off. Every camera error ends here, is counted by its cause, and leaves the last good frame on
screen.
"""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Sequence
from typing import Any

from stillcam.camera.description import same_cameras, with_known_modes
from stillcam.camera.driver import Driver, Interrupted
from stillcam.camera.errors import CAMERA_IN_USE
from stillcam.camera.use_cases import sensor_mode_error, uses_sensor_hdr, video_error
from stillcam.capture.command_queue import Command
from stillcam.capture.command_socket import CommandHandler
from stillcam.capture.context import CaptureContext
from stillcam.capture.library_writer.clock_trust import ClockTrust
from stillcam.capture.library_writer.writer import LibraryWriter
from stillcam.capture.mode import Mode
from stillcam.capture.modes.autofocus import AutofocusMode
from stillcam.capture.modes.detect import DetectMode
from stillcam.capture.modes.live import LiveMode
from stillcam.capture.modes.motion import MotionWatch
from stillcam.capture.modes.photos import PhotoMode
from stillcam.capture.modes.series import SeriesMode
from stillcam.capture.modes.snapshots import SnapshotMode
from stillcam.capture.modes.video import VideoMode
from stillcam.capture.picture_edits import drawing_error
from stillcam.capture.timeouts import snapshot_cycle_s
from stillcam.common.errors import CameraError, SettingsError, StillcamError, shortage
from stillcam.common.paths import Paths
from stillcam.films.queue import FilmQueue
from stillcam.ipc.protocol import Message
from stillcam.series.reader import summary
from stillcam.settings.capabilities import CameraInfo
from stillcam.settings.mask_camera import unfit_masks
from stillcam.settings.schema import Settings

PRIORITIES: Sequence[type[Mode]] = (  # the highest first; docs/reference/priorities.md is made of it
    VideoMode, AutofocusMode, PhotoMode, DetectMode, SeriesMode, LiveMode, SnapshotMode,
)  # fmt: skip


class Daemon:
    """Keeps `images/current.jpg` fresh.

    Args:
        settings: in force at the start.
        lock: see `CaptureContext`.
        cameras: the remembered ones, see `Driver.remembered_cameras`: they are checked once a picture is there.
        notice: see `Status`.

    Attributes:
        commands: for the camera's thread.
        status: that of the camera; `to_json` gives the daemon's.
        handle: answers a message of the command socket; see `CommandHandler.handle`.
    """

    def __init__(
        self,
        paths: Paths,
        driver: Driver,
        settings: Settings,
        lock: int,
        cameras: Sequence[CameraInfo] = (),
        notice: str | None = None,
    ) -> None:
        handlers = {"reload": self._on_reload, "profile": self._on_profile, "library": self._on_library_mounted}
        self._context = context = CaptureContext(paths, driver, settings, lock, lambda: self._modes, handlers)
        self.commands, self.status = context.commands, context.status
        self.status.notice = notice
        self._library = LibraryWriter(
            paths.library,
            lambda: context.settings.wanted,
            ClockTrust(paths.library, paths.series),
            others=(paths.series, paths.films),
            on_mount=lambda: self.commands.post("library"),
        )
        self._series = SeriesMode(context, self._library)
        self._photos = PhotoMode(context, self._library)
        self._detect = DetectMode(context)
        self._snapshots = SnapshotMode(context, self._series.next_start_s, self._check_cameras)
        self._motion = MotionWatch(context, self._library, self._photos.take_of_motion)
        frame_request = self._snapshots.frame_request
        modes = (
            VideoMode(context, self._library, self._photos, frame_request),
            AutofocusMode(context),
            self._photos,
            self._detect,
            self._series,
            LiveMode(context, self._motion, frame_request),
            self._snapshots,
        )
        self._modes: Sequence[Mode] = sorted(modes, key=lambda mode: PRIORITIES.index(type(mode)))
        self._films = FilmQueue(
            paths, lambda: context.settings.wanted.files, self._series.zone, lambda: context.recording
        )
        others = {
            "status": lambda _message: self.to_json(),
            "film": self._films.handle,
            "level": self._motion.levels,
            "profile": context.profiles.handle,
        }
        self.handle = CommandHandler(
            context.commands, context.status, context.picture_s, self._series_summary, others
        ).handle
        self._known: dict[tuple[str, str], CameraInfo] = {}  # see `with_known_modes`
        self._cameras = self.status.cameras = with_known_modes(cameras, self._known)
        self._unchecked = bool(cameras)  # the list is the remembered one

    def to_json(self) -> Message:
        """The status of the daemon; may be called from any thread."""
        library, series, status = self._library.to_json(), self._series.to_json(), self.status.to_json()
        profiles, motion = self._context.profiles, self._motion.to_json()
        unfit = unfit_masks(self._context.settings.wanted, self.status.camera) if self.status.camera else None
        notice = unfit or status["notice"] or profiles.notice or self._library.missing or None
        privacy = self._context.settings.wanted.privacy
        others = {"library": library, "series": series, "motion": motion, "profile": profiles.to_json()}
        masked = {"masks": len(privacy.masks), "raw": privacy.raw}
        return {**status, "notice": notice, **others, "privacy": masked}

    def stop(self) -> None:
        """Make `run` return; may be called from a signal handler."""
        self._context.stop()
        self._films.stop()

    def run(self) -> None:
        """Run until `stop`; then stop the camera."""
        self._library.worker.start((*self._library.tasks, *self._series.tasks))
        self._films.start()
        self._context.profiles.begin()
        try:
            while not self._context.stopping:
                try:
                    with contextlib.suppress(Interrupted):
                        self._run_mode()
                except CameraError as error:
                    self._handle_failure(error)
                except OSError as error:
                    if not (short := shortage(error)):
                        raise
                    self._handle_failure(CameraError("short", f"{short}: see ulimit -a"))
        finally:
            self._context.close()
            for mode in self._modes:
                mode.close()
            self._films.close()
            self._library.worker.close()

    def _run_mode(self) -> None:
        """Run one mode, until a command, a lease or a fault calls for another."""
        context = self._context
        mode = context.next_mode()
        settings = context.enter_mode(mode.use)
        camera = self._find_camera(settings)
        if context.next_mode() is not mode:  # more is known of a camera that has only now been found
            return
        mode.run(context.lens.apply(settings, camera), camera)

    def _find_camera(self, settings: Settings) -> CameraInfo:
        """The camera of the settings; cameras are listed where it is not known, or on request."""
        index, context = settings.camera.index, self._context
        known = any(camera.index == index and not camera.held for camera in self._cameras)
        if self._detect.wanted() or not known:
            context.stop_camera()
            self._unchecked = False
            self._detect.begin_listing()
            self._cameras = with_known_modes(context.driver.list_cameras(index, context.stop_fds), self._known)
            self.status.cameras = self._cameras
            self._detect.listed()
        if not self._cameras:
            raise CameraError("absent", "no camera found: switch the Pi off and check both ends of the ribbon cable")
        chosen = next((camera for camera in self._cameras if camera.index == index), None)
        if chosen is None:
            there = ", ".join(f"{camera.index} ({camera.model})" for camera in self._cameras)
            raise CameraError("absent", f"there is no camera {index}: set camera.index to one of {there}")
        if chosen.held:
            raise CameraError("busy", CAMERA_IN_USE)
        before, self.status.camera = self.status.camera, chosen
        if before != chosen:
            logging.info("camera %s: %s, %sx%s", index, chosen.model, *chosen.size)
            if unable := self._unsupported(settings):
                self.status.notice = f"{context.paths.settings}: {unable.field}: {unable}"
                logging.warning("%s", self.status.notice)
        return chosen

    def _check_cameras(self) -> None:
        """Compare the remembered cameras with those of now, once, while the camera runs.

        The camera programs allow that: a camera in use is listed without frame rates, crops and limits. While it
        streams, libcamera cannot change its sensor either, so no still is requested meanwhile.

        Raises:
            Interrupted: they are others: the mode ends, and cameras are listed again.
        """
        context = self._context
        if not self._unchecked or uses_sensor_hdr(context.settings.running):
            return
        try:
            index = context.settings.running.camera.index
            now = context.driver.list_cameras(index, context.interrupts, beside=True)
        except Interrupted:
            context.run_commands()  # or another daemon uses cameras: it is tried again after the next snapshot
            return
        except CameraError as error:
            logging.warning("the list of cameras cannot be checked: %s", error)
            now = self._cameras
        self._unchecked = False
        if not same_cameras(self._cameras, now):
            logging.warning("the cameras have changed since the last start: listing them again")
            self._cameras = []
            raise Interrupted

    def _handle_failure(self, error: CameraError) -> None:
        """Show the error and wait before the next try, unless new settings are to blame or cameras are to be listed."""
        context = self._context
        context.camera_failed(error)
        if context.settings.roll_back(error):
            return
        self._cameras = []
        for mode in self._modes:
            mode.fail(error)
        delay_s = context.backoff.failed(error)
        self.status.enter("no camera", snapshot_cycle_s(context.settings.wanted))
        if not self._detect.wanted():
            context.pause(delay_s)
        if error.cause == "disk" and not context.stopping:
            context.reclaim_folder()

    def _series_summary(self, name: str) -> dict[str, Any]:
        """The summary of a series; called by the command socket's threads."""
        reserve_mb = self._context.settings.wanted.files.floor_mb
        try:
            return summary(self._context.paths.series, name, int(time.time() * 1000), reserve_mb)
        except LookupError as error:  # deleted in between
            raise StillcamError(str(error)) from error

    def _on_reload(self, command: Command) -> None:
        context = self._context
        try:
            self._applied(context.settings.reload(command, self._unsupported))
        except StillcamError as error:
            logging.error("%s", error)
            command.fail(error)

    def _on_profile(self, command: Command) -> None:
        """Another profile is to be in force."""
        self._applied(self._context.settings.follow_profiles(command, self._unsupported))

    def _applied(self, changes_picture: bool) -> None:
        """The wanted settings have changed, and maybe what pictures depend on."""
        context = self._context
        wanted, camera = context.settings.wanted, self.status.camera
        self.status.set_snapshot_interval(snapshot_cycle_s(wanted))
        if changes_picture and camera and camera.index == wanted.camera.index and self._can_continue(wanted, camera):
            context.settings.adopt()
            context.publisher.rotation = wanted.camera.rotation
            self._snapshots.frame_request.ask()
        if context.recording:
            context.settings.defer()

    def _unsupported(self, settings: Settings) -> SettingsError | None:
        """The setting that this board or its camera does not support, as far as the camera is or was known."""
        if error := drawing_error(settings):
            return error
        encoder = self._context.driver.capabilities.encoder
        for camera in (*self._cameras, self.status.camera):
            if camera and camera.index == settings.camera.index:
                return sensor_mode_error(settings, camera) or video_error(settings, camera, encoder)
        return None

    def _on_library_mounted(self, command: Command) -> None:
        """The library's disk was mounted: recover what is there, or later if an item is being made."""
        if not (self._context.recording or self._photos.running or self._motion.is_busy):
            self._library.recover()
        command.finish({})

    def _can_continue(self, settings: Settings, camera: CameraInfo) -> bool:
        """Whether the running camera program has these settings, or could be adjusted to them."""
        driver = self._context.driver
        settings = self._context.lens.apply(settings, camera)
        return driver.matches(settings, camera) or driver.adjust(settings, camera)
