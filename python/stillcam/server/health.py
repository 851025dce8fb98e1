"""How it goes: `healthz` for watchdogs, `api/status` for the page."""

from __future__ import annotations

import time

from stillcam import __version__
from stillcam.frames import utc_text
from stillcam.server.cache import FrameCache
from stillcam.server.camera import CameraLink
from stillcam.server.freshness import Freshness
from stillcam.server.messages import Access, Answer, Request, Route, as_json
from stillcam.server.viewers import Viewers


class Health:
    """The routes that say how it goes."""

    def __init__(self, cache: FrameCache, camera: CameraLink, freshness: Freshness, viewers: Viewers) -> None:
        self._cache = cache
        self._camera = camera
        self._freshness = freshness
        self._viewers = viewers

    def routes(self) -> list[Route]:
        """A watchdog needs no account; what the camera does is for those who may watch."""
        return [
            Route("GET", "healthz", Access.OPEN, self._health),
            Route("GET", "api/status", Access.WATCH, self._status),
        ]

    def _health(self, _request: Request) -> Answer:
        if not (outage := self._freshness.outage()):
            return as_json(200, {"status": "ok", "reason": None})
        seen = outage.newest
        age = f"the newest picture is {seen.age_s():.0f} s old" if seen else "no picture yet"
        reason = f"{age}: {outage.reason}" if outage.reason else age
        return as_json(503, {"status": "stale", "reason": reason}, {"Retry-After": "5"})

    def _status(self, _request: Request) -> Answer:
        capture, seen = self._camera.status(), self._cache.newest
        frame = seen and {
            "name": seen.name,
            "time": utc_text(seen.time_s),
            "age_s": round(seen.age_s(), 3),
            "bytes": len(seen.picture),
        }
        return as_json(200, {
            "version": __version__,
            "now": utc_text(time.time()),
            "frame": frame,
            "stale": self._freshness.stale(seen, capture),
            "viewers": len(self._viewers),
            "capture": capture,
        })  # fmt: skip
