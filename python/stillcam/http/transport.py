"""One connection's bytes: receive and send with time-outs, plain or by TLS.

The plain transport tries first and asks poll(2) only when it has to wait: a socket with a Python
time-out does so before every call, which is a system call more for each.
"""

from __future__ import annotations

import contextlib
import os
import select
import socket
import ssl
import struct
import time
from collections.abc import Callable, Sequence
from typing import Protocol

from stillcam.http.bodies import Blob, FilePart, Piece

STALL_S = 20.0  # a client that takes less than ...
STALL_BYTES = 1024  # ... this in that time has stalled, or wants to hold a thread
RECEIVE_BYTES = 8192
SENDFILE_BYTES = 128 * 1024  # below, a second system call costs more than the copy that it saves
FILE_BYTES = 1 << 20  # at a time: a file on a slow card must not count as a client that stalls
TLS_FILE_BYTES = 256 * 1024
BACKLOG_BYTES = 128 * 1024

_TCP_NOTSENT_LOWAT = 25  # linux/tcp.h; Python's socket module has no name for it before 3.12


class Transport(Protocol):
    """What a connection needs."""

    def receive(self, timeout_s: float) -> bytes:
        """Some bytes; none at the end of what the client sends. Raises TimeoutError."""
        ...

    def send(self, pieces: Sequence[Piece]) -> None:
        """Send all of it. Raises TimeoutError when the client does not take it, OSError when it has gone."""
        ...

    def offer(self, pieces: Sequence[Piece]) -> Sequence[Piece]:
        """Send what the client takes at once; what is left. A connection that has gone takes nothing."""
        ...

    def send_file(self, head: bytes, part: FilePart) -> None:
        """Send a head, then a part of a file. Raises as `send`, and ConnectionError when the file becomes shorter."""
        ...

    def keep_backlog_small(self) -> None:
        """From here on let little wait in the kernel, so that a stream's newest frame soon comes."""
        ...

    def finish(self) -> None:
        """Say that no more will be sent."""
        ...


class PlainTransport:
    """A TCP connection.

    Args:
        connection: it is set up here, and closed by who made it.
        before_wait: called each time before the client is waited for.
    """

    def __init__(self, connection: socket.socket, before_wait: Callable[[], None]) -> None:
        self._socket = connection
        self._before_wait = before_wait
        connection.setblocking(False)

    def receive(self, timeout_s: float) -> bytes:
        """See Transport."""
        try:
            return self._socket.recv(RECEIVE_BYTES)
        except BlockingIOError:
            self._wait(select.POLLIN, timeout_s)
        try:
            return self._socket.recv(RECEIVE_BYTES)
        except BlockingIOError:  # poll(2) may be wrong
            raise TimeoutError from None

    def send(self, pieces: Sequence[Piece]) -> None:
        """See Transport. What is small goes in one call; a large blob follows in a second one, without a copy."""
        last = pieces[-1]
        if isinstance(last, Blob) and len(last) >= SENDFILE_BYTES:
            self._send_file(pieces[:-1], last.fileno(), 0, len(last))
        else:
            buffers = [_bytes(piece) for piece in pieces]
            self._complete(lambda at: self._socket.sendmsg(_from(buffers, at)), sum(map(len, buffers)))

    def offer(self, pieces: Sequence[Piece]) -> Sequence[Piece]:
        """See Transport."""
        buffers = [_bytes(piece) for piece in pieces]
        try:
            sent = self._socket.sendmsg(buffers)
        except OSError:  # it is full; or it has gone, which the next send tells
            return pieces
        return _from(buffers, sent) if sent else pieces

    def send_file(self, head: bytes, part: FilePart) -> None:
        """See Transport."""
        self._send_file([head], part.fileno(), part.start, len(part))

    def keep_backlog_small(self) -> None:
        """See Transport. The send buffer grows to megabytes: on a slow link that is seconds of old frames."""
        self._socket.setsockopt(socket.IPPROTO_TCP, _TCP_NOTSENT_LOWAT, BACKLOG_BYTES)

    def _send_file(self, pieces: Sequence[Piece], file: int, start: int, size: int) -> None:
        head = b"".join([_bytes(piece) for piece in pieces])
        if head:
            self._complete(lambda at: self._socket.send(head[at:], socket.MSG_MORE), len(head))
        out = self._socket.fileno()

        def some(at: int) -> int:
            if not (sent := os.sendfile(out, file, start + at, min(size - at, FILE_BYTES))):
                raise ConnectionAbortedError("the file has become shorter")
            return sent

        self._complete(some, size)

    def _complete(self, some: Callable[[int], int], size: int) -> None:
        """Call `some` with the number of bytes sent so far until they are `size`.

        Raises:
            TimeoutError: too few were taken.
        """
        sent = _count(some, 0)
        if sent == size:
            return
        until, taken = time.monotonic() + STALL_S, _taken(self._socket)
        while sent < size:
            with contextlib.suppress(TimeoutError):  # it may take some all the same, see `_taken`
                self._wait(select.POLLOUT, until - time.monotonic())
                sent += _count(some, sent)
            if time.monotonic() >= until:
                until, taken = time.monotonic() + STALL_S, _more_taken(self._socket, taken)

    def _wait(self, event: int, timeout_s: float) -> None:
        """Wait until the client has sent something, or has taken something.

        Raises:
            TimeoutError: it has not.
        """
        self._before_wait()
        poller = select.poll()
        poller.register(self._socket, event)
        if timeout_s <= 0 or not poller.poll(timeout_s * 1000):
            raise TimeoutError

    def finish(self) -> None:
        """See Transport."""
        self._socket.shutdown(socket.SHUT_WR)


