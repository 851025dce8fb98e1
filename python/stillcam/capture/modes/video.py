"""Videos: recorded until the time is over, a stop, a full disk or the daemon's end; finished in the background."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stillcam.camera.driver import Interrupted
from stillcam.camera.use_cases import video_error, video_framerate, video_geometry
from stillcam.capture.command_queue import Command
from stillcam.capture.context import START_TIMEOUT_S, CaptureContext
from stillcam.capture.library_writer.finish_video import RecordedVideo
from stillcam.capture.library_writer.sidecar import about, shown_size
from stillcam.capture.library_writer.writer import LibraryWriter, unwritable
from stillcam.capture.modes.glimpses import FramesDuringVideo
from stillcam.capture.modes.photos import PhotoMode
from stillcam.capture.modes.snapshots import FrameRequest
from stillcam.capture.recovery import buffered_s, snapshot_cycle_s, stall_timeout_s, startup_s
from stillcam.common.errors import CameraError
from stillcam.frames.files import current_name
from stillcam.settings.capabilities import Camera
from stillcam.settings.schema import Settings

TICK_S = 0.5  # how often the file and the disk are looked at
LATE_S = 2.0  # so much longer than asked for a video of slow frames may take
QUIET_S = 5.0  # so long without a frame at that time, and the camera program is no more asked to finish
STALL_S = 10.0  # encoders and disks hold back what they write
ENDLESS_S = 86400.0
WITH_SOUND = ("ts", "mp4")
SILENT_LIBAV = "no sound: the camera program's libav is missing or does not encode (sudo apt full-upgrade)"
SILENT_FORM = "no sound: only MP4 has it; set files.video to mp4"
PATIENCE_S = 15.0  # for the camera program to finish the file


@dataclass
class Take:
    """One video: who asked for it, and who waits for its end."""

    begun: Command
    seconds: int | None
    ended: list[Command] = field(default_factory=list)
    answered: bool = False
    over: bool = False
    begins: bool = False  # it no longer waits for photos
    spared: bool = False  # it waited when another mode failed

    def running(self, told: dict[str, Any]) -> None:
        """There is something in the file: the status that whoever asked is told, once."""
        if not (self.answered or self.begun.message.get("wait")):
            self.begun.finish({"recording": told})
            self.answered = True

    def told(self, id_: str | None, error: CameraError | None) -> None:
        """It is an item, or never will be: called by the background worker."""
        for command in self.ended if self.answered else [self.begun, *self.ended]:
            if error:
                command.fail(error, items=[])
            else:
                command.finish({"items": [id_]})


class VideoMode:
    """Makes one video at a time.

    Args:
        photos: a video that is requested while some are being taken waits for them.
        frame_request: whether somebody waits for a snapshot.
    """

    name = "video"
    urgent = False

    def __init__(
        self, context: CaptureContext, library: LibraryWriter, photos: PhotoMode, frame_request: FrameRequest
    ) -> None:
        self._context = context
        self._library = library
        self._photos = photos
        self._frame_request = frame_request
        self._take: Take | None = None
        self.handlers = {"video": self._asked, "stop": self._stop}

    def wanted(self) -> bool:
        return self._take is not None and not self._photos.due

    def run(self, settings: Settings, camera: Camera) -> None:
        """See Mode. What goes wrong is told to who asked, and no concern of the modes that follow."""
        take = self._take
        assert take is not None
        take.begins = True
        self._context.status.waits("video", [])
        footage, error = self._made(take, settings, camera)
        without_libav = error is not None and error.cause == "encoder"
        again = error is not None and error.transient and footage is None  # nothing has been recorded
        if (without_libav or again) and not (take.over or self._context.stopping):
            logging.warning("retrying the video %s: %s", "without libav" if without_libav else "once", error)
            footage, error = self._made(take, settings, camera)
        if error and footage is None:
            take.told(None, error)
        self._leave()
        if footage is not None:
            self._hand_over(take, footage)

    def fail(self, error: CameraError) -> None:
        """See Mode. What has failed for another mode is tried for a video that waited, where there is a camera."""
        if self._take is None:
            return
        if self._take.spared or error.cause in error.NO_CAMERA:
            self._take.told(None, error)
            self._leave()
        else:
            self._take.spared = True

    def _asked(self, command: Command) -> None:
        try:
            if self._take:
                raise CameraError("busy", "a video is being made already")
            if self._photos.timed:
                raise CameraError("busy", "a self-timer is running: cancel it, or wait for its photos")
            self._library.disk.check()
        except CameraError as error:
            command.fail(error)
            return
        self._take = Take(command, command.message.get("seconds"))
        self._context.set_recording(True)
        if self._photos.due:
            self._context.status.waits("video", [{"kind": "video", "of": 1}])

    def _stop(self, command: Command) -> None:
        if self._take is None:
            command.fail(CameraError("idle", "there is no video to stop"))
            return
        if not self._take.begins:
            self._take.told(None, CameraError("cancelled", "the video was cancelled before it began"))
            self._leave()
            command.finish({"items": []})
            return
        self._take.over = True
        self._take.ended.append(command)

    def _made(self, take: Take, settings: Settings, camera: Camera) -> tuple[RecordedVideo | None, CameraError | None]:
        """What there is of a video in the end, and what has gone wrong: nothing but the error, or both."""
        footage = None
        try:
            footage = self._begin(take, settings, camera)
            self._record(take, footage, settings)
        except CameraError as error:
            return self._broken(footage, error), error
        if not self._context.end_program(PATIENCE_S):
            footage.broken_off("the camera program did not end and was killed: the last moments may be missing")
        return footage, None

    def _begin(self, take: Take, settings: Settings, camera: Camera) -> RecordedVideo:
        context, before = self._context, self._context.driver.metadata
        if wrong := video_error(settings, camera, context.driver.abilities.encoder):
            raise CameraError("options", f"{wrong.field}: {wrong}")
        pending = self._library.begin_item("video", time.time(), camera.model)
        path, form = context.driver.start_video(
            settings, camera, self._library.pending_folder, pending.stem, take.seconds, context.stops
        )
        turns = settings.camera.rotation in (90, 270) and (form.remux or form.extension == "mp4")
        rotation = settings.camera.rotation if turns else 0
        size = shown_size(video_geometry(settings, camera).size, rotation)
        told = about(settings, camera, "video", pending.time_s, size, before)
        footage = RecordedVideo(pending, path, form.remux, video_framerate(settings, camera), rotation, told)
        if settings.video.audio != "off" and form.extension not in WITH_SOUND:
            footage.notice(SILENT_LIBAV if settings.files.video == "mp4" else SILENT_FORM)
        try:
            footage.note()
        except OSError as error:
            context.end_program()
            pending.discard()
            raise unwritable(self._library.root, error) from error
        context.status.enter("video", float(take.seconds or ENDLESS_S), context.backoff.reason)
        context.status.recording(_told(take, footage, 0, take.seconds))
        return footage

    def _record(self, take: Take, footage: RecordedVideo, settings: Settings) -> None:
        """Until the end, whatever brings it.

        Raises:
            CameraError: the camera fails.
        """
        context, driver = self._context, self._context.driver
        began_s = began = grown = time.monotonic()
        cycle_s = 1 / footage.rate
        stall_s = STALL_S + stall_timeout_s(cycle_s, settings, driver.metadata) + buffered_s(cycle_s)
        size, patience_s = 0, START_TIMEOUT_S + startup_s(cycle_s) + buffered_s(cycle_s)
        frames = FramesDuringVideo(context, self._frame_request)
        while not (context.stopping or (take.over and size)):  # rpicam-vid dies of a SIGINT before it has begun
            try:
                if driver.wait_video(TICK_S, (*context.stops, context.commands.wake)):
                    break
            except Interrupted:
                context.obey()
            if size:
                frames.look()
            now, written = time.monotonic(), _size(footage.path)
            if written > size:
                if not size:
                    began, patience_s = now, stall_s
                size, grown = written, now
            late = bool(take.seconds and size and now - began > take.seconds + LATE_S + 2 * cycle_s)
            if now - grown > (QUIET_S + buffered_s(cycle_s) if late else patience_s):
                raise CameraError("stalled", "the camera gives no pictures: check its cable and the power supply")
            if late:  # the frames come slower than they were asked for
                break
            done_s = now - began if size else 0.0
            left_s = max(0.0, round(take.seconds - done_s, 1)) if take.seconds else None
            told = _told(take, footage, size, left_s)
            context.status.recording(told)
            if size:
                take.running(told)
            self._check_disk(take, footage, size)
        footage.about["sensor_mode"] = driver.sensor_mode or None
        footage.about["metadata"] = driver.metadata or footage.about["metadata"]  # else of the picture before it
        footage.about["duration_s"] = round(time.monotonic() - (began if size else began_s), 3)

    def _check_disk(self, take: Take, footage: RecordedVideo, size: int) -> None:
        """End the video while there is room to finish it: the MP4 that is made of it is as large again."""
        disk = self._library.disk
        if not take.over and disk.free_bytes() - (size if footage.remux else 0) < disk.reserve_bytes():
            take.over = True
            self._context.status.notice("the video was ended in time: the disk is nearly full; delete something")
            logging.warning("the video was ended in time: the disk is nearly full")

    def _broken(self, footage: RecordedVideo | None, error: CameraError) -> RecordedVideo | None:
        """The camera has failed: what there is of the video is kept.

        The reason is shown at once, and until there are pictures: ending the camera program, and the next start,
        may take their time.
        """
        context = self._context
        logging.error("the video was broken off: %s", error)
        if error.cause in ("stalled", "died", "absent"):
            context.backoff.failed(error)
            context.status.recording(None)
            context.status.enter("no camera", snapshot_cycle_s(context.settings.wanted), error.reason)
        context.end_program()
        context.status.failed(error.cause, restarts=True)
        if footage is not None and _size(footage.path):
            footage.broken_off(error.reason)
            return footage
        if footage is not None:
            footage.pending.discard()
        return None

    def _hand_over(self, take: Take, footage: RecordedVideo) -> None:
        images = self._context.paths.images
        name = current_name(images)
        self._library.finish(footage, images / name if name else None, take.told)

    def _leave(self) -> None:
        self._take = None
        self._context.set_recording(False)
        self._context.status.recording(None)
        self._context.status.waits("video", [])


def _told(take: Take, footage: RecordedVideo, size: int, left_s: float | None) -> dict[str, Any]:
    """How far it is, for the status."""
    return {"since": footage.about["time"], "seconds": take.seconds, "bytes": size, "left_s": left_s}


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
