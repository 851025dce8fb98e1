"""What a use of the camera is to the daemon, see `modes`."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from stillcam.capture.command_queue import Command
from stillcam.common.errors import CameraError
from stillcam.settings.capabilities import CameraInfo
from stillcam.settings.schema import Settings

Handler = Callable[[Command], None]


class Mode:
    """One use of the camera; one runs at a time.

    Attributes:
        use: settings are on trial, and time-outs are learnt, for each use of the camera.
        urgent: whether it interrupts another mode that waits for a picture.
        title, finishes, picture: for the documentation: its name, whether it finishes before a mode of higher
            priority gets the camera, and which picture is shown meanwhile.
        handlers: of its commands, by verb; called in the camera's thread, whatever mode runs. With a CameraError
            they refuse the command.
    """

    use = ""
    urgent = False
    title = picture = ""
    finishes = False
    handlers: Mapping[str, Handler] = {}

    def update(self) -> None:
        """Follow the time: called before `wanted`, before and after everything that the camera does."""

    def wanted(self) -> bool:
        """Whether it has something to do now."""
        raise NotImplementedError

    def prestart(self, settings: Settings, camera: CameraInfo) -> None:
        """Start its camera program while the mode before still has work to do: `run` then finds it started."""

    def run(self, settings: Settings, camera: CameraInfo) -> None:
        """Work until it is done or a mode of higher priority wants the camera.

        Raises:
            Interrupted: the same, in the middle of a picture.
            CameraError: the camera fails.
        """
        raise NotImplementedError

    def fail(self, error: CameraError) -> None:
        """Answer the pending commands: there is no camera."""

    def close(self) -> None:
        """The daemon ends."""
