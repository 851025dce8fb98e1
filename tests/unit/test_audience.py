"""Who watches live, without sockets: what one thread hands to all, and what is left to each viewer's own."""

import itertools
import threading
import time
from collections.abc import Sequence

import pytest
from pictures import picture
from serving import DEADLINE_S

from stillcam.frames.files import Publisher
from stillcam.http.bodies import Piece
from stillcam.server.live.broadcast import Audience, Seat
from stillcam.server.live.cache import FrameCache
from stillcam.server.live.pacing import Thinning

FOR_EVER_S = 1e6


class Bell(threading.Semaphore):
    """Tells whether it is waited for."""

    def __init__(self):
        super().__init__(0)
        self.waits = False

    def acquire(self, blocking=True, timeout=None):
        self.waits = bool(timeout)
        return super().acquire(blocking, timeout)


class Viewer:
    """Takes the first `takes` pieces of what it is offered; all that it got, and by whom."""

    def __init__(self, takes=2, thinning=None):
        self.takes = takes
        self.got = []
        self.by = set()
        self.seat = Seat(self.offer, thinning, FOR_EVER_S)
        self.seat.bell = self.bell = Bell()

    def offer(self, pieces):
        self.by.add(threading.get_ident())
        self.got.append(pieces[0])
        return pieces[self.takes :]


@pytest.fixture
def images(tmp_path):
    return tmp_path


@pytest.fixture
def cache(images):
    cache = FrameCache(images)
    yield cache
    cache.close()


@pytest.fixture
def audience(cache):
    audience = Audience(cache)
    with audience:
        yield audience


@pytest.fixture
def publish(images, cache):
    """Publishes a frame, and gives it once the cache has it."""
    publisher, numbers = Publisher(images), itertools.count()

    def publish():
        still = images / ".still_1.jpg"
        still.write_bytes(picture(comment=b"%d" % next(numbers)))
        before = cache.newest
        publisher.publish(still, time.time())
        seen = cache.wait_for_other(before.name if before else "", DEADLINE_S)
        assert seen
        return seen

    return publish


def until(holds):
    deadline = time.monotonic() + DEADLINE_S
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def waiting(audience, viewer):
    """A thread that waits for what is left of a frame, and a list that gets it."""
    left = []
    thread = threading.Thread(target=lambda: left.append(audience.wait(viewer.seat, 0, DEADLINE_S)), daemon=True)
    thread.start()
    until(lambda: viewer.bell.waits)
    return thread, left


def test_all_are_shown_each_frame_by_one_thread(audience, publish):
    viewers = [Viewer() for _ in range(50)]
    for viewer in viewers:
        waiting(audience, viewer)
    heads = []
    for _ in range(3):
        heads.append(publish().part[0])
        until(lambda: all(viewer.got == heads for viewer in viewers))
    assert len({thread for viewer in viewers for thread in viewer.by}) == 1


def test_what_a_connection_does_not_take_is_left_to_the_viewer(audience, publish):
    """It is shown nothing more until it waits again, and then the newest frame is there."""
    full, other = Viewer(takes=1), Viewer()
    thread, left = waiting(audience, full)
    waiting(audience, other)
    first = publish()
    thread.join(DEADLINE_S)
    assert left == [first.part[1:]]
    publish()
    newest = publish()
    until(lambda: other.got[-1] == newest.part[0])
    assert len(full.got) == 1
    assert audience.wait(full.seat, first.sequence, DEADLINE_S) == ()
    assert full.seat.wants(newest.tag, time.monotonic())


def test_no_viewer_is_shown_a_frame_after_a_newer_one(audience, publish):
    """Its own thread has sent the newer one while ours was still at the seats before it."""
    late, newer = publish(), publish()
    viewer = Viewer()
    assert audience.wait(viewer.seat, newer.sequence, 0) == ()
    audience._show_one(viewer.seat, late)
    assert viewer.got == []
    newest = publish()
    until(lambda: viewer.got == [newest.part[0]])


def test_a_frame_that_came_before_the_wait_ends_it(audience, publish):
    viewer = Viewer()
    seen = publish()
    assert audience.wait(viewer.seat, seen.sequence - 1, DEADLINE_S) == ()


def test_whose_wait_is_over_is_shown_nothing(audience, publish):
    viewer, other = Viewer(), Viewer()
    waiting(audience, other)
    seen = publish()
    until(lambda: other.got)
    assert audience.wait(viewer.seat, seen.sequence, 0.01) == ()
    newest = publish()
    until(lambda: other.got[-1] == newest.part[0])
    assert viewer.got == []


def test_a_wait_is_not_over_while_its_viewer_is_being_shown_a_frame(audience, cache, publish):
    """Else two threads would write to one connection."""
    entered, go_on = threading.Event(), threading.Event()

    def offer(pieces):
        entered.set()
        assert go_on.wait(DEADLINE_S)
        return pieces[1:]

    seat, left = Seat(offer, None, FOR_EVER_S), list[Sequence[Piece]]()
    publish()

    def watch():
        while not left:
            if rest := audience.wait(seat, cache.newest.sequence, 0.01):
                left.append(rest)

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    while not entered.wait(0.1):
        publish()
    thread.join(0.1)  # ten times as long as it wanted to wait
    assert thread.is_alive()
    assert not left
    go_on.set()
    thread.join(DEADLINE_S)
    assert len(left) == 1


def test_a_fault_with_one_viewer_ends_nothing(audience, publish, caplog, monkeypatch):
    faulty, other = Viewer(), Viewer()
    for viewer in (faulty, other):
        waiting(audience, viewer)
    offer = faulty.seat.offer
    monkeypatch.setattr(faulty.seat, "offer", None)
    publish()
    until(lambda: caplog.records)
    faulty.seat.offer = offer
    newest = publish()
    until(lambda: all(viewer.got and viewer.got[-1] == newest.part[0] for viewer in (faulty, other)))
    assert len(caplog.records) == 1


def test_a_thinned_viewer_is_shown_some(audience, publish):
    thinned, other = Viewer(thinning=Thinning(1e-3)), Viewer()
    for viewer in (thinned, other):
        waiting(audience, viewer)
    for number in range(1, 6):
        publish()
        until(lambda: len(other.got) == number)  # noqa: B023 - it is called at once
    assert len(thinned.got) == 1


@pytest.mark.parametrize(
    ("steps", "wanted"),
    [
        pytest.param([("a", 0), ("a", 1), ("b", 2), ("a", 3)], [True, False, True, True], id="whatever is new"),
        pytest.param(
            [("a", 0), ("a", 4.9), ("a", 5), ("a", 6)], [True, False, True, False], id="the same after a time"
        ),
    ],
)
def test_what_a_seat_wants(steps, wanted):
    seat, now_s = Seat(lambda _pieces: (), None, 5.0), time.monotonic()
    assert [seat.wants(tag, now_s + after_s) for tag, after_s in steps] == wanted
