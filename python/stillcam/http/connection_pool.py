"""The connections that wait for a request, and the leader: the thread that serves them (see this package's docstring).

Before anything that may block the leader hands off: it starts another thread as the new leader, and continues with that
one connection. When the answer has been sent, it returns the connection to the pool and ends.
"""

from __future__ import annotations

import _thread
import contextlib
import errno
import os
import select
import threading
import time
from typing import Protocol

from stillcam.common import log
from stillcam.common.threads import record_death

MAX_EVENTS = 64  # of one epoll_wait(2)
SWEEP_S = 1.0  # interval between two searches for overdue connections ...
IDLE_S = 5.0  # ... and while there seem to be none: one that another thread puts back does not end the wait


class PooledConnection(Protocol):
    """A connection in the pool; or the listening socket, whose request is a client that connects."""

    def fileno(self) -> int:
        """The socket's descriptor."""
        ...

    def overdue(self, now_s: float) -> bool:
        """Whether it has waited too long, by the monotonic clock."""
        ...

    def serve(self) -> bool:
        """Answer what has arrived; whether to keep the connection open."""
        ...

    def close(self) -> None:
        """Close it; called once."""
        ...


class ConnectionPool:
    """Serves all connections that wait for a request, until closed."""

    def __init__(self) -> None:
        self._epoll = select.epoll()
        self._wake_up = os.eventfd(0)
        self._epoll.register(self._wake_up, select.EPOLLIN)
        self._lock = threading.Lock()
        self._connections: dict[int, PooledConnection] = {}  # by descriptor
        self._serving: PooledConnection | None = None  # the one that the leader serves
        self._swept_s = time.monotonic()
        self._closing = self._closed = False
        _thread.start_new_thread(self._lead, ())

    def add(self, connection: PooledConnection) -> None:
        """Serve the requests of a connection from now on, and close it when it is over.

        Raises:
            OSError: the kernel has no memory to watch it, or it is closed already; the caller closes it.
        """
        with self._lock:
            if not self._closed:
                fd = connection.fileno()
                if fd < 0:
                    raise OSError(errno.EBADF, os.strerror(errno.EBADF))
                self._epoll.register(fd, select.EPOLLIN)
                self._connections[fd] = connection
                return
        connection.close()

    def hand_off(self, connection: PooledConnection) -> None:
        """Make another thread the leader, because what follows in `connection.serve` may block.

        No effect in other threads. If no thread can be started, the caller remains the leader.
        """
        if self._serving is not connection:
            return
        self._remove(connection)
        self._serving = None
        try:
            _thread.start_new_thread(self._lead, ())
        except RuntimeError:  # too many threads
            self._serving = connection
            self.add(connection)

    def close(self) -> None:
        """Close all connections, soon, and serve no more."""
        with self._lock:  # the leader closes the descriptor with this lock held
            if not self._closing:
                self._closing = True
                os.eventfd_write(self._wake_up, 1)

    def _lead(self) -> None:
        """Be the leader until handing off."""
        while not self._closing:
            try:
                handed_off = self._serve_ready()
            except Exception as error:  # noqa: BLE001 - without a leader no connection would be served
                record_death("connections", error)
                log.fault("serving connections", error)
                continue
            if handed_off:
                self._put_back(*handed_off)
                return
        self._close_all()

    def _serve_ready(self) -> tuple[PooledConnection, bool] | None:
        """Serve the connections that are readable; returns one after a hand-off, and whether to keep it open."""
        timeout_s = SWEEP_S if len(self._connections) > 1 else IDLE_S  # besides the listening socket
        for fd, _ in self._epoll.poll(timeout_s, MAX_EVENTS):
            if connection := self._connections.get(fd):
                self._serving = connection
                try:
                    keep = connection.serve()
                except Exception as error:  # noqa: BLE001 - it is logged
                    log.fault("answering a connection", error)
                    keep = False
                if self._serving is not connection:  # handed off: the other events are the new leader's
                    return connection, keep
                self._serving = None
                if not keep:
                    self._remove(connection)
                    connection.close()
        self._close_overdue()
        return None

    def _put_back(self, connection: PooledConnection, keep: bool) -> None:
        """Put a connection back that was served after a hand-off."""
        if keep:
            with contextlib.suppress(OSError):
                self.add(connection)
                return
        connection.close()

    def _close_overdue(self) -> None:
        now_s = time.monotonic()
        if now_s - self._swept_s < SWEEP_S:
            return
        self._swept_s = now_s
        with self._lock:
            overdue = [connection for connection in self._connections.values() if connection.overdue(now_s)]
        for connection in overdue:
            self._remove(connection)
            connection.close()

    def _remove(self, connection: PooledConnection) -> None:
        fd = connection.fileno()
        with self._lock:
            if self._connections.pop(fd, None) is not None:
                self._epoll.unregister(fd)

    def _close_all(self) -> None:
        with self._lock:
            self._closed = True
            connections = list(self._connections.values())
            self._connections.clear()
            self._epoll.close()
            os.close(self._wake_up)
        for connection in connections:
            connection.close()
