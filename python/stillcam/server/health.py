"""How it goes: `healthz` for watchdogs, `api/status` for the page."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from stillcam import __version__
from stillcam.frames import utc_text
from stillcam.server.messages import Access, Answer, Request, Route, as_json
from stillcam.server.station import Station

PATIENCE_S = 0.5  # with daemons that hang: then what was known last counts


class Health:
    """The routes that say how it goes.

    Args:
        station: the camera's.
        stations: of all cameras, that of the first one first.
        page: the version of the page's files: a page that is open compares it with its own.
    """

    def __init__(self, station: Station, stations: Sequence[Station], page: str) -> None:
        self._station = station
        self._stations = stations
        self._page = page

    def routes(self) -> list[Route]:
        """A watchdog needs no account; what the camera does is for those who may watch."""
        return [
            Route("GET", "healthz", Access.OPEN, self._health),
            Route("GET", "api/status", Access.WATCH, self._status),
        ]

    def _health(self, request: Request) -> Answer:
        """Of one camera below its number, else of all: well is who has nobody that is not."""
        if request.camera or len(self._stations) == 1:
            return _judged(_health(self._station))
        Station.refresh([station for station in self._stations if not station.freshness.young])
        each = {station.number: _health(station) for station in self._stations}
        reasons = [f"camera {number}: {told['reason']}" for number, told in each.items() if told["reason"]]
        return _judged({
            "status": "stale" if reasons else "ok", "reason": "; ".join(reasons) or None, "cameras": each,
        })  # fmt: skip

    def _status(self, _request: Request) -> Answer:
        station = self._station
        capture, seen = station.link.status(), station.cache.newest
        frame = seen and {
            "name": seen.name,
            "time": utc_text(seen.time_s),
            "age_s": round(seen.age_s(), 3),
            "bytes": len(seen.picture),
        }
        return as_json(200, {
            "version": __version__,
            "page": self._page,
            "now": utc_text(time.time()),
            "frame": frame,
            "stale": station.freshness.stale(seen, capture),
            "viewers": len(station.viewers),
            "capture": capture,
        })  # fmt: skip


def _health(station: Station) -> dict[str, Any]:
    if not (outage := station.freshness.outage(PATIENCE_S)):
        return {"status": "ok", "reason": None}
    seen = outage.newest
    age = f"the newest picture is {seen.age_s():.0f} s old" if seen else "no picture yet"
    return {"status": "stale", "reason": f"{age}: {outage.reason}" if outage.reason else age}


def _judged(told: dict[str, Any]) -> Answer:
    well = told["status"] == "ok"
    return as_json(200 if well else 503, told, None if well else {"Retry-After": "5"})
