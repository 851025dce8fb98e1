"""The idle pool: one thread serves what does not block, and a connection that blocks delays no other."""

import os
import socket
import sys
import threading
import time
from types import SimpleNamespace

import pytest
from serving import DEADLINE_S

from stillcam.http import connection_pool
from stillcam.http.connection_pool import ConnectionPool


class Echo:
    """Sends back what it receives; `slow` hands off and waits for `go_on`, `bye` is the last request."""

    def __init__(self, pool):
        self.pool = pool
        self.link, self.client = socket.socketpair()
        self.client.settimeout(DEADLINE_S)
        self.is_overdue = False
        self.closed = threading.Event()
        self.go_on = threading.Event()
        self.threads = []
        pool.add(self)

    def fileno(self):
        return self.link.fileno()

    def overdue(self, _now_s):
        return self.is_overdue

    def serve(self):
        received = self.link.recv(100)
        if received == b"slow":
            self.pool.hand_off(self)
            self.pool.hand_off(self)  # a second call does nothing
            self.go_on.wait(DEADLINE_S)
        self.threads.append(threading.get_ident())
        if received:
            self.link.sendall(received)
        return received not in (b"", b"bye")

    def close(self):
        self.link.close()
        self.closed.set()

    def ask(self, text):
        self.client.sendall(text)
        return self.client.recv(100)


@pytest.fixture
def pool():
    pool = ConnectionPool()
    yield pool
    pool.close()


@pytest.fixture
def connections(pool):
    connections = [Echo(pool) for _ in range(20)]
    yield connections
    for connection in connections:
        connection.client.close()
        assert connection.closed.wait(DEADLINE_S)


def test_one_thread_serves_all_connections(connections):
    for text in (b"first", b"second"):
        assert all(connection.ask(text) == text for connection in connections)
    assert len({thread for connection in connections for thread in connection.threads}) == 1


def test_connections_that_block_delay_no_other(connections):
    """Even if all but one block."""
    *slow, quick = connections
    for connection in slow:
        connection.client.sendall(b"slow")
    assert quick.ask(b"quick") == b"quick"
    for connection in slow:
        connection.go_on.set()
        assert connection.client.recv(100) == b"slow"
        assert connection.ask(b"again") == b"again"  # it is back in the pool
    assert len({connection.threads[-1] for connection in connections}) <= 2  # one leader, or the next


def test_a_leader_that_can_start_no_thread_leads_on(connections, monkeypatch):
    def start_new_thread(*_):
        raise RuntimeError

    monkeypatch.setattr("stillcam.http.connection_pool._thread", SimpleNamespace(start_new_thread=start_new_thread))
    slow, quick, *_ = connections
    slow.client.sendall(b"slow")
    quick.client.sendall(b"quick")
    slow.go_on.set()
    assert slow.client.recv(100) == b"slow"
    assert quick.client.recv(100) == b"quick"


@pytest.mark.parametrize("last", [b"bye", b"slow"])
def test_a_connection_is_closed_after_its_last_request(connections, last):
    connection, other, *_ = connections
    connection.go_on.set()
    assert connection.ask(last) == last
    connection.client.shutdown(socket.SHUT_WR)
    assert connection.closed.wait(DEADLINE_S)
    assert other.ask(b"here") == b"here"


def test_an_overdue_connection_is_closed(connections, monkeypatch):
    monkeypatch.setattr(connection_pool, "SWEEP_S", 0.01)
    connection, other, *_ = connections
    connection.is_overdue = True
    assert connection.closed.wait(DEADLINE_S)
    assert connection.client.recv(100) == b""
    assert other.ask(b"here") == b"here"


def test_a_fault_with_one_connection_is_logged_and_the_others_are_served(connections, caplog):
    faulty, other, *_ = connections
    faulty.serve = None
    faulty.client.sendall(b"here")
    assert faulty.closed.wait(DEADLINE_S)
    assert len(caplog.records) == 1
    assert other.ask(b"here") == b"here"


def test_a_connection_that_cannot_be_put_back_is_closed(connections, pool, monkeypatch):
    """The kernel has no memory to watch it: it must not stay open without anybody to serve it."""
    connection, other, *_ = connections
    add = pool.add

    def fails_once(added):
        if added is connection:
            raise OSError
        add(added)

    monkeypatch.setattr(pool, "add", fails_once)
    connection.go_on.set()
    connection.client.sendall(b"slow")
    assert connection.closed.wait(DEADLINE_S)
    assert other.ask(b"here") == b"here"


def test_closing_the_pool_closes_all_connections(connections, pool):
    slow, *others = connections
    slow.client.sendall(b"slow")
    leader = others[0].ask(b"here") and others[0].threads[0]
    pool.close()
    assert all(connection.closed.wait(DEADLINE_S) for connection in others)
    slow.go_on.set()
    assert slow.closed.wait(DEADLINE_S)
    deadline = time.monotonic() + DEADLINE_S
    while leader in sys._current_frames():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_leader_that_notices_the_end_first_does_not_close_the_wake_up_descriptor(connections, pool, monkeypatch):
    write = os.eventfd_write

    def write_late(fd, value):
        connections[0].client.sendall(b"here")  # the leader wakes up by this
        connections[0].closed.wait(0.5)
        write(fd, value)

    monkeypatch.setattr(os, "eventfd_write", write_late)
    pool.close()
