"""The live stream of one viewer. It begins with a live frame, never with an older still.

Programs such as OpenCV and ffmpeg keep the size of the first picture for the whole stream, and with a long interval
a still is minutes old. If no live frame arrives in time, a placeholder of the size of live frames is sent.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Sequence
from typing import Any

from stillcam.common.formats import utc_text
from stillcam.frames.files import frame_time
from stillcam.frames.jpeg import InvalidJpeg, check_jpeg
from stillcam.http.bodies import Piece
from stillcam.ipc.daemon_client import DaemonClient
from stillcam.server.live.broadcast import Broadcast, Pacer, Subscriber
from stillcam.server.live.cache import CachedFrame, FrameCache
from stillcam.server.live.deliveries import Deliveries
from stillcam.server.live.picture import OPENING, Picture
from stillcam.server.live.placeholder import Placeholders
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
    ) -> None:
        self._cache = cache
        self._staleness = staleness
        self._daemon = daemon
        self._viewers = viewers
        self._settings = settings
        self._deliveries = deliveries
        self._broadcast = Broadcast(cache, rights)
        self._placeholders = Placeholders()
        self._size: Size | None = None  # of the last live frames

    def parts(self, request: Request, fps: float | None) -> Generator[Sequence[Piece], None, None]:
        """A live frame as soon as there is one, then always the newest one, until the viewer has left.

        Args:
            fps: pictures a second at most; None: all.
        """
        repeat_s = max(REPEAT_S, 1 / fps) if fps else REPEAT_S
        subscriber = Subscriber(request.offer, Pacer(fps) if fps else None, repeat_s)
        with self._viewers, self._broadcast, self._deliveries.stream(subscriber):
            yield [OPENING]
            old = self._sequence()  # of a frame that may not be live, and is not sent
            if self._await_live(request):
                old = -1
            try:
                while viewer_remains(request):
                    subscriber.catch_up(self._sequence())
                    picture = self._picture(old)
                    if subscriber.wants(picture.tag, time.monotonic()):
                        yield [picture.part]
                        subscriber.sent += 1
                    del picture  # a long wait must not keep an old one in memory
                    if rest := self._broadcast.wait(subscriber):
                        yield [rest]
                        subscriber.sent += 1
                        del rest
            finally:
                subscriber.catch_up(self._sequence())

    def _sequence(self) -> int:
        newest = self._cache.newest
        return newest.sequence if newest else 0

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
            if left_s <= 0 or status.get("reason") or status["mode"] in _BUSY:
                return False
            self._cache.wait_for_other(newest.name if newest else "", min(left_s, LIVE_CHECK_S))
        return False

    def _picture(self, old: int) -> Picture:
        """The newest frame, or a placeholder if it is stale or has the sequence number `old`."""
        newest = self._cache.newest
        if stale := self._staleness.check():
            return self._placeholders.of(stale, self._live_size())
        assert newest is not None  # otherwise it is stale
        if newest.sequence != old:
            return newest
        status = self._daemon.status()
        reason = status.get("reason") or _BUSY.get(status.get("mode", ""), "waiting for the camera")
        return self._placeholders.of(Staleness(newest, False, reason, live=True), self._live_size())

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
    """Whether a frame was made in the current live mode; both times are by the daemon's clock."""
    frame = status.get("frame")
    if status["mode"] != "live" or not frame or utc_text(frame_time(frame)) < status["since"]:
        return False
    return bool(newest.name >= frame)


def _size_of(frame: CachedFrame) -> Size | None:
    try:
        return check_jpeg(bytes(frame.picture.data))
    except InvalidJpeg:
        return None
