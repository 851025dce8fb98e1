"""Detection of cameras on request, such as of one that was plugged in while another is in use."""

from __future__ import annotations

from stillcam.capture.command_queue import Command
from stillcam.capture.context import CaptureContext
from stillcam.common.errors import CameraError
from stillcam.settings.capabilities import CameraInfo
from stillcam.settings.schema import Settings


class DetectMode:
    """Ends the mode that uses the camera; the daemon then lists the cameras before it starts the next mode.

    It waits for photos and for a shot of a series, and does not interrupt a video.
    """

    name = "detect"
    urgent = False

    def __init__(self, context: CaptureContext) -> None:
        self._context = context
        self._requests: list[Command] = []
        self.handlers = {"detect": self._on_detect}

    def wanted(self) -> bool:
        return bool(self._requests)

    def listed(self) -> None:
        """Answer the requests: the cameras have been listed."""
        for command in self._requests:
            command.finish(self._context.status.cameras_to_json())
        self._requests = []

    def run(self, settings: Settings, camera: CameraInfo) -> None:
        """See Mode: the cameras have been listed already."""

    def fail(self, error: CameraError) -> None:
        """See Mode: the cameras could not be listed."""
        for command in self._requests:
            command.fail(error)
        self._requests = []

    def _on_detect(self, command: Command) -> None:
        if self._context.recording:
            command.fail(CameraError("busy", "a video is being made: detect cameras again when it has ended"))
        else:
            self._requests.append(command)
