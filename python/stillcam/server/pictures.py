"""The newest frame at every address that a browser or another program asks: one picture, the next, or a stream.

`images/current.jpg` is always the last real frame. The snapshot addresses and the streams
show a status picture instead once that is stale, for clients that can show nothing else.
A stream hands each viewer the newest frame when the one before has gone out: a slow viewer
misses frames, and nobody has a backlog.
"""

from __future__ import annotations

import re
import time
from collections.abc import Generator

from stillcam.errors import StillcamError
from stillcam.server.cache import FrameCache, Seen
from stillcam.server.captures import Captures
from stillcam.server.freshness import Freshness
from stillcam.server.messages import Access, Answer, Refused, Request, Route, error
from stillcam.server.multipart import CONTENT_TYPE, OPENING
from stillcam.server.notice import Notice, Notices
from stillcam.server.thinning import Thinning
from stillcam.server.viewers import Viewers

WAIT_S = 25.0  # proxies cut an answer that takes 30 s or more
STEP_S = 1.0  # how often who waits looks whether the client has left
REPEAT_S = 5.0  # a stream sends its last picture again rather than nothing: consumers time out
ARRIVAL_S = 2.0  # from the daemon's word that a frame is out to the frame here
MAX_AGE_S = 86400.0
MIN_FPS, MAX_FPS = 0.01, 120.0

_DECIMAL = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?")
_TAG = re.compile(r'(?:W/)?("[^"]*")')


def matches(if_none_match: str, tag: str) -> bool:
    """Whether the client has what `tag` (in quotes) names: RFC 9110, 13.1.2, by weak comparison."""
    return if_none_match.strip() == "*" or tag in _TAG.findall(if_none_match)


class Pictures:
    """The routes of all pictures.

    Args:
        cache: the newest frame.
        freshness: whether it is stale.
        viewers: who watches live.
        captures: has stills taken now.
    """

    def __init__(self, cache: FrameCache, freshness: Freshness, viewers: Viewers, captures: Captures) -> None:
        self._cache = cache
        self._freshness = freshness
        self._viewers = viewers
        self._captures = captures
        self._notices = Notices()

    def routes(self) -> list[Route]:
        """Our own addresses, and those that mjpg-streamer, ustreamer and OctoPi have made known."""
        table = {
            "images/current.jpg": self._current,
            "snapshot": self._snapshot,
            "snapshot.jpg": self._snapshot,
            "stream": self._stream,
            "stream.mjpg": self._stream,
            "webcam/": self._webcam,
        }
        return [Route("GET", path, Access.WATCH, handler) for path, handler in table.items()]

    def action(self, request: Request) -> Answer | None:
        """The answer to `?action=snapshot` and `?action=stream`; None when no action is asked."""
        actions = {"snapshot": self._snapshot, "stream": self._stream}
        if (wanted := request.value("action")) is None:
            return None
        if wanted not in actions:
            raise Refused(400, "the action may be snapshot or stream", "action")
        return actions[wanted](request)

    def _webcam(self, request: Request) -> Answer:
        if request.rest:
            raise Refused(404, "there is nothing at this address: the picture is at webcam/?action=snapshot")
        return self.action(request) or self._snapshot(request)

    def _current(self, request: Request) -> Answer:
        after = request.value("after")
        seen = self._cache.newest if after is None else self._next(after, request)
        if seen is None and after is not None:
            return Answer(204, headers={"Cache-Control": "no-store"})
        if seen is None:
            outage = self._freshness.outage()
            reason = outage and outage.reason
            return error(503, f"no picture yet: {reason or 'the camera is starting'}", {"Retry-After": "2"})
        return _frame(seen, request)

    def _next(self, name: str, request: Request) -> Seen | None:
        """Wait for a frame other than `name`, and keep the camera live meanwhile."""
        until = time.monotonic() + WAIT_S
        with self._viewers:
            while (left := until - time.monotonic()) > 0 and not request.gone():
                if seen := self._cache.wait_for_other(name, min(left, STEP_S)):
                    return seen
        return None

    def _snapshot(self, request: Request) -> Answer:
        strict = _number(request, "strict", 0, 1)
        max_age_s = _number(request, "max_age", 0, MAX_AGE_S)
        picture = self._showing() if max_age_s is None else self._young(max_age_s)
        if isinstance(picture, Seen):
            return _frame(picture, request)
        if strict:
            return Answer(503, picture.data, {"Retry-After": "5"}, picture.head)
        known = matches(request.headers.get("if-none-match", ""), picture.tag)
        return Answer(304, head=picture.head) if known else Answer(200, picture.data, head=picture.head)

    def _showing(self) -> Seen | Notice:
        """The newest frame, or the status picture once that is stale."""
        if outage := self._freshness.outage():
            return self._notices.of(outage)
        seen = self._cache.newest
        assert seen is not None  # else there is an outage
        return seen

    def _young(self, max_age_s: float) -> Seen:
        """A frame that was at most `max_age_s` old when it was asked for, or that has come since."""
        oldest_s = time.monotonic() - max_age_s
        seen = self._cache.newest
        if seen is not None and seen.seen_s >= oldest_s:
            return seen
        try:
            self._captures.take()
        except StillcamError as reason:
            text = f"there is no picture of the last {max_age_s:g} s: {reason}"
            raise Refused(503, text, headers={"Retry-After": "5"}) from reason
        seen = self._cache.wait_for_other(seen.frame.name if seen else "", ARRIVAL_S)
        if seen is None or seen.seen_s < oldest_s:
            raise Refused(503, "the picture was taken, but has not come here", headers={"Retry-After": "2"})
        return seen

    def _stream(self, request: Request) -> Answer:
        fps = _number(request, "fps", MIN_FPS, MAX_FPS)
        headers = {"Content-Type": CONTENT_TYPE, "Cache-Control": "no-store"}
        return Answer(200, headers=headers, stream=self._parts(request, fps))

    def _parts(self, request: Request, fps: float | None) -> Generator[list[bytes], None, None]:
        """The parts of one viewer's stream: a picture at once, then each newest one, until the viewer has gone."""
        thinning = Thinning(fps) if fps else None
        repeat_s = max(REPEAT_S, 1 / fps) if fps else REPEAT_S
        name = shown = ""  # the newest frame that was looked at; the tag of the picture that was sent
        sent_s = 0.0
        with self._viewers:
            yield [OPENING]
            while True:
                if seen := self._cache.wait_for_other(name, STEP_S if shown else 0):
                    name = seen.frame.name
                elif request.gone():
                    return
                picture, now_s = self._showing(), time.monotonic()
                new = picture.tag != shown and (thinning is None or thinning.wants(now_s))
                if new or now_s - sent_s >= repeat_s:
                    shown, sent_s = picture.tag, now_s
                    yield list(picture.parts)


def _frame(seen: Seen, request: Request) -> Answer:
    head = seen.head + b"X-Frame-Age: %.3f\r\n" % seen.age_s()
    known = request.headers.get("if-none-match")
    if known is not None and matches(known, seen.tag):
        return Answer(304, head=head)
    return Answer(200, seen.frame.data, head=head)


def _number(request: Request, name: str, low: float, high: float) -> float | None:
    """The query's number called `name`; None without it."""
    if (text := request.value(name)) is None:
        return None
    value = float(text) if _DECIMAL.fullmatch(text) else -1.0
    if not low <= value <= high:
        raise Refused(400, f"{name} must be a number from {low:g} to {high:g}", name)
    return value
