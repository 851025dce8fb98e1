"""Look for cameras again: for one that has been plugged in while another one works."""

from __future__ import annotations

from stillcam.camera.driver import Camera
from stillcam.capture.commands import Command
from stillcam.capture.studio import Studio
from stillcam.errors import CameraError
from stillcam.settings import Settings


class Looking:
    """Ends what uses the camera, so that all can be listed; the daemon lists them before it begins any mode.

    It waits for photos and for a moment of a series that has begun; a video it does not interrupt.
    """

    name = "look"
    urgent = False

    def __init__(self, studio: Studio) -> None:
        self._studio = studio
        self._asking: list[Command] = []
        self.verbs = {"look": self._asked}

    def wanted(self) -> bool:
        return bool(self._asking)

    def listed(self) -> None:
        """The cameras have been listed: tell those who have asked."""
        for command in self._asking:
            command.finish(self._studio.status.cameras())
        self._asking = []

    def run(self, settings: Settings, camera: Camera) -> None:
        """See Mode: it is done."""

    def fail(self, error: CameraError) -> None:
        """See Mode: they could not be listed."""
        for command in self._asking:
            command.fail(error)
        self._asking = []

    def _asked(self, command: Command) -> None:
        if self._studio.recording:
            command.fail(CameraError("busy", "a video is being made: look again when it has ended"))
        else:
            self._asking.append(command)
