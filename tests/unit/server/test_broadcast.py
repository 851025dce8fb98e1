"""The broadcast of live frames, without sockets: what one thread sends to all, and what viewers send themselves."""

import itertools
import sys
import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pictures import picture
from serving import DEADLINE_S
from waiting import until

from stillcam.frames.files import Publisher
from stillcam.http.bodies import Blob
from stillcam.server.live.broadcast import Broadcast, Pacer, Subscriber
from stillcam.server.live.cache import FrameCache

FOR_EVER_S = 1e6


class Viewer:
    """Takes so many bytes of a frame; the frames that it was offered, and by whom."""

    def __init__(self, takes=sys.maxsize, pacer=None, repeat_s=FOR_EVER_S):
        self.takes = takes
        self.got = []
        self.by = set()
        self.subscriber = Subscriber(self.offer, pacer, repeat_s)

    def offer(self, part):
        self.by.add(threading.get_ident())
        self.got.append(part)
        return min(self.takes, len(part))


@pytest.fixture
def images(tmp_path):
    return tmp_path


@pytest.fixture
def cache(images):
    cache = FrameCache(images)
    yield cache
    cache.close()


@pytest.fixture
def broadcast(cache, monkeypatch):
    """Wakes a viewer only for the rest of a frame, however long the test takes."""
    monkeypatch.setattr(Subscriber, "is_idle", lambda *_: False)
    broadcast = Broadcast(cache, lambda: "unchanged")
    with broadcast:
        yield broadcast


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


def waiting(broadcast, viewer, sequence=0):
    """A thread in which a viewer that has the frame `sequence` waits until it is woken, and the result of its wait."""
    left: list[Blob | None] = []
    viewer.subscriber.sequence = sequence
    thread = threading.Thread(target=lambda: left.append(broadcast.wait(viewer.subscriber)), daemon=True)
    thread.start()
    until(lambda: viewer.subscriber in broadcast._waiting)
    return thread, left


def test_one_thread_sends_each_frame_to_all_viewers(broadcast, publish):
    viewers = [Viewer() for _ in range(50)]
    for viewer in viewers:
        waiting(broadcast, viewer)
    parts = []
    for _ in range(3):
        parts.append(publish().part)
        until(lambda: all(viewer.got == parts for viewer in viewers))
    assert len({thread for viewer in viewers for thread in viewer.by}) == 1


def test_the_viewer_sends_what_its_connection_did_not_take(broadcast, publish):
    """Nothing more is sent to it until it waits again, and then the newest frame is there."""
    full, other = Viewer(takes=10), Viewer()
    thread, left = waiting(broadcast, full)
    waiting(broadcast, other)
    first = publish()
    thread.join(DEADLINE_S)
    assert [bytes(rest.data) for rest in left] == [first.part.data[10:]]
    publish()
    newest = publish()
    until(lambda: other.got[-1] == newest.part)
    assert len(full.got) == 1
    full.subscriber.sequence = first.sequence
    assert broadcast.wait(full.subscriber) is None
    assert full.subscriber.wants(newest.tag, time.monotonic())


def test_no_viewer_receives_a_frame_after_a_newer_one(broadcast, publish):
    """Its own thread has sent the newer one while the broadcast was still busy with other subscribers."""
    late, newer = publish(), publish()
    viewer = Viewer()
    waiting(broadcast, viewer, newer.sequence)
    assert viewer.subscriber.take(late, late.part, time.monotonic())
    assert viewer.got == []
    newest = publish()
    until(lambda: viewer.got == [newest.part])


def test_a_frame_that_came_before_the_wait_ends_it(broadcast, publish):
    viewer = Viewer()
    seen = publish()
    viewer.subscriber.sequence = seen.sequence - 1
    assert broadcast.wait(viewer.subscriber) is None


def test_a_viewer_that_is_awake_is_sent_nothing(broadcast, publish):
    """Otherwise two threads would write to one connection."""
    viewer, other = Viewer(takes=0), Viewer()
    thread, _ = waiting(broadcast, viewer)
    waiting(broadcast, other)
    for _ in range(3):
        newest = publish()
        until(lambda: other.got and other.got[-1] == newest.part)  # noqa: B023 - it is called at once
    thread.join(DEADLINE_S)
    assert len(viewer.got) == 1


