"""`healthz`, `api/status`, `api/overview` and `api/events`: the state of the cameras and of this server."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from stillcam import __version__
from stillcam.common.threads import deaths
from stillcam.common.utc import utc_text
from stillcam.http.messages import Access, Answer, Refused, Request, Route, as_json
from stillcam.server.camera_context import Station
from stillcam.server.event_stream import EventBroker, Subscriber, Topics, visible
from stillcam.server.revisions import Revisions
from stillcam.server.static_files import OVERVIEW

PATIENCE_S = 0.5  # for a daemon that does not answer: then its last known status counts

_EVENT_HEADERS = {
    "Content-Type": "text/event-stream",
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",  # nginx would gather events in its buffers
}


class StatusRoutes:
    """The routes of the state of one camera.

    Args:
        station: the camera's.
        stations: of all cameras, that of the first one first.
        page: the version of the page's files: an open page compares it with its own.
        revisions: of settings, library, series and films.
        topics: by topic of `revisions`, the route to read it at; its changes are sent to clients that may use it.
        admit: raises Refused unless the request may use the route.
        rights: returns another value once anybody's rights may have changed.
    """

    def __init__(
        self,
        station: Station,
        stations: Sequence[Station],
        page: str,
        revisions: Revisions,
        topics: Mapping[str, Route],
        admit: Callable[[Request, Route], None],
        rights: Callable[[], object],
    ) -> None:
        self._station = station
        self._stations = stations
        self._page = page
        self._revisions = revisions
        self._topic_routes = dict(topics)
        self._admit = admit
        self._broker = EventBroker(self.status, revisions, self._readable_topics, rights)
        self._events_route = Route("GET", "api/events", Access.WATCH, self._events)

    def routes(self) -> list[Route]:
        """The health check is open: a watchdog needs no account."""
        return [
            Route("GET", "healthz", Access.OPEN, self._health),
            Route("GET", "api/status", Access.WATCH, self._status),
            Route("GET", "api/overview", Access.WATCH, self._overview),
            self._events_route,
        ]

    # --- health

    def _health(self, request: Request) -> Answer:
        """Of one camera below its number, else of all: healthy if every camera is healthy."""
        if request.camera or len(self._stations) == 1:
            health = _health_of(self._station)
        else:
            Station.refresh([station for station in self._stations if not station.freshness.young])
            cameras = {station.number: _health_of(station) for station in self._stations}
            reasons = [f"camera {number}: {one['reason']}" for number, one in cameras.items() if one["reason"]]
            health = {"status": "stale" if reasons else "ok", "reason": "; ".join(reasons) or None, "cameras": cameras}
        # Threads of this server that died do not change the status; why they died is in api/status.
        if died := deaths():
            health["threads"] = [{name: death[name] for name in ("name", "count", "time")} for death in died]
        healthy = health["status"] == "ok"
        return as_json(200 if healthy else 503, health, None if healthy else {"Retry-After": "5"})

    # --- status

    def status(self) -> dict[str, Any]:
        """The document of `api/status`."""
        station = self._station
        capture, newest = station.link.status(), station.cache.newest
        frame = newest and {
            "name": newest.name,
            "time": utc_text(newest.time_s),
            "age_s": round(newest.age_s(), 3),
            "bytes": len(newest.picture),
        }
        return {
            "version": __version__,
            "page": self._page,
            "now": utc_text(time.time()),
            "frame": frame,
            "stale": station.freshness.stale(newest, capture),
            "viewers": len(station.viewers),
            "capture": capture,
            "threads": deaths(),
        }

    def _status(self, request: Request) -> Answer:
        document = self.status()
        if request.value("revisions") not in (None, "", "0"):
            with self._revisions:
                document["revisions"] = self._revisions.newest()
            document = visible(document, self._topics(request))
        return as_json(200, document)

    def _overview(self, request: Request) -> Answer:
        """All cameras. Addresses start at the page that asks."""
        up = "../../" if request.camera else ""
        here = request.camera or self._stations[0].number
        cameras = []
        Station.refresh(self._stations)
        for position, station in enumerate(self._stations):
            address = f"{up}camera/{station.number}/" if position else up or "./"
            capture, newest = station.link.status(), station.cache.newest
            cameras.append({
                "number": station.paths.number,
                "address": "./" if station.number == here else address,
                "here": station.number == here,
                "model": (capture.get("camera") or {}).get("model"),
                "mode": capture.get("mode"),
                "reason": capture.get("reason"),
                "interval_s": capture.get("interval_s"),
                "stale": station.freshness.stale(newest, capture),
                "time": utc_text(newest.time_s) if newest else None,
            })  # fmt: skip
        return as_json(200, {"cameras": cameras, "page": f"{up}{OVERVIEW}"})

    # --- events

    def _events(self, request: Request) -> Answer:
        subscriber = Subscriber(self._broker, request, self._topics(request))
        return Answer(200, headers=dict(_EVENT_HEADERS), push=subscriber)

    def _readable_topics(self, request: Request) -> Topics | None:
        """The topics that a client may still read; None: it may no longer read the status either."""
        return self._topics(request) if self._may_use(request, self._events_route) else None

    def _topics(self, request: Request) -> Topics:
        return frozenset(topic for topic, route in self._topic_routes.items() if self._may_use(request, route))

    def _may_use(self, request: Request, route: Route) -> bool:
        try:
            self._admit(request, route)
        except Refused:
            return False
        return True


def _health_of(station: Station) -> dict[str, Any]:
    if not (outage := station.freshness.outage(PATIENCE_S)):
        return {"status": "ok", "reason": None}
    newest = outage.newest
    age = f"the newest picture is {newest.age_s():.0f} s old" if newest else "no picture yet"
    return {"status": "stale", "reason": f"{age}: {outage.reason}" if outage.reason else age}
