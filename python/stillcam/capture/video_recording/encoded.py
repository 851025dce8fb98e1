"""A video that the camera program encodes and writes; it is finished in the background."""

from __future__ import annotations

import logging
import time
from pathlib import Path

from stillcam.camera.driver import Interrupted
from stillcam.camera.use_cases import geometry_of, possible_framerate, slow_mode_notice
from stillcam.capture.context import START_TIMEOUT_S
from stillcam.capture.library_writer.finish_video import Conversion, RecordedVideo
from stillcam.capture.library_writer.frame_recording import room
from stillcam.capture.library_writer.writer import make_sidecar
from stillcam.capture.timeouts import buffered_s, snapshot_cycle_s, stall_timeout_s, startup_s
from stillcam.capture.video_recording.disk_rate import DiskRate, encoded_rate, jpeg_rate
from stillcam.capture.video_recording.order import NO_PICTURES, SILENT_FORM, VideoTask
from stillcam.capture.video_recording.published import PublishedFrames
from stillcam.common.errors import CameraError
from stillcam.frames.files import current_name

FILE_CHECK_S = 0.5  # from one look at the file and the disk to the next
LATE_S = 2.0  # so much longer than requested a video of slow frames may take
QUIET_S = 5.0  # at that time, so long without a frame means that the camera has stalled
HOLD_BACK_S = 10.0  # encoders and disks hold back what they write
ENDLESS_S = 86400.0
WITH_SOUND = ("ts", "mp4")
SILENT_LIBAV = "no sound: the camera program's libav is missing or does not encode (sudo apt full-upgrade)"
FULL_NOTICE = "the recording was stopped because the disk is nearly full: delete something"
FINISH_S = 15.0  # for the camera program to finish the file


