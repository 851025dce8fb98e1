"""Videos: recorded until the time is over, a stop, a full disk or the daemon's end; finished in the background."""

from __future__ import annotations

import logging
import math
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stillcam.camera.driver import Interrupted
from stillcam.camera.use_cases import geometry_of, video_error, video_framerate
from stillcam.capture.command_queue import Command
from stillcam.capture.context import START_TIMEOUT_S, CaptureContext, Mode
from stillcam.capture.library_writer.finish_video import Conversion, RecordedVideo
from stillcam.capture.library_writer.writer import LibraryWriter, make_sidecar
from stillcam.capture.modes.photos import PhotoMode
from stillcam.capture.modes.snapshots import FrameRequest
from stillcam.capture.timeouts import buffered_s, snapshot_cycle_s, stall_timeout_s, startup_s
from stillcam.common.errors import CameraError
from stillcam.frames.files import current_name
from stillcam.settings.capabilities import CameraInfo
from stillcam.settings.schema import Settings

FILE_CHECK_S = 0.5  # from one look at the file and the disk to the next
LATE_S = 2.0  # so much longer than requested a video of slow frames may take
QUIET_S = 5.0  # at that time, so long without a frame means that the camera has stalled
HOLD_BACK_S = 10.0  # encoders and disks hold back what they write
ENDLESS_S = 86400.0
WITH_SOUND = ("ts", "mp4")
SILENT_LIBAV = "no sound: the camera program's libav is missing or does not encode (sudo apt full-upgrade)"
SILENT_FORM = "no sound: only MP4 has it; set files.video to mp4"
MASKED = "a video cannot have privacy masks: remove them first (privacy.masks)"
FINISH_S = 15.0  # for the camera program to finish the file


@dataclass
class VideoOrder:
    """A video that was requested, and the commands that wait for its end."""

    request: Command
    seconds: int | None
    stops: list[Command] = field(default_factory=list)
    answered: bool = False
    stop_requested: bool = False
    begun: bool = False  # it no longer waits for photos
    failed_before: bool = False  # another mode has failed while it waited

    def answer_begun(self, progress: dict[str, Any]) -> None:
        """Answer the request, once: something has been recorded."""
        if not (self.answered or self.request.message.get("wait")):
            self.request.finish({"recording": progress})
            self.answered = True

    def finish(self, id_: str | None, error: CameraError | None) -> None:
        """Answer the commands: the video is an item, or it failed. Called by the background worker."""
        for command in self.stops if self.answered else [self.request, *self.stops]:
            if error:
                command.fail(error, items=[])
            else:
                command.finish({"items": [id_]})


