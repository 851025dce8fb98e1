"""New frames at a smaller width, for as long as a stream shows them."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from stillcam.server.live.broadcast import CHECK_S, Pacer
from stillcam.server.live.cache import FrameCache, NewestFrame
from stillcam.server.live.scaled.frames import ScaledFrames
from stillcam.server.live.scaled.process import ScalingError
from stillcam.server.live.worker import SharedWorker

RETRY_S = 0.5  # after a failure
HIDDEN_S = 5.0  # so long the last frame is shown instead of a failure


class ScaledFeed(NewestFrame):
    """Scales the frames that its viewers want; while one is being scaled, those that come are skipped.

    Args:
        cache: has the frames.
        scaled: scales them.
        width: pixels.

    Attributes:
        width: as given.
    """

    def __init__(self, cache: FrameCache, scaled: ScaledFrames, width: int) -> None:
        super().__init__()
        self._cache = cache
        self._scaled = scaled
        self.width = width
        self._lock = threading.Lock()  # guards _pacers and _seen
        self._pacers: list[Pacer | None] = []
        self._seen = ""  # the name of the frame that was scaled, or that nobody wanted
        self._worker = SharedWorker(self._scale_next, f"scaling to {width} px")
        self._failure: tuple[float, str] | None = None  # since when (monotonic) nothing could be scaled, and why

    @property
    def viewers(self) -> int:
        """How many there are."""
        return len(self._pacers)

    @property
    def failure(self) -> str:
        """Why there have been no frames for a while; empty: there are, or there may be soon."""
        failure = self._failure
        hidden = failure is None or (self.newest is not None and time.monotonic() - failure[0] < HIDDEN_S)
        return "" if failure is None or hidden else failure[1]

    @contextmanager
    def viewer(self, pacer: Pacer | None) -> Iterator[None]:
        """Have frames scaled for a viewer; `pacer` chooses those that it wants, None: all."""
        with self._lock:
            if not self._pacers:
                self._replace(None)  # that of earlier viewers
                self._failure = None
            self._pacers.append(pacer)
            self._seen = ""
        try:
            with self._worker:
                yield
        finally:
            with self._lock:
                self._pacers.remove(pacer)

    def _scale_next(self) -> None:
        frame = self._cache.wait_for_other(self._seen, CHECK_S)
        if frame is None:
            return
        now_s = time.monotonic()
        with self._lock:
            self._seen = frame.name
            if not any(pacer is None or pacer.is_due(now_s) for pacer in self._pacers):
                return
        try:
            scaled = self._scaled.newest(self.width)
        except ScalingError as error:
            self._failure = self._failure[0] if self._failure else now_s, str(error)
            self._seen = ""  # it is tried again
            time.sleep(RETRY_S)
            return
        self._failure = None
        newest = self.newest
        if newest is None or newest.tag != scaled.tag:
            self._replace(scaled)
