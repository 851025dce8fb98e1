"""A video whose frames the daemon records and shows; an MP4 is made of them in the background."""

from __future__ import annotations

import contextlib
import logging
import os
import time
from typing import Any

from stillcam.camera.driver import Interrupted
from stillcam.camera.use_cases import geometry_of, possible_framerate, slow_mode_notice
from stillcam.capture.context import START_TIMEOUT_S
from stillcam.capture.library_writer.finish_video import SOUND, Conversion
from stillcam.capture.library_writer.frame_recording import FrameRecording, RecordingPlan, room
from stillcam.capture.library_writer.writer import make_sidecar
from stillcam.capture.timeouts import snapshot_cycle_s, stall_timeout_s, startup_s
from stillcam.capture.video_recording.disk_rate import DiskRate, jpeg_rate
from stillcam.capture.video_recording.order import NO_PICTURES, SILENT_FORM, VideoTask
from stillcam.capture.video_recording.published import PublishedFrames
from stillcam.capture.video_recording.sound import LAG_FRAMES, SoundRecording
from stillcam.common.errors import CameraError
from stillcam.common.formats import utc_text
from stillcam.frames.jpeg import InvalidJpeg, check_jpeg

READ_S = 0.5  # for the next frames, at most, before anything else is looked at
PROGRESS_S = 0.5  # from one report of the progress to the next
SLOW_S, SLOW_SHARE = 2.0, 0.8  # of a longer video, fewer than this part of the frames are worth a remark
QUEUE_BYTES, QUEUE_SHARE = 16 << 20, 32  # frames that wait for the disk: so much, or this part of the memory if more


