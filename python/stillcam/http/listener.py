"""Accepts connections on a port, and hands them to the idle pool; a connection over TLS gets a thread of its own."""

from __future__ import annotations

import _thread
import contextlib
import errno
import logging
import socket
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Self

from stillcam.common import log
from stillcam.common.errors import SHORT
from stillcam.http.connection import BUSY, Application, Connection, close_socket, log_failure
from stillcam.http.connection_pool import ConnectionPool
from stillcam.http.limits import ConnectionLimits, Slot
from stillcam.http.messages import response_head
from stillcam.http.request_reader import HEAD_S
from stillcam.http.transport import RECEIVE_BYTES

if TYPE_CHECKING:
    import ssl

STACK_BYTES = 256 * 1024  # of a thread
BACKLOG = 1024  # connections that the kernel completes before they are accepted
SHORT_S = 0.05  # pause before the next attempt when descriptors are short
SHORT_LOG_S = 60.0  # a shortage is logged at most once in this time

_CLOSED = (errno.EBADF, errno.EINVAL, errno.ENOTSOCK)


class Listener:
    """Listens, and has connections served.

    Args:
        address: host and port; the host "::" stands for every address, IPv4 and IPv6.
        tls: returns the TLS context for the next connection; None: plain HTTP.

    Attributes:
        address: host and port that it listens on.

    Raises:
        OSError: it cannot listen there.
    """

    def __init__(
        self,
        address: tuple[str, int],
        app: Application,
        limits: ConnectionLimits,
        tls: Callable[[], ssl.SSLContext] | None = None,
    ) -> None:
        self._app = app
        self._limits = limits
        self._tls = tls
        self._ending = False
        self._short_logged_s = -SHORT_LOG_S
        self._closed = threading.Event()
        self._socket = _listening_socket(address)
        self.address: tuple[str, int] = self._socket.getsockname()[:2]
        threading.stack_size(STACK_BYTES)
        self._pool = ConnectionPool()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def secure(self) -> bool:
        """Whether it speaks HTTPS."""
        return self._tls is not None

    def serve_forever(self) -> None:
        """Accept connections until `end`, which may come first.

        Raises:
            OSError: the listening socket has been closed.
        """
        try:
            self._pool.add(self)
            self._closed.wait()
        except OSError:
            if not self._ending:
                raise
        if not self._ending:
            raise OSError(errno.EBADF, "the listening socket has been closed")

    def end(self) -> None:
        """Close the port, and have `serve_forever` return; may be called from a signal handler, and more than once."""
        self._ending = True
        self._socket.close()
        self._closed.set()

    def close(self) -> None:
        """Close the port and all connections."""
        self._closed.set()
        self._socket.close()
        self._pool.close()

    def fileno(self) -> int:
        """The listening socket's descriptor; see connection_pool.PooledConnection."""
        return self._socket.fileno()

    def overdue(self, _now_s: float) -> bool:
        """Never: it may wait for a client for as long as it takes."""
        return False

    def serve(self) -> bool:
        """Accept the connection that has arrived; whether to accept further ones."""
        try:
            connection, address = self._socket.accept()
            self._accept(connection, address[0].removeprefix("::ffff:"))
        except OSError as failure:
            if failure.errno in SHORT:
                self._pause(str(failure.strerror))
            # otherwise the client has left before it was accepted
            return failure.errno not in _CLOSED
        except Exception as failure:  # noqa: BLE001 - it is logged: without this socket no client could connect
            log.fault("accepting a connection", failure)
        return True

    def connect(self) -> socket.socket:
        """A new connection to this server from within; it needs no slot, no network and no TLS."""
        client, ours = socket.socketpair()
        self._pool.add(self._connection(ours, "127.0.0.1", Slot(ours)))
        return client

    def _accept(self, connection: socket.socket, address: str) -> None:
        """Serve a new connection, or refuse it if no slot is free."""
        slot = self._limits.acquire(connection, address) or self._limits.acquire_refused(connection)
        if slot is None:
            self._refuse(connection)
            return
        try:
            if self._tls is None:
                self._pool.add(self._connection(connection, address, slot))
            else:
                # Thread.start() waits until the thread runs, which takes long among hundreds of busy ones.
                _thread.start_new_thread(self._serve_tls, (connection, address, slot))
        except (OSError, RuntimeError):  # the client has left; no memory to watch it, or too many threads
            self._limits.release(slot)
            close_socket(connection)

    def _connection(self, connection: socket.socket, address: str, slot: Slot, *, redirect: bool = False) -> Connection:
        return Connection(
            connection, address, slot, self._app, self._limits, self._pool, secure=self.secure, redirect=redirect
        )

    def _refuse(self, connection: socket.socket) -> None:
        """Answer 503 at once, without waiting for a request: too many connections wait for that already."""
        if self._tls is None:
            assert isinstance(BUSY.body, bytes)
            with contextlib.suppress(OSError):
                connection.setblocking(False)
                with contextlib.suppress(BlockingIOError):
                    connection.recv(RECEIVE_BYTES)  # closing with unread input would reset the connection
                connection.send(response_head(BUSY, self._app.security, keep=False).text(time.monotonic()) + BUSY.body)
            self._app.ended(None, BUSY, len(BUSY.body), 0.0)
        close_socket(connection)

    def _pause(self, reason: str) -> None:
        """Descriptors are short: close a connection that is idle, and wait, or the leader would spin."""
        self._pool.hand_off(self)
        if time.monotonic() - self._short_logged_s > SHORT_LOG_S:
            self._short_logged_s = time.monotonic()
            logging.warning("cannot accept more connections: %s", reason)
        self._limits.close_idle()
        time.sleep(SHORT_S)

    def _serve_tls(self, connection: socket.socket, address: str, slot: Slot) -> None:
        """Serve a connection in a thread of its own: OpenSSL buffers input, which epoll does not see."""
        try:
            redirect = self._handshake(connection, slot)
            served = self._connection(slot.connection, address, slot, redirect=redirect)
        except Exception as failure:  # noqa: BLE001 - it is logged
            log_failure(failure, address)
            self._limits.release(slot)
            close_socket(slot.connection)
            return
        while served.serve():
            pass
        served.close()

    def _handshake(self, connection: socket.socket, slot: Slot) -> bool:
        """Do the TLS handshake, and put the connection into its slot; returns whether the client speaks plain HTTP."""
        assert self._tls is not None
        connection.settimeout(HEAD_S)
        if connection.recv(1, socket.MSG_PEEK).isalpha():  # a TLS record begins with 22
            return True
        secure = self._tls().wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        slot.connection = secure
        secure.do_handshake()
        return False


def _listening_socket(address: tuple[str, int]) -> socket.socket:
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # each connection inherits it
        if family == socket.AF_INET6:
            listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        listening.bind(address)
        listening.listen(BACKLOG)
        listening.setblocking(False)
    except OSError:
        listening.close()
        raise
    return listening
