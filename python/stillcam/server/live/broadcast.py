"""Sends each new live frame to all viewers from one thread.

That thread tries each viewer's connection in turn, and waits for none: with 300 viewers, waking a thread for each costs
more than sending. The kernel sends all of them the same memory. Where a connection is full, the viewer's own thread
sends the rest, and the newest frame comes next.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

from stillcam.http.bodies import Blob, Piece
from stillcam.server.live.cache import CachedFrame, NewestFrame, closed_gate
from stillcam.server.live.deliveries import Delivery
from stillcam.server.live.worker import SharedWorker

CHECK_S = 1.0  # a viewer that was sent nothing for so long checks whether its client is still there
RIGHTS_CHECK_S = 60.0  # so often each viewer checks its rights, if no change of accounts or settings was seen


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
        if not self.is_due(time_s):
            return False
        due_s = time_s if self._due_s is None else self._due_s
        self._due_s = max(due_s + self._period_s, time_s)
        return True

    def is_due(self, time_s: float) -> bool:
        """Whether `wants` would choose the frame of `time_s`; nothing is chosen."""
        return self._due_s is None or time_s >= self._due_s - self._period_s / 4

    def missed(self, time_s: float) -> int:
        """How many frames were due since the last choice, besides the next one."""
        return 0 if self._due_s is None else max(0, int((time_s - self._due_s) / self._period_s))


class Subscriber(Delivery):
    """One viewer: what it has received, and how to send it more.

    Its own thread sends when the connection is full; else the thread of the broadcast does.

    Args:
        offer: see Request.offer.
        pacer: chooses among new frames; None: the viewer gets all.
        repeat_s: after this time the same frame is sent again.

    Attributes:
        sequence: of the newest frame that it was sent or did not want.
        rest: of a frame that the connection did not take whole.
        checked_s: when its own thread was last awake (monotonic).
    """

    __slots__ = ("_pacer", "_repeat_s", "_sent_s", "_tag", "_wake_up", "checked_s", "offer", "rest", "sequence")

    def __init__(self, offer: Callable[[Piece], int], pacer: Pacer | None, repeat_s: float) -> None:
        super().__init__()
        self.offer = offer
        self._pacer = pacer
        self._repeat_s = repeat_s
        self._tag = ""  # of the frame that was sent last
        self._sent_s = self.checked_s = time.monotonic()
        self._wake_up = closed_gate()
        self.sequence = 0
        self.rest: Blob | None = None

    def wants(self, tag: str, now_s: float) -> bool:
        """Whether to send the frame with this tag now (monotonic); if so, it counts as sent."""
        new = tag != self._tag and (self._pacer is None or self._pacer.wants(now_s))
        if not new and now_s - self._sent_s < self._repeat_s:
            return False
        self._tag, self._sent_s = tag, now_s
        return True

    def take(self, frame: CachedFrame, part: Blob, now_s: float) -> bool:
        """Send `part` of a frame if it is a new one and wanted now (monotonic).

        Returns:
            False: the connection did not take it whole.
        """
        new = frame.sequence - self.sequence
        if new <= 0:
            return True  # its own thread was faster
        self.sequence = frame.sequence
        if self._pacer is None:
            if new > 1:
                self.late += new - 1
            self._tag, self._sent_s = frame.tag, now_s
        elif not self.wants(frame.tag, now_s):
            return True
        sent = self.offer(part)
        if sent == part.size:
            self.sent += 1
            return True
        self.rest = part.part(sent)
        return False

    def lag(self, newest: int, now_s: float) -> int:
        frames = max(0, newest - self.sequence - 1) if self.sequence else 0
        return frames if self._pacer is None else min(frames, self._pacer.missed(now_s))

    def catch_up(self, newest: int) -> None:
        """Count what it missed while its own thread was sending; it continues with the frame `newest`."""
        now_s = time.monotonic()
        if missed := self.lag(newest, now_s):
            self.miss(missed, now_s)
        self.sequence = newest

    def is_idle(self, now_s: float) -> bool:
        """Whether it should check whether its client is still there, and still may watch."""
        return now_s - self._sent_s >= CHECK_S or now_s - self.checked_s >= RIGHTS_CHECK_S

    def sleep(self) -> Blob | None:
        """Wait for `wake`; the rest of a frame to send."""
        self._wake_up.acquire()
        self.checked_s = time.monotonic()
        rest, self.rest = self.rest, None
        return rest

    def wake(self) -> None:
        """End a `sleep`, or the next one."""
        self._wake_up.release()


class Broadcast(SharedWorker):
    """Sends new frames to all waiting subscribers: `with broadcast:` for as long as one watches.

    A subscriber's connection belongs to the viewer's thread, except while the subscriber is in `_waiting`: then it
    belongs to the thread of the broadcast, which alone removes subscribers from there.

    Args:
        cache: has the frames.
        rights: returns another value once anybody's rights may have changed.
    """

    def __init__(self, cache: NewestFrame, rights: Callable[[], object]) -> None:
        super().__init__(self._send_next, "broadcast")
        self._cache = cache
        self._rights = rights
        self._known_rights = rights()
        self._lock = threading.Lock()  # guards _waiting
        self._waiting: set[Subscriber] = set()
        self._sent = ""  # the name of the frame that was sent last
        self._checked_s = 0.0  # monotonic

    def wait(self, subscriber: Subscriber) -> Blob | None:
        """Have new frames sent to a subscriber, whose connection must not be used meanwhile.

        If there is a newer frame than its `sequence` already, this returns at once.

        Returns:
            the rest of a frame that the connection did not take whole, for the viewer to send; None if the viewer
            should check whether to continue.
        """
        with self._lock:
            newest = self._cache.newest
            if newest is not None and newest.sequence != subscriber.sequence:
                return None
            self._waiting.add(subscriber)
        return subscriber.sleep()

    def _send_next(self) -> None:
        frame = self._cache.wait_for_other(self._sent, CHECK_S)
        with self._lock:
            waiting = tuple(self._waiting)
        now_s = time.monotonic()
        if frame is not None:
            self._sent = frame.name
            self._send(frame, waiting, now_s)
        if frame is None or now_s - self._checked_s >= CHECK_S:
            self._checked_s = now_s
            self._check(now_s)

    def _send(self, frame: CachedFrame, waiting: Sequence[Subscriber], now_s: float) -> None:
        failure: Exception | None = None
        part = frame.part
        for subscriber in waiting:
            try:
                if not subscriber.take(frame, part, now_s):
                    self._wake(subscriber)
            except Exception as error:  # noqa: BLE001 - raised below: the others must get the frame all the same
                failure = error
        if failure:
            raise failure

    def _check(self, now_s: float) -> None:
        """Wake those who have to check something."""
        rights, before = self._rights(), self._known_rights
        self._known_rights = rights
        with self._lock:
            idle = [one for one in self._waiting if rights != before or one.is_idle(now_s)]
        for subscriber in idle:
            self._wake(subscriber)

    def _wake(self, subscriber: Subscriber) -> None:
        with self._lock:
            self._waiting.remove(subscriber)
        subscriber.wake()
