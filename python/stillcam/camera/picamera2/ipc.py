"""Messages between the daemon and the worker: JSON objects, through a socket of type SOCK_SEQPACKET.

It keeps each message in one piece (unix(7)), so several threads may send.
"""

from __future__ import annotations

import json
import socket
from typing import Any

Message = dict[str, Any]

_MAX_BYTES = 1 << 17  # below the kernel's default for a message, 212,992


def send(end: socket.socket, message: Message) -> None:
    """Send; blocks while the buffer is full, unless the socket is non-blocking.

    Raises:
        OSError: the other end is closed, or the buffer is full (BlockingIOError).
    """
    end.send(json.dumps(message, default=_to_json).encode())


def send_or_drop(end: socket.socket, message: Message) -> None:
    """Send without blocking; drop the message if the buffer is full or the other end is closed."""
    try:
        end.send(json.dumps(message, default=_to_json).encode(), socket.MSG_DONTWAIT)
    except OSError:
        return


def receive(end: socket.socket) -> Message | None:
    """The next message; blocks until it comes, unless the socket is non-blocking. None: the other end is closed.

    Raises:
        BlockingIOError: there is none yet.
    """
    try:
        raw = end.recv(_MAX_BYTES)
    except ConnectionError:
        return None
    if not raw:
        return None
    message: Message = json.loads(raw)
    return message


def with_tuples(message: Message) -> Message:
    """A message with tuples in place of its lists, which JSON makes of them."""
    return {name: tuple(value) if isinstance(value, list) else value for name, value in message.items()}


def _to_json(value: Any) -> Any:
    """A value of libcamera's metadata in JSON's types: numbers may be numpy's or enumerators."""
    for number_type in (int, float):
        try:
            number = number_type(value)
        except (TypeError, ValueError):
            continue
        if number == value:
            return number
    return str(value)
