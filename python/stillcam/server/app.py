"""The routes: what is answered at which address. Nothing else is, and never a folder.

A route is a function from a request to an answer; it knows nothing of sockets. Every
URL that leaves here is relative, so that all of it works under any path of a proxy.
"""

from __future__ import annotations

import json
import mimetypes
import time
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from stillcam import __version__
from stillcam.frames import utc_text
from stillcam.server.cache import FrameCache, Seen
from stillcam.server.camera import CameraLink

TABS = ("", "live", "config", "info", "photos", "series", "settings")
ASSET_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": mimetypes.types_map[".png"],
    ".webmanifest": "application/manifest+json",
}
WAIT_S = 25.0  # proxies cut an answer that takes 30 s or more
WAIT_STEP_S = 1.0
DEFAULT_INTERVAL_S = 2.0


@dataclass(frozen=True, slots=True)
class Request:
    """One request: its path without the leading slash, its query, and its headers (names in lower case)."""

    path: str
    query: str
    headers: Mapping[str, str]
    gone: Callable[[], bool] = lambda: False  # whether who asked has left

    def value(self, name: str) -> str | None:
        """The query's value called `name`, the last one if there are several."""
        return parse_qs(self.query, keep_blank_values=True).get(name, [None])[-1]


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, body and headers."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


def error(status: int, text: str, **headers: str) -> Answer:
    """The one form of an error: JSON with a sentence for a person."""
    return as_json(status, {"error": text, "field": None}, **headers)


def as_json(status: int, document: Any, **headers: str) -> Answer:
    """A JSON answer, never kept by a cache."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    body = json.dumps(document).encode() + b"\n"
    return Answer(status, body, {"Content-Type": "application/json", "Cache-Control": "no-store", **named})


class App:
    """Answers requests.

    Args:
        web: the folder of the page; its files are listed once, here.
        cache: the newest frame.
        camera: the capture daemon.
    """

    def __init__(self, web: Path, cache: FrameCache, camera: CameraLink) -> None:
        self._cache = cache
        self._camera = camera
        self._assets = {path.name: path for path in web.iterdir() if path.suffix in ASSET_TYPES and path.is_file()}
        self._page = web / "index.html"
        self._routes: dict[str, Callable[[Request], Answer]] = {
            "images/current.jpg": self._current,
            "snapshot": self._current,
            "snapshot.jpg": self._current,
            "healthz": self._health,
            "api/status": self._status,
        }

    def answer(self, request: Request) -> Answer:
        """The answer to a GET of `request`; 404 where there is no route."""
        if route := self._routes.get(request.path):
            return route(request)
        if request.path in TABS:
            if request.path == "" and request.value("action") == "snapshot":
                return self._current(request)
            return _file(self._page, request)
        if asset := self._assets.get(request.path):
            return _file(asset, request)
        return error(404, "there is nothing at this address: the page is at /")

    def _current(self, request: Request) -> Answer:
        after = request.value("after")
        seen = self._cache.newest if after is None else self._wait(after, request)
        if seen is None and after is not None:
            return Answer(204, b"", {"Cache-Control": "no-store"})
        if seen is None:
            reason = self._camera.status().get("reason")
            return error(503, f"no picture yet: {reason or 'the camera is starting'}", Retry_After="2")
        tag = f'"{seen.frame.name}"'
        headers = {
            "ETag": tag,
            "Cache-Control": "no-cache",
            "X-Frame-Time": utc_text(seen.frame.time_s),
            "X-Frame-Age": f"{seen.age_s():.3f}",
        }
        if tag in [known.strip().removeprefix("W/") for known in request.headers.get("if-none-match", "").split(",")]:
            return Answer(304, b"", headers)
        return Answer(200, seen.frame.data, {"Content-Type": "image/jpeg", **headers})

    def _wait(self, name: str, request: Request) -> Seen | None:
        """Wait for a frame other than `name`, and keep the camera live meanwhile."""
        until = time.monotonic() + WAIT_S
        while (left := until - time.monotonic()) > 0 and not request.gone():
            self._camera.lease()
            if seen := self._cache.wait_for_other(name, min(left, WAIT_STEP_S)):
                return seen
        return None

    def _stale(self, seen: Seen | None, capture: Mapping[str, Any]) -> bool:
        interval_s = capture.get("interval_s") or DEFAULT_INTERVAL_S
        return seen is None or seen.age_s() > 3 * interval_s + 5

    def _status(self, _request: Request) -> Answer:
        capture, seen = self._camera.status(), self._cache.newest
        frame = seen and {
            "name": seen.frame.name,
            "time": utc_text(seen.frame.time_s),
            "age_s": round(seen.age_s(), 3),
            "bytes": len(seen.frame.data),
        }
        return as_json(200, {
            "version": __version__,
            "now": utc_text(time.time()),
            "frame": frame,
            "stale": self._stale(seen, capture),
            "capture": capture,
        })  # fmt: skip

    def _health(self, _request: Request) -> Answer:
        capture, seen = self._camera.status(), self._cache.newest
        if not self._stale(seen, capture):
            return as_json(200, {"status": "ok", "reason": None})
        age = f"the newest picture is {seen.age_s():.0f} s old" if seen else "no picture yet"
        reason = f"{age}: {capture['reason']}" if capture.get("reason") else age
        return as_json(503, {"status": "stale", "reason": reason}, Retry_After="5")


def _file(path: Path, request: Request) -> Answer:
    try:
        with path.open("rb") as file:
            body = file.read()
    except OSError:
        return error(404, "this file of the page is missing: install Stillcam again")
    tag = f'"{len(body):x}-{zlib.crc32(body):08x}"'
    headers = {"ETag": tag, "Cache-Control": "no-cache", "Content-Type": ASSET_TYPES[path.suffix]}
    return Answer(304, b"", headers) if request.headers.get("if-none-match") == tag else Answer(200, body, headers)
