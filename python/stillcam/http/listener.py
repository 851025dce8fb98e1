"""Listens, on the standard library's classes, and has each connection answered.

Between two requests a connection waits with all others in the waiting room, where one thread
answers what is quick. What may take long gets that thread for itself, and another takes its
place. A connection by TLS has a thread of its own from start to end. limits.py limits the number
of connections.
"""

from __future__ import annotations

import _thread
import contextlib
import errno
import logging
import socket
import ssl
import threading
import time
from collections.abc import Callable
from http.server import ThreadingHTTPServer
from typing import Any

from stillcam.common import log
from stillcam.common.errors import SHORT
from stillcam.http.connection import BUSY, HEAD_S, Application, Connection, head_of
from stillcam.http.idle_pool import WaitingRoom
from stillcam.http.limits import ConnectionLimits, Slot
from stillcam.http.transport import RECEIVE_BYTES

STACK_BYTES = 256 * 1024
STUCK_S = 30.0  # the loop counts as stuck if its last turn began this long ago
LOOK_S = 2.0  # from one look to the next whether connections are attended to
SHORT_S = 0.05  # from one look to the next whether there are descriptors and memory again
SHORT_AGAIN_S = 60.0  # so often at most it is said that there are none

_CLOSED = (errno.EBADF, errno.EINVAL, errno.ENOTSOCK)
_GONE = (errno.EBADF, errno.ENOTCONN, errno.EHOSTUNREACH, errno.ENETUNREACH)


class Server(ThreadingHTTPServer):
    """Listens, and has connections answered, so many at a time.

    Args:
        address: host and port; the host "::" stands for every address, IPv4 and IPv6.
        app: gives the answers.
        limits: limits the connections.
        tls: gives the certificate in use, for HTTPS; None: plain HTTP.

    Raises:
        OSError: it cannot listen there.
    """

    daemon_threads = True
    request_queue_size = 1024
    allow_reuse_address = True

    def __init__(
        self,
        address: tuple[str, int],
        app: Application,
        limits: ConnectionLimits,
        tls: Callable[[], ssl.SSLContext] | None,
    ) -> None:
        self.app = app
        self.limits = limits
        self.tls = tls
        self._ends = False
        self._short_s = -SHORT_AGAIN_S
        self._turn_s = time.monotonic()  # when the loop that takes connections began its last turn
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        threading.stack_size(STACK_BYTES)
        self._room = WaitingRoom()
        super().__init__(address, Connection)  # type: ignore[arg-type]  # made with its slot

    def server_bind(self) -> None:
        """Bind without asking the name service for our own name, as HTTPServer does."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # which each connection inherits
        if self.address_family == socket.AF_INET6:
            self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()

    def server_close(self) -> None:
        """Listen no more."""
        super().server_close()
        self._room.close()

    def serve_forever(self, poll_interval: float = 0.0) -> None:
        """Take connections until `end`.

        Raises:
            OSError: the listening socket has been closed.
        """
        del poll_interval  # the base class looks that often whether to end
        self.socket.settimeout(LOOK_S)
        while not self._ends:
            self._turn_s = time.monotonic()
            try:
                self._room.see_to_attendant()
                request, address = self.get_request()
            except MemoryError:
                self._wait("no memory")
            except OSError as failure:
                if failure.errno in _CLOSED and not self._ends:
                    raise
                if failure.errno in SHORT:
                    self._wait(str(failure.strerror))
                # else nobody has come, or a client left before it was taken
            else:
                with contextlib.suppress(MemoryError):  # nobody knows the connection, which closes it
                    self.process_request(request, address)

    def end(self) -> None:
        """Have `serve_forever` return; may be called from a signal handler, and more than once."""
        self._ends = True
        with contextlib.suppress(OSError):  # it is closed already
            self.socket.shutdown(socket.SHUT_RDWR)  # wakes who waits for a connection

    @property
    def takes_connections(self) -> bool:
        """Whether the loop of `serve_forever` still turns."""
        return time.monotonic() - self._turn_s < STUCK_S

    def inside(self) -> socket.socket:
        """A new connection to this server for its own question: it needs no slot, no network and no TLS."""
        theirs, ours = socket.socketpair()
        self._room.add(Connection(ours, "127.0.0.1", self, Slot(ours)))
        return theirs

    def _wait(self, reason: str) -> None:
        """Descriptors or memory are short: have a connection that waits leave, and wait, or the loop would spin."""
        with contextlib.suppress(MemoryError):
            if time.monotonic() - self._short_s > SHORT_AGAIN_S:
                self._short_s = time.monotonic()
                logging.warning("cannot take more connections: %s", reason)
            self.limits.close_idle()
        time.sleep(SHORT_S)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Have the connection wait for its first request, if a slot is free."""
        address = client_address[0].removeprefix("::ffff:")
        slot = self.limits.acquire(request, address) or self.limits.acquire_refused(request)
        if slot is None:
            self._refuse(request)
            return
        try:
            if self.tls is None:
                self._room.add(Connection(request, address, self, slot))
            else:
                # A Thread's start() waits until the thread runs: among hundreds of busy ones that takes long.
                _thread.start_new_thread(self._serve, (request, address, slot))
        except (OSError, RuntimeError, MemoryError):  # a client that has left; no memory, or none for a thread
            self.left(request, slot)

    def _refuse(self, request: socket.socket) -> None:
        """Answer 503 at once, without waiting for a request: too many connections wait for that already."""
        if self.tls is None:
            assert isinstance(BUSY.body, bytes)
            with contextlib.suppress(OSError):
                request.setblocking(False)
                with contextlib.suppress(BlockingIOError):
                    request.recv(RECEIVE_BYTES)  # what is not read at the end would reset the connection
                request.send(head_of(BUSY, keep=False) + BUSY.body)
            self.app.ended(None, BUSY, len(BUSY.body), 0.0)
        self.shutdown_request(request)

    def step_aside(self, connection: Connection) -> None:
        """What follows on this connection may take long: see WaitingRoom."""
        self._room.step_aside(connection)

    def _serve(self, request: socket.socket, address: str, slot: Slot) -> None:
        """A connection with a thread of its own: TLS buffers what the waiting room would have to see."""
        assert self.tls is not None
        try:
            request.settimeout(HEAD_S)
            in_the_clear = request.recv(1, socket.MSG_PEEK).isalpha()  # a record of TLS begins with 22
            if not in_the_clear:
                request = self.tls().wrap_socket(request, server_side=True, do_handshake_on_connect=False)
                slot.connection = request
                request.do_handshake()
            connection = Connection(request, address, self, slot, to_https=in_the_clear)
            try:
                while connection.turn():
                    pass
            finally:
                connection.finish()
        except Exception as failure:  # noqa: BLE001 - the last place that can tell of it
            self.failed(failure, address)
        finally:
            self.left(request, slot)

    def left(self, request: socket.socket, slot: Slot) -> None:
        """A connection is over."""
        try:
            self.limits.release(slot)
        finally:
            self.shutdown_request(request)

    def failed(self, failure: Exception, address: str) -> None:
        """A connection could not go on. A client that goes away, or stalls, is no event; all else is a bug."""
        gone = isinstance(failure, (ConnectionError, TimeoutError, ssl.SSLError))
        if not gone and not (isinstance(failure, OSError) and failure.errno in _GONE):
            log.fault(f"answering {address}", failure)
