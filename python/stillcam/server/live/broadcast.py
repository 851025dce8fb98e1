"""Who watches live: each new frame is handed to all of them by one thread.

That thread tries each viewer's connection in turn, and waits for none. Most take a frame whole,
and their own threads sleep on: with 300 viewers, to wake each one's thread costs more than the
sending. Where a connection is full, the viewer's thread sends what is left, and the newest
frame comes next.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

from stillcam.http.bodies import Piece
from stillcam.server.live.cache import FrameCache, Seen
from stillcam.server.live.pacing import Thinning
from stillcam.server.live.worker import Shift

WAIT_S = 1.0  # for a frame, before it looks whether anybody still watches
GLANCE_S = 0.01  # from one look to the next whether the seat is free again


class Seat:
    """One viewer's place: what it has been shown, and how to show it more.

    Args:
        offer: sends at once what the viewer's connection takes of some pieces; gives what is left of them.
        thinning: chooses among new pictures; None: the viewer gets all.
        repeat_s: after this time the same picture goes out again.
    """

    __slots__ = ("_repeat_s", "_sent_s", "_shown", "_thinning", "bell", "offer", "rest", "sequence")

    def __init__(
        self, offer: Callable[[Sequence[Piece]], Sequence[Piece]], thinning: Thinning | None, repeat_s: float
    ) -> None:
        self.offer = offer
        self._thinning = thinning
        self._repeat_s = repeat_s
        self._shown = ""  # the tag of the picture that went out last
        self._sent_s = time.monotonic()
        self.sequence = 0  # of the newest frame that the viewer has sent or did not want
        self.rest: Sequence[Piece] = ()  # of a frame that the connection did not take whole
        self.bell = threading.Semaphore(0)  # rung when there is such a rest

    def wants(self, tag: str, now_s: float) -> bool:
        """Whether the picture called `tag` is to go out now (monotonic); if so, it counts as shown."""
        new = tag != self._shown and (self._thinning is None or self._thinning.wants(now_s))
        if not new and now_s - self._sent_s < self._repeat_s:
            return False
        self._shown, self._sent_s = tag, now_s
        return True


class Audience:
    """Shows frames to those who wait for them: `with audience:` for as long as one watches.

    A seat's connection belongs to the viewer's thread, except while the seat is `_waiting`; whoever
    takes it from there has the connection.

    Args:
        cache: gives the frames. A thread hands them on; it begins with the first viewer, and ends with the last.
    """

    def __init__(self, cache: FrameCache) -> None:
        self._cache = cache
        self._waiting: set[Seat] = set()
        self._shown = ""  # the name of the frame that was shown last
        self._showing = Shift(self._show, "audience")

    def __enter__(self) -> None:
        self._showing.__enter__()

    def __exit__(self, *_: object) -> None:
        self._showing.__exit__()

    def wait(self, seat: Seat, sequence: int, timeout_s: float) -> Sequence[Piece]:
        """Have new frames shown to `seat` for so long, or until its connection does not take one whole.

        Args:
            seat: the viewer's; its connection must not be used meanwhile.
            sequence: of the newest frame that the viewer has sent or did not want.
            timeout_s: at most; not at all when there is a newer frame already.

        Returns:
            what is left of the frame that the connection did not take whole, for the viewer to send.
        """
        self._showing.see_to_it()
        seat.sequence = sequence
        self._waiting.add(seat)
        newest = self._cache.newest
        if newest is not None and newest.sequence != sequence:
            timeout_s = 0  # it came before the seat was among those who wait
        rung = seat.bell.acquire(timeout=timeout_s)
        while not rung and not self._take(seat):
            rung = seat.bell.acquire(timeout=GLANCE_S)  # it is being shown a frame
        rest, seat.rest = seat.rest, ()
        return rest

    def _show(self) -> None:
        """Wait for a frame, and show it; the viewers' threads look for themselves once a second."""
        if seen := self._cache.wait_for_other(self._shown, WAIT_S):
            self._shown = seen.name
            for seat in self._waiting.copy():
                if self._take(seat):
                    self._show_one(seat, seen)

    def _show_one(self, seat: Seat, seen: Seen) -> None:
        try:
            # Among many seats the viewer's own thread may have been faster, with the next frame.
            if seen.sequence > seat.sequence and seat.wants(seen.tag, time.monotonic()):
                seat.rest = seat.offer(seen.part)
        finally:
            if seat.rest:
                seat.bell.release()
            else:
                self._waiting.add(seat)

    def _take(self, seat: Seat) -> bool:
        """Take a seat from those who wait; whether it was there."""
        try:
            self._waiting.remove(seat)
        except KeyError:
            return False
        return True
