"""Limits on connections: which new one is accepted, and which one is closed for it."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack
from types import SimpleNamespace

import pytest

from stillcam.http.limits import MAX_REFUSED, ConnectionLimits, Slot


class Clients:
    """Clients that connect, at a time that the test sets."""

    def __init__(self, total: int, per_address: int) -> None:
        self.now_s = 1000.0
        self.proxies: tuple[str, ...] = ("10.0.0.1", "fd00::/64")
        self.limits = ConnectionLimits(total, per_address, lambda: self.proxies)
        self._open = ExitStack()

    def connect(self, address: str) -> tuple[Slot | None, socket.socket]:
        """One more connection: its slot, and the server's end of the connection."""
        ours, _ = (self._open.enter_context(end) for end in socket.socketpair())
        ours.setblocking(False)
        return self.limits.acquire(ours, address), ours

    def close(self) -> None:
        """Close all connections."""
        self._open.close()


def is_open(link: socket.socket) -> bool:
    """Whether the server still reads from it."""
    try:
        return bool(link.recv(1))
    except BlockingIOError:
        return True


@pytest.fixture
def clients(monkeypatch: pytest.MonkeyPatch) -> Iterator[Clients]:
    """Four connections, two of an address."""
    clients = Clients(4, 2)
    monkeypatch.setattr("stillcam.http.limits.time", SimpleNamespace(monotonic=lambda: clients.now_s))
    yield clients
    clients.close()


def test_an_address_at_its_limit_is_refused_and_others_are_not(clients):
    assert all(clients.connect("192.168.1.1")[0] for _ in range(2))
    assert clients.connect("192.168.1.1")[0] is None
    assert clients.connect("192.168.1.2")[0]


def test_a_64_bit_ipv6_network_counts_as_one_address(clients):
    assert all(clients.connect(f"2001:db8::{number}")[0] for number in range(2))
    assert clients.connect("2001:db8::ffff:1")[0] is None
    assert clients.connect("2001:db8:0:1::1")[0]


def test_proxies_have_no_limit_but_the_total(clients):
    assert all(clients.connect("10.0.0.1")[0] for _ in range(2))
    assert all(clients.connect("fd00::9")[0] for _ in range(2))
    assert clients.connect("10.0.0.1")[0] is None


def test_a_released_slot_is_free_and_counts_once(clients):
    slot, _ = clients.connect("192.168.1.1")
    clients.connect("192.168.1.1")
    for _ in range(2):
        clients.limits.release(slot)
    assert len(clients.limits) == 1
    assert clients.connect("192.168.1.1")[0]
    assert clients.connect("192.168.1.1")[0] is None


def test_the_longest_waiting_connection_of_an_address_is_closed_for_its_next_one(clients):
    (first, first_link), (_, second_link) = clients.connect("192.168.1.1"), clients.connect("192.168.1.1")
    _, other_link = clients.connect("192.168.1.2")
    first.waiting_since += 0.5
    clients.now_s += 5
    assert clients.connect("192.168.1.1")[0]
    assert [is_open(link) for link in (first_link, second_link, other_link)] == [True, False, True]
    assert len(clients.limits) == 3


def test_at_the_total_limit_any_waiting_connection_is_closed(clients):
    links = [clients.connect(f"192.168.1.{number}")[1] for number in range(4)]
    clients.now_s += 5
    assert clients.connect("192.168.1.9")[0]
    assert [is_open(link) for link in links].count(False) == 1
    assert len(clients.limits) == 4


def test_a_new_connection_and_one_being_answered_stay_open(clients):
    (slot, link), (other, other_link) = clients.connect("192.168.1.1"), clients.connect("192.168.1.1")
    slot.waiting_since = None
    clients.now_s += 0.9
    assert clients.connect("192.168.1.1")[0] is None
    other.waiting_since = None
    clients.now_s += 100
    assert clients.connect("192.168.1.1")[0] is None
    assert is_open(link) and is_open(other_link)


def test_an_idle_connection_is_closed_when_descriptors_are_short(clients):
    _, link = clients.connect("192.168.1.1")
    clients.limits.close_idle()
    assert is_open(link)
    clients.now_s += 5
    clients.limits.close_idle()
    assert not is_open(link) and len(clients.limits) == 0
    clients.limits.close_idle()


def test_a_limited_number_of_connections_is_kept_for_a_503(clients):
    with socket.socket() as link:
        refused = [clients.limits.acquire_refused(link) for _ in range(MAX_REFUSED)]
        assert all(slot and slot.refused for slot in refused)
        assert clients.limits.acquire_refused(link) is None
        clients.limits.release(refused[0])
        assert clients.limits.acquire_refused(link)
    assert len(clients.limits) == 0


def test_an_address_without_a_connection_gets_one_of_the_largest_address_at_once(clients):
    """However young those are: otherwise a client that reconnects fast would keep everybody out."""
    *_, (alone, _) = [clients.connect("192.168.1.1"), clients.connect("192.168.1.2"), clients.connect("192.168.1.3")]
    assert clients.connect("192.168.1.1")[0]
    assert clients.connect("192.168.1.4")[0]
    assert not alone.refused and len(clients.limits) == 4
    assert clients.connect("192.168.1.5")[0] is None  # all have one: none has waited long enough


def test_a_connection_being_answered_stays_open_when_a_new_address_connects(clients):
    slots = [
        clients.connect("192.168.1.1")[0],
        clients.connect("192.168.1.1")[0],
        *(clients.connect("10.0.0.1")[0] for _ in "ab"),
    ]
    for slot in slots:
        slot.waiting_since = None
    assert clients.connect("192.168.1.2")[0] is None
    slots[1].waiting_since = clients.now_s
    assert clients.connect("192.168.1.2")[0]
    assert [slot.refused for slot in slots] == [False, True, False, False]