class TlsTransport:
    """A connection by TLS.

    Args:
        connection: after the handshake; closed by who made it.
    """

    def __init__(self, connection: ssl.SSLSocket) -> None:
        self._socket = connection

    def receive(self, timeout_s: float) -> bytes:
        """See Transport."""
        self._socket.settimeout(timeout_s)
        try:
            return self._socket.recv(RECEIVE_BYTES)
        except ssl.SSLEOFError:
            return b""

    def send(self, pieces: Sequence[Piece]) -> None:
        """See Transport. A copy in one piece makes full records of 16 KiB."""
        self._socket.settimeout(STALL_S)
        left, taken = memoryview(b"".join([_bytes(piece) for piece in pieces])), _taken(self._socket)
        while left:
            try:
                left = left[self._socket.send(left) :]
            except TimeoutError:  # the same bytes have to be offered again (SSL_write(3))
                taken = _more_taken(self._socket, taken)

    def keep_backlog_small(self) -> None:
        """See Transport."""
        self._socket.setsockopt(socket.IPPROTO_TCP, _TCP_NOTSENT_LOWAT, BACKLOG_BYTES)

    def offer(self, pieces: Sequence[Piece]) -> Sequence[Piece]:
        """See Transport. A record that is begun must be finished, so nothing is begun here."""
        return pieces

    def send_file(self, head: bytes, part: FilePart) -> None:
        """See Transport."""
        self.send([head])
        at = 0
        while at < len(part):
            if not (data := part.read(at, TLS_FILE_BYTES)):
                raise ConnectionAbortedError("the file has become shorter")
            self.send([data])
            at += len(data)

    def finish(self) -> None:
        """See Transport."""
        self._socket.shutdown(socket.SHUT_WR)


def _taken(connection: socket.socket) -> int:
    """How many bytes the other side has acknowledged so far (linux/tcp.h, tcpi_bytes_acked).

    It shows progress where poll(2) does not: that reports room only once a third of the send buffer is free. The
    buffer has megabytes, which takes minutes on a slow link.
    """
    (acknowledged,) = struct.unpack_from("Q", connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 128), 120)
    return int(acknowledged)


def _more_taken(connection: socket.socket, before: int) -> int:
    """How many bytes the other side has acknowledged by now.

    Raises:
        TimeoutError: fewer than `STALL_BYTES` since `before`.
    """
    if (taken := _taken(connection)) - before < STALL_BYTES:
        raise TimeoutError
    return taken


def _count(some: Callable[[int], int], sent: int) -> int:
    try:
        return some(sent)
    except BlockingIOError:
        return 0


def _bytes(piece: Piece) -> bytes | memoryview:
    return piece.data if isinstance(piece, Blob) else piece


def _from(buffers: list[bytes | memoryview], sent: int) -> list[bytes | memoryview]:
    """What is left of `buffers` after their first `sent` bytes."""
    if not sent:
        return buffers
    rest: list[bytes | memoryview] = []
    for buffer in buffers:
        if sent < len(buffer):
            rest.append(memoryview(buffer)[sent:])
        sent = max(0, sent - len(buffer))
    return rest
