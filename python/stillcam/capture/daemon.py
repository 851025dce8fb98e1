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
from stillcam.capture.camera_detection import Looking
from stillcam.capture.command_socket import Command
from stillcam.capture.context import Studio
from stillcam.capture.library_writer.clock_trust import Ages
from stillcam.capture.library_writer.writer import Archive
from stillcam.capture.modes.autofocus import Focusing
from stillcam.capture.modes.live import Live
from stillcam.capture.modes.photos import Photos
from stillcam.capture.modes.series import Timelapse
from stillcam.capture.modes.snapshots import Snapshots
from stillcam.capture.modes.video import Videos
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
        self._studio = Studio(paths, driver, settings)
        self.status, self.commands = self._studio.status, self._studio.commands
        ages = Ages(paths.library, paths.series)
        wanted = lambda: self._studio.revisions.wanted  # noqa: E731 - it is handed on
        self._archive = Archive(paths.library, wanted, ages, (paths.series, paths.films))
        self.status.library = self._archive.message
        self._snapshots, self._photos = Snapshots(self._studio), Photos(self._studio, self._archive)
        videos = Videos(self._studio, self._archive, self._photos, self._snapshots.hurry)
        self._series = series = Timelapse(self._studio, self._archive)
        self.status.series, self._studio.booked, self.commands.summary = series.message, series.booked, self._summary
        studio = self._studio
        self._films = Films(paths, lambda: studio.revisions.wanted.files, series.zone, lambda: studio.recording)
        self.commands.films = self._films.handle
        focusing, live = Focusing(self._studio), Live(self._studio)
        self._looking = Looking(self._studio)
        self._studio.modes = (videos, focusing, self._photos, self._looking, series, live, self._snapshots)
        self._studio.verbs |= {"reload": self._reload, "library": self._library_came}
        self._archive.came = self._look_at_the_library
        self.status.missing = lambda: self._archive.missing
        self._cameras: list[Camera] = []
        self._known: dict[tuple[str, str], Camera] = {}  # see `remembered`

    def stop(self) -> None:
        """Make `run` return; may be called from a signal handler."""
        self._studio.stop()
        self._films.leave()

    def run(self) -> None:
        """Take pictures until `stop`; then nothing of the camera runs any more."""
        self._films.start()
        try:
            while not self._studio.stopping:
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
            self._studio.close()
            self._photos.close()
            self._series.close()
            self._films.close()
            self._archive.close()

    def _work(self) -> None:
        """One mode, until a command, a lease or a fault asks for another."""
        studio = self._studio
        mode = studio.next_mode()
        settings = studio.begin(mode.name)
        camera = self._camera(settings)
        if studio.next_mode() is not mode:  # of a camera that has only now been found, more is known
            return
        mode.run(studio.lens.held(settings, camera), camera)

    def _camera(self, settings: Settings) -> Camera:
        """The camera of the settings, as listed when cameras were last looked for."""
        index, studio = settings.camera.index, self._studio
        known = any(camera.index == index and not camera.held for camera in self._cameras)
        if self._looking.wanted() or not known:
            studio.end_program()
            self._cameras = remembered(studio.driver.cameras(index, studio.stops), self._known)
            self.status.listed(self._cameras)
            self._looking.listed()
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
                logging.warning("%s: %s: %s", studio.paths.settings, wrong.field, wrong)
                self.status.notice(f"{studio.paths.settings}: {wrong.field}: {wrong}")
        return chosen[0]

    def _no_camera(self, error: CameraError) -> None:
        """Say what is wrong, wait, and let `run` try again; at once where new settings are to blame."""
        studio = self._studio
        studio.end_program()
        self.status.failed(error.cause, restarts=True)
        if studio.revisions.refused(error):
            return
        self._cameras = []
        for mode in studio.modes:
            mode.fail(error)
        self.status.enter("no camera", snapshot_s(studio.revisions.wanted), error.reason)
        studio.pause(studio.outage.failed(error))
        if error.cause == "disk" and not studio.stopping:
            studio.renew_folder()

    def _summary(self, name: str) -> dict[str, Any]:
        """What is told of a series; called by the command socket's threads."""
        floor_mb = self._studio.revisions.wanted.files.floor_mb
        try:
            return summary(self._studio.paths.series, name, int(time.time() * 1000), floor_mb)
        except LookupError as error:  # deleted in between
            raise StillcamError(str(error)) from error

    def _reload(self, command: Command) -> None:
        studio = self._studio
        try:
            other = studio.revisions.read(command, self._wrong_in)
        except StillcamError as error:
            logging.error("%s", error)
            command.fail(error)
            return
        wanted, camera = studio.revisions.wanted, self.status.camera
        self.status.interval(snapshot_s(wanted))
        if other and camera and camera.index == wanted.camera.index and self._goes_on(wanted, camera):
            studio.revisions.adopt()
            studio.renew_darkroom()
            self._snapshots.hurry.ask()
        if studio.recording:
            studio.revisions.later()

    def _wrong_in(self, settings: Settings) -> SettingsError | None:
        """What this board or its camera cannot do, as far as the camera is known; one that is lost may come back."""
        last = [self.status.camera] if self.status.camera else []
        cameras = (*self._cameras, *last)
        known = next((camera for camera in cameras if camera.index == settings.camera.index), None)
        if known is None:
            return None
        return refused_mode(settings, known) or refused_video(settings, known, self._studio.driver.abilities.encoder)

    def _look_at_the_library(self) -> None:
        """Called in the backroom."""
        self.commands.post("library")

    def _library_came(self, command: Command) -> None:
        """Its disk has been mounted; while something is made for it, that is left for later."""
        if not self._studio.recording and not self._photos.running:
            self._archive.take_in()
        command.finish({})

    def _goes_on(self, settings: Settings, camera: Camera) -> bool:
        """Whether what runs is just what these settings would start, or could be made so."""
        settings = self._studio.lens.held(settings, camera)
        return self._studio.driver.fits(settings, camera) or self._studio.driver.adjust(settings, camera)
