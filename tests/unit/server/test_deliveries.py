"""What live viewers were sent, and what they missed."""

from types import SimpleNamespace
from typing import Any

import pytest

from stillcam.http.bodies import Blob
from stillcam.server.live import deliveries as deliveries_module
from stillcam.server.live.broadcast import Pacer, Subscriber
from stillcam.server.live.deliveries import Deliveries

PART = Blob(b"a frame")


def frame(sequence: int) -> Any:
    return SimpleNamespace(name=f"frame {sequence}", tag=f"{sequence}", sequence=sequence)


@pytest.fixture
def cache():
    return SimpleNamespace(newest=frame(10))


@pytest.fixture
def deliveries(cache):
    return Deliveries(cache)


def stream(pacer: Pacer | None = None) -> Subscriber:
    subscriber = Subscriber(len, pacer, 1e6)
    subscriber.sequence = 10
    return subscriber


def test_what_a_stream_was_sent_remains_counted_after_its_end(deliveries):
    subscriber = stream()
    with deliveries.stream(subscriber):
        assert subscriber.take(frame(11), PART, 0.0)
        subscriber.catch_up(15)
        counted = {("stream", "sent"): 1, ("stream", "client"): 3, ("stream", "server"): 0}
        assert deliveries.totals() == counted
    assert deliveries.totals() == counted
    assert deliveries.viewers() == (0, 0)


def test_frames_that_the_broadcast_was_late_for_are_the_server_s(deliveries):
    subscriber = stream()
    with deliveries.stream(subscriber):
        subscriber.take(frame(14), PART, 0.0)
        assert deliveries.totals() == {("stream", "sent"): 1, ("stream", "client"): 0, ("stream", "server"): 3}


def test_a_stream_that_takes_nothing_is_slow_before_it_ends(deliveries, cache):
    with deliveries.stream(stream()):
        assert deliveries.viewers() == (1, 0)
        cache.newest = frame(13)
        assert deliveries.viewers() == (1, 1)


def test_a_stream_misses_only_what_it_wanted():
    """At 1 frame a second, 2.5 s without one are two missed frames besides the next, however many the camera made."""
    subscriber = stream(Pacer(1.0))
    assert subscriber.take(frame(11), PART, 100.0)
    assert subscriber.lag(50, 101.1) == 0
    assert subscriber.lag(50, 103.5) == 2
    assert subscriber.lag(12, 103.5) == 0


def test_slowness_passes(deliveries):
    subscriber = stream()
    subscriber.miss(1, 100.0)
    assert not subscriber.is_slow(10, 100.0)
    subscriber.miss(1000, 101.0)
    assert subscriber.is_slow(10, 101.0)
    assert not subscriber.is_slow(10, 115.0)


def test_a_page_misses_what_came_while_it_was_busy(deliveries):
    """Not what came before it began, or while it asked for something else."""
    deliveries.page("a", "frame 3", frame(10))
    deliveries.page("a", "frame 10", frame(11))
    deliveries.page("a", "frame 11", frame(14))
    deliveries.page("a", "frame 11", frame(20))
    deliveries.page("b", "frame 14", frame(20))
    assert deliveries.totals() == {("page", "sent"): 5, ("page", "client"): 2, ("page", "server"): 0}
    assert deliveries.viewers() == (2, 1)


def test_pages_that_have_left_are_no_viewers(deliveries, monkeypatch):
    deliveries.page("a", "", frame(10))
    monkeypatch.setattr(deliveries_module, "PAGE_S", -1.0)
    assert deliveries.viewers() == (0, 0)
    assert deliveries.totals()["page", "sent"] == 1


def test_inventing_clients_takes_little_memory(deliveries, monkeypatch):
    monkeypatch.setattr(deliveries_module, "MAX_PAGES", 10)
    for number in range(95):
        deliveries.page(str(number), "", frame(10))
    assert len(deliveries._pages) <= 10
    assert deliveries.totals()["page", "sent"] == 95
