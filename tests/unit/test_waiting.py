"""Connections that wait together: one thread answers what is quick, and what takes long holds nobody up."""

import _thread
import contextlib
import socket
import sys
import threading
import time
from types import SimpleNamespace

import pytest
from serving import DEADLINE_S

from stillcam.http import idle_pool
from stillcam.http.idle_pool import WaitingRoom


class Echo:
    """A guest that sends back what it gets; `slow` steps aside and waits until `go_on`, `bye` is the last."""

    def __init__(self, room):
        self.room = room
        self.link, self.client = socket.socketpair()
        self.client.settimeout(DEADLINE_S)
        self.late = False
        self.left = threading.Event()
        self.go_on = threading.Event()
        self.threads = []
        room.add(self)

    def fileno(self):
        return self.link.fileno()

    def overdue(self, _now_s):
        return self.late

    def turn(self):
        said = self.link.recv(100)
        if said == b"slow":
            self.room.step_aside(self)
            self.room.step_aside(self)  # once more does nothing
            self.go_on.wait(DEADLINE_S)
        if said == b"die":
            self.left.set()
            raise SystemExit  # the thread ends without a word
        self.threads.append(threading.get_ident())
        if said:
            self.link.sendall(said)
        return said not in (b"", b"bye")

    def leave(self):
        self.link.close()
        self.left.set()

    def ask(self, said):
        self.client.sendall(said)
        return self.client.recv(100)


@pytest.fixture
def room():
    room = WaitingRoom()
    yield room
    room.close()


@pytest.fixture
def guests(room):
    guests = [Echo(room) for _ in range(20)]
    yield guests
    for guest in guests:
        guest.client.close()
        assert guest.left.wait(DEADLINE_S)


def test_one_thread_answers_all(guests):
    for said in (b"first", b"second"):
        assert all(guest.ask(said) == said for guest in guests)
    assert len({thread for guest in guests for thread in guest.threads}) == 1


def test_what_takes_long_holds_nobody_up(guests):
    """Even if all but one take long."""
    *slow, quick = guests
    for guest in slow:
        guest.client.sendall(b"slow")
    assert quick.ask(b"quick") == b"quick"
    for guest in slow:
        guest.go_on.set()
        assert guest.client.recv(100) == b"slow"
        assert guest.ask(b"again") == b"again"  # and it is back among the others
    assert len({guest.threads[-1] for guest in guests}) <= 2  # one attendant, or the next


def test_without_memory_for_a_thread_all_goes_on(guests, monkeypatch):
    def start_new_thread(*_):
        raise RuntimeError

    monkeypatch.setattr("stillcam.http.idle_pool._thread", SimpleNamespace(start_new_thread=start_new_thread))
    slow, quick, *_ = guests
    slow.client.sendall(b"slow")
    quick.client.sendall(b"quick")
    slow.go_on.set()
    assert slow.client.recv(100) == b"slow"
    assert quick.client.recv(100) == b"quick"


@pytest.mark.parametrize("said", [b"bye", b"slow"])
def test_who_has_done_leaves(guests, said):
    guest, other, *_ = guests
    guest.go_on.set()
    assert guest.ask(said) == said
    guest.client.shutdown(socket.SHUT_WR)
    assert guest.left.wait(DEADLINE_S)
    assert other.ask(b"here") == b"here"


def test_who_has_waited_too_long_leaves(guests, monkeypatch):
    monkeypatch.setattr(idle_pool, "LOOK_S", 0.01)
    guest, other, *_ = guests
    guest.late = True
    assert guest.left.wait(DEADLINE_S)
    assert guest.client.recv(100) == b""
    assert other.ask(b"here") == b"here"


def test_a_fault_with_one_is_told_and_the_others_are_answered(guests, caplog):
    faulty, other, *_ = guests
    faulty.turn = None
    faulty.client.sendall(b"here")
    assert faulty.left.wait(DEADLINE_S)
    assert len(caplog.records) == 1
    assert other.ask(b"here") == b"here"


def test_from_a_room_that_is_closed_all_leave(guests, room):
    slow, *others = guests
    slow.client.sendall(b"slow")
    attendant = others[0].ask(b"here") and others[0].threads[0]
    room.close()
    assert all(guest.left.wait(DEADLINE_S) for guest in others)
    slow.go_on.set()
    assert slow.left.wait(DEADLINE_S)
    deadline = time.monotonic() + DEADLINE_S
    while attendant in sys._current_frames():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.parametrize("noticed", [Echo, lambda room: room.see_to_attendant()])
def test_an_attendant_that_has_died_is_followed_by_another(room, monkeypatch, noticed):
    """As a thread does that finds no memory for its first line; who was there is answered once somebody looks."""
    monkeypatch.setattr(idle_pool, "DEAD_S", 0.2)
    guests = [before, victim] = [Echo(room), Echo(room)]
    assert before.ask(b"hello") == b"hello"
    victim.client.sendall(b"die")
    assert victim.left.wait(DEADLINE_S)  # or the attendant may answer the other one before
    before.client.sendall(b"still there?")
    before.client.settimeout(0.1)
    deadline_s, said = time.monotonic() + DEADLINE_S, b""
    while not said:
        assert time.monotonic() < deadline_s, "nobody attends"
        if newcomer := noticed(room):
            guests.append(newcomer)
        with contextlib.suppress(TimeoutError):
            said = before.client.recv(100)
    assert said == b"still there?"
    for guest in guests:
        guest.client.close()


def test_who_has_no_memory_to_leave_leaves_a_little_later(guests, monkeypatch):
    guest, other, *_ = guests
    leave, times = guest.leave, iter(range(3))

    def short_of_memory():
        for _ in times:
            raise MemoryError
        leave()

    monkeypatch.setattr(guest, "leave", short_of_memory)
    guest.client.sendall(b"bye")
    assert guest.left.wait(DEADLINE_S)
    assert other.ask(b"here") == b"here"


@pytest.mark.parametrize("said", [b"slow", b"again"])
def test_who_cannot_be_watched_for_want_of_memory_leaves(guests, room, monkeypatch, said):
    """Stepping aside without memory for a thread, or going back among the others: nobody is lost with its place."""
    guest, other, *_ = guests
    add, start_new_thread = room.add, _thread.start_new_thread

    def no_room(newcomer):
        if newcomer is guest:
            raise MemoryError
        add(newcomer)

    def no_thread(*arguments):
        if said == b"slow":
            raise MemoryError
        start_new_thread(*arguments)

    monkeypatch.setattr(room, "add", no_room)
    monkeypatch.setattr("stillcam.http.idle_pool._thread", SimpleNamespace(start_new_thread=no_thread))
    guest.go_on.set()
    guest.client.sendall(b"slow")
    assert guest.left.wait(DEADLINE_S)
    assert other.ask(b"here") == b"here"
