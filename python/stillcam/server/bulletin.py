"""Tells listeners how camera and server are, and what changes, as server-sent events.

One thread looks once a second and writes to all of them; between two messages a listener costs no thread, and a look
that finds nothing new writes nothing. It waits for no connection: a listener that takes its messages too slowly misses
some, and gets the whole state once it has caught up.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import Any

from stillcam.frames import utc_text
from stillcam.server.bodies import Piece
from stillcam.server.messages import Request
from stillcam.server.revisions import Revisions
from stillcam.server.shift import Shift

TICK_S = 1.0  # from one look to the next
HEARTBEAT_S = 15.0  # a listener hears something at least so often: proxies cut what is silent, pages notice a cut
STALL_S = 20.0  # a message that a listener has not taken by then ends its stream
CHECK_S = 60.0  # from one look at everybody's rights to the next, where nothing says that they have changed
FREE_SHARE = 0.01  # of the library's free space: a smaller change is none
RETRY_MS = 5000  # after which an EventSource that has lost its stream may ask again

Document = dict[str, Any]
Topics = frozenset[str]


class Listener:
    """One stream; see messages.Follower.

    Args:
        bulletin: what it listens to.
        request: of the stream.
        topics: what the listener may see, beside the status.
    """

    __slots__ = ("_bulletin", "behind", "bell", "heard_s", "leave", "over", "request", "rest", "rights", "topics")

    def __init__(self, bulletin: Bulletin, request: Request, topics: Topics) -> None:
        self._bulletin = bulletin
        self.request = request
        self.topics = topics
        self.bell = threading.Semaphore(0)  # rung when there is something for `wait`
        self.rest: Sequence[Piece] = ()  # of a message that the connection has not taken whole
        self.rights: object = None  # by which its topics were looked at last
        self.behind = False  # it has missed something
        self.over = False
        self.heard_s = time.monotonic()  # when it took the end of a message
        self.leave: Callable[[], None] = _no_matter  # to be called once it listens no more

    def begin(self) -> None:
        """See Follower."""
        self._bulletin.add(self)

    def end(self) -> None:
        """See Follower."""
        self._bulletin.remove(self)

    def wait(self, timeout_s: float) -> Sequence[Piece] | None:
        """See Follower."""
        self.bell.acquire(timeout=timeout_s)
        return None if self.over else self._bulletin.taken(self)

    def tell(self, message: bytes, now_s: float) -> None:
        """Send a message, or remember that one was missed."""
        if self.rest:
            self.behind = True
        elif not self.over:
            self.rest = [message]
            self.go_on(now_s)

    def go_on(self, now_s: float) -> None:
        """Send as much of the rest as the connection takes now."""
        self.rest = self.request.offer(self.rest)
        if self.rest:
            self.bell.release()
        else:
            self.heard_s = now_s

    def hang_up(self) -> None:
        """No more is told: the connection ends."""
        self.over = True
        self.request.hang_up()
        self.bell.release()


class Bulletin:
    """The listeners of one camera, and the thread that writes to them; it runs while there are any.

    Args:
        status: gives the document of `api/status`.
        revisions: of what is kept, by topic; they are looked at as long as there are listeners.
        topics: gives what a request may see beside the status; None: not even that.
        rights: gives another value when anybody's rights may have changed.
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
        self._lock = threading.Lock()  # of the listeners, of what is told to them, and of the document
        self._listeners: set[Listener] = set()
        self._document: Document = {}
        self._looking = threading.Lock()
        self._looked_s = self._checked_s = -CHECK_S  # monotonic
        self._pause = threading.Event()
        self._shift = Shift(self._round, "events")

    def add(self, listener: Listener) -> None:
        """Tell it the whole state now, and from here on what changes."""
        with ExitStack() as stack:
            stack.enter_context(self._revisions)
            stack.enter_context(self._shift)
            self._look(TICK_S)
            with self._lock:
                listener.leave = stack.pop_all().close
                self._listeners.add(listener)
                self._tell_whole(listener)

    def remove(self, listener: Listener) -> None:
        """It is gone; may be called again, and for one that was never added."""
        with self._lock:
            if listener in self._listeners:
                self._listeners.remove(listener)
                listener.leave()

    def taken(self, listener: Listener) -> Sequence[Piece]:
        """What waits for a listener whose own thread sends it."""
        with self._lock:
            rest, listener.rest = listener.rest, ()
            listener.heard_s = time.monotonic()
        return rest

    def _round(self) -> None:
        self._pause.wait(TICK_S)
        self._check()
        self._look()
        self._keep_up()

    def _check(self) -> None:
        """End the streams of those who may see more or less than when they came: they ask again."""
        rights, now_s = self._rights(), time.monotonic()
        if anybody := now_s - self._checked_s >= CHECK_S:
            self._checked_s = now_s
        with self._lock:
            listeners = [listener for listener in self._listeners if anybody or listener.rights != rights]
        for listener in listeners:
            fits = self._topics(listener.request) == listener.topics
            with self._lock:
                listener.rights = rights
                if not fits and listener in self._listeners:
                    listener.hang_up()

    def _look(self, max_age_s: float = 0.0) -> None:
        """Look for what is new, unless that was done so lately, and tell everybody."""
        with self._looking:
            if time.monotonic() - self._looked_s < max_age_s:
                return
            items = self._revisions.items()
            new = {**self._status(), "revisions": self._revisions.newest()}
            with self._lock:
                new = settled(self._document, new)
                change = difference(self._document, new)
                self._document = new
                self._looked_s = time.monotonic()
                if change.keys() - {"now"}:
                    self._tell("change", change)
                for item in items:
                    self._tell("item", item, "library")

    def _keep_up(self) -> None:
        """See to those who are behind, stalled, or have heard nothing for long."""
        now_s, heartbeat = time.monotonic(), _message("heartbeat", {"now": utc_text(time.time())})
        with self._lock:
            for listener in self._listeners:
                if listener.rest:
                    listener.go_on(now_s)
                if listener.rest and now_s - listener.heard_s > STALL_S:
                    listener.hang_up()
                elif listener.behind and not listener.rest:
                    self._tell_whole(listener)
                elif now_s - listener.heard_s >= HEARTBEAT_S:
                    listener.tell(heartbeat, now_s)

    def _tell(self, event: str, document: Document, topic: str = "") -> None:
        """Tell everybody, or those who may see a topic."""
        messages: dict[Topics, bytes] = {}
        now_s = time.monotonic()
        for listener in self._listeners:
            if topic and topic not in listener.topics:
                continue
            if listener.topics not in messages:
                messages[listener.topics] = _message(event, visible(document, listener.topics))
            if message := messages[listener.topics]:
                listener.tell(message, now_s)

    def _tell_whole(self, listener: Listener) -> None:
        listener.behind = False
        status = {**visible(self._document, listener.topics), "now": utc_text(time.time())}
        listener.tell(b"retry: %d\n%b" % (RETRY_MS, _message("status", status)), time.monotonic())


