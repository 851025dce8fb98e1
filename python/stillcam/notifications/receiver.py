"""A receiver: a queue and a thread that sends messages in order, and retries with increasing delays.

A receiver that hangs or is away delays no other one.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from dataclasses import dataclass, replace
from typing import Protocol

from stillcam.common.clock import local
from stillcam.common.threads import start, start_restarting
from stillcam.notifications.events import Message
from stillcam.settings.receivers import ReceiverRow

RETRY_S = (5.0, 30.0, 120.0, 600.0, 1800.0, 7200.0)  # the pauses before each further try; then it is dropped
MAX_QUEUED = 100  # messages; then the oldest one is dropped
MAX_PICTURE_BYTES = 10_000_000  # most services refuse more
MAX_PICTURES = 5  # of messages that wait: pictures are in memory


class DeliveryError(Exception):
    """A receiver has not accepted a message; the text says why, and contains nothing secret."""


class Channel(Protocol):
    """A way to one receiver."""

    kind: str  # for the log and the page
    name: str  # of the receiver, for the log; contains nothing secret

    pictures: bool  # whether it sends the pictures of messages

    def close(self) -> None:
        """The receiver was removed."""

    @property
    def problem(self) -> str:
        """Why it cannot work yet, and what to do; empty: nothing is missing."""

    def deliver(self, message: Message) -> str:
        """Send a message; returns a note for a person, usually empty. It ends after a minute at most.

        Raises:
            DeliveryError: the receiver has not accepted it.
        """


class Choice:
    """Which events a receiver gets: those that its row names, outside quiet hours, and not too many.

    Args:
        row: of the settings.
        events: the types for a row that names none.
        every_s: the shortest interval between two messages of one type, for a row that names none.
    """

    def __init__(self, row: ReceiverRow, events: frozenset[str], every_s: float = 0.0) -> None:
        self.events = row.events or events
        self._quiet = row.quiet
        self._every_s = every_s if row.every_s is None else row.every_s
        self._sent_s: dict[str, float] = {}  # type -> time of the last message (monotonic)

    def takes(self, type_: str, now_s: float, time_s: float) -> bool:
        """Whether the receiver gets an event of this type now, which then counts as sent.

        Args:
            now_s: of the monotonic clock.
            time_s: since the epoch.
        """
        if type_ not in self.events or self._is_quiet(time_s):
            return False
        last_s = self._sent_s.get(type_)
        if last_s is not None and now_s - last_s < self._every_s:
            return False
        self._sent_s[type_] = now_s
        return True

    def _is_quiet(self, time_s: float) -> bool:
        if self._quiet is None:
            return False
        now, (begin, end) = local(time_s), self._quiet
        minute = now.hour * 60 + now.minute
        return begin <= minute < end if begin < end else minute >= begin or minute < end


@dataclass(frozen=True, slots=True)
class Attempt:
    """The last attempt to send a message."""

    time_s: float  # since the epoch
    type: str
    error: str  # why the receiver has not accepted it; empty: it has
    note: str = ""  # what is missing in a message that was accepted; empty: nothing


class Receiver:
    """Sends messages by `channel`, in order; `retry_s` are the pauses before further attempts.

    Attributes:
        last: the last attempt; None: there was none.
    """

    def __init__(self, channel: Channel, retry_s: tuple[float, ...] = RETRY_S) -> None:
        self.channel = channel
        self.last: Attempt | None = None
        self._retry_s = retry_s
        self._queue: deque[Message] = deque()
        self._changed = threading.Condition()
        self._closed = self._failing = False
        start_restarting(self._run, channel.kind)

    def send(self, message: Message) -> None:
        """Queue a message; if too many wait, the oldest one is dropped. Few of those that wait keep a picture."""
        kind, name = self.channel.kind, self.channel.name
        if not self.channel.pictures:
            message = replace(message, picture=None)
        with self._changed:
            if len(self._queue) == MAX_QUEUED:
                dropped = self._queue.popleft()
                logging.warning("%s: too many messages are waiting for %s: dropped %s", kind, name, dropped.type)
            if len(self._queue) >= MAX_PICTURES:
                self._queue[-MAX_PICTURES] = replace(self._queue[-MAX_PICTURES], picture=None)
            self._queue.append(message)
            self._changed.notify_all()

    def attempt(self, message: Message) -> None:
        """Send a message now, beside those that wait, and remember the result.

        Raises:
            DeliveryError: the receiver has not accepted it.
        """
        try:
            note = self.channel.deliver(message)
        except DeliveryError as failure:
            self.last = Attempt(time.time(), message.type, str(failure))
            raise
        self.last = Attempt(time.time(), message.type, "", note)

    def close(self) -> None:
        """Send nothing more; drop what is queued."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        start(self.channel.close, "close")  # which may wait for the network

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._queue or self._closed)
                if self._closed:
                    return
                message = self._queue[0]
            self._deliver(message)
            with self._changed:
                if self._queue and self._queue[0].id == message.id:
                    self._queue.popleft()

    def _deliver(self, message: Message) -> None:
        kind, name = self.channel.kind, self.channel.name
        for pause_s in (*self._retry_s, None):
            try:
                self.attempt(message)
            except DeliveryError as error:
                if pause_s is None:
                    logging.warning("%s: dropped %s, %s has not accepted it: %s", kind, message.type, name, error)
                    return
                if not self._failing:
                    text = "%s: %s does not accept %s (%s): trying again"
                    logging.warning(text, kind, name, message.type, error)
                self._failing = True
                with self._changed:
                    if self._changed.wait_for(lambda: self._closed, pause_s):
                        return
            else:
                if self._failing:
                    logging.info("%s: %s accepts messages again", kind, name)
                self._failing = False
                return


def picture_of_message(message: Message) -> tuple[str | None, bytes]:
    """The name and the content of a message's picture; none if it is gone, or too large."""
    picture = message.picture
    if isinstance(picture, bytes):
        return "picture.jpg", picture
    if picture is None:
        return None, b""
    try:
        with picture.open("rb") as file:
            content = file.read(MAX_PICTURE_BYTES + 1)
    except OSError:
        return None, b""
    return (picture.name, content) if len(content) <= MAX_PICTURE_BYTES else (None, b"")
