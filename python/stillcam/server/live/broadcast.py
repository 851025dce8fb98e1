"""Sends each new live frame to all viewers from one thread.

That thread tries each viewer's connection in turn, and waits for none: with 300 viewers, waking a thread for each costs
more than sending. Where a connection is full, the viewer's own thread sends the rest, and the newest frame comes next.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

from stillcam.http.bodies import Piece
from stillcam.server.live.cache import CachedFrame, FrameCache
from stillcam.server.live.worker import SharedWorker

FRAME_WAIT_S = 1.0  # before the thread checks whether it is still needed
TAKEN_POLL_S = 0.01  # interval between two checks whether the thread has finished with a subscriber


class Pacer:
    """Chooses frames so that there are `fps` a second on average, as evenly as their times allow.

    Each choice moves the due time on by one period, so that neither jitter nor a rate that is no divisor of the
    camera's adds up. A frame may be early by a quarter of a period.

    Args:
        fps: frames a second, more than 0; a camera that is slower loses none.
    """

    def __init__(self, fps: float) -> None:
        self._period_s = 1 / fps
        self._due_s: float | None = None

    def wants(self, time_s: float) -> bool:
        """Whether to send the frame of `time_s` (any steady clock, rising)."""
        if self._due_s is None:
            self._due_s = time_s
        if time_s < self._due_s - self._period_s / 4:
            return False
        self._due_s = max(self._due_s + self._period_s, time_s)
        return True


class Subscriber:
    """One viewer: what it has received, and how to send it more.

    Args:
        offer: see Request.offer.
        pacer: chooses among new frames; None: the viewer gets all.
        repeat_s: after this time the same frame is sent again.

    Attributes:
        sequence: of the newest frame that the viewer has sent itself or did not want.
        rest: of a frame that the connection did not take whole.
        wake_up: released when there is such a rest.
    """

    def __init__(
        self, offer: Callable[[Sequence[Piece]], Sequence[Piece]], pacer: Pacer | None, repeat_s: float
    ) -> None:
        self.offer = offer
        self._pacer = pacer
        self._repeat_s = repeat_s
        self._tag = ""  # of the frame that was sent last
        self._sent_s = time.monotonic()
        self.sequence = 0
        self.rest: Sequence[Piece] = ()
        self.wake_up = threading.Semaphore(0)

    def wants(self, tag: str, now_s: float) -> bool:
        """Whether to send the frame with this tag now (monotonic); if so, it counts as sent."""
        new = tag != self._tag and (self._pacer is None or self._pacer.wants(now_s))
        if not new and now_s - self._sent_s < self._repeat_s:
            return False
        self._tag, self._sent_s = tag, now_s
        return True


class Broadcast(SharedWorker):
    """Sends new frames to all waiting subscribers: `with broadcast:` for as long as one watches.

    A subscriber's connection belongs to the viewer's thread, except while the subscriber is in `_waiting`: the thread
    that removes it from there owns the connection.
    """

    def __init__(self, cache: FrameCache) -> None:
        super().__init__(self._send_next, "broadcast")
        self._cache = cache
        self._waiting: set[Subscriber] = set()
        self._sent = ""  # the name of the frame that was sent last

    def wait(self, subscriber: Subscriber, sequence: int, timeout_s: float) -> Sequence[Piece]:
        """Have new frames sent to a subscriber, whose connection must not be used meanwhile.

        Args:
            sequence: of the newest frame that the viewer has sent itself or did not want.
            timeout_s: at most; not at all if there is a newer frame already.

        Returns:
            the rest of a frame that the connection did not take whole, for the viewer to send.
        """
        subscriber.sequence = sequence
        self._waiting.add(subscriber)
        newest = self._cache.newest
        if newest is not None and newest.sequence != sequence:
            timeout_s = 0  # it came before the subscriber was waiting
        woken = subscriber.wake_up.acquire(timeout=timeout_s)
        while not woken and not self._take(subscriber):
            woken = subscriber.wake_up.acquire(timeout=TAKEN_POLL_S)  # a frame is being sent to it
        rest, subscriber.rest = subscriber.rest, ()
        return rest

    def _send_next(self) -> None:
        if frame := self._cache.wait_for_other(self._sent, FRAME_WAIT_S):
            self._sent = frame.name
            for subscriber in self._waiting.copy():
                if self._take(subscriber):
                    self._send(subscriber, frame)

    def _send(self, subscriber: Subscriber, frame: CachedFrame) -> None:
        try:
            # Among many subscribers the viewer's own thread may have been faster, with the next frame.
            if frame.sequence > subscriber.sequence and subscriber.wants(frame.tag, time.monotonic()):
                subscriber.rest = subscriber.offer(frame.part)
        finally:
            if subscriber.rest:
                subscriber.wake_up.release()
            else:
                self._waiting.add(subscriber)

    def _take(self, subscriber: Subscriber) -> bool:
        """Remove a subscriber from those that wait; whether it was there."""
        try:
            self._waiting.remove(subscriber)
        except KeyError:
            return False
        return True
