"""The newest frame at every address that a browser or another program asks: one picture, the next, or a stream.

`images/current.jpg` is always the last real frame. The snapshot addresses and the streams, which mjpg-streamer,
ustreamer and OctoPi have made known, show a placeholder instead once that is stale, for clients that can show nothing
else. A stream hands each viewer the newest frame when the one before has gone out: a slow viewer misses frames, and
nobody has a backlog.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from functools import partial

from stillcam.common.errors import StillcamError
from stillcam.frames.files import frame_time
from stillcam.http.messages import ANSWER_S, Answer, CachePermission, Refused, error
from stillcam.server.camera_context import CameraContext
from stillcam.server.live.cache import ARRIVAL_S, CachedFrame
from stillcam.server.live.picture import CONTENT_TYPE, NOTHING, Picture
from stillcam.server.live.placeholder import Placeholders
from stillcam.server.live.scaled.frames import WIDTHS, frame_of
from stillcam.server.live.scaled.process import ScalingError
from stillcam.server.live.staleness import Staleness
from stillcam.server.live.stream import LiveStreams, viewer_remains
from stillcam.server.openapi.route import Parameter, api
from stillcam.server.route import Access, Challenge, Request, Route
from stillcam.settings.schema import Settings

MAX_AGE_S = 86400.0
VIEWER_CHECK_S = 1.0  # interval between two checks whether a client that waits is still there and still may watch
MIN_FPS, MAX_FPS = 0.01, 120.0

# Clients that may not watch get another answer at the same address: a proxy cache must not mix them up.
_PRIVATE = b"Cache-Control: private, no-cache\r\nVary: Cookie, Authorization\r\n"
_SHARED = b"Cache-Control: no-cache\r\n"

JPEG = "image/jpeg"
_WIDTH = Parameter(
    "in pixels; a wider picture is scaled down to it",
    {"enum": [str(width) for width in WIDTHS]},
    error="width must be 320, 640 or 1280; leave it out for the full size",
)
_FPS = {"type": "number", "minimum": MIN_FPS, "maximum": MAX_FPS}
_CURRENT = {
    "t": Parameter("any value; bypasses caches"),
    "after": Parameter("name of the frame that the client has"),
    "fps": Parameter("with `after`, the maximum number of frames per second", _FPS),
    "width": _WIDTH,
}
_IF_NONE_MATCH = {"If-None-Match": "the ETag of the frame that the client has"}
_SNAPSHOT = {
    "strict": Parameter("1: answer 503 once the picture is stale", {"enum": ["0", "1"]}),
    "max_age": Parameter(
        "seconds: take a picture if the newest is older; at most one per interval for clients without control",
        {"type": "number", "minimum": 0, "maximum": MAX_AGE_S},
    ),
    "width": _WIDTH,
}
_STREAM = {
    "fps": Parameter("maximum number of frames per second", _FPS),
    "width": _WIDTH,
}


class PictureRoutes:
    """The routes of all pictures.

    Args:
        settings: those for all cameras.
        may_control: whether the sender of a request may control the camera.
        rights: returns another value once anybody's rights may have changed.
    """

    def __init__(
        self,
        context: CameraContext,
        settings: Callable[[], Settings],
        may_control: Callable[[Request], bool],
        rights: Callable[[], object],
    ) -> None:
        self._settings = settings
        self._may_control = may_control
        self._cache = context.cache
        self._staleness = context.staleness
        self._viewers = context.viewers
        self._stills = context.stills
        self._streams = LiveStreams(
            context.cache,
            context.staleness,
            context.daemon,
            context.viewers,
            context.settings,
            rights,
            context.deliveries,
            context.feeds,
        )
        self._deliveries = context.deliveries
        self._placeholders = Placeholders()
        self._scaled = context.scaled

    def routes(self) -> list[Route]:
        """All of them answer from memory where they can."""
        picture = partial(api, "Pictures", "GET", picture=True)
        watch, programs, everybody = Access.WATCH, Challenge.PROGRAMS, Challenge.ALL
        return [
            picture("images/current.jpg", watch, self._current,
                    "The newest frame; with `after`, the first that has another name, or 204 after 25 s.",
                    {200: JPEG, 204: "", 304: ""}, query=_CURRENT, headers=_IF_NONE_MATCH, quick=self._current_now,
                    challenge=programs),
            *(picture(path, watch, self._snapshot, "The newest frame; when stale, a picture of the reason.",
                      {200: JPEG, 304: "", 503: JPEG}, errors=(400,), query=_SNAPSHOT,
                      quick=self._snapshot_now, challenge=programs)
              for path in ("snapshot", "snapshot.jpg")),
            *(picture(path, watch, self._stream, "Live frames, until the client disconnects.",
                      {200: "multipart/x-mixed-replace"}, errors=(400,), query=_STREAM,
                      quick=self._stream, challenge=everybody)
              for path in ("stream", "stream.mjpg")),
        ]  # fmt: skip

    def _current_now(self, request: Request) -> Answer | None:
        """The newest frame, if neither another frame nor another size is asked for."""
        if request.value("after") is not None:
            return None
        return self._in_memory(request, self._cache.is_newest)

    def _current(self, request: Request) -> Answer:
        after, width, fps = request.value("after"), _width(request), _number(request, "fps")
        frame = self._cache.newest if after is None else self._next(frame_of(after), fps, request)
        if frame is None and after is not None:
            return Answer(204, headers={"Cache-Control": "no-store"})
        if frame is None:
            stale = self._staleness.check()
            reason = stale and stale.reason
            return error(503, f"no picture yet: {reason or 'the camera is starting'}", {"Retry-After": "2"})
        sized = self._sized(frame, request, width)
        if after is not None:
            client = f"{request.address} {request.headers.get('user-agent', '')}"
            self._deliveries.page(client, "" if fps else frame_of(after), sized)
        return self._frame(sized, request)

    def _next(self, name: str, fps: float | None, request: Request) -> CachedFrame | None:
        """Wait for a frame other than `name`, and keep the camera live meanwhile."""
        until, soon = time.monotonic() + ANSWER_S, _too_soon(name, fps)
        with self._viewers:
            while (left := until - time.monotonic()) > 0 and viewer_remains(request):
                if frame := self._cache.wait_for_other(name, min(left, VIEWER_CHECK_S)):
                    if not soon[0] <= frame.time_s < soon[1]:
                        return frame
                    name = frame.name
        return None

    def _snapshot_now(self, request: Request) -> Answer | None:
        """The newest frame while it is recent, if neither an age nor another size is asked for."""
        if request.value("max_age") is not None or not self._staleness.recent:
            return None
        return self._in_memory(request, self._recent)

    def _snapshot(self, request: Request) -> Answer:
        max_age_s, width = _number(request, "max_age"), _width(request)
        picture = self._showing() if max_age_s is None else self._young(request, max_age_s)
        try:
            if isinstance(picture, CachedFrame):
                return self._frame(self._sized(picture, request, width), request)
        except ScalingError as failure:
            picture = self._placeholders.of(Staleness(self._cache.newest, False, str(failure)))
        if request.value("strict") == "1":
            return Answer(503, picture.picture, {"Retry-After": "5"}, picture.head)
        known = request.has_version(picture.tag)
        return Answer(304, head=picture.head) if known else Answer(200, picture.picture, head=picture.head)

    def _showing(self) -> Picture:
        """The newest frame, or the placeholder once that is stale."""
        if stale := self._staleness.check():
            return self._placeholders.of(stale)
        frame = self._cache.newest
        assert frame is not None  # otherwise it is stale
        return frame

    def _young(self, request: Request, max_age_s: float) -> CachedFrame:
        """A frame that was at most `max_age_s` old when it was asked for, or that has come since."""
        oldest_s = time.monotonic() - max_age_s
        frame, may_take = self._cache.newest, self._may_control(request)
        while frame is None or frame.received_s < oldest_s:
            if not may_take and (wait_s := self._stills.viewer_limit.acquire()):
                frame = self._wait_for_turn(frame, wait_s, max_age_s)
                continue
            may_take = True
            try:
                name = self._stills.take(oldest_s)
            except StillcamError as reason:
                self._stills.viewer_limit.release()
                text = f"there is no picture of the last {max_age_s:g} s: {reason}"
                raise Refused(503, text, headers={"Retry-After": "5"}) from reason
            if frame and frame.name == name:
                continue  # a capture that others had asked for ended just before we came
            frame = self._cache.wait_for_other(frame.name if frame else "", ARRIVAL_S)
            if frame is None:
                text = "the picture was taken, but the server has not read it yet"
                raise Refused(503, text, headers={"Retry-After": "2"})
        return frame

    def _stream(self, request: Request) -> Answer:
        fps, width = _number(request, "fps"), _width(request)
        # nginx would gather a stream in its buffers.
        headers = {"Content-Type": CONTENT_TYPE, "Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return Answer(200, headers=headers, stream=self._streams.parts(request, fps, width or 0), probe=NOTHING)

    def _wait_for_turn(self, frame: CachedFrame | None, wait_s: float, max_age_s: float) -> CachedFrame | None:
        """A frame that comes within `wait_s`, the time to the next turn of a viewer, else `frame`."""
        if wait_s > ANSWER_S:
            text = f"the newest picture is older than {max_age_s:g} s; the next one can be taken"
            raise Refused(503, f"{text} in {wait_s:.0f} s", headers={"Retry-After": str(math.ceil(wait_s))})
        return self._cache.wait_for_other(frame.name if frame else "", wait_s) or frame

    def _recent(self, frame: CachedFrame) -> bool:
        """Whether a frame is the newest, and recent."""
        return self._cache.is_newest(frame) and self._staleness.recent

    def _in_memory(self, request: Request, current: Callable[[CachedFrame], bool]) -> Answer | None:
        """The newest frame in its own size, for as long as it is `current`; None: a smaller one has to be made."""
        width, frame = _width(request), self._cache.newest
        if frame is None or (width and not request.has_version(frame.tag)):
            return None
        answer = self._frame(frame, request)
        answer.cache = CachePermission(partial(current, frame))
        return answer

    def _sized(self, frame: CachedFrame, request: Request, width: int | None) -> CachedFrame:
        """A frame, or a newer one, at a width; a client that has the whole frame needs no smaller one."""
        return self._scaled.newest(width) if width and not request.has_version(frame.tag) else frame

    def _frame(self, frame: CachedFrame, request: Request) -> Answer:
        caching = _PRIVATE if self._settings().access.watch == "signed-in" else _SHARED
        age = "X-Frame-Age", frame.received_s
        if request.has_version(frame.tag):
            return Answer(304, head=frame.head + caching, elapsed=age)
        return Answer(200, frame.picture, head=frame.head + caching, elapsed=age)


def _too_soon(name: str, fps: float | None) -> tuple[float, float]:
    """From when until when frames are not wanted after the one called `name`, in seconds since the epoch.

    Later ones, and those of a clock that was set back, are wanted. A frame may be early by a quarter of a period.
    """
    try:
        time_s = frame_time(name)
    except ValueError:
        return 0.0, 0.0
    return time_s, time_s + 0.75 / fps if fps else time_s


def _number(request: Request, name: str) -> float | None:
    return float(text) if (text := request.value(name)) else None


def _width(request: Request) -> int | None:
    return int(text) if (text := request.value("width")) else None
