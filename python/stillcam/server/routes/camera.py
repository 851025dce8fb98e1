"""`api/cameras`, `api/controls`, `api/photos` and what else is asked of a camera: what it can do, and pictures now."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from stillcam.http.messages import ANSWER_S, Answer, as_json
from stillcam.ipc.daemon_client import DaemonClient
from stillcam.ipc.protocol import Refusal, ask
from stillcam.server.errors import refusal_of
from stillcam.server.live.cache import FrameCache
from stillcam.server.live.on_demand import OnDemandStills
from stillcam.server.openapi.route import Body, api
from stillcam.server.route import Access, Request, Route
from stillcam.settings import tuning_files
from stillcam.settings.controls import table_for
from stillcam.settings.schema import Settings

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
        control, camera = Access.CONTROL, partial(api, "Camera")
        return [
            camera("GET", "api/cameras", Access.LIBRARY, self._cameras,
                   "The cameras, their sensor modes and properties.", {200: "Cameras"}, errors=(503,)),
            camera("POST", "api/cameras", control, self._detect,
                   "List the cameras again; pictures pause meanwhile.", {200: "Cameras"}, errors=(503,)),
            camera("GET", "api/tuning", control, self._tuning, "The tuning files of this board.", {200: "Tuning"}),
            camera("GET", "api/controls", control, self._controls,
                   "The table of controls, with what this camera cannot do.", {200: "ControlTable"}),
            camera("POST", "api/focus", control, self._focus,
                   "One autofocus scan; answered when it is over.", {200: "Focus"}, errors=(409, 503)),
            camera("POST", "api/snapshot", control, self._snapshot, "Take a snapshot now.",
                   {200: "Taken"}, errors=(503,)),
            camera("POST", "api/photos", control, self._photos,
                   "Take photos or raw photos; 202 when it takes long: api/status says how far it is.",
                   {201: "Items", 202: "Taking"}, body=Body("PhotoOrder", required=False), errors=(409, 422, 503, 507)),
            camera("DELETE", "api/photos", control, self._cancel_photos,
                   "Cancel a burst or a self-timer; what has been taken is kept.", {200: "Items"}, errors=(503,)),
            camera("POST", "api/video", control, self._video,
                   "Begin a video, of so many seconds or until it is stopped.",
                   {202: "Recording"}, body=Body("VideoOrder", required=False), errors=(409, 422, 503, 507)),
            camera("DELETE", "api/video", control, self._stop_video,
                   "End the video; 202: it is still being finished.",
                   {200: "Items", 202: "Items"}, errors=(409, 503, 507)),
        ]  # fmt: skip

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

    def _photos(self, _request: Request, order: dict[str, Any]) -> Answer:
        count, delay_s = int(order.get("count", 1)), float(order.get("delay_s", 0))
        answer = self._order("photo", kind=order.get("kind", "photo"), count=count, delay_s=delay_s)
        return as_json(201 if "items" in answer else 202, answer)

    def _cancel_photos(self, _request: Request) -> Answer:
        return as_json(200, self._order("cancel"))

    def _video(self, _request: Request, order: dict[str, Any]) -> Answer:
        seconds = order.get("seconds")
        return as_json(202, self._order("video", seconds=None if seconds is None else int(seconds)))

    def _stop_video(self, _request: Request) -> Answer:
        answer = self._order("stop")
        return as_json(200 if answer else 202, answer or {"items": []})

    def _order(self, command: str, **arguments: Any) -> dict[str, Any]:
        try:
            return ask(self._socket, {"command": command, **arguments, "wait_s": TAKE_S}, TAKE_S + GRACE_S)
        except Refusal as refusal:
            raise refusal_of(refusal, busy=409) from refusal
