"""The bytes of one connection: receive and send with time-outs, plain or over TLS.

The plain transport tries first and calls poll(2) only when it has to wait: a socket with a Python time-out does so
before every call, which costs a system call more for each.
"""

from __future__ import annotations

import contextlib
import os
import select
import socket
import struct
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from functools import partial

from stillcam.http.bodies import Blob, FilePart, Piece

CLIENT_STALL_S = 20.0  # a client that takes fewer than ...
STALL_BYTES = 1024  # ... so many bytes in that time has stalled
RECEIVE_BYTES = 8192
SENDFILE_BYTES = 64 * 1024  # below, a second system call costs more than the copy that it saves
FILE_BYTES = 1 << 20  # at a time: a slow disk must not count as a client that stalls
TLS_FILE_BYTES = 256 * 1024
BACKLOG_BYTES = 128 * 1024

_TCP_NOTSENT_LOWAT = 25  # linux/tcp.h; Python's socket module has no name for it before 3.12


class Transport(ABC):
    """What a connection needs of its socket, which the caller closes.

    Attributes:
        offered: bytes that `offer` has sent.
    """

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        self.offered = 0

    @abstractmethod
    def receive(self, timeout_s: float) -> bytes:
        """Some bytes; none if the client sends no more. Raises TimeoutError."""

    @abstractmethod
    def send(self, pieces: Sequence[Piece]) -> None:
        """Send all of it. Raises TimeoutError if the client does not take it, OSError if it has left."""

    @abstractmethod
    def send_blob(self, head: bytes, blob: Blob) -> None:
        """Send a head, then a blob. Raises as `send`."""

    @abstractmethod
    def offer(self, piece: Piece) -> int:
        """Send what the client takes at once; returns the number of bytes. A closed connection takes nothing."""

    @abstractmethod
    def send_file(self, head: bytes, part: FilePart) -> None:
        """Send a head, then a part of a file. Raises as `send`, and ConnectionError if the file becomes shorter."""

    def keep_backlog_small(self) -> None:
        """Keep little data in the kernel from now on, so that a stream's newest frame arrives soon.

        The send buffer grows to megabytes: on a slow link that would be seconds of old frames.
        """
        self._socket.setsockopt(socket.IPPROTO_TCP, _TCP_NOTSENT_LOWAT, BACKLOG_BYTES)

    def finish(self) -> None:
        """Close the sending side."""
        self._socket.shutdown(socket.SHUT_WR)


class PlainTransport(Transport):
    """A TCP connection.

    Args:
        connection: set up here.
        before_wait: called before each wait for the client.
    """

    def __init__(self, connection: socket.socket, before_wait: Callable[[], None]) -> None:
        super().__init__(connection)
        self._before_wait = before_wait
        connection.setblocking(False)

    def receive(self, timeout_s: float) -> bytes:
        try:
            return self._socket.recv(RECEIVE_BYTES)
        except BlockingIOError:
            self._wait(select.POLLIN, timeout_s)
        try:
            return self._socket.recv(RECEIVE_BYTES)
        except BlockingIOError:  # poll(2) may be wrong
            raise TimeoutError from None

    def send(self, pieces: Sequence[Piece]) -> None:
        last = pieces[-1]
        if isinstance(last, Blob):
            self.send_blob(b"".join([_bytes(piece) for piece in pieces[:-1]]), last)
        else:
            buffers = [_bytes(piece) for piece in pieces]
            self._send_buffers(buffers, sum(map(len, buffers)))

    def send_blob(self, head: bytes, blob: Blob) -> None:
        """What is small goes in one call; a large blob follows its head in a second one, without a copy."""
        size = blob.size
        if size < SENDFILE_BYTES:
            self._send_buffers([head, blob.data], len(head) + size)
        else:
            self._send_file(head, blob.descriptor, blob.start, size)

    def _send_buffers(self, buffers: list[bytes | memoryview], size: int) -> None:
        try:
            sent = self._socket.sendmsg(buffers)  # nearly always all of it
        except BlockingIOError:
            sent = 0
        if sent < size:
            self._complete(lambda at: self._socket.sendmsg(_rest(buffers, at)), sent, size)

    def offer(self, piece: Piece) -> int:
        try:
            if isinstance(piece, Blob):
                sent = os.sendfile(self._socket.fileno(), piece.descriptor, piece.start, piece.size)
            else:
                sent = self._socket.send(piece)
        except OSError:  # its buffer is full; or it is closed, as the next `send` reports
            return 0
        self.offered += sent
        return sent

    def send_file(self, head: bytes, part: FilePart) -> None:
        self._send_file(head, part.fileno(), part.start, len(part))

    def _send_file(self, head: bytes, file: int, start: int, size: int) -> None:
        sent = 0
        try:
            sent = self._socket.send(head, socket.MSG_MORE)
            if sent == len(head):
                sent += os.sendfile(self._socket.fileno(), file, start, min(size, FILE_BYTES))  # often all of it
        except BlockingIOError:
            pass
        if sent < len(head) + size:
            self._complete(partial(self._send_more, head, file, start, size), sent, len(head) + size)

    def _send_more(self, head: bytes, file: int, start: int, size: int, at: int) -> int:
        """Continue at the byte `at` of head and file together."""
        if at < len(head):
            return self._socket.send(head[at:], socket.MSG_MORE)
        at -= len(head)
        if not (sent := os.sendfile(self._socket.fileno(), file, start + at, min(size - at, FILE_BYTES))):
            raise ConnectionAbortedError("the file was truncated while it was sent")
        return sent

    def _complete(self, send_from: Callable[[int], int], sent: int, size: int) -> None:
        """Wait for the client, and call `send_from` with the number of bytes sent so far, until they are `size`."""
        deadline_s, acknowledged = time.monotonic() + CLIENT_STALL_S, _acknowledged(self._socket)
        while sent < size:
            with contextlib.suppress(TimeoutError):  # the client may take some all the same, see `_acknowledged`
                self._wait(select.POLLOUT, deadline_s - time.monotonic())
                sent += _count(send_from, sent)
            if time.monotonic() >= deadline_s:
                deadline_s, acknowledged = time.monotonic() + CLIENT_STALL_S, _progress(self._socket, acknowledged)

    def _wait(self, event: int, timeout_s: float) -> None:
        self._before_wait()
        poller = select.poll()
        poller.register(self._socket, event)
        if timeout_s <= 0 or not poller.poll(timeout_s * 1000):
            raise TimeoutError


