"""Places for connections: who gets one, who has to leave, and who does not."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack
from types import SimpleNamespace

import pytest

from stillcam.http.limits import MAX_REFUSED, Limits, Place, Places


class Comers:
    """Clients that come to `Places`, at a time that the test sets."""

    def __init__(self, limits: Limits) -> None:
        self.now_s = 1000.0
        self.proxies: tuple[str, ...] = ("10.0.0.1", "fd00::/64")
        self.places = Places(limits, lambda: self.proxies)
        self._open = ExitStack()

    def come(self, address: str) -> tuple[Place | None, socket.socket]:
        """One more: its place, and the server's end of the connection."""
        ours, _ = (self._open.enter_context(end) for end in socket.socketpair())
        ours.setblocking(False)
        return self.places.take(ours, address), ours

    def close(self) -> None:
        """All have gone."""
        self._open.close()


def stays(link: socket.socket) -> bool:
    """Whether the server does not want to hear any more from it."""
    try:
        return bool(link.recv(1))
    except BlockingIOError:
        return True


@pytest.fixture
def comers(monkeypatch: pytest.MonkeyPatch) -> Iterator[Comers]:
    """Four places, two for an address."""
    comers = Comers(Limits(4, 2))
    monkeypatch.setattr("stillcam.http.limits.time", SimpleNamespace(monotonic=lambda: comers.now_s))
    yield comers
    comers.close()


def test_beyond_its_limit_an_address_has_to_wait_and_others_do_not(comers):
    assert all(comers.come("192.168.1.1")[0] for _ in range(2))
    assert comers.come("192.168.1.1")[0] is None
    assert comers.come("192.168.1.2")[0]


def test_an_ipv6_household_is_one_address(comers):
    assert all(comers.come(f"2001:db8::{number}")[0] for number in range(2))
    assert comers.come("2001:db8::ffff:1")[0] is None
    assert comers.come("2001:db8:0:1::1")[0]


def test_proxies_have_no_limit_but_the_one_in_all(comers):
    assert all(comers.come("10.0.0.1")[0] for _ in range(2))
    assert all(comers.come("fd00::9")[0] for _ in range(2))
    assert comers.come("10.0.0.1")[0] is None


def test_a_place_that_was_given_back_is_free_and_only_once(comers):
    place, _ = comers.come("192.168.1.1")
    comers.come("192.168.1.1")
    for _ in range(2):
        comers.places.give_back(place)
    assert len(comers.places) == 1
    assert comers.come("192.168.1.1")[0]
    assert comers.come("192.168.1.1")[0] is None


def test_who_has_waited_longest_leaves_for_a_newcomer_of_its_address(comers):
    (first, first_link), (_, second_link) = comers.come("192.168.1.1"), comers.come("192.168.1.1")
    _, other_link = comers.come("192.168.1.2")
    first.waiting_since += 0.5
    comers.now_s += 5
    assert comers.come("192.168.1.1")[0]
    assert [stays(link) for link in (first_link, second_link, other_link)] == [True, False, True]
    assert len(comers.places) == 3


def test_beyond_the_limit_in_all_anybody_who_waits_leaves(comers):
    links = [comers.come(f"192.168.1.{number}")[1] for number in range(4)]
    comers.now_s += 5
    assert comers.come("192.168.1.9")[0]
    assert [stays(link) for link in links].count(False) == 1
    assert len(comers.places) == 4


def test_who_has_only_just_come_or_is_being_answered_stays(comers):
    (place, link), (other, other_link) = comers.come("192.168.1.1"), comers.come("192.168.1.1")
    place.waiting_since = None
    comers.now_s += 0.9
    assert comers.come("192.168.1.1")[0] is None
    other.waiting_since = None
    comers.now_s += 100
    assert comers.come("192.168.1.1")[0] is None
    assert stays(link) and stays(other_link)


def test_room_is_made_for_nobody_in_particular(comers):
    _, link = comers.come("192.168.1.1")
    comers.places.make_room()
    assert stays(link)
    comers.now_s += 5
    comers.places.make_room()
    assert not stays(link) and len(comers.places) == 0
    comers.places.make_room()


def test_so_many_are_told_that_there_is_no_place(comers):
    with socket.socket() as link:
        refused = [comers.places.refuse(link) for _ in range(MAX_REFUSED)]
        assert all(place and place.refused for place in refused)
        assert comers.places.refuse(link) is None
        comers.places.give_back(refused[0])
        assert comers.places.refuse(link)
    assert len(comers.places) == 0


def test_whoever_has_no_place_gets_one_of_who_has_most_at_once(comers):
    """However young those are: else whoever comes again and again would keep everybody out."""
    *_, (alone, _) = [comers.come("192.168.1.1"), comers.come("192.168.1.2"), comers.come("192.168.1.3")]
    assert comers.come("192.168.1.1")[0]
    assert comers.come("192.168.1.4")[0]
    assert not alone.refused and len(comers.places) == 4
    assert comers.come("192.168.1.5")[0] is None  # all have one: it has to wait for one who has waited


def test_who_is_being_answered_stays_when_somebody_comes_who_has_no_place(comers):
    crowd = [comers.come("192.168.1.1")[0], comers.come("192.168.1.1")[0], *(comers.come("10.0.0.1")[0] for _ in "ab")]
    for place in crowd:
        place.waiting_since = None
    assert comers.come("192.168.1.2")[0] is None
    crowd[1].waiting_since = comers.now_s
    assert comers.come("192.168.1.2")[0]
    assert [place.refused for place in crowd] == [False, True, False, False]