def _no_matter() -> None:
    pass


def visible(document: Document, topics: Topics) -> Document:
    """A status, or a change of one, with the revisions of these topics only; nothing where there is but the time."""
    if "revisions" not in document:
        return document
    revisions = {topic: revision for topic, revision in document["revisions"].items() if topic in topics}
    rest = {name: value for name, value in document.items() if name != "revisions"}
    if revisions:
        return {**rest, "revisions": revisions}
    return rest if rest.keys() - {"now"} else {}


def settled(old: Document, new: Document) -> Document:
    """`new` without what changes all the time and tells a listener nothing: it is left as it was in `old`."""
    capture = {name: value for name, value in new["capture"].items() if name != "publish"}
    if library := capture.get("library"):
        before = old.get("capture", {}).get("library", {}).get("free_bytes", 0)
        if abs(library["free_bytes"] - before) <= FREE_SHARE * before:
            capture["library"] = {**library, "free_bytes": before}
    new = {**new, "capture": capture}
    frame, shown = new["frame"], old.get("frame")
    if frame and shown and frame["name"] == shown["name"]:
        new["frame"] = shown
    return new


def difference(old: Document, new: Document) -> Document:
    """The merge patch (RFC 7396) that makes `new` of `old`."""
    patch: Document = {name: None for name in old.keys() - new.keys() if old[name] is not None}
    for name, value in new.items():
        before = old.get(name)
        if isinstance(value, dict) and isinstance(before, dict):
            if inner := difference(before, value):
                patch[name] = inner
        elif value != before or name not in old:
            patch[name] = value
    return patch


def _message(event: str, document: Document) -> bytes:
    """An event; nothing for an empty document."""
    if not document:
        return b""
    return f"event: {event}\ndata: {json.dumps(document, ensure_ascii=False)}\n\n".encode(errors="replace")
