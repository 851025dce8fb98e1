"""`healthz`: whether pictures are fresh, for watchdogs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from stillcam.common.threads import deaths
from stillcam.http.messages import Access, Answer, Request, Route, as_json
from stillcam.server.camera_context import Station

PATIENCE_S = 0.5  # with daemons that hang: then what was known last counts


class Health:
    """The route that says how it goes.

    Args:
        station: the camera's.
        stations: of all cameras, that of the first one first.
    """

    def __init__(self, station: Station, stations: Sequence[Station]) -> None:
        self._station = station
        self._stations = stations

    def routes(self) -> list[Route]:
        """A watchdog needs no account."""
        return [Route("GET", "healthz", Access.OPEN, self._health)]

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


def _health(station: Station) -> dict[str, Any]:
    if not (outage := station.freshness.outage(PATIENCE_S)):
        return {"status": "ok", "reason": None}
    seen = outage.newest
    age = f"the newest picture is {seen.age_s():.0f} s old" if seen else "no picture yet"
    return {"status": "stale", "reason": f"{age}: {outage.reason}" if outage.reason else age}


def _judged(told: dict[str, Any]) -> Answer:
    """The answer. Threads of this server that died do not change the status; why they died is in api/status."""
    well = told["status"] == "ok"
    if died := deaths():
        told["threads"] = [{"name": death["name"], "count": death["count"], "time": death["time"]} for death in died]
    return as_json(200 if well else 503, told, None if well else {"Retry-After": "5"})
