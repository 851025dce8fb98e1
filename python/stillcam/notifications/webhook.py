"""Sends what happens to one receiver: signed, tried again, never more than a few waiting.

The form is that of Standard Webhooks 1.0 (see `stillcam.notifications.webhook_key`). A receiver that hangs or
is away holds up nobody but itself: it has a thread and a queue of its own. What it answers is not
read beyond the status, and a redirection is not followed.
"""

from __future__ import annotations

import http.client
import json
import logging
import secrets
import socket
import ssl
import threading
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

from stillcam import __version__
from stillcam.common.threads import keep
from stillcam.common.utc import utc_text
from stillcam.notifications.events import Event
from stillcam.notifications.webhook_key import signature

TIMEOUT_S = 10.0  # for one message, from the first byte to the status
RETRY_S = (5.0, 30.0, 120.0, 600.0, 1800.0, 7200.0)  # the pauses before each further try; then it is given up
MAX_WAITING = 100  # messages; the oldest gives way


@dataclass(frozen=True, slots=True)
class Message:
    """One event on its way; the same at each try.

    Args:
        id: another one for each event.
        body: JSON.
    """

    id: str
    type: str
    body: bytes

    @classmethod
    def of(cls, event: Event, machine: str, camera: int) -> Message:
        """Of an event of a camera, by its number, on the machine of this name."""
        data = {"machine": machine, "camera": camera, **event.data}
        document = {"type": event.type, "timestamp": utc_text(event.time_s), "data": data}
        return cls(f"msg_{secrets.token_hex(16)}", event.type, json.dumps(document).encode())


class NotTaken(Exception):
    """A receiver has not taken a message; the text says why."""


def post(url: str, key: str, message: Message, timeout_s: float = TIMEOUT_S) -> None:
    """Give a receiver a message.

    Args:
        url: its address.
        key: what it is signed with.
        message: the message.
        timeout_s: for all of it but the name's resolution, which has limits of its own (resolv.conf).

    Raises:
        NotTaken: it does not answer, or not with a 2xx.
    """
    parts, time_s = urlsplit(url), int(time.time())
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    headers = {
        "Content-Type": "application/json", "User-Agent": f"Stillcam/{__version__}", "Connection": "close",
        "webhook-id": message.id, "webhook-timestamp": str(time_s),
        "webhook-signature": signature(key, message.id, time_s, message.body),
    }  # fmt: skip
    link: http.client.HTTPConnection
    if parts.scheme == "https":
        context = ssl.create_default_context()
        link = http.client.HTTPSConnection(parts.hostname or "", parts.port, timeout=timeout_s, context=context)
    else:
        link = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=timeout_s)
    over = threading.Timer(timeout_s, _cut, (link,))  # the connection's own time-out begins anew with each byte
    over.daemon = True
    try:
        over.start()
        link.request("POST", target, message.body, headers)
        status = link.getresponse().status
    except (OSError, http.client.HTTPException, ValueError) as error:  # the last of a name that cannot be one
        raise NotTaken(str(error) or type(error).__name__) from error
    finally:
        over.cancel()
        link.close()
    if not 200 <= status < 300:
        raise NotTaken(f"it answers {status}")


def _cut(link: http.client.HTTPConnection) -> None:
    with suppress(OSError, AttributeError):  # there is none yet, or none any more
        link.sock.shutdown(socket.SHUT_RDWR)


class Receiver:
    """Sends to one address, in order.

    Args:
        url: the address.
        key: what messages are signed with.
        retry_s: the pauses before further tries.
    """

    def __init__(self, url: str, key: str, retry_s: tuple[float, ...] = RETRY_S) -> None:
        self.url = url
        self._name = urlsplit(url).netloc  # the rest of an address may be a secret
        self._key = key
        self._retry_s = retry_s
        self._waiting: deque[Message] = deque()
        self._changed = threading.Condition()
        self._closed = self._away = False
        keep(self._run, "webhook")

    def send(self, message: Message) -> None:
        """Queue it."""
        with self._changed:
            if len(self._waiting) == MAX_WAITING:
                lost = self._waiting.popleft()
                logging.warning("webhook: too many wait for %s: %s is given up", self._name, lost.type)
            self._waiting.append(message)
            self._changed.notify_all()

    def close(self) -> None:
        """Nothing more is sent; what waits is given up."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._closed)
                if self._closed:
                    return
                message = self._waiting[0]
            self._deliver(message)
            with self._changed:
                if self._waiting and self._waiting[0] is message:
                    self._waiting.popleft()

    def _deliver(self, message: Message) -> None:
        for pause_s in (*self._retry_s, None):
            try:
                post(self.url, self._key, message)
            except NotTaken as error:
                if pause_s is None:
                    logging.warning("webhook: %s is given up, %s has not taken it: %s", message.type, self._name, error)
                    return
                if not self._away:
                    logging.warning("webhook: %s does not take %s (%s): trying again", self._name, message.type, error)
                self._away = True
                with self._changed:
                    if self._changed.wait_for(lambda: self._closed, pause_s):
                        return
            else:
                if self._away:
                    logging.info("webhook: %s takes messages again", self._name)
                self._away = False
                return
