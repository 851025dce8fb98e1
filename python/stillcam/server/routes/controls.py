"""`api/controls` and `api/focus`: what may be asked of the camera, and one scan now."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from stillcam.common.errors import StillcamError
from stillcam.http.messages import ANSWER_S, Access, Answer, Refused, Request, Route, as_json
from stillcam.ipc.daemon_client import DaemonClient
from stillcam.ipc.protocol import Refusal, ask
from stillcam.server.live.cache import FrameCache
from stillcam.server.live.on_demand import GRACE_S
from stillcam.settings import tuning_files
from stillcam.settings.controls import table_for
from stillcam.settings.schema import Settings


class ControlsRoutes:
    """The table of controls for the camera that is in use, and what is done at once.

    Args:
        link: to the daemon.
        commands: the daemon's socket.
        frames: this server's.
        settings: gives those in force.
    """

    def __init__(
        self, link: DaemonClient, commands: Path, frames: FrameCache, settings: Callable[[], Settings]
    ) -> None:
        self._link = link
        self._commands = commands
        self._frames = frames
        self._settings = settings

    def routes(self) -> list[Route]:
        """For who may control."""
        return [
            Route("GET", "api/controls", Access.CONTROL, self._controls),
            Route("POST", "api/focus", Access.CONTROL, self._focus),
        ]

    def _controls(self, _request: Request) -> Answer:
        status = self._link.status()
        camera = status.get("camera")
        modes = tuning_files.modes(self._settings().camera.tuning_file, camera)
        return as_json(200, {"controls": table_for(status.get("abilities"), camera, modes)})

    def _focus(self, _request: Request) -> Answer:
        try:
            found = ask(self._commands, {"command": "focus", "wait_s": ANSWER_S}, ANSWER_S + GRACE_S)
        except StillcamError as error:
            if isinstance(error, Refusal) and error.cause == "unable":
                raise Refused(409, str(error)) from error
            raise Refused(503, str(error), headers={"Retry-After": "5"}) from error
        return as_json(200, found | {"wait_for": self._frames.catch_up()})
