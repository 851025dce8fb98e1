"""`api/photos` and `api/video`: what the library keeps is taken when a person asks for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from stillcam.common.errors import StillcamError
from stillcam.http.messages import Access, Answer, Refused, Request, Route, as_json
from stillcam.ipc.protocol import Refusal, ask
from stillcam.settings.control_values import is_number

KINDS = ("photo", "raw")
WAIT_S = 20.0  # then the answer says how far it is: proxies cut an answer that takes 30 s or more
GRACE_S = 8.0  # beyond that, for the daemon's answer to arrive
STATUSES = {
    "busy": 409,
    "idle": 409,
    "cancelled": 409,
    "disk": 507,
}  # by the cause that the daemon gives; any other is 503


class TakeRoutes:
    """Photos, raw photos and videos.

    Args:
        commands: the daemon's socket.
    """

    def __init__(self, commands: Path) -> None:
        self._commands = commands

    def routes(self) -> list[Route]:
        """For who may control."""
        return [
            Route("POST", "api/photos", Access.CONTROL, self._photos),
            Route("DELETE", "api/photos", Access.CONTROL, self._cancel),
            Route("POST", "api/video", Access.CONTROL, self._video),
            Route("DELETE", "api/video", Access.CONTROL, self._stop),
        ]

    def _photos(self, request: Request) -> Answer:
        wanted = _fields(request, ("kind", "count", "delay_s"))
        kind = wanted.get("kind", "photo")
        if kind not in KINDS:
            raise Refused(422, f"must be one of {', '.join(KINDS)}", "kind")
        count = _number(wanted, "count", 1, 1, 100, whole=True)
        delay_s = _number(wanted, "delay_s", 0, 0, 3600)
        answer = self._ask({"command": "photo", "kind": kind, "count": count, "delay_s": delay_s, "wait_s": WAIT_S})
        return as_json(201 if "items" in answer else 202, answer)

    def _cancel(self, _request: Request) -> Answer:
        return as_json(200, self._ask({"command": "cancel", "wait_s": WAIT_S}))

    def _video(self, request: Request) -> Answer:
        wanted = _fields(request, ("seconds",))
        endless = wanted.get("seconds") is None
        seconds = None if endless else _number(wanted, "seconds", 0, 1, 86400, whole=True)
        return as_json(202, self._ask({"command": "video", "seconds": seconds, "wait_s": WAIT_S}))

    def _stop(self, _request: Request) -> Answer:
        answer = self._ask({"command": "stop", "wait_s": WAIT_S})
        return as_json(200 if answer else 202, answer or {"items": []})

    def _ask(self, message: dict[str, Any]) -> dict[str, Any]:
        try:
            return ask(self._commands, message, message["wait_s"] + GRACE_S)
        except StillcamError as error:
            status = STATUSES.get(error.cause, 503) if isinstance(error, Refusal) else 503
            raise Refused(status, str(error), headers={"Retry-After": "5"} if status == 503 else None) from error


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