class VideoMode(Mode):
    """Makes one video at a time; one that is requested while photos are being taken waits for them."""

    use = "video"

    def __init__(
        self, context: CaptureContext, library: LibraryWriter, photos: PhotoMode, frame_request: FrameRequest
    ) -> None:
        self._context = context
        self._library = library
        self._photos = photos
        self._frame_request = frame_request
        self._order: VideoOrder | None = None
        self.handlers = {"video": self._on_video, "stop": self._on_stop}

    def wanted(self) -> bool:
        return self._order is not None and not self._photos.wanted()

    def run(self, settings: Settings, camera: CameraInfo) -> None:
        """See Mode. An error is the answer to the request; the modes that follow are not affected."""
        order = self._order
        assert order is not None
        order.begun = True
        self._context.status.waiting["video"] = []
        video, error = self._make(order, settings, camera)
        if error and not (order.stop_requested or self._context.stopping):
            without_libav = error.cause == "encoder"
            if without_libav or (error.transient and video is None):  # nothing has been recorded
                logging.warning("retrying the video %s: %s", "without libav" if without_libav else "once", error)
                video, error = self._make(order, settings, camera)
        if video is None:
            order.finish(None, error)
        self._reset()
        if video:
            images = self._context.paths.images
            frame = current_name(images)
            self._library.finish_video(video, images / frame if frame else None, order.finish)

    def fail(self, error: CameraError) -> None:
        """See Mode. A video that waited while another mode failed gets a try of its own, where there is a camera."""
        if self._order and (self._order.failed_before or error.cause in error.NO_CAMERA):
            self._order.finish(None, error)
            self._reset()
        elif self._order:
            self._order.failed_before = True

    def _on_video(self, command: Command) -> None:
        if self._order:
            raise CameraError("busy", "a video is already being recorded")
        if self._photos.self_timer_runs:
            raise CameraError("busy", "a self-timer is running: cancel it, or wait for its photos")
        if self._context.settings.wanted.privacy.masks:
            raise CameraError("options", MASKED)
        self._library.disk.check()
        self._order = VideoOrder(command, command.message.get("seconds"))
        self._context.recording = True
        if self._photos.wanted():
            self._context.status.waiting["video"] = [{"kind": "video", "of": 1}]

    def _on_stop(self, command: Command) -> None:
        if self._order is None:
            raise CameraError("idle", "there is no video to stop")
        if self._order.begun:
            self._order.stop_requested = True
            self._order.stops.append(command)
        else:
            self._order.finish(None, CameraError("cancelled", "the video was cancelled before it began"))
            self._reset()
            command.finish({"items": []})

    def _make(
        self, order: VideoOrder, settings: Settings, camera: CameraInfo
    ) -> tuple[RecordedVideo | None, CameraError | None]:
        video = None
        try:
            video = self._begin(order, settings, camera)
            self._record(order, video, settings)
        except CameraError as error:
            return self._interrupted_video(video, error), error
        if not self._context.stop_camera(FINISH_S):
            video.mark_interrupted("the camera program did not exit and was killed: the video's end may be missing")
        return video, None

    def _begin(self, order: VideoOrder, settings: Settings, camera: CameraInfo) -> RecordedVideo:
        context, before = self._context, self._context.driver.metadata
        if wrong := video_error(settings, camera, context.driver.capabilities.encoder):
            raise CameraError("options", f"{wrong.field}: {wrong}")
        if settings.privacy.masks:
            raise CameraError("options", MASKED)
        pending = self._library.begin_item("video", time.time(), camera.model)
        path, form = context.driver.start_video(
            settings, camera, self._library.make_pending_folder() / pending.stem, order.seconds, context.stop_fds
        )
        turns = settings.camera.rotation in (90, 270) and (form.remux or form.extension == "mp4")
        rotation = settings.camera.rotation if turns else 0
        width, height = geometry_of(settings, camera, "video").size
        size = (height, width) if rotation else (width, height)
        sidecar = make_sidecar(settings, camera, "video", pending.time_s, size, before)
        conversion = Conversion.REMUX if form.remux else Conversion.NONE
        video = RecordedVideo(pending, path, conversion, video_framerate(settings, camera), rotation, sidecar)
        if settings.video.audio != "off" and form.extension not in WITH_SOUND:
            video.add_notice(SILENT_LIBAV if settings.files.video == "mp4" else SILENT_FORM)
        try:
            video.save_notes()
        except OSError as error:
            context.stop_camera()
            pending.discard()
            raise self._library.unwritable(error) from error
        context.status.enter("video", float(order.seconds or ENDLESS_S))
        context.status.recording = _progress(order, video, 0, order.seconds)
        return video

    def _record(self, order: VideoOrder, video: RecordedVideo, settings: Settings) -> None:
        """Record until the time is over, a stop, a full disk or the end of the daemon."""
        context, driver = self._context, self._context.driver
        file = GrowingFile(video, order.seconds, stall_timeout_s(1 / video.rate, settings, driver.metadata))
        frames = FramesDuringVideo(context, self._frame_request)
        # rpicam-vid dies of a SIGINT before it has begun
        while not (context.stopping or file.late or (order.stop_requested and file.size)):
            try:
                if driver.wait_video(FILE_CHECK_S, context.interrupts):
                    break
            except Interrupted:
                context.run_commands()
            if file.size:
                frames.poll()
            file.check()
            if not file.late:
                progress = _progress(order, video, file.size, file.left_s)
                context.status.recording = progress
                if file.size:
                    order.answer_begun(progress)
                self._check_disk(order, video, file.size)
        video.sidecar["sensor_mode"] = driver.sensor_mode or None
        video.sidecar["metadata"] = driver.metadata or video.sidecar["metadata"]  # else of the picture before it
        video.sidecar["duration_s"] = round(file.duration_s, 3)

    def _check_disk(self, order: VideoOrder, video: RecordedVideo, size: int) -> None:
        """End the video while there is room to finish it: its MP4 is as large again."""
        disk = self._library.disk
        if (
            not order.stop_requested
            and disk.free_bytes() - (size if video.conversion is Conversion.REMUX else 0) < disk.reserve_bytes()
        ):
            order.stop_requested = True
            self._context.status.notice = "the recording was stopped because the disk is nearly full: delete something"
            logging.warning("the recording was stopped because the disk is nearly full")

    def _interrupted_video(self, video: RecordedVideo | None, error: CameraError) -> RecordedVideo | None:
        """Keep what there is of a video when the camera has failed.

        The reason is shown at once, and until there are pictures: stopping the camera program and the next start
        may take a while.
        """
        context = self._context
        logging.error("the video was interrupted: %s", error)
        if error.cause in ("stalled", "died", "absent"):
            context.backoff.failed(error)
            context.status.recording = None
            context.status.enter("no camera", snapshot_cycle_s(context.settings.wanted))
        context.camera_failed(error)
        if video and _size(video.path):
            video.mark_interrupted(error.reason)
            return video
        if video:
            video.pending.discard()
        return None

    def _reset(self) -> None:
        self._order = None
        self._context.recording = False
        self._context.status.recording = None
        self._context.status.waiting["video"] = []


