"""`api/cameras`, `api/tuning`, `api/snapshot`: what is there, and a picture now."""

from __future__ import annotations

from pathlib import Path

from stillcam.common.errors import StillcamError
from stillcam.http.messages import ANSWER_S, Access, Answer, Refused, Request, Route, as_json
from stillcam.ipc.protocol import ask
from stillcam.server.live.cache import FrameCache
from stillcam.server.live.on_demand import GRACE_S, Captures
from stillcam.settings import tuning_files

LISTED_S = 5.0  # for the list that the daemon has


class CameraRoutes:
    """The cameras of this machine, and the one in use.

    Args:
        commands: the daemon's socket.
        captures: takes pictures.
        frames: this server's.
    """

    def __init__(self, commands: Path, captures: Captures, frames: FrameCache) -> None:
        self._commands = commands
        self._captures = captures
        self._frames = frames

    def routes(self) -> list[Route]:
        """Who may open the library sees which cameras there are."""
        return [
            Route("GET", "api/cameras", Access.LIBRARY, self._cameras),
            Route("POST", "api/cameras", Access.CONTROL, self._look),
            Route("GET", "api/tuning", Access.CONTROL, self._tuning),
            Route("POST", "api/snapshot", Access.CONTROL, self._snapshot),
        ]

    def _cameras(self, _request: Request) -> Answer:
        return self._told(LISTED_S)

    def _look(self, _request: Request) -> Answer:
        return self._told(ANSWER_S + GRACE_S, again=True, wait_s=ANSWER_S)

    def _told(self, timeout_s: float, **how: bool | float) -> Answer:
        try:
            return as_json(200, ask(self._commands, {"command": "cameras", **how}, timeout_s))
        except StillcamError as error:
            raise Refused(503, str(error), headers={"Retry-After": "5"}) from error

    def _tuning(self, _request: Request) -> Answer:
        """Names only: what is in the files is nobody's business here."""
        place = tuning_files.folder()
        return as_json(200, {"files": tuning_files.files(place) if place else [], "folder": place and str(place)})

    def _snapshot(self, _request: Request) -> Answer:
        try:
            name = self._captures.take()
        except StillcamError as error:
            raise Refused(503, str(error), headers={"Retry-After": "5"}) from error
        return as_json(200, {"frame": name, "wait_for": self._frames.catch_up()})