class FramesVideo:
    """See `Recorder`. The camera program writes JPEGs with the configuration of videos.

    A disk that is too slow for them costs frames, which are counted; the picture and the camera do not wait for it.
    """

    def __init__(self, task: VideoTask) -> None:
        self._context, self._library, self._order = task.context, task.library, task.order
        self._settings, self._camera = settings, camera = task.settings, task.camera
        self._rate = possible_framerate(settings, camera, "video")
        self._conversion = Conversion.NONE if settings.files.video == "mjpeg" else Conversion.ENCODE
        rotation = settings.camera.rotation
        self._rotation = rotation if rotation in (90, 270) and self._conversion is Conversion.ENCODE else 0
        width, height = self._size = geometry_of(settings, camera, "video").size
        self._shown_size = (height, width) if self._rotation else (width, height)
        self._disk_rate = DiskRate(jpeg_rate(self._size, settings.video.quality, self._rate))
        self._notices = [notice] if (notice := slow_mode_notice(settings, camera)) else []
        self._audio = settings.video.audio
        if self._audio != "off" and self._conversion is Conversion.NONE:
            self._audio = "off"
            self._notices.append(SILENT_FORM)
        self._sound: SoundRecording | None = None
        self._frames = PublishedFrames(task, self._notices.append)
        self._recording: FrameRecording | None = None  # from the first frame on
        self._since_s = time.time()
        self._is_over = False
        self._final_sidecar: dict[str, Any] = {}  # once all is recorded: another camera program may follow

    @property
    def has_recorded(self) -> bool:
        return self._recording is not None

    def record(self) -> None:
        context, driver = self._context, self._context.driver
        self._disk_rate.check(room(self._library.disk, 0, self._conversion.mp4_share), self._order.seconds)
        driver.start_video_frames(self._settings, self._camera)
        self._show_progress()
        seen_s = shown_s = time.monotonic()
        timeout_s = START_TIMEOUT_S + startup_s(1 / self._rate)
        while not (context.stopping or self._is_over):
            try:
                frames = driver.read_frames(READ_S, context.interrupts)
            except Interrupted:
                frames = []
            context.run_commands()
            frames = self._masked(frames)  # by the settings that the commands may have brought
            now = time.monotonic()
            if frames:
                self._take(frames, now)
                self._record_sound()
                seen_s, timeout_s = now, stall_timeout_s(1 / self._rate, self._settings, driver.metadata)
            elif now - seen_s > timeout_s:
                raise CameraError("stalled", NO_PICTURES)
            if now >= shown_s + PROGRESS_S or self._order.stop_requested or not self._order.answered:
                shown_s = now
                self._show_progress()
        self._final_sidecar = self._sidecar()
        self._context.stop_camera()

    def finish(self, error: CameraError | None) -> None:
        recording = self._recording
        assert recording is not None
        if self._sound and (silent := self._sound.stop(self._context.stop_fds)):
            self._notices.append(silent)
        if recording.covered_s > SLOW_S and recording.camera_rate < SLOW_SHARE * self._rate:
            self._notices.append(
                f"{recording.camera_rate:.1f} frames per second instead of {self._rate:g}: the exposure was long, or"
                " the board is too slow for JPEGs of this size (see video.while_recording)"
            )
        sidecar = self._final_sidecar or self._sidecar()
        if notices := [*self._notices, *([error.reason] if error else [])]:
            sidecar["notices"] = notices
        if error:
            sidecar["interrupted"] = True
        recording.end(sidecar, recording.first_s)

    def discard(self) -> None:
        """Nothing has been written before the first frame."""

    def join(self, timeout_s: float) -> None:
        if self._recording and not self._recording.join(timeout_s):
            logging.warning("the disk is too slow for the end of the video; the next start finishes it")

    def _take(self, frames: list[bytes], now: float) -> None:
        """Record the frames, and publish the newest one if it is due."""
        seconds, recording = self._order.seconds, self._recording or self._begin(frames[0])
        for frame in frames:
            if seconds and recording.first_s and now - recording.first_s >= seconds - 0.5 / self._rate:
                self._is_over = True
                break
            recording.add((now, frame))
        if now >= self._frames.due_s:
            try:
                self._frames.publish(lambda: self._context.publisher.publish_live(frames[-1], time.time()))
            except Interrupted:  # while it was rotated: the daemon ends
                return

    def _masked(self, frames: list[bytes]) -> list[bytes]:
        """The frames with their privacy masks; without those that are damaged, which cannot have one."""
        try:
            return self._context.edits.frames(frames)
        except CameraError as error:
            if error.cause != "torn":
                raise
            self._context.status.count_failure(error.cause, restarts=False)
            return []

    def _begin(self, frame: bytes) -> FrameRecording:
        self._since_s = time.time()
        with contextlib.suppress(InvalidJpeg):
            width, height = check_jpeg(frame)  # a USB camera takes the nearest size that it has
            self._shown_size = (height, width) if self._rotation else (width, height)
        memory_bytes = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        plan = RecordingPlan(
            kind="video",
            time_s=self._since_s,
            camera=self._camera.model,
            rate=self._rate,
            rotation=self._rotation,
            sidecar=self._sidecar(),
            limit_bytes=max(QUEUE_BYTES, memory_bytes // QUEUE_SHARE),
            conversion=self._conversion,
            bitrate=self._settings.video.bitrate,
            edit=self._context.edits.recorded("video", self._rotation),
            sound_from_s=0.0 if self._audio == "off" else self._since_s - LAG_FRAMES / self._rate,
        )
        self._recording = FrameRecording(self._library, plan, self._order.finish)
        return self._recording

    def _record_sound(self) -> None:
        """Begin with the sound as soon as the recording has its place on the disk."""
        if self._audio != "off" and self._sound is None and self._recording and self._recording.pending:
            self._sound = SoundRecording(self._audio, self._recording.pending.path(SOUND))

    def _show_progress(self) -> None:
        """Show how far it is, and look whether the video is over."""
        order, recording, context = self._order, self._recording, self._context
        written_bytes = recording.written_bytes if recording else 0
        lasted_s = time.monotonic() - recording.first_s if recording else 0.0
        if recording:
            self._disk_rate.measure(written_bytes, recording.covered_s)
        progress = {
            "since": utc_text(self._since_s), "seconds": order.seconds, "bytes": written_bytes,
            "left_s": round(max(0.0, order.seconds - lasted_s), 1) if order.seconds else None,
            **self._disk_rate.to_json(recording.spare_bytes if recording else None),
            "dropped": recording.dropped if recording else 0, "picture": True,
        }  # fmt: skip
        context.status.enter("video", snapshot_cycle_s(context.settings.wanted))
        context.status.recording = progress
        if written_bytes:
            order.answer_begun(progress)
        if recording and recording.stopped:
            self._is_over = True
            context.status.notice = f"the recording was stopped: {recording.stopped}"
        if written_bytes and order.stop_requested:
            self._is_over = True

    def _sidecar(self) -> dict[str, Any]:
        driver = self._context.driver
        return make_sidecar(
            self._settings, self._camera, "video", self._since_s, self._shown_size, driver.metadata, driver.sensor_mode
        )
