"""The parts of a viewer's stream. It begins with a live frame, never with a still from before.

Programs such as OpenCV and ffmpeg keep the size of the first picture for the whole stream, and with a long interval
a still is minutes old. Where no live frame comes in time, a status picture of the size of live frames says so.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Sequence
from typing import Any

from stillcam.common.utc import utc_text
from stillcam.frames.files import frame_time
from stillcam.frames.jpeg import NotWhole, check
from stillcam.http.bodies import Piece
from stillcam.http.messages import Request
from stillcam.ipc.daemon_client import DaemonClient
from stillcam.server.live.broadcast import Audience, Seat
from stillcam.server.live.cache import FrameCache, Seen
from stillcam.server.live.multipart import OPENING
from stillcam.server.live.pacing import Thinning
from stillcam.server.live.placeholder import Notice, Notices
from stillcam.server.live.staleness import Freshness, Outage
from stillcam.server.live.viewers import Viewers
from stillcam.settings.geometry import Size, picture_size
from stillcam.settings.schema import Settings

STEP_S = 1.0  # interval between two checks whether the client is still there and still may watch
REPEAT_S = 5.0  # a stream sends its last picture again rather than nothing: consumers time out
FIRST_S = 5.0  # for the first live frame: Home Assistant waits 10 s for a picture
LOOK_S = 0.5  # interval between two checks whether the camera is live

_BUSY = {"video": "a video is being recorded", "series": "a series is using the camera"}


class Streams:
    """Makes the streams of one camera.

    Args:
        cache: the newest frame.
        freshness: whether it is stale.
        camera: the daemon.
        viewers: those of the live picture.
        settings: gives the camera's own that are in force.
    """

    def __init__(
        self,
        cache: FrameCache,
        freshness: Freshness,
        camera: DaemonClient,
        viewers: Viewers,
        settings: Callable[[], Settings],
    ) -> None:
        self._cache = cache
        self._freshness = freshness
        self._camera = camera
        self._viewers = viewers
        self._settings = settings
        self._audience = Audience(cache)
        self._notices = Notices()
        self._size: Size | None = None  # of the live frames that were seen last

    def parts(self, request: Request, fps: float | None) -> Generator[Sequence[Piece], None, None]:
        """A live picture as soon as there is one, then each newest one, until the viewer has gone.

        Args:
            fps: pictures a second at most; None: all.
        """
        repeat_s = max(REPEAT_S, 1 / fps) if fps else REPEAT_S
        seat = Seat(request.offer, Thinning(fps) if fps else None, repeat_s)
        with self._viewers, self._audience:
            yield [OPENING]
            old = self._sequence()  # of a frame that may not be a live one, and is not shown
            if self._await_live(request):
                old = -1
            while stays(request):
                self._viewers.see_to_lease()
                sequence = self._sequence()
                picture = self._picture(old)
                if seat.wants(picture.tag, time.monotonic()):
                    yield picture.part
                del picture  # a long wait must not keep an old one in memory
                if rest := self._audience.wait(seat, sequence, STEP_S):
                    yield rest
                    del rest

    def _sequence(self) -> int:
        newest = self._cache.newest
        return newest.sequence if newest else 0

    def _await_live(self, request: Request) -> bool:
        """Wait for a live frame; whether the newest one is to be shown."""
        until = time.monotonic() + FIRST_S
        while stays(request):
            status, newest = self._camera.status(), self._cache.newest
            if not status["running"]:
                return self._freshness.young  # nothing will make live frames
            if newest and _is_live(newest, status):
                self._size = _size_of(newest) or self._size
                return True
            left = until - time.monotonic()
            if left <= 0 or status.get("reason") or status["mode"] in _BUSY:
                return False
            self._cache.wait_for_other(newest.name if newest else "", min(left, LOOK_S))
        return False

    def _picture(self, old: int) -> Seen | Notice:
        """The newest frame, or a status picture where that is stale or the one of the sequence number `old`."""
        newest = self._cache.newest
        if outage := self._freshness.outage():
            return self._notices.of(outage, self._live_size())
        assert newest is not None  # else there is an outage
        if newest.sequence != old:
            return newest
        status = self._camera.status()
        reason = status.get("reason") or _BUSY.get(status.get("mode", ""), "waiting for the camera")
        return self._notices.of(Outage(newest, False, reason, live=True), self._live_size())

    def _live_size(self) -> Size | None:
        """The size that live frames have, as far as it is known."""
        camera, settings = self._camera.status().get("camera"), self._settings()
        live = settings.live
        if self._size or not camera or live.sensor_mode:
            return self._size
        size = picture_size(live.width, 0 if live.align else live.height, tuple(camera["size"]))
        return size[::-1] if settings.camera.rotation in (90, 270) else size


def stays(request: Request) -> bool:
    """Whether the client is still there, and still may have the answer."""
    return not request.gone() and request.still_may()


def _is_live(newest: Seen, status: dict[str, Any]) -> bool:
    """Whether a frame was made in the present live mode; both times are by the daemon's clock."""
    frame = status.get("frame")
    if status["mode"] != "live" or not frame or utc_text(frame_time(frame)) < status["since"]:
        return False
    return bool(newest.name >= frame)


def _size_of(seen: Seen) -> Size | None:
    try:
        return check(bytes(seen.picture.data))
    except NotWhole:
        return None
