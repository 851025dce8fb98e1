"""`api/cameras`, `api/controls`, `api/photos` and what else is asked of a camera: what it can do, and pictures now."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from stillcam.http.messages import ANSWER_S, Answer, Refused, as_json
from stillcam.ipc.daemon_client import DaemonClient
from stillcam.ipc.protocol import Refusal, ask
from stillcam.server.errors import refusal_of
from stillcam.server.live.cache import FrameCache
from stillcam.server.live.on_demand import OnDemandStills
from stillcam.server.route import Access, Request, Route
from stillcam.settings import tuning_files
from stillcam.settings.control_values import is_number
from stillcam.settings.controls import table_for
from stillcam.settings.schema import Settings

KINDS = ("photo", "raw")
LIST_TIMEOUT_S = 5.0  # for the list that the daemon has
TAKE_S = 20.0  # then the answer gives the progress: proxies cut an answer that takes 30 s or more
GRACE_S = 8.0  # beyond that, for the daemon's answer to arrive


class CameraRoutes:
    """The cameras of this machine, and the one in use.

    Args:
        daemon: has the camera's status.
        socket: the daemon's.
        stills: captured on demand.
        frames: this server's.
        settings: gives those in force.
    """

    def __init__(
        self,
        daemon: DaemonClient,
        socket: Path,
        stills: OnDemandStills,
        frames: FrameCache,
        settings: Callable[[], Settings],
    ) -> None:
        self._daemon = daemon
        self._socket = socket
        self._stills = stills
        self._frames = frames
        self._settings = settings

    def routes(self) -> list[Route]:
        """The library right is enough to see which cameras there are; anything else needs control."""
        control = Access.CONTROL
        return [
            Route("GET", "api/cameras", Access.LIBRARY, self._cameras),
            Route("POST", "api/cameras", control, self._detect),
            Route("GET", "api/tuning", control, self._tuning),
            Route("GET", "api/controls", control, self._controls),
            Route("POST", "api/focus", control, self._focus),
            Route("POST", "api/snapshot", control, self._snapshot),
            Route("POST", "api/photos", control, self._photos),
            Route("DELETE", "api/photos", control, self._cancel_photos),
            Route("POST", "api/video", control, self._video),
            Route("DELETE", "api/video", control, self._stop_video),
        ]

    # --- what there is

    def _cameras(self, _request: Request) -> Answer:
        return as_json(200, ask(self._socket, {"command": "cameras"}, LIST_TIMEOUT_S))

    def _detect(self, _request: Request) -> Answer:
        message = {"command": "cameras", "again": True, "wait_s": ANSWER_S}
        return as_json(200, ask(self._socket, message, ANSWER_S + GRACE_S))

    def _tuning(self, _request: Request) -> Answer:
        """Names only: the contents of the files stay on the machine."""
        folder = tuning_files.folder()
        files = tuning_files.files(folder) if folder else []
        return as_json(200, {"files": files, "folder": folder and str(folder)})

    def _controls(self, _request: Request) -> Answer:
        status = self._daemon.status()
        camera = status.get("camera")
        modes = tuning_files.modes(self._settings().camera.tuning_file, camera)
        return as_json(200, {"controls": table_for(status.get("abilities"), camera, modes)})

    # --- now

    def _focus(self, _request: Request) -> Answer:
        found = ask(self._socket, {"command": "focus", "wait_s": ANSWER_S}, ANSWER_S + GRACE_S)
        return as_json(200, found | {"wait_for": self._frames.catch_up()})

    def _snapshot(self, _request: Request) -> Answer:
        return as_json(200, {"frame": self._stills.take(), "wait_for": self._frames.catch_up()})

    # --- for the library

    def _photos(self, request: Request) -> Answer:
        wanted = _fields(request, ("kind", "count", "delay_s"))
        kind = wanted.get("kind", "photo")
        if kind not in KINDS:
            raise Refused(422, f"must be one of {', '.join(KINDS)}", "kind")
        count = _number(wanted, "count", 1, 1, 100, whole=True)
        delay_s = _number(wanted, "delay_s", 0, 0, 3600)
        answer = self._order("photo", kind=kind, count=count, delay_s=delay_s)
        return as_json(201 if "items" in answer else 202, answer)

    def _cancel_photos(self, _request: Request) -> Answer:
        return as_json(200, self._order("cancel"))

    def _video(self, request: Request) -> Answer:
        wanted = _fields(request, ("seconds",))
        endless = wanted.get("seconds") is None
        seconds = None if endless else _number(wanted, "seconds", 0, 1, 86400, whole=True)
        return as_json(202, self._order("video", seconds=seconds))

    def _stop_video(self, _request: Request) -> Answer:
        answer = self._order("stop")
        return as_json(200 if answer else 202, answer or {"items": []})

    def _order(self, command: str, **arguments: Any) -> dict[str, Any]:
        try:
            return ask(self._socket, {"command": command, **arguments, "wait_s": TAKE_S}, TAKE_S + GRACE_S)
        except Refusal as refusal:
            raise refusal_of(refusal, busy=409) from refusal


def _fields(request: Request, known: tuple[str, ...]) -> dict[str, Any]:
    """The JSON object of the request; empty without a body, which needs no type."""
    if "content-type" not in request.headers:
        return {}
    document = request.json()
    for name in document:
        if name not in known:
            raise Refused(422, f"there is no such field: there are {', '.join(known)}", name)
    return document


def _number(wanted: dict[str, Any], name: str, default: int, low: int, high: int, *, whole: bool = False) -> float:
    value = wanted.get(name, default)
    if not is_number(value) or (whole and value % 1) or not low <= value <= high:
        raise Refused(422, f"must be a {'whole ' if whole else ''}number from {low} to {high}", name)
    return int(value) if whole else float(value)
