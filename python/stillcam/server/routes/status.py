"""`healthz`, `api/status`, `api/overview` and `api/events`: the state of the cameras and of this server."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from stillcam import __version__
from stillcam.common.formats import utc_text
from stillcam.common.threads import deaths
from stillcam.http.messages import Answer, as_json
from stillcam.server.camera_context import CameraContext, refresh_status
from stillcam.server.event_stream import EventBroker, EventSubscriber, Topics, visible, without_motion
from stillcam.server.openapi.route import Document, Parameter, api
from stillcam.server.openapi.shapes import Shape, at_least, define, list_of, map_of, maybe, one_of, record, shape
from stillcam.server.revisions import MOTION as MOTION_TOPIC
from stillcam.server.revisions import TOPICS, Revisions
from stillcam.server.route import Access, Request, Route, may_use
from stillcam.server.routes.camera import RECORDING, TAKING
from stillcam.server.routes.motion import MOTION
from stillcam.server.routes.profiles import PROFILE_STATE
from stillcam.server.routes.series import NAME, STATE
from stillcam.server.static_files import OVERVIEW

PATIENCE_S = 0.5  # for a daemon that does not answer: then its last known status counts

_EVENT_HEADERS = {
    "Content-Type": "text/event-stream",
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",  # nginx would gather events in its buffers
}
_REVISIONS = Parameter("1: include the revisions of settings, library, series and films", {"enum": ["0", "1"]})


_DEATH = record(name="text", count="count", error="text", time="time")
_SERVER_DEATHS = "background threads of the server that died and were restarted; empty: none"
_HEALTH: dict[str, Shape] = {"status": one_of("ok", "stale"), "reason": "text?"}
_ENCODER = record(
    side=shape("count", "pixels of width or height"), blocks=shape("count", "macroblocks (16x16 pixels) of a frame"),
    least_bitrate=shape("count", **{"x-unit": "bit/s"}), most_bitrate=shape("count", **{"x-unit": "bit/s"}),
)  # fmt: skip
_ABILITIES = record(
    refused=map_of("text", "control -> why it cannot be set"), windows=shape("count", "focus windows at once"),
    live=shape("flag", "controls change without a restart of the camera"),
    stills_in_videos=shape("flag", "there are new frames during every video; else see `recording.picture`"),
    encoder=maybe(_ENCODER, "limits of the board's H.264 encoder; null: it encodes in software"),
)  # fmt: skip
_VIDEO: dict[str, Shape] = {"kind": one_of("video", "motion"), "time": "time?"}
_LIBRARY = record(
    {
        "finishing": shape("count", "videos that are no items yet"),
        "encoding": maybe(
            record(**_VIDEO, progress=shape("number", "0 to 1")),
            "the video that is being encoded, which was recorded at that time; null: none",
        ),
        "videos": shape(
            list_of(record(**_VIDEO, progress=shape("number?", "0 to 1; null: it waits"))),
            "the next of the videos that are no items yet, in the order in which they are finished",
        ),
        "waits": shape("text?", "why deletion by age waits, and what to do; null: it does not"),
        "undeletable": shape(list_of(record(path="text", error="text")), "some of the files that cannot be deleted"),
    },
    free_bytes="count?", floor_bytes=shape("count?", "free space below which nothing is taken"),
)  # fmt: skip
MODES = ("starting", "snapshot", "live", "motion", "focus", "photo", "video", "series", "no camera")
_CAPTURE = at_least(
    running={"const": True},
    mode=one_of(*MODES),
    since="time", reason=shape("text?", "what is wrong and what to do"), interval_s=shape("number", **{"x-unit": "s"}),
    driver=one_of("rpicam", "simulated", "picamera2"),
    camera=maybe(at_least(index="count", model="text", size="size")),
    captures=record(ok="count", failed="count"), restarts=map_of("count", "by cause"),
    metadata=shape("object", "metadata of the newest frame, with libcamera's names and units"),
)  # fmt: skip
_CAPTURE["properties"] |= {
    "abilities": shape(_ABILITIES, "what the camera's driver supports"),
    "threads": shape(
        list_of(_DEATH), "background threads of the daemon that have died and were restarted; empty: none"
    ),
    "taking": shape(TAKING, "photos that are being taken, or wait for their moment"),
    "recording": shape(RECORDING, "the video that is being made"),
    "waiting": shape(
        list_of(record(kind=one_of("photo", "raw", "video"), of="count")),
        "requests that wait until another one is done",
    ),
    "library": _LIBRARY,
    "motion": shape(MOTION, "the state of motion detection; null: disarmed, and no event lately"),
    "profile": shape(PROFILE_STATE, "which settings for day and night are in force; null: there are no profiles"),
    "privacy": shape(
        record(masks="count", raw=shape("flag", "raw photos are allowed although they show what masks cover")),
        "privacy masks in all pictures",
    ),
    "series": shape(list_of(record(name=NAME, state=STATE, taken="count", next="time?")), "running and planned series"),
}

define(
    Health=record(
        {
            "cameras": map_of(record(**_HEALTH), "by number"),
            "threads": shape(list_of(record(name="text", count="count", time="time")), _SERVER_DEATHS),
        },
        **_HEALTH,
    ),
    Overview=record(
        cameras=list_of(record(
            number="count", address="text", here=shape("flag", "whether it is the camera that was asked"),
            model="text?", mode="text?", reason="text?", interval_s="number?", stale="flag", time="time?",
        )),
        page=shape("text", "the address of the page with all of them"),
    ),
    Status=record(
        {"revisions": "Revisions"},
        version="text", page=shape("text", "the version of the page's files"), now="time",
        frame=maybe(record(name="frame", time="time", age_s="number", bytes="count"), "the newest; null: none yet"),
        stale="flag", viewers=shape("count", "live viewers"),
        capture={"anyOf": [shape("Capture"), shape("NoCapture")]},
        threads=shape(list_of(_DEATH), _SERVER_DEATHS),
    ),
    Revisions=shape(
        record(dict.fromkeys(TOPICS, "text")),
        "a text for each topic that the client may read; it changes with the topic",
    ),
    Capture=shape(_CAPTURE, "the state of the capture daemon"),
    NoCapture=record(running={"const": False}, reason="text"),
)  # fmt: skip


class StatusRoutes:
    """The routes of the state of one camera.

    Args:
        context: of the camera.
        contexts: of all cameras, that of the first one first.
        page: the version of the page's files: an open page compares it with its own.
        revisions: of settings, library, series and films.
        topics: by topic of `revisions`, the route to read it at; its changes are sent to clients that may use it.
        admit: raises Refused unless the request may use the route.
        is_known: whether the sender of a request has an account or a token: only then the status has `motion`.
        rights: returns another value once anybody's rights may have changed.
    """

    def __init__(
        self,
        context: CameraContext,
        contexts: Sequence[CameraContext],
        page: str,
        revisions: Revisions,
        topics: Mapping[str, Route],
        admit: Callable[[Request, Route], None],
        is_known: Callable[[Request], bool],
        rights: Callable[[], object],
    ) -> None:
        self._context = context
        self._contexts = contexts
        self._page = page
        self._revisions = revisions
        self._topic_routes = topics
        self._admit = admit
        self._is_known = is_known
        self._broker = EventBroker(self.status, revisions, self._readable_topics, rights)
        self._events_route = api(
            "State", "GET", "api/events", Access.WATCH, self._events,
            "The status and its changes as server-sent events, until the client disconnects.",
            {200: "text/event-stream"},
        )  # fmt: skip

    def routes(self) -> list[Route]:
        """The health check is open: a watchdog needs no account."""
        watch, state = Access.WATCH, partial(api, "State")
        return [
            state("GET", "healthz", Access.OPEN, self._health, "200 while pictures are fresh; 503 with the reason.",
                  {200: "Health", 503: "Health"}),
            state("GET", "api/status", watch, self._status, "The state of camera and server.", {200: "Status"},
                  query={"revisions": _REVISIONS}),
            state("GET", "api/access", watch, lambda _: None, "Whether the sender may watch, for reverse proxies.",
                  {204: ""}),
            state("GET", "api/overview", watch, self._overview, "All cameras of this server with their states.",
                  {200: "Overview"}),
            self._events_route,
        ]  # fmt: skip

    # --- health

    def _health(self, request: Request) -> Answer:
        """Of one camera below its number, else of all: healthy if every camera is healthy."""
        if request.camera or len(self._contexts) == 1:
            health = _health_of(self._context)
        else:
            refresh_status(context for context in self._contexts if not context.staleness.recent)
            cameras = {context.number: _health_of(context) for context in self._contexts}
            reasons = [f"camera {number}: {one['reason']}" for number, one in cameras.items() if one["reason"]]
            health = {"status": "stale" if reasons else "ok", "reason": "; ".join(reasons) or None, "cameras": cameras}
        # Threads of this server that died do not change the status; why they died is in api/status.
        if died := deaths():
            health["threads"] = [{name: death[name] for name in ("name", "count", "time")} for death in died]
        healthy = health["status"] == "ok"
        return as_json(200 if healthy else 503, health, None if healthy else {"Retry-After": "5"})

    # --- status

    def status(self) -> Document:
        """The document of `api/status`."""
        context = self._context
        capture, newest = context.daemon.status(), context.cache.newest
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
            "stale": context.staleness.is_stale(newest, capture),
            "viewers": len(context.viewers),
            "capture": capture,
            "threads": deaths(),
        }

    def _status(self, request: Request) -> Document:
        document = self.status()
        if request.value("revisions") == "1":
            with self._revisions:
                document["revisions"] = self._revisions.newest()
        return visible(document, self._topics(request))

    def _overview(self, request: Request) -> Document:
        """All cameras. Addresses start at the page that asks."""
        up = "../../" if request.camera else ""
        here = request.camera or self._contexts[0].number
        cameras, is_known = [], self._is_known(request)
        refresh_status(self._contexts)
        for position, context in enumerate(self._contexts):
            address = f"{up}camera/{context.number}/" if position else up or "./"
            capture, newest = context.daemon.status(), context.cache.newest
            cameras.append({
                "number": context.paths.number,
                "address": "./" if context.number == here else address,
                "here": context.number == here,
                "model": (capture.get("camera") or {}).get("model"),
                "mode": (capture if is_known else without_motion(capture)).get("mode"),
                "reason": capture.get("reason"),
                "interval_s": capture.get("interval_s"),
                "stale": context.staleness.is_stale(newest, capture),
                "time": utc_text(newest.time_s) if newest else None,
            })  # fmt: skip
        return {"cameras": cameras, "page": f"{up}{OVERVIEW}"}

    # --- events

    def _events(self, request: Request) -> Answer:
        subscriber = EventSubscriber(self._broker, request, self._topics(request))
        return Answer(200, headers=dict(_EVENT_HEADERS), push=subscriber)

    def _readable_topics(self, request: Request) -> Topics | None:
        """The topics that a client may still read; None: it may no longer read the status either."""
        return self._topics(request) if may_use(self._admit, request, self._events_route) else None

    def _topics(self, request: Request) -> Topics:
        topics = {topic for topic, route in self._topic_routes.items() if may_use(self._admit, request, route)}
        return frozenset(topics | {MOTION_TOPIC} if self._is_known(request) else topics)


def _health_of(context: CameraContext) -> Document:
    if not (stale := context.staleness.check(PATIENCE_S)):
        return {"status": "ok", "reason": None}
    newest = stale.newest
    age = f"the newest picture is {newest.age_s():.0f} s old" if newest else "no picture yet"
    return {"status": "stale", "reason": f"{age}: {stale.reason}" if stale.reason else age}
