"""Detection of cameras on request, such as of one that was plugged in while another is in use."""

from __future__ import annotations

from stillcam.capture.command_queue import Command
from stillcam.capture.context import CaptureContext
from stillcam.capture.mode import Mode
from stillcam.common.errors import CameraError
from stillcam.settings.capabilities import CameraInfo
from stillcam.settings.schema import Settings


class RequestedMode(Mode):
    """A mode that one request or several start, and that answers all of them together."""

    def __init__(self, context: CaptureContext) -> None:
        self._context = context
        self._requests: list[Command] = []

    def wanted(self) -> bool:
        return bool(self._requests)

    def fail(self, error: CameraError) -> None:
        for command in self._take_requests():
            command.fail(error)

    def _take_requests(self) -> list[Command]:
        requests, self._requests = self._requests, []
        return requests

    def _on_request(self, command: Command) -> None:
        if self._context.recording:
            raise CameraError("busy", "a video is being recorded: stop it, or wait until it ends")
        self._requests.append(command)


class DetectMode(RequestedMode):
    """Ends the mode that uses the camera; the daemon then lists the cameras before it starts the next mode.

    It waits for photos and for a shot of a series, and does not interrupt a video.
    """

    use = "detect"
    title = "detection of cameras"
    finishes = True
    picture = "the last one"

    def __init__(self, context: CaptureContext) -> None:
        super().__init__(context)
        self.handlers = {"detect": self._on_request}
        self._listing = False

    def begin_listing(self) -> None:
        """The cameras are being listed, until `listed` or `fail`."""
        self._listing = True

    def listed(self) -> None:
        """Answer the requests."""
        self._listing = False
        for command in self._take_requests():
            command.finish(self._context.status.cameras_to_json())

    def fail(self, error: CameraError) -> None:
        """See Mode. If it was the camera in use that failed, the requests wait: the daemon lists the cameras next."""
        if self._listing:
            self._listing = False
            super().fail(error)

    def run(self, settings: Settings, camera: CameraInfo) -> None:
        """See Mode: the cameras have been listed already."""
