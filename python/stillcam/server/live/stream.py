"""The live stream of one viewer, also at a smaller width. It begins with a live frame, never with an older still.

Programs such as OpenCV and ffmpeg keep the size of the first picture for the whole stream, and with a long interval
a still is minutes old. If no live frame arrives in time, a placeholder of the size of live frames is sent.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import nullcontext
from typing import Any

from stillcam.common.formats import utc_text
from stillcam.frames.files import frame_time
from stillcam.frames.jpeg import InvalidJpeg, check_jpeg
from stillcam.http.bodies import Piece
from stillcam.ipc.daemon_client import DaemonClient
from stillcam.server.live.broadcast import Broadcast, Pacer, Subscriber
from stillcam.server.live.cache import CachedFrame, FrameCache, NewestFrame
from stillcam.server.live.deliveries import Deliveries
from stillcam.server.live.picture import OPENING, Picture
from stillcam.server.live.placeholder import Placeholders
from stillcam.server.live.scaled.feed import ScaledFeed
from stillcam.server.live.staleness import Staleness, StalenessCheck
from stillcam.server.live.worker import Viewers
from stillcam.server.route import Request
from stillcam.settings.geometry import Size, picture_size
from stillcam.settings.schema import Settings

REPEAT_S = 5.0  # a stream sends its last picture again rather than nothing: consumers time out
FIRST_FRAME_S = 5.0  # for the first live frame: Home Assistant waits 10 s for a picture
LIVE_CHECK_S = 0.5  # interval between two checks whether the camera is live

_BUSY = {"video": "a video is being recorded", "series": "a series is using the camera"}


class LiveStreams:
    """Makes the live streams of one camera."""

    def __init__(
        self,
        cache: FrameCache,
        staleness: StalenessCheck,
        daemon: DaemonClient,
        viewers: Viewers,
        settings: Callable[[], Settings],
        rights: Callable[[], object],
        deliveries: Deliveries,
        feeds: Mapping[int, ScaledFeed],
    ) -> None:
        self._cache = cache
        self._staleness = staleness
        self._daemon = daemon
        self._viewers = viewers
        self._settings = settings
        self._deliveries = deliveries
        self._feeds = feeds
        self._broadcasts = {0: Broadcast(cache, rights)}
        self._broadcasts |= {width: Broadcast(feed, rights) for width, feed in feeds.items()}
        self._placeholders = Placeholders()
        self._size: Size | None = None  # of the last live frames

    def parts(self, request: Request, fps: float | None, width: int = 0) -> Generator[Sequence[Piece], None, None]:
        """A live frame as soon as there is one, then always the newest one, until the viewer has left.

        Args:
            fps: pictures a second at most; None: all.
            width: of the pictures at most, in pixels, for which there is a feed; 0: their own.
        """
        pacer, repeat_s = Pacer(fps) if fps else None, max(REPEAT_S, 1 / fps) if fps else REPEAT_S
        subscriber, broadcast = Subscriber(request.offer, pacer, repeat_s), self._broadcasts[width]
        feed = self._feeds.get(width)
        frames: NewestFrame = feed or self._cache
        scaling = feed.viewer(pacer) if feed else nullcontext()
        with self._viewers, scaling, broadcast, self._deliveries.stream(subscriber):
            yield [OPENING]
            old = _sequence(self._cache)  # of a frame that may not be live, and is not sent
            if self._await_live(request):
                old = -1
                if feed:
                    self._await_scaled(feed, request)
            try:
                while viewer_remains(request):
                    subscriber.catch_up(_sequence(frames))
                    picture = self._picture(feed, old)
                    if subscriber.wants(picture.tag, time.monotonic()):
                        yield [picture.part]
                        subscriber.sent += 1
                    del picture  # a long wait must not keep an old one in memory
                    if rest := broadcast.wait(subscriber):
                        yield [rest]
                        subscriber.sent += 1
                        del rest
            finally:
                subscriber.catch_up(_sequence(frames))

    def _await_live(self, request: Request) -> bool:
        """Wait for a live frame; whether to send the newest frame."""
        deadline_s = time.monotonic() + FIRST_FRAME_S
        while viewer_remains(request):
            status, newest = self._daemon.status(), self._cache.newest
            if not status["running"]:
                return self._staleness.recent  # nothing will make live frames
            if newest and _is_live(newest, status):
                self._size = _size_of(newest) or self._size
                return True
            left_s = deadline_s - time.monotonic()
            if left_s <= 0 or status.get("reason") or (status["mode"] in _BUSY and not _video_shows(status)):
                return False
            self._cache.wait_for_other(newest.name if newest else "", min(left_s, LIVE_CHECK_S))
        return False

    def _await_scaled(self, feed: ScaledFeed, request: Request) -> None:
        """Wait until the newest frame has been scaled: the process that does so may have to start first."""
        wanted, deadline_s = _sequence(self._cache), time.monotonic() + FIRST_FRAME_S
        while _sequence(feed) < wanted and not feed.failure and viewer_remains(request):
            if (left_s := deadline_s - time.monotonic()) <= 0:
                return
            feed.wait_for_other(feed.newest.name if feed.newest else "", min(left_s, LIVE_CHECK_S))

    def _picture(self, feed: ScaledFeed | None, old: int) -> Picture:
        """The newest frame, or a placeholder if it is stale, cannot be scaled, or has the sequence number `old`."""
        size = _within(self._live_size(), feed)
        if stale := self._staleness.check():
            return self._placeholders.of(stale, size)
        newest, failure = (feed.newest, feed.failure) if feed else (self._cache.newest, "")
        if failure:
            return self._placeholders.of(Staleness(newest, False, failure), size)
        if newest is not None and newest.sequence != old:
            return newest
        status = self._daemon.status()
        reason = status.get("reason") or _BUSY.get(status.get("mode", ""), "waiting for the camera")
        return self._placeholders.of(Staleness(newest, False, reason, live=True), size)

    def _live_size(self) -> Size | None:
        """The size of live frames; None: unknown."""
        camera, settings = self._daemon.status().get("camera"), self._settings()
        live = settings.live
        if self._size or not camera or live.sensor_mode:
            return self._size
        size = picture_size(live.width, 0 if live.align else live.height, tuple(camera["size"]))
        return size[::-1] if settings.camera.rotation in (90, 270) else size


def viewer_remains(request: Request) -> bool:
    """Whether the client is still there, and still may have the answer."""
    return not request.client_gone() and request.access_remains()


def _is_live(newest: CachedFrame, status: dict[str, Any]) -> bool:
    """Whether a frame was made in the current live mode or video; both times are by the daemon's clock."""
    frame, live = status.get("frame"), status["mode"] == "live" or _video_shows(status)
    if not live or not frame or utc_text(frame_time(frame)) < status["since"]:
        return False
    return bool(newest.name >= frame)


def _video_shows(status: dict[str, Any]) -> bool:
    """Whether a video is being recorded during which there are new frames."""
    return bool((status.get("recording") or {}).get("picture"))


def _sequence(frames: NewestFrame) -> int:
    newest = frames.newest
    return newest.sequence if newest else 0


def _within(size: Size | None, feed: ScaledFeed | None) -> Size | None:
    """A size scaled down to the width of a feed."""
    if size is None or feed is None or size[0] <= feed.width:
        return size
    return feed.width, max(1, round(feed.width * size[1] / size[0]))


def _size_of(frame: CachedFrame) -> Size | None:
    try:
        return check_jpeg(bytes(frame.picture.data))
    except InvalidJpeg:
        return None
