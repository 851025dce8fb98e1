"""Videos: recorded until the time is over, a stop, a full disk or the daemon's end; finished in the background.

What records them is `capture/video_recording`, which is imported for the first video.
"""

from __future__ import annotations

import logging

from stillcam.camera.use_cases import video_error
from stillcam.capture.command_queue import Command
from stillcam.capture.context import CaptureContext
from stillcam.capture.library_writer.writer import LibraryWriter
from stillcam.capture.mode import Mode
from stillcam.capture.modes.photos import PhotoMode
from stillcam.capture.modes.snapshots import FrameRequest
from stillcam.capture.timeouts import snapshot_cycle_s
from stillcam.capture.video_recording.order import Recorder, VideoOrder, VideoTask
from stillcam.common import heap
from stillcam.common.child_process import find_program
from stillcam.common.errors import CameraError
from stillcam.settings.capabilities import CameraInfo
from stillcam.settings.schema import Settings

MASKED = (
    "a video that is encoded at once cannot have privacy masks: set video.while_recording to picture and files.video to"
    " mp4, which needs ffmpeg, or mjpeg; or remove the masks"
)
CLOSE_S = 1.0  # for the rest of a video to be written when the daemon ends


class VideoMode(Mode):
    """Makes one video at a time; one that is requested while photos are being taken waits for them."""

    use = "video"
    title = "video"
    finishes = True
    picture = "frames of the video; the last one before it, if the camera program encodes (see below)"

    def __init__(
        self, context: CaptureContext, library: LibraryWriter, photos: PhotoMode, frame_request: FrameRequest
    ) -> None:
        self._context = context
        self._library = library
        self._photos = photos
        self._frame_request = frame_request
        self._order: VideoOrder | None = None
        self._last: Recorder | None = None  # of the newest video
        self.handlers = {"video": self._on_video, "stop": self._on_stop}

    def wanted(self) -> bool:
        return self._order is not None and not self._photos.wanted()

    def run(self, settings: Settings, camera: CameraInfo) -> None:
        """See Mode. An error is the answer to the request; the modes that follow are not affected."""
        order = self._order
        assert order is not None
        order.begun = True
        self._context.status.waiting["video"] = []
        recorder, error = self._make(order, settings, camera)
        if error and not (order.stop_requested or self._context.stopping):
            without_libav = error.cause == "encoder"
            if without_libav or (error.transient and not recorder.has_recorded):
                logging.warning("retrying the video %s: %s", "without libav" if without_libav else "once", error)
                recorder, error = self._make(order, settings, camera)
        self._reset()
        if error is None:
            self._context.prestart_next(settings, camera)
        if recorder.has_recorded:
            self._last = recorder
            recorder.finish(error)
            heap.trim()
        else:
            recorder.discard()
            order.finish(None, error or CameraError("died", "nothing was recorded"))

    def fail(self, error: CameraError) -> None:
        """See Mode. A video that waited while another mode failed gets a try of its own, where there is a camera."""
        if self._order and (self._order.failed_before or error.cause in error.NO_CAMERA):
            self._order.finish(None, error)
            self._reset()
        elif self._order:
            self._order.failed_before = True

    def close(self) -> None:
        if self._last:
            self._last.join(CLOSE_S)

    def _on_video(self, command: Command) -> None:
        if self._order:
            raise CameraError("busy", "a video is already being recorded")
        stores_frames = self._stores_frames(self._context.settings.wanted)
        shows = stores_frames or self._context.driver.capabilities.stills_in_videos
        if self._photos.self_timer_runs and not shows:
            raise CameraError("busy", "a self-timer is running: cancel it, or wait for its photos")
        if unmasked := self._unmasked(self._context.settings.wanted, stores_frames):
            raise CameraError("options", unmasked)
        self._library.disk.check()
        self._order = VideoOrder(command, command.message.get("seconds"), shows)
        self._context.recording, self._context.video_shows = True, shows
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

    def _unmasked(self, settings: Settings, stores_frames: bool) -> str | None:
        """Why a video cannot have the masks that are set; None: it can, or there are none."""
        if not settings.privacy.masks or stores_frames:
            return None
        return MASKED

    def _stores_frames(self, settings: Settings) -> bool:
        """Whether the daemon records the frames, which it can then show, and the MP4 is made of them afterwards.

        A driver that gives frames of an encoded video, too, does so only to have them masked.
        """
        encodes = self._context.driver.capabilities.stills_in_videos and not settings.privacy.masks
        if encodes or settings.video.while_recording == "encode":
            return False
        return {"h264": False, "mjpeg": True}.get(settings.files.video, find_program("ffmpeg") is not None)

    def _make(self, order: VideoOrder, settings: Settings, camera: CameraInfo) -> tuple[Recorder, CameraError | None]:
        recorder = self._recorder(order, settings, camera)
        try:
            if wrong := video_error(settings, camera, self._context.driver.capabilities.encoder):
                raise CameraError("options", f"{wrong.field}: {wrong}")
            if unmasked := self._unmasked(settings, order.shows and self._stores_frames(settings)):
                raise CameraError("options", unmasked)
            recorder.record()
        except CameraError as error:
            self._camera_failed(error)
            if not recorder.has_recorded:
                recorder.discard()
            return recorder, error
        return recorder, None

    def _recorder(self, order: VideoOrder, settings: Settings, camera: CameraInfo) -> Recorder:
        from stillcam.capture.video_recording.encoded import EncodedVideo
        from stillcam.capture.video_recording.frames import FramesVideo

        kind = FramesVideo if order.shows and self._stores_frames(settings) else EncodedVideo
        request, photos = self._frame_request, self._photos
        return kind(VideoTask(self._context, self._library, order, settings, camera, request, photos))

    def _camera_failed(self, error: CameraError) -> None:
        """The reason is shown at once, and until there are pictures.

        Stopping the camera program and the next start may take a while.
        """
        context = self._context
        logging.error("the video was interrupted: %s", error)
        if error.cause in ("stalled", "died", "absent"):
            context.backoff.failed(error)
            context.status.recording = None
            context.status.enter("no camera", snapshot_cycle_s(context.settings.wanted))
        context.camera_failed(error)

    def _reset(self) -> None:
        self._order = None
        self._context.recording = self._context.video_shows = False
        self._context.status.recording = None
        self._context.status.waiting["video"] = []
