"""Webhooks: signed messages to one address.

The form is that of Standard Webhooks 1.0 (https://github.com/standard-webhooks/standard-webhooks,
spec/standard-webhooks.md). Of the answer only the status counts, and redirections are not followed.

The key that messages are signed with is made here and kept in a file of its own, which only its owner can read. It is
no setting, so that no route and no backup can reveal it.
"""

from __future__ import annotations

import base64
import os
import socket
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from stillcam import __version__
from stillcam.common.atomic_write import create_private
from stillcam.common.errors import StillcamError
from stillcam.notifications.events import Message
from stillcam.notifications.receiver import DeliveryError

if TYPE_CHECKING:
    import http.client

KEY_FILE = "webhook-key"  # in data/
KEY_PREFIX = "whsec_"
KEY_BYTES = 32
TIMEOUT_S = 10.0  # for one message, from the first byte to the status


def post(url: str, key: str, message: Message, timeout_s: float = TIMEOUT_S) -> None:
    """Send a message, signed with `key`, to the receiver at `url`.

    Args:
        timeout_s: for all of it except the resolution of the name, which has limits of its own (resolv.conf).

    Raises:
        DeliveryError: it does not answer, or with another status than 2xx.
    """
    import http.client

    parts, time_s = urlsplit(url), int(time.time())
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    headers = {
        "Content-Type": "application/json", "User-Agent": f"Stillcam/{__version__}", "Connection": "close",
        "webhook-id": message.id, "webhook-timestamp": str(time_s),
        "webhook-signature": signature(key, message.id, time_s, message.body),
    }  # fmt: skip
    connect = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = connect(parts.hostname or "", parts.port, timeout=timeout_s)
    # The connection's own time-out starts again with each byte.
    watchdog = threading.Timer(timeout_s, _shut_down, (connection,))
    watchdog.daemon = True
    try:
        watchdog.start()
        connection.request("POST", target, message.body, headers)
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException, ValueError) as error:  # ValueError: an invalid name
        raise DeliveryError(str(error) or type(error).__name__) from error
    finally:
        watchdog.cancel()
        connection.close()
    if not 200 <= status < 300:
        raise DeliveryError(f"it answered {status}")


def _shut_down(connection: http.client.HTTPConnection) -> None:
    with suppress(OSError, AttributeError):  # not connected
        connection.sock.shutdown(socket.SHUT_RDWR)


class Webhook:
    """The channel to the receiver at `url`; messages are signed with `key`."""

    kind = "webhook"
    pictures = False
    problem = ""

    def __init__(self, url: str, key: str) -> None:
        self._url = url
        self._key = key
        self.name = urlsplit(url).netloc  # the rest of an address may be a secret

    def close(self) -> None:
        """See `Channel`."""

    def deliver(self, message: Message) -> str:
        """See `Channel`."""
        post(self._url, self._key, message)
        return ""


def load_key(path: Path) -> str:
    """The key in the form that receivers take: `whsec_` and base64; created if there is none.

    Raises:
        StillcamError: it cannot be written or read, or the file holds no key.
    """
    try:
        if not path.exists():
            create_private(path, f"{KEY_PREFIX}{base64.b64encode(os.urandom(KEY_BYTES)).decode()}\n".encode())
        text = path.read_text("ascii").strip()
        _key_bytes(text)
    except OSError as error:
        text = f"cannot use {path} ({error.strerror}): check its owner and the free space (df -h)"
        raise StillcamError(text) from error
    except ValueError as error:
        raise StillcamError(f"{path} contains no key: delete it, and Stillcam creates a new one") from error
    return text


def _key_bytes(text: str) -> bytes:
    """Decode a key; ValueError: it is none."""
    key = base64.b64decode(text.removeprefix(KEY_PREFIX), validate=True)
    if not text.startswith(KEY_PREFIX) or not 24 <= len(key) <= 64:  # what the specification allows
        raise ValueError("not a key")
    return key


def signature(key: str, message_id: str, time_s: int, body: bytes) -> str:
    """The header `webhook-signature` of a message, for the headers `webhook-id` and `webhook-timestamp`, and a body."""
    import hmac

    signed = hmac.digest(_key_bytes(key), f"{message_id}.{time_s}.".encode() + body, "sha256")
    return f"v1,{base64.b64encode(signed).decode()}"
