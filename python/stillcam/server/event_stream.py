"""The event stream: sends the status and its changes to subscribers, as server-sent events.

One thread polls the status once a second and writes to all subscribers. An idle subscriber needs no thread, and an
unchanged status is not sent. The thread never blocks on a connection: a subscriber that reads too slowly misses
messages, and gets the whole status once it has caught up.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import cache
from typing import Any

from stillcam.common.formats import utc_text
from stillcam.server.live.worker import SharedWorker
from stillcam.server.revisions import MOTION, Revisions
from stillcam.server.route import Request

STATUS_POLL_S = 1.0
HEARTBEAT_S = 15.0  # longest silence: proxies close idle connections, and the page notices a lost one
SUBSCRIBER_STALL_S = 20.0  # a subscriber that has not read a message by then is disconnected
RIGHTS_CHECK_S = 60.0  # interval between two checks of all rights, if no change of accounts or settings was seen
FREE_SHARE = 0.01  # smaller changes of the free space are not sent, as a share of it
RETRY_MS = 5000  # how long an EventSource waits before it reconnects

Document = dict[str, Any]
Topics = frozenset[str]


class EventSubscriber:
    """One client of the event stream, which may see `topics` besides the status; a messages.PushBody."""

    def __init__(self, broker: EventBroker, request: Request, topics: Topics) -> None:
        self._broker = broker
        self.request = request
        self.topics = topics
        self.ready = threading.Semaphore(0)  # released when there is something for `wait`
        self.pending = b""  # the rest of a message that the connection has not taken yet
        self.rights: object = None  # for which its topics were checked last
        self.lost_some = False  # a message was dropped
        self.closed = False
        self.sent_s = time.monotonic()  # when the last message was sent whole

    def begin(self) -> None:
        self._broker.add(self)

    def end(self) -> None:
        self._broker.remove(self)

    def wait(self, timeout_s: float) -> bytes | None:
        self.ready.acquire(timeout=timeout_s)
        return None if self.closed else self._broker.take_pending(self)

    def send(self, message: bytes, now_s: float) -> None:
        """Send a message; drop it if an earlier one is still pending."""
        if self.pending:
            self.lost_some = True
        elif not self.closed:
            self.pending = message
            self.flush(now_s)

    def flush(self, now_s: float) -> None:
        """Send as much of the pending message as the connection takes now."""
        self.pending = self.pending[self.request.offer(self.pending) :]
        if self.pending:
            self.ready.release()
        else:
            self.sent_s = now_s

    def close(self) -> None:
        self.closed = True
        self.request.hang_up()
        self.ready.release()


class EventBroker:
    """The subscribers of one camera, and the thread that writes to them; it runs while there are any.

    Args:
        status: returns the document of `api/status`.
        revisions: of settings, library, series and films; polled while there are subscribers.
        topics: returns what a request may see besides the status; None: not even the status.
        rights: returns another value once anybody's rights may have changed.
    """

    def __init__(
        self,
        status: Callable[[], Document],
        revisions: Revisions,
        topics: Callable[[Request], Topics | None],
        rights: Callable[[], object],
    ) -> None:
        self._status = status
        self._revisions = revisions
        self._topics = topics
        self._rights = rights
        self._lock = threading.Lock()  # guards the subscribers, their messages and the document
        self._subscribers: dict[EventSubscriber, ExitStack] = {}  # each keeps the threads running
        self._document: Document = {}
        self._polling = threading.Lock()
        self._polled_s = self._checked_s = -RIGHTS_CHECK_S  # monotonic
        self._worker = SharedWorker(self._round, "events")

    def add(self, subscriber: EventSubscriber) -> None:
        """Send it the whole status now, and every change from then on."""
        with ExitStack() as stack:
            stack.enter_context(self._revisions)
            stack.enter_context(self._worker)
            self._poll(STATUS_POLL_S)
            with self._lock:
                self._subscribers[subscriber] = stack.pop_all()
                self._send_whole(subscriber)

    def remove(self, subscriber: EventSubscriber) -> None:
        """Remove a subscriber; does nothing if it was never added or is removed already."""
        with self._lock:
            if stack := self._subscribers.pop(subscriber, None):
                stack.close()

    def take_pending(self, subscriber: EventSubscriber) -> bytes:
        """The pending message of a subscriber whose connection thread sends it itself."""
        with self._lock:
            rest, subscriber.pending = subscriber.pending, b""
            subscriber.sent_s = time.monotonic()
        return rest

    def _round(self) -> None:
        time.sleep(STATUS_POLL_S)
        self._check_rights()
        self._poll()
        self._keep_up()

    def _check_rights(self) -> None:
        """Disconnect subscribers whose rights have changed: they reconnect with the new ones."""
        rights, now_s = self._rights(), time.monotonic()
        if check_all := now_s - self._checked_s >= RIGHTS_CHECK_S:
            self._checked_s = now_s
        with self._lock:
            unchecked = [subscriber for subscriber in self._subscribers if check_all or subscriber.rights != rights]
        for subscriber in unchecked:
            fits = self._topics(subscriber.request) == subscriber.topics
            with self._lock:
                subscriber.rights = rights
                if not fits and subscriber in self._subscribers:
                    subscriber.close()

    def _poll(self, max_age_s: float = 0.0) -> None:
        """Read the status and send what has changed, unless the last poll is younger than `max_age_s`."""
        with self._polling:
            if time.monotonic() - self._polled_s < max_age_s:
                return
            items = self._revisions.items()
            new = {**self._status(), "revisions": self._revisions.newest()}
            with self._lock:
                new = without_noise(self._document, new)
                change = merge_patch(self._document, new)
                self._document = new
                self._polled_s = time.monotonic()
                if change.keys() - {"now"}:
                    self._send("change", change)
                for item in items:
                    self._send("item", item, "library")

    def _keep_up(self) -> None:
        """Flush pending messages, send heartbeats, and disconnect subscribers that have stalled."""
        now_s, heartbeat = time.monotonic(), _message("heartbeat", {"now": utc_text(time.time())})
        with self._lock:
            for subscriber in self._subscribers:
                if subscriber.pending:
                    subscriber.flush(now_s)
                if subscriber.pending and now_s - subscriber.sent_s > SUBSCRIBER_STALL_S:
                    subscriber.close()
                elif subscriber.lost_some and not subscriber.pending:
                    self._send_whole(subscriber)
                elif now_s - subscriber.sent_s >= HEARTBEAT_S:
                    subscriber.send(heartbeat, now_s)

    def _send(self, event: str, document: Document, topic: str = "") -> None:
        """Send to all subscribers, or to those who may see a topic."""
        encoded = cache(lambda topics: _message(event, visible(document, topics)))
        now_s = time.monotonic()
        for subscriber in self._subscribers:
            if (not topic or topic in subscriber.topics) and (message := encoded(subscriber.topics)):
                subscriber.send(message, now_s)

    def _send_whole(self, subscriber: EventSubscriber) -> None:
        subscriber.lost_some = False
        status = {**visible(self._document, subscriber.topics), "now": utc_text(time.time())}
        subscriber.send(b"retry: %d\n%b" % (RETRY_MS, _message("status", status)), time.monotonic())


def visible(document: Document, topics: Topics) -> Document:
    """A status, or a change of it, with what these topics allow; empty if only the time is left."""
    shown = dict(document)
    if "revisions" in document:
        shown["revisions"] = {topic: text for topic, text in document["revisions"].items() if topic in topics}
    if MOTION not in topics and "capture" in document:
        shown["capture"] = without_motion(document["capture"])
    shown = {name: value for name, value in shown.items() if value or name not in ("revisions", "capture")}
    return shown if shown.keys() - {"now"} else {}


def without_motion(capture: Document) -> Document:
    """The state of the capture daemon without the state of motion detection: its mode is shown as `snapshot`."""
    shown = {name: value for name, value in capture.items() if name != "motion"}
    return shown | {"mode": "snapshot"} if shown.get("mode") == "motion" else shown


def without_noise(old: Document, new: Document) -> Document:
    """`new` with the old values of what changes constantly: a frame's age, and small changes of the free space."""
    capture = {name: value for name, value in new["capture"].items() if name != "publish"}
    if library := capture.get("library"):
        free, before = library["free_bytes"], old.get("capture", {}).get("library", {}).get("free_bytes")
        if free and before and abs(free - before) <= FREE_SHARE * before:  # null: the disk does not answer
            capture["library"] = {**library, "free_bytes": before}
    new = {**new, "capture": capture}
    frame, shown = new["frame"], old.get("frame")
    if frame and shown and frame["name"] == shown["name"]:
        new["frame"] = shown
    return new


def merge_patch(old: Document, new: Document) -> Document:
    """The merge patch (RFC 7396) from `old` to `new`."""
    patch: Document = {name: None for name in old.keys() - new.keys() if old[name] is not None}
    for name, value in new.items():
        before = old.get(name)
        if isinstance(value, dict) and isinstance(before, dict):
            if inner := merge_patch(before, value):
                patch[name] = inner
        elif value != before or name not in old:
            patch[name] = value
    return patch


def _message(event: str, document: Document) -> bytes:
    """The bytes of an event; empty for an empty document."""
    if not document:
        return b""
    return f"event: {event}\ndata: {json.dumps(document, ensure_ascii=False)}\n\n".encode(errors="replace")
