"""A video that was requested, and what its recorder offers to the mode."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from stillcam.capture.command_queue import Command
from stillcam.capture.context import CaptureContext
from stillcam.common.errors import CameraError

if TYPE_CHECKING:
    from stillcam.capture.library_writer.writer import LibraryWriter
    from stillcam.capture.modes.photos import PhotoMode
    from stillcam.capture.modes.snapshots import FrameRequest
    from stillcam.settings.capabilities import CameraInfo
    from stillcam.settings.schema import Settings

MASK_SET = "the recording was stopped because a privacy mask was set"
SILENT_FORM = "no sound: only MP4 has it; set files.video to mp4"
NO_PICTURES = "the camera delivers no pictures: check its cable and the power supply"


@dataclass
class VideoOrder:
    """A video that was requested, and the commands that wait for its end."""

    request: Command
    seconds: int | None
    shows: bool  # frames of it are published
    stops: list[Command] = field(default_factory=list)
    answered: bool = False
    stop_requested: bool = False
    begun: bool = False  # it no longer waits for photos
    failed_before: bool = False  # another mode has failed while it waited

    def stop_if_masked(self, context: CaptureContext) -> None:
        """End the video if privacy masks have been set: its frames have none."""
        if context.settings.wanted.privacy.masks and not self.stop_requested:
            self.stop_requested = True
            context.status.notice = MASK_SET
            logging.warning("%s", MASK_SET)

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


@dataclass(frozen=True, slots=True)
class VideoTask:
    """What a recorder needs for one video.

    Attributes:
        settings, camera: of the video.
        frame_request: of the snapshot that somebody has requested meanwhile.
        photos: takes photos of its frames.
    """

    context: CaptureContext
    library: LibraryWriter
    order: VideoOrder
    settings: Settings
    camera: CameraInfo
    frame_request: FrameRequest
    photos: PhotoMode


class Recorder(Protocol):
    """Records one video."""

    @property
    def has_recorded(self) -> bool:
        """Whether there is something to keep."""

    def record(self) -> None:
        """Record until the time is over, a stop, a full disk or the end of the daemon; the camera is then stopped.

        Raises:
            CameraError: it has failed; the camera may still run.
        """

    def finish(self, error: CameraError | None) -> None:
        """Make the item of what was recorded, and then answer the order.

        Args:
            error: that has interrupted it.
        """

    def discard(self) -> None:
        """Nothing has been recorded: delete the files."""

    def join(self, timeout_s: float) -> None:
        """Wait until what was recorded is on the disk, at most so long, after `finish`."""
