"""`api/overview`: all cameras of this server, for the page that shows them side by side, and the way to it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from stillcam.common.utc import utc_text
from stillcam.http.messages import Access, Answer, Request, Route, as_json
from stillcam.server.camera_context import Station
from stillcam.server.static_files import OVERVIEW


class Overview:
    """The route of what all cameras have in common. Addresses in it start where the page that asks is.

    Args:
        stations: of all cameras, that of the first one first.
    """

    def __init__(self, stations: Sequence[Station]) -> None:
        self._stations = stations

    def routes(self) -> list[Route]:
        """Whoever may watch one may watch all."""
        return [Route("GET", "api/overview", Access.WATCH, self._overview)]

    def _overview(self, request: Request) -> Answer:
        up = "../../" if request.camera else ""
        here = request.camera or self._stations[0].number
        cameras = []
        Station.refresh(self._stations)
        for position, station in enumerate(self._stations):
            address = f"{up}camera/{station.number}/" if position else up or "./"
            cameras.append({
                "number": station.paths.number,
                "address": "./" if station.number == here else address,
                "here": station.number == here,
                **_told(station),
            })  # fmt: skip
        return as_json(200, {"cameras": cameras, "page": f"{up}{OVERVIEW}"})


def _told(station: Station) -> dict[str, Any]:
    capture, seen = station.link.status(), station.cache.newest
    return {
        "model": (capture.get("camera") or {}).get("model"),
        "mode": capture.get("mode"),
        "reason": capture.get("reason"),
        "interval_s": capture.get("interval_s"),
        "stale": station.freshness.stale(seen, capture),
        "time": utc_text(seen.time_s) if seen else None,
    }
