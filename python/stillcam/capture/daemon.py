"""The mode loop: one thread owns the camera, is in one mode at a time, and takes commands in between.

Each mode is in a file of its own: `snapshots`, `live`, `timelapse`, `photos`, `focus`, `videos`. Without
a camera there is a reason that a person can act on, and a retry with back-off. Whatever goes wrong with
the camera ends here, is counted by its cause, and leaves the last good frame on screen.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import time
from typing import Any

from stillcam.camera.driver import Driver, Interrupted
from stillcam.camera.rpicam.errors import HELD
from stillcam.camera.rpicam.listing import remembered
from stillcam.camera.rpicam.taking import refused_mode, refused_video
from stillcam.capture.camera_detection import DetectionMode
from stillcam.capture.command_socket import Command
from stillcam.capture.context import CaptureContext
from stillcam.capture.library_writer.clock_trust import ClockTrust
from stillcam.capture.library_writer.writer import LibraryWriter
from stillcam.capture.modes.autofocus import AutofocusMode
from stillcam.capture.modes.live import LiveMode
from stillcam.capture.modes.photos import PhotoMode
from stillcam.capture.modes.series import SeriesMode
from stillcam.capture.modes.snapshots import SnapshotMode
from stillcam.capture.modes.video import VideoMode
from stillcam.capture.timing import snapshot_s
from stillcam.common.errors import CameraError, SettingsError, StillcamError
from stillcam.common.paths import Paths
from stillcam.films.queue import Films
from stillcam.series.reader import summary
from stillcam.settings.capabilities import Camera
from stillcam.settings.schema import Settings

SHORT = {errno.EMFILE: "open files", errno.ENFILE: "open files", errno.ENOMEM: "pages of memory"}


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
        self._context = CaptureContext(paths, driver, settings)
        self.status, self.commands = self._context.status, self._context.commands
        ages = ClockTrust(paths.library, paths.series)
        wanted = lambda: self._context.settings.wanted  # noqa: E731 - it is handed on
        self._library = LibraryWriter(paths.library, wanted, ages, (paths.series, paths.films))
        self.status.library = self._library.message
        self._snapshots, self._photos = SnapshotMode(self._context), PhotoMode(self._context, self._library)
        videos = VideoMode(self._context, self._library, self._photos, self._snapshots.frame_request)
        self._series = series = SeriesMode(self._context, self._library)
        self.status.series, self._context.booked, self.commands.summary = series.message, series.booked, self._summary
        context = self._context
        self._films = Films(paths, lambda: context.settings.wanted.files, series.zone, lambda: context.recording)
        self.commands.films = self._films.handle
        autofocus, live = AutofocusMode(self._context), LiveMode(self._context)
        self._detection = DetectionMode(self._context)
        self._context.modes = (videos, autofocus, self._photos, self._detection, series, live, self._snapshots)
        self._context.verbs |= {"reload": self._reload, "library": self._library_came}
        self._library.came = self._look_at_the_library
        self.status.missing = lambda: self._library.missing
        self._cameras: list[Camera] = []
        self._known: dict[tuple[str, str], Camera] = {}  # see `remembered`

    def stop(self) -> None:
        """Make `run` return; may be called from a signal handler."""
        self._context.stop()
        self._films.leave()

    def run(self) -> None:
        """Take pictures until `stop`; then nothing of the camera runs any more."""
        self._films.start()
        try:
            while not self._context.stopping:
                try:
                    with contextlib.suppress(Interrupted):
                        self._work()
                except CameraError as error:
                    self._no_camera(error)
                except OSError as error:
                    if error.errno not in SHORT:
                        raise
                    self._no_camera(
                        CameraError("short", f"the daemon may have no more {SHORT[error.errno]}: see ulimit -a")
                    )
        finally:
            self._context.close()
            self._photos.close()
            self._series.close()
            self._films.close()
            self._library.close()

    def _work(self) -> None:
        """One mode, until a command, a lease or a fault asks for another."""
        context = self._context
        mode = context.next_mode()
        settings = context.begin(mode.name)
        camera = self._camera(settings)
        if context.next_mode() is not mode:  # of a camera that has only now been found, more is known
            return
        mode.run(context.lens.held(settings, camera), camera)

    def _camera(self, settings: Settings) -> Camera:
        """The camera of the settings, as listed when cameras were last looked for."""
        index, context = settings.camera.index, self._context
        known = any(camera.index == index and not camera.held for camera in self._cameras)
        if self._detection.wanted() or not known:
            context.end_program()
            self._cameras = remembered(context.driver.cameras(index, context.stops), self._known)
            self.status.listed(self._cameras)
            self._detection.listed()
        if not self._cameras:
            raise CameraError("absent", "no camera found: switch the Pi off and check both ends of the ribbon cable")
        if not (chosen := [camera for camera in self._cameras if camera.index == index]):
            there = ", ".join(f"{camera.index} ({camera.model})" for camera in self._cameras)
            raise CameraError("absent", f"there is no camera {index}: set camera.index to one of {there}")
        if chosen[0].held:
            raise CameraError("busy", HELD)
        if self.status.found(chosen[0]):
            logging.info("camera %s: %s, %sx%s", index, chosen[0].model, *chosen[0].size)
            if wrong := self._wrong_in(settings):
                logging.warning("%s: %s: %s", context.paths.settings, wrong.field, wrong)
                self.status.notice(f"{context.paths.settings}: {wrong.field}: {wrong}")
        return chosen[0]

    def _no_camera(self, error: CameraError) -> None:
        """Say what is wrong, wait, and let `run` try again; at once where new settings are to blame."""
        context = self._context
        context.end_program()
        self.status.failed(error.cause, restarts=True)
        if context.settings.refused(error):
            return
        self._cameras = []
        for mode in context.modes:
            mode.fail(error)
        self.status.enter("no camera", snapshot_s(context.settings.wanted), error.reason)
        context.pause(context.backoff.failed(error))
        if error.cause == "disk" and not context.stopping:
            context.renew_folder()

    def _summary(self, name: str) -> dict[str, Any]:
        """What is told of a series; called by the command socket's threads."""
        reserve_mb = self._context.settings.wanted.files.floor_mb
        try:
            return summary(self._context.paths.series, name, int(time.time() * 1000), reserve_mb)
        except LookupError as error:  # deleted in between
            raise StillcamError(str(error)) from error

    def _reload(self, command: Command) -> None:
        context = self._context
        try:
            other = context.settings.read(command, self._wrong_in)
        except StillcamError as error:
            logging.error("%s", error)
            command.fail(error)
            return
        wanted, camera = context.settings.wanted, self.status.camera
        self.status.interval(snapshot_s(wanted))
        if other and camera and camera.index == wanted.camera.index and self._goes_on(wanted, camera):
            context.settings.adopt()
            context.renew_publisher()
            self._snapshots.frame_request.ask()
        if context.recording:
            context.settings.later()

    def _wrong_in(self, settings: Settings) -> SettingsError | None:
        """What this board or its camera cannot do, as far as the camera is known; one that is lost may come back."""
        last = [self.status.camera] if self.status.camera else []
        cameras = (*self._cameras, *last)
        known = next((camera for camera in cameras if camera.index == settings.camera.index), None)
        if known is None:
            return None
        return refused_mode(settings, known) or refused_video(settings, known, self._context.driver.abilities.encoder)

    def _look_at_the_library(self) -> None:
        """Called by the background worker."""
        self.commands.post("library")

    def _library_came(self, command: Command) -> None:
        """Its disk has been mounted; while something is made for it, that is left for later."""
        if not self._context.recording and not self._photos.running:
            self._library.take_in()
        command.finish({})

    def _goes_on(self, settings: Settings, camera: Camera) -> bool:
        """Whether what runs is just what these settings would start, or could be made so."""
        settings = self._context.lens.held(settings, camera)
        return self._context.driver.fits(settings, camera) or self._context.driver.adjust(settings, camera)