class GrowingFile:
    """The file of a video that is being recorded; it must grow.

    Args:
        seconds: the length that was requested; None: until a stop.
        stall_s: how long the camera may give no picture.
    """

    def __init__(self, video: RecordedVideo, seconds: int | None, stall_s: float) -> None:
        self.size = 0  # in bytes, at the last check
        self.late = False  # the requested length is over without an end: the frames come slower than requested
        self._path = video.path
        self._seconds = seconds
        self._cycle_s = 1 / video.rate
        self._buffered_s = buffered_s(self._cycle_s)
        self._timeout_s = START_TIMEOUT_S + startup_s(self._cycle_s) + self._buffered_s
        self._stall_s = HOLD_BACK_S + stall_s + self._buffered_s
        self._began = self._grown = time.monotonic()

    def check(self) -> None:
        """Look at the file; a CameraError: it has not grown for too long."""
        now, size = time.monotonic(), _size(self._path)
        if size > self.size:
            if not self.size:
                self._began, self._timeout_s = now, self._stall_s
            self.size, self._grown = size, now
        if self._seconds and self.size:
            self.late = now - self._began > self._seconds + LATE_S + 2 * self._cycle_s
        if now - self._grown > (QUIET_S + self._buffered_s if self.late else self._timeout_s):
            raise CameraError("stalled", "the camera delivers no pictures: check its cable and the power supply")

    @property
    def duration_s(self) -> float:
        """The time since the first bytes, or since the start while there are none."""
        return time.monotonic() - self._began

    @property
    def left_s(self) -> float | None:
        """How much of the requested length is left; None: until a stop."""
        return max(0.0, round(self._seconds - (self.duration_s if self.size else 0.0), 1)) if self._seconds else None


class FramesDuringVideo:
    """Publishes frames of a video that is being made, where the driver can. A frame that fails costs no video."""

    def __init__(self, context: CaptureContext, frame_request: FrameRequest) -> None:
        self._context = context
        self._frame_request = frame_request
        self._requested = False
        self._due = 0.0 if context.driver.capabilities.stills_in_videos else math.inf  # monotonic

    def poll(self) -> None:
        """Request a frame if one is due, and publish one that has come, without waiting."""
        if self._due == math.inf:
            return
        context, now = self._context, time.monotonic()
        if not self._requested and now >= min(self._due, self._frame_request.due_s):
            self._requested, self._due = True, now + context.settings.wanted.snapshot.interval_s
            context.driver.request_still()
        if still := context.driver.wait_still(0.0, ()):
            self._requested = False
            try:
                name = context.publisher.publish(context.edits.still(still))
                context.status.add_frame(name, context.driver.metadata, context.driver.exposure_began_s)
                self._frame_request.picture_taken()
            except CameraError as error:
                logging.warning("cannot publish a frame of the video: %s", error)
                context.status.count_failure(error.cause, restarts=False)
                self._due = math.inf


def _progress(order: VideoOrder, video: RecordedVideo, size: int, left_s: float | None) -> dict[str, Any]:
    return {"since": video.sidecar["time"], "seconds": order.seconds, "bytes": size, "left_s": left_s}


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