class TlsTransport(Transport):
    """A connection over TLS, after the handshake."""

    def receive(self, timeout_s: float) -> bytes:
        from ssl import SSLEOFError

        self._socket.settimeout(timeout_s)
        try:
            return self._socket.recv(RECEIVE_BYTES)
        except SSLEOFError:
            return b""

    def send(self, pieces: Sequence[Piece]) -> None:
        """A copy in one piece makes full records of 16 KiB."""
        self._socket.settimeout(CLIENT_STALL_S)
        left, acknowledged = memoryview(b"".join([_bytes(piece) for piece in pieces])), _acknowledged(self._socket)
        while left:
            try:
                left = left[self._socket.send(left) :]
            except TimeoutError:  # the same bytes have to be offered again (SSL_write(3))
                acknowledged = _progress(self._socket, acknowledged)

    def send_blob(self, head: bytes, blob: Blob) -> None:
        self.send([head, blob])

    def offer(self, _piece: Piece) -> int:
        """Nothing: a record that is begun must be finished."""
        return 0

    def send_file(self, head: bytes, part: FilePart) -> None:
        self.send([head])
        at = 0
        while at < len(part):
            if not (data := part.read(at, TLS_FILE_BYTES)):
                raise ConnectionAbortedError("the file was truncated while it was sent")
            self.send([data])
            at += len(data)


def _acknowledged(connection: socket.socket) -> int:
    """How many bytes the client has acknowledged so far (linux/tcp.h, tcpi_bytes_acked).

    It shows progress where poll(2) does not: that reports room only once a third of the send buffer is free. The
    buffer has megabytes, which takes minutes on a slow link.
    """
    (acknowledged,) = struct.unpack_from("Q", connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 128), 120)
    return int(acknowledged)


def _progress(connection: socket.socket, before: int) -> int:
    """How many bytes the client has acknowledged by now; TimeoutError if fewer than `STALL_BYTES` since `before`."""
    if (acknowledged := _acknowledged(connection)) - before < STALL_BYTES:
        raise TimeoutError
    return acknowledged


def _count(send_from: Callable[[int], int], sent: int) -> int:
    try:
        return send_from(sent)
    except BlockingIOError:
        return 0


def _bytes(piece: Piece) -> bytes | memoryview:
    return piece.data if isinstance(piece, Blob) else piece


def _rest(buffers: list[bytes | memoryview], sent: int) -> list[bytes | memoryview]:
    """`buffers` without their first `sent` bytes."""
    if not sent:
        return buffers
    rest: list[bytes | memoryview] = []
    for buffer in buffers:
        if sent < len(buffer):
            rest.append(memoryview(buffer)[sent:])
        sent = max(0, sent - len(buffer))
    return rest
