"""Messages between the daemon and its child: JSON objects, whole or not at all.

A socket of the kind SOCK_SEQPACKET keeps each message together (unix(7)), so that several threads may
send, and a stranger's print() cannot get between.
"""

from __future__ import annotations

import json
import socket
from typing import Any

Message = dict[str, Any]

_MAX_BYTES = 1 << 17  # below the kernel's default for a message, 212,992


class Channel:
    """One end.

    Args:
        end: the socket; closed by `close`.
    """

    def __init__(self, end: socket.socket) -> None:
        self._socket = end

    @property
    def fd(self) -> int:
        """Readable when there is something to receive, or the other end is gone; -1 once closed."""
        return self._socket.fileno()

    def send(self, message: Message) -> None:
        """Send; waits while the other side is behind, unless `fd` does not block.

        Raises:
            OSError: the other end is gone, or (not blocking) does not read.
        """
        self._socket.send(json.dumps(message, default=_plain).encode())

    def tell(self, message: Message) -> None:
        """Send what may be lost: nothing happens if the other side is behind or gone."""
        try:
            self._socket.send(json.dumps(message, default=_plain).encode(), socket.MSG_DONTWAIT)
        except OSError:
            return

    def receive(self) -> Message | None:
        """The next message; waits for it, unless `fd` does not block. None: the other end is gone.

        Raises:
            BlockingIOError: there is none yet.
        """
        try:
            raw = self._socket.recv(_MAX_BYTES)
        except ConnectionError:
            return None
        if not raw:
            return None
        message: Message = json.loads(raw)
        return message

    def close(self) -> None:
        """Close this end."""
        self._socket.close()


def pair() -> tuple[Channel, socket.socket]:
    """The daemon's end, which does not block, and the child's, to be handed over."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ours.setblocking(False)
    return Channel(ours), theirs


def _plain(value: Any) -> Any:
    """What the library says of a frame, in JSON's types: its numbers may be numpy's or enumerators."""
    for plain in (int, float):
        try:
            number = plain(value)
        except (TypeError, ValueError):
            continue
        if number == value:
            return number
    return str(value)
