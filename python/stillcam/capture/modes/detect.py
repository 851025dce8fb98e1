"""Detection of cameras on request, such as of one that was plugged in while another is in use."""

from __future__ import annotations

from stillcam.capture.context import CaptureContext, RequestedMode
from stillcam.settings.capabilities import CameraInfo
from stillcam.settings.schema import Settings


class DetectMode(RequestedMode):
    """Ends the mode that uses the camera; the daemon then lists the cameras before it starts the next mode.

    It waits for photos and for a shot of a series, and does not interrupt a video.
    """

    name = "detect"

    def __init__(self, context: CaptureContext) -> None:
        super().__init__(context)
        self.handlers = {"detect": self._on_request}

    def listed(self) -> None:
        """Answer the requests: the cameras have been listed."""
        for command in self._take_requests():
            command.finish(self._context.status.cameras_to_json())

    def run(self, settings: Settings, camera: CameraInfo) -> None:
        """The cameras have been listed already."""