class EncodedVideo:
    """See `Recorder`. Where the driver gives stills during a video, frames of it are published."""

    def __init__(self, task: VideoTask) -> None:
        self._context, self._library, self._order = task.context, task.library, task.order
        self._settings, self._camera = task.settings, task.camera
        self._shows = task.order.shows
        self._requested = False  # a still that is to be published
        self._frames = PublishedFrames(task, self._add_notice)
        self._video: RecordedVideo | None = None

    @property
    def has_recorded(self) -> bool:
        return self._video is not None and _size(self._video.path) > 0

    def record(self) -> None:
        video = self._video = self._begin()
        self._record(video)
        if not self._context.stop_camera(FINISH_S):
            video.mark_interrupted("the camera program did not exit and was killed: the video's end may be missing")

    def finish(self, error: CameraError | None) -> None:
        assert self._video is not None
        if error:
            self._video.mark_interrupted(error.reason)
        images = self._context.paths.images
        frame = current_name(images)
        self._library.finish_video(self._video, images / frame if frame else None, self._order.finish)

    def discard(self) -> None:
        if self._video:
            self._video.pending.discard()

    def join(self, timeout_s: float) -> None:
        """The camera program has written it."""

    def _begin(self) -> RecordedVideo:
        context, settings, camera, before = self._context, self._settings, self._camera, self._context.driver.metadata
        pending = self._library.begin_item("video", time.time(), camera.model)
        path, form = context.driver.start_video(
            settings, camera, self._library.make_pending_folder() / pending.stem, self._order.seconds, context.stop_fds
        )
        turns = settings.camera.rotation in (90, 270) and (form.remux or form.extension == "mp4")
        rotation = settings.camera.rotation if turns else 0
        width, height = geometry_of(settings, camera, "video").size
        size = (height, width) if rotation else (width, height)
        sidecar = make_sidecar(settings, camera, "video", pending.time_s, size, before)
        conversion = Conversion.REMUX if form.remux else Conversion.NONE
        fps = possible_framerate(settings, camera, "video")
        video = RecordedVideo(pending, path, conversion, fps, rotation, sidecar)
        if slow := slow_mode_notice(settings, camera):
            video.add_notice(slow)
        if settings.video.audio != "off" and form.extension not in WITH_SOUND:
            video.add_notice(SILENT_LIBAV if settings.files.video == "mp4" else SILENT_FORM)
        try:
            video.save_notes()
        except OSError as error:
            context.stop_camera()
            pending.discard()
            raise self._library.unwritable(error) from error
        rate = jpeg_rate((width, height), settings.video.quality, video.rate)
        if form.extension != "mjpeg":
            rate = encoded_rate(settings, (width, height), video.rate)
        self._disk_rate = DiskRate(rate)
        self._enter()
        return video

    def _record(self, video: RecordedVideo) -> None:
        """Record until the time is over, a stop, a full disk or the end of the daemon."""
        context, driver, order = self._context, self._context.driver, self._order
        stall_s = stall_timeout_s(1 / video.rate, self._settings, driver.metadata)
        file = GrowingFile(video, order.seconds, stall_s)
        self._show_progress(video, file)
        checked_s = time.monotonic()
        # rpicam-vid dies of a SIGINT before it has begun
        while not (context.stopping or file.late or (order.stop_requested and file.size)):
            try:
                if driver.wait_video(self._wait_s(checked_s + FILE_CHECK_S), context.interrupts):
                    break
            except Interrupted:
                context.run_commands()
            if file.size and self._shows:
                self._publish()
            if time.monotonic() < checked_s + FILE_CHECK_S:
                continue
            checked_s = time.monotonic()
            order.stop_if_masked(context)
            file.check()
            if not file.late:
                self._enter()
                self._show_progress(video, file)
                if file.size:
                    order.answer_begun(context.status.recording or {})
        video.sidecar["sensor_mode"] = driver.sensor_mode or None
        video.sidecar["metadata"] = driver.metadata or video.sidecar["metadata"]  # else of the picture before it
        video.sidecar["duration_s"] = round(file.duration_s, 3)

    def _wait_s(self, check_s: float) -> float:
        """How long to wait for the end of the video, or a still of it, before there is something to do."""
        due_s = check_s if not self._shows or self._requested else min(check_s, self._frames.due_s)
        return max(0.001, due_s - time.monotonic())

    def _publish(self) -> None:
        """Request a frame if one is due, and publish one that has come, without waiting."""
        driver = self._context.driver
        if not self._requested and time.monotonic() >= self._frames.due_s:
            self._requested = True
            driver.request_still(small=not self._frames.photo_due)
        if still := driver.wait_still(0.0, ()):
            self._requested = False
            edits, publisher = self._context.edits, self._context.publisher
            self._frames.publish(lambda: publisher.publish(edits.still(still)), small=still.small)

    def _show_progress(self, video: RecordedVideo, file: GrowingFile) -> None:
        """Show how far it is, and end the video while there is room to finish it."""
        order, disk = self._order, self._library.disk
        spare_bytes = room(disk, file.size, video.conversion.mp4_share)
        self._disk_rate.measure(file.size, file.duration_s)
        self._context.status.recording = {
            "since": video.sidecar["time"], "seconds": order.seconds, "bytes": file.size, "left_s": file.left_s,
            **self._disk_rate.to_json(spare_bytes), "dropped": 0, "picture": self._shows,
        }  # fmt: skip
        if spare_bytes < 0 and not order.stop_requested:
            order.stop_requested = True
            self._context.status.notice = FULL_NOTICE
            logging.warning("the recording was stopped because the disk is nearly full")

    def _enter(self) -> None:
        interval_s = float(self._order.seconds or ENDLESS_S)
        if self._shows:
            interval_s = snapshot_cycle_s(self._context.settings.wanted)
        self._context.status.enter("video", interval_s)

    def _add_notice(self, text: str) -> None:
        if self._video:
            self._video.add_notice(text)


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
            raise CameraError("stalled", NO_PICTURES)

    @property
    def duration_s(self) -> float:
        """The time since the first bytes, or since the start while there are none."""
        return time.monotonic() - self._began

    @property
    def left_s(self) -> float | None:
        """How much of the requested length is left; None: until a stop."""
        return max(0.0, round(self._seconds - (self.duration_s if self.size else 0.0), 1)) if self._seconds else None


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