def test_a_viewer_that_is_sent_nothing_wakes_to_check_its_client(cache, publish):
    """Whether no frame comes or it wants none of those that come."""
    seen = publish()
    resting, paced = Viewer(), Viewer(pacer=Pacer(1e-3))
    paced.subscriber.wants(seen.tag, time.monotonic())
    broadcast = Broadcast(cache, lambda: "unchanged")
    with broadcast:
        resting.subscriber.sequence = seen.sequence
        assert broadcast.wait(resting.subscriber) is None
        thread, left = waiting(broadcast, paced, seen.sequence)
        until(lambda: publish() and not thread.is_alive())
    assert left == [None]
    assert paced.got == []


def test_viewers_wake_when_rights_have_changed(cache, publish, monkeypatch):
    """Although frames come all the time; a viewer then checks whether it still may watch."""
    monkeypatch.setattr(Subscriber, "is_idle", lambda *_: False)
    rights = ["before"]
    broadcast = Broadcast(cache, lambda: rights[0])
    newest = publish()
    viewer = Viewer()
    with broadcast:
        thread, left = waiting(broadcast, viewer, newest.sequence)
        until(lambda: publish() and broadcast._checked_s > viewer.subscriber.checked_s)
        assert thread.is_alive()
        rights[0] = "after"
        until(lambda: publish() and not thread.is_alive())
    assert left == [None]


def test_a_fault_with_one_viewer_does_not_affect_others(broadcast, publish, caplog, monkeypatch):
    faulty, other = Viewer(), Viewer()
    for viewer in (faulty, other):
        waiting(broadcast, viewer)
    monkeypatch.setattr(faulty.subscriber, "offer", None)
    for _ in range(3):
        newest = publish()
        until(lambda: other.got and other.got[-1] == newest.part)  # noqa: B023 - it is called at once
    until(lambda: caplog.records)
    faulty.subscriber.offer = faulty.offer
    newest = publish()
    until(lambda: all(viewer.got and viewer.got[-1] == newest.part for viewer in (faulty, other)))
    assert len(caplog.records) == 1


def test_a_paced_viewer_receives_some_frames(broadcast, publish):
    paced, other = Viewer(pacer=Pacer(1e-3)), Viewer()
    for viewer in (paced, other):
        waiting(broadcast, viewer)
    for number in range(1, 6):
        publish()
        until(lambda: len(other.got) == number)  # noqa: B023 - it is called at once
    assert len(paced.got) == 1


@pytest.mark.parametrize(
    ("steps", "wanted"),
    [
        pytest.param([("a", 0), ("a", 1), ("b", 2), ("a", 3)], [True, False, True, True], id="whatever is new"),
        pytest.param(
            [("a", 0), ("a", 4.9), ("a", 5), ("a", 6)], [True, False, True, False], id="the same after a time"
        ),
    ],
)
def test_which_frames_a_subscriber_wants(steps, wanted):
    subscriber, now_s = Subscriber(lambda _piece: 0, None, 5.0), time.monotonic()
    assert [subscriber.wants(tag, now_s + after_s) for tag, after_s in steps] == wanted


def chosen(fps: float, times: list[float]) -> list[float]:
    pacer = Pacer(fps)
    return [time_s for time_s in times if pacer.wants(time_s)]


@pytest.mark.parametrize("camera_fps", [15, 25, 30, 59.94])
@pytest.mark.parametrize("fps", [0.1, 1, 2, 7, 10, 12.5, 15])
def test_the_rate_is_met_whatever_the_camera_s_rate(camera_fps, fps):
    times = [number / camera_fps for number in range(round(100 * camera_fps))]
    assert len(chosen(fps, times)) == pytest.approx(100 * fps, abs=2)


def test_half_the_rate_is_every_second_frame_in_spite_of_jitter():
    times = [number / 30 + jitter for number, jitter in enumerate([0.0, 0.004, -0.005, 0.003, 0.006, -0.004] * 20)]
    assert chosen(15, times) == times[::2]


@given(st.floats(0.01, 120), st.lists(st.floats(1.0, 10.0), max_size=50))
def test_a_slower_camera_loses_no_frame(fps, gaps):
    times = [0.0]
    for gap in gaps:
        times.append(times[-1] + gap * 1.0001 / fps)
    assert chosen(fps, times) == times


@given(st.floats(0.01, 120), st.lists(st.floats(0, 3), max_size=200))
def test_the_rate_is_never_exceeded_by_more_than_one_frame(fps, gaps):
    times = [0.0]
    for gap in gaps:
        times.append(times[-1] + gap / fps)
    sent = chosen(fps, times)
    for first in range(len(sent)):
        for last in range(first + 1, len(sent)):
            assert sent[last] - sent[first] >= (last - first - 1.2501) / fps
