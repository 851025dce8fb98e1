"""How many frames live viewers were sent, and how many they missed: for `/metrics` and the Info tab.

A viewer misses a frame while its connection is still busy with an earlier one. What it does not want (`?fps=`) does not
count.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from stillcam.server.live.cache import CachedFrame, FrameCache

STREAM, PAGE = "stream", "page"  # classes of viewers: one answer for all frames, or a request for each
CLIENT, SERVER = "client", "server"  # why a frame was missed: the connection was busy, or this server was late
PAGE_S = 5.0  # a page that has asked for no frame for so long has left
MAX_PAGES = 1000
HALF_LIFE_S = 5.0  # of a missed frame, for is_slow
MOST = 4.0  # missed frames count for is_slow, so that it ends soon


class Delivery:
    """What one viewer was sent; only the thread that writes to its connection changes it.

    Attributes:
        sent: frames.
        missed: frames, because its connection was busy.
        late: frames that it missed because this server was late.
    """

    __slots__ = ("_missed_s", "_recent", "late", "missed", "sent")

    def __init__(self) -> None:
        self.sent = self.missed = self.late = 0
        self._recent = self._missed_s = 0.0

    def miss(self, frames: int, now_s: float) -> None:
        """Count frames that the connection was too busy for, now (monotonic)."""
        self.missed += frames
        self._recent = min(self._recently_missed(now_s) + frames, MOST)
        self._missed_s = now_s

    def lag(self, _newest: int, _now_s: float) -> int:
        """How many frames it is missing just now, while the one with the sequence number `newest` is the newest."""
        return 0

    def is_slow(self, newest: int, now_s: float) -> bool:
        """Whether it misses more than a single frame; see `lag`."""
        return self._recently_missed(now_s) + self.lag(newest, now_s) > 1

    def _recently_missed(self, now_s: float) -> float:
        return float(self._recent * 0.5 ** ((now_s - self._missed_s) / HALF_LIFE_S))


class _Page(Delivery):
    """A client that requests one frame after the other."""

    __slots__ = ("name", "seen_s", "sequence")

    def __init__(self) -> None:
        super().__init__()
        self.name = ""  # of the frame that it got last
        self.sequence = 0
        self.seen_s = 0.0  # monotonic


class Deliveries:
    """What the live viewers of one camera were sent since the start of this server."""

    def __init__(self, cache: FrameCache) -> None:
        self._cache = cache
        self._lock = threading.Lock()  # guards what follows
        self._streams: set[Delivery] = set()
        self._pages: dict[str, _Page] = {}  # by client
        self._ended: Counter[tuple[str, str]] = Counter()  # of viewers that have left, by class and `sent` or reason

    @contextmanager
    def stream(self, delivery: Delivery) -> Iterator[None]:
        """Count what a stream sends, as long as it lasts."""
        with self._lock:
            self._streams.add(delivery)
        try:
            yield
        finally:
            with self._lock:
                self._streams.remove(delivery)
                _add(self._ended, STREAM, delivery)

    def page(self, client: str, after: str, frame: CachedFrame) -> None:
        """Count a frame for a client that had the one called `after`; empty: it may have wanted none in between.

        Frames between the two were missed if `after` is what the client got last: then it was busy in between.
        """
        now_s = time.monotonic()
        with self._lock:
            if (page := self._pages.get(client)) is None:
                self._prune(now_s)
                page = self._pages[client] = _Page()
            if after and page.name == after and (missed := frame.sequence - page.sequence - 1) > 0:
                page.miss(missed, now_s)
            page.sent += 1
            page.name, page.sequence, page.seen_s = frame.name, frame.sequence, now_s

    def totals(self) -> dict[tuple[str, str], int]:
        """Frames by class of viewer, and by `sent` or the reason why they were missed."""
        with self._lock:
            totals = self._ended.copy()
            for stream in self._streams:
                _add(totals, STREAM, stream)
            for page in self._pages.values():
                _add(totals, PAGE, page)
        return dict(totals)

    def viewers(self) -> tuple[int, int]:
        """How many watch now, and how many of them receive fewer frames than the camera makes."""
        now_s, newest = time.monotonic(), self._cache.newest
        with self._lock:
            self._prune(now_s)
            viewers = [*self._streams, *self._pages.values()]
        return len(viewers), sum(viewer.is_slow(newest.sequence if newest else 0, now_s) for viewer in viewers)

    def _prune(self, now_s: float) -> None:
        """Forget pages that have left; all of them if there are too many."""
        everybody = len(self._pages) >= MAX_PAGES
        for client, page in list(self._pages.items()):
            if everybody or now_s - page.seen_s > PAGE_S:
                _add(self._ended, PAGE, self._pages.pop(client))


def _add(totals: Counter[tuple[str, str]], kind: str, delivery: Delivery) -> None:
    totals[kind, "sent"] += delivery.sent
    totals[kind, CLIENT] += delivery.missed
    totals[kind, SERVER] += delivery.late
