"""`api/status` and `api/events`: what camera and server do now, and what changes."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from stillcam import __version__
from stillcam.common.threads import deaths
from stillcam.common.utc import utc_text
from stillcam.http.messages import Access, Answer, Refused, Request, Route, as_json
from stillcam.server.camera_context import Station
from stillcam.server.event_stream import EventBroker, Subscriber, Topics, visible
from stillcam.server.revisions import Revisions

_HEAD = {
    "Content-Type": "text/event-stream",
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",  # nginx would gather events in its buffers
}


class StatusRoutes:
    """The routes of the status.

    Args:
        station: the camera's.
        page: the version of the page's files: a page that is open compares it with its own.
        revisions: of what is kept.
        topics: by topic of `revisions`, the route to read it at; its changes are sent to clients that may use it.
        admit: raises Refused unless the request may use the route.
        rights: returns another value once anybody's rights may have changed.
    """

    def __init__(
        self,
        station: Station,
        page: str,
        revisions: Revisions,
        topics: Mapping[str, Route],
        admit: Callable[[Request, Route], None],
        rights: Callable[[], object],
    ) -> None:
        self._station = station
        self._page = page
        self._revisions = revisions
        self._routes = dict(topics)
        self._admit = admit
        self._broker = EventBroker(self.status, revisions, self._may_hear, rights)
        self._status_route, self._events_route = (
            Route("GET", "api/status", Access.WATCH, self._status),
            Route("GET", "api/events", Access.WATCH, self._events),
        )

    def routes(self) -> list[Route]:
        """The status, and the events that report its changes."""
        return [self._status_route, self._events_route]

    def status(self) -> dict[str, Any]:
        """The document of `api/status`."""
        station = self._station
        capture, seen = station.link.status(), station.cache.newest
        frame = seen and {
            "name": seen.name,
            "time": utc_text(seen.time_s),
            "age_s": round(seen.age_s(), 3),
            "bytes": len(seen.picture),
        }
        return {
            "version": __version__,
            "page": self._page,
            "now": utc_text(time.time()),
            "frame": frame,
            "stale": station.freshness.stale(seen, capture),
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

    def _events(self, request: Request) -> Answer:
        subscriber = Subscriber(self._broker, request, self._topics(request))
        return Answer(200, headers=dict(_HEAD), push=subscriber)

    def _may_hear(self, request: Request) -> Topics | None:
        """The topics that a client may still read about; None: it may no longer read the status either."""
        return self._topics(request) if self._may(request, self._events_route) else None

    def _topics(self, request: Request) -> Topics:
        return frozenset(topic for topic, route in self._routes.items() if self._may(request, route))

    def _may(self, request: Request, route: Route) -> bool:
        try:
            self._admit(request, route)
        except Refused:
            return False
        return True
