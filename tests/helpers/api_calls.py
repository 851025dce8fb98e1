"""The routes of the API without sockets: an owner asks, a stand-in for the capture daemon answers.

Each answer is held to api/openapi.json.
"""

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

from described import judge

from stillcam.common.paths import Paths
from stillcam.http.messages import Answer, Refused
from stillcam.ipc.protocol import CommandServer, Message
from stillcam.server.app import App
from stillcam.server.camera_context import CameraContext
from stillcam.server.route import Person, Request, Route
from stillcam.server.routes.metrics import Counters
from stillcam.server.wiring import build
from stillcam.settings.capabilities import RPICAM

STATUS: dict[str, Any] = {
    "running": True, "pid": 1, "started": "2026-11-20T23:45:00.000Z", "driver": "rpicam", "abilities": RPICAM.to_json(),
    "mode": "snapshot",
    "since": "2026-11-20T23:45:01.123Z", "reason": None, "notice": None, "interval_s": 2.0, "revision": 1,
    "camera": {"index": 0, "model": "imx708", "size": [4608, 2592], "limits": None}, "frame": None,
    "captures": {"ok": 12, "failed": 0}, "failures": {}, "restarts": {"stalled": 1},
    "publish": {"le": [], "counts": [], "sum": 0.0, "count": 0}, "metadata": {"ExposureTime": 10000},
}  # fmt: skip
RELOADED: dict[str, Any] = {
    "reloaded": True,
    "revision": 1,
    "in_force": True,
    "frame": "camera_20261120T234501.123Z.jpg",
}


class Everybody:
    """A guard that takes everybody for the same person, at first for the owner."""

    def __init__(self) -> None:
        self.person = Person("Ada", "owner", "control", "session")

    def admit(self, request: Request, _route: Route) -> None:
        request.person = self.person


class Api:
    """An installation in a folder, its routes, and a stand-in for its daemon.

    Args:
        folder: gets `images/`, `data/`.
        daemon: whether one answers.

    Attributes:
        answers: command -> what the daemon answers, or a function that gives it.
        asked: how often each command came.
        messages: what came, in order.
        judging: whether answers are held to the description, which takes a while.
    """

    def __init__(self, folder: Path, daemon: bool = True) -> None:
        self.paths = Paths(folder / "images", folder / "data")
        self.answers: dict[str, Message | Callable[[], Message]] = {"status": STATUS, "reload": RELOADED}
        self.asked: Counter[str] = Counter()
        self.messages: list[Message] = []
        self.judging = True
        self.guard = Everybody()
        self._daemon = daemon

    def __enter__(self) -> Self:
        self.paths.images.mkdir()
        self.paths.run.mkdir(parents=True)
        self._server = CommandServer(self.paths.socket, self._answer) if self._daemon else None
        self._context = CameraContext(self.paths)
        self.settings = self._context.follower
        routes = build([self._context]).routes
        self.app = App(routes, self.settings.current, self.guard.admit, Counters().of)
        return self

    def __exit__(self, *_: object) -> None:
        self._context.close()
        if self._server:
            self._server.close()

    def _answer(self, message: Message) -> Message:
        self.asked[message["command"]] += 1
        self.messages.append(message)
        answer = self.answers[message["command"]]
        return answer() if callable(answer) else answer

    def answer(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """The answer to one request; `body` is JSON, or bytes that are sent as they are."""
        self.settings.reload()  # as its thread does in the server
        raw = body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else b""
        known = {"host": "camera.local", **({"content-type": "application/json"} if raw else {})}
        path, _, query = path.partition("?")
        about = known | {name.replace("_", "-"): value for name, value in headers.items()}
        answer = self.app.answer(Request(method, path, query, about, read_body=lambda most, _: _limited(raw, most)))
        if not self.judging:
            return answer
        told = bytes(answer.body) if isinstance(answer.body, bytes | memoryview) else b""
        judge(method, path, answer.status, answer.headers.get("Content-Type", ""), told)
        return answer

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        """Status and JSON of the answer; None where it has no body."""
        answer = self.answer(method, path, body, **headers)
        raw = bytes(answer.body) if isinstance(answer.body, bytes | memoryview) else b""
        return answer.status, json.loads(raw) if raw else None

    def written(self) -> Any:
        """What the settings file holds."""
        return json.loads(self.paths.settings.read_text())

    def write(self, text: str) -> None:
        """Replace the settings file, as an editor does."""
        new = self.paths.settings.with_name("edited")
        new.write_text(text)
        new.rename(self.paths.settings)


def _limited(raw: bytes, most: int) -> bytes:
    if len(raw) > most:
        raise Refused(413, f"send at most {most} bytes")
    return raw
