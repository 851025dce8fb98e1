"""Frames at a smaller width: the process that scales, the frames that are kept, and a feed for streams."""

import io
import itertools
import os
import signal
import sys
import threading
import time
from pathlib import Path

import pytest
from pictures import picture
from PIL import Image
from serving import DEADLINE_S, ROOT
from waiting import until

from stillcam.common.open_file import OpenFile
from stillcam.frames.files import Publisher
from stillcam.http.bodies import Blob
from stillcam.server.live.broadcast import Pacer
from stillcam.server.live.cache import FrameCache
from stillcam.server.live.scaled import feed as feed_module
from stillcam.server.live.scaled import process as process_module
from stillcam.server.live.scaled.feed import ScaledFeed
from stillcam.server.live.scaled.frames import ScaledFrames
from stillcam.server.live.scaled.process import DamagedPicture, Scaler, ScalingError

SIZE = (1600, 900)
PHOTO = picture(SIZE)


def size_of(jpeg: bytes) -> tuple[int, int]:
    with Image.open(io.BytesIO(jpeg)) as image:
        image.load()
        return image.size


@pytest.fixture(scope="module", autouse=True)
def _path():
    """A child process finds the modules as this one does."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(ROOT / "python"))
        yield


@pytest.fixture(scope="module")
def scaler():
    """One whose process is there."""
    scaler = Scaler()
    scaler.scale(Blob(PHOTO), 320)
    return scaler


def pid_of(scaler: Scaler) -> int:
    assert scaler._child
    return scaler._child._process.pid


@pytest.mark.parametrize(
    ("size", "width", "result"),
    [
        pytest.param(SIZE, 320, (320, 180), id="an eighth of it is decoded, or more"),
        pytest.param((1000, 4000), 320, (320, 1280), id="upright"),
        pytest.param((4000, 3), 320, (320, 1), id="a line"),
        pytest.param((641, 480), 640, (640, 479), id="a pixel less"),
    ],
)
def test_the_process_scales_to_a_width(scaler, size, width, result):
    assert size_of(scaler.scale(Blob(picture(size)), width).read()) == result


@pytest.mark.parametrize("data", [b"", os.urandom(3000), PHOTO[:2000]], ids=["nothing", "noise", "half of it"])
def test_a_damaged_picture_is_the_picture_s_fault(scaler, data):
    before = pid_of(scaler)
    with pytest.raises(DamagedPicture, match=r"^the picture cannot be scaled, as it is damaged: "):
        scaler.scale(Blob(data), 320)
    assert (pid_of(scaler), scaler.failures) == (before, 0)


def test_a_process_that_is_killed_is_replaced_within_the_same_request(caplog):
    scaler = Scaler()
    scaler.scale(Blob(PHOTO), 320)
    before = pid_of(scaler)
    os.kill(before, signal.SIGKILL)
    assert size_of(scaler.scale(Blob(PHOTO), 320).read()) == (320, 180)
    assert pid_of(scaler) != before
    assert not Path(f"/proc/{before}").exists()  # nor is it a zombie
    assert "failed: it ended with status -9; it is started again in 0 s" in caplog.text


def test_a_process_that_hangs_is_killed_and_started_again_later(monkeypatch):
    scaler = Scaler()
    scaler.scale(Blob(PHOTO), 320)
    before = pid_of(scaler)
    os.kill(before, signal.SIGSTOP)
    assert scaler._child
    scaler._child._socket.settimeout(0.2)
    with pytest.raises(ScalingError, match=r"no answer within 10 s; it is started again in 1 s"):
        scaler.scale(Blob(PHOTO), 320)
    assert not Path(f"/proc/{before}").exists()
    monkeypatch.setattr(scaler, "_again_s", 0.0)
    assert size_of(scaler.scale(Blob(PHOTO), 320).read()) == (320, 180)


def test_a_process_that_never_works_is_started_less_and_less_often(monkeypatch):
    """In between, requests fail at once."""
    scaler, started, child = Scaler(), itertools.count(), process_module._Child
    monkeypatch.setattr(sys, "executable", "/bin/false")
    monkeypatch.setattr(process_module, "_Child", lambda: child() if next(started) >= 0 else None)
    pauses_s = []
    for _ in range(4):
        monkeypatch.setattr(scaler, "_again_s", 0.0)
        with pytest.raises(ScalingError, match="it ended with status 1"):
            scaler.scale(Blob(PHOTO), 320)
        pauses_s.append(round(scaler._again_s - time.monotonic()))
        with pytest.raises(ScalingError, match=r"it is started again in \d+ s"):
            scaler.scale(Blob(PHOTO), 320)
    assert (pauses_s, next(started), scaler.failures) == ([1, 2, 4, 8], 5, 5)


def test_a_process_that_cannot_be_started_is_an_error(monkeypatch):
    monkeypatch.setattr(sys, "executable", "/nowhere/python3")
    with pytest.raises(ScalingError, match=r"it cannot be started \(.*No such file.*started again in 1 s"):
        Scaler().scale(Blob(PHOTO), 320)


def test_the_process_ends_when_nothing_is_asked_of_it_for_a_while(monkeypatch, caplog):
    """The next request starts another one; that is no failure."""
    monkeypatch.setattr(process_module, "IDLE_S", 0.3)
    scaler = Scaler()
    scaler.scale(Blob(PHOTO), 320)
    before = pid_of(scaler)
    until(lambda: scaler._child is None and not Path(f"/proc/{before}").exists())
    assert size_of(scaler.scale(Blob(PHOTO), 320).read()) == (320, 180)
    assert (scaler.failures, caplog.text) == (0, "")


class Counting(Scaler):
    """One that paints no smaller picture, and counts; `gate`: closed, it takes its time."""

    def __init__(self):
        super().__init__()
        self.jobs = []
        self.gate = threading.Event()
        self.gate.set()
        self.failure: Exception | None = None

    def scale(self, jpeg, width):
        self.jobs.append(width)
        assert self.gate.wait(DEADLINE_S)
        if self.failure:
            raise self.failure
        file = OpenFile(os.memfd_create("scaled"))
        os.pwrite(file.number, picture((width, width * 9 // 16)), 0)
        return file


@pytest.fixture
def cache(tmp_path):
    cache = FrameCache(tmp_path)
    yield cache
    cache.close()


@pytest.fixture
def publish(tmp_path, cache):
    """Publishes a frame, and gives it once the cache has it."""
    publisher, numbers = Publisher(tmp_path), itertools.count()

    def publish(size=SIZE):
        still = tmp_path / ".still_1.jpg"
        still.write_bytes(picture(size, comment=b"%d" % next(numbers)))
        before = cache.newest
        publisher.publish(still, time.time())
        seen = cache.wait_for_other(before.name if before else "", DEADLINE_S)
        assert seen
        return seen

    return publish


@pytest.fixture
def counting():
    return Counting()


@pytest.fixture
def frames(cache, counting):
    return ScaledFrames(cache, counting)


def in_threads(number, work):
    """Start `work` in so many threads; what they have returned, as it comes."""
    results = []
    threads = [threading.Thread(target=lambda: results.append(work()), daemon=True) for _ in range(number)]
    for thread in threads:
        thread.start()
    return threads, results


def joined(threads):
    for thread in threads:
        thread.join(DEADLINE_S)
        assert not thread.is_alive()


def test_a_frame_is_scaled_once_for_all_who_ask_for_the_same(frames, counting, publish):
    frame = publish()
    counting.gate.clear()
    threads, results = in_threads(8, lambda: frames.newest(320))
    until(lambda: counting.jobs)
    counting.gate.set()
    joined(threads)
    assert len({id(result) for result in results}) == 1
    assert (results[0].name, results[0].tag) == (frame.name, f'"{frame.name}-w320"')
    assert size_of(results[0].picture.data) == (320, 180)
    frames.newest(640)
    assert (counting.jobs, frames.counts) == ([320, 640], {320: 1, 640: 1})


def test_who_has_waited_gets_the_newest_frame(frames, counting, publish):
    """A slow process has no queue of old frames."""
    first = publish()
    counting.gate.clear()
    before, early = in_threads(1, lambda: frames.newest(320))
    until(lambda: counting.jobs)
    after, late = in_threads(4, lambda: frames.newest(320))
    for _ in range(3):
        newest = publish()
    counting.gate.set()
    joined([*before, *after])
    assert [frame.name for frame in early] == [first.name]
    assert {frame.name for frame in late} == {newest.name}
    assert counting.jobs == [320, 320]


def test_a_frame_that_is_no_wider_is_sent_as_it_is(frames, counting, publish):
    frame = publish((640, 480))
    assert frames.newest(640) is frame is frames.newest(1280)
    assert counting.jobs == []


@pytest.mark.parametrize(
    ("failure", "tries"),
    [
        pytest.param(DamagedPicture("cut short"), 1, id="a damaged picture is tried once"),
        pytest.param(ScalingError("killed"), 3, id="another failure may be over"),
    ],
)
def test_a_failure_is_an_error_and_never_the_full_size(frames, counting, publish, failure, tries):
    publish()
    counting.failure = failure
    for _ in range(3):
        with pytest.raises(type(failure)):
            frames.newest(320)
    counting.failure = None
    publish()
    assert frames.newest(320).tag.endswith('-w320"')
    assert len(counting.jobs) == tries + 1


@pytest.fixture
def scaled_feed(cache, frames):
    return ScaledFeed(cache, frames, 320)


def test_a_feed_skips_what_comes_while_a_frame_is_scaled(scaled_feed, counting, publish):
    publish()
    with scaled_feed.viewer(None):
        until(lambda: scaled_feed.newest)
        counting.gate.clear()
        publish()
        until(lambda: len(counting.jobs) == 2)
        for _ in range(5):
            newest = publish()
        counting.gate.set()
        until(lambda: scaled_feed.newest.name == newest.name)
    assert len(counting.jobs) == 3


def test_a_feed_scales_only_what_a_viewer_wants(scaled_feed, counting, publish):
    publish()
    pacer = Pacer(1e-3)
    with scaled_feed.viewer(pacer):
        until(lambda: scaled_feed.newest)
        assert pacer.wants(time.monotonic())
        for _ in range(5):
            newest = publish()
            until(lambda: scaled_feed._seen == newest.name)  # noqa: B023 - it is called at once
        assert counting.jobs == [320]
        with scaled_feed.viewer(None):  # gets the newest one without waiting for the next
            until(lambda: scaled_feed.newest.name == newest.name)
    assert counting.jobs == [320, 320]


def test_a_feed_that_nobody_watches_scales_nothing_and_begins_with_a_new_frame(scaled_feed, counting, publish):
    publish()
    with scaled_feed.viewer(None):
        until(lambda: scaled_feed.newest)
    until(lambda: not scaled_feed._worker._running)
    publish()
    assert (counting.jobs, scaled_feed.viewers) == ([320], 0)
    counting.gate.clear()
    with scaled_feed.viewer(None):
        assert scaled_feed.newest is None
        counting.gate.set()
        until(lambda: scaled_feed.newest)


def test_a_failure_of_a_feed_is_shown_when_it_lasts(scaled_feed, counting, publish, monkeypatch):
    """The last frame stays before that; without one, the failure is shown at once."""
    monkeypatch.setattr(feed_module, "RETRY_S", 0.01)
    monkeypatch.setattr(feed_module, "HIDDEN_S", 1e6)
    counting.failure = ScalingError("killed")
    publish()
    with scaled_feed.viewer(None):
        until(lambda: scaled_feed.failure == "killed")
        counting.failure = None
        first = until(lambda: scaled_feed.newest)
        until(lambda: not scaled_feed.failure)
        counting.failure = ScalingError("killed again")
        publish()
        until(lambda: scaled_feed._failure)
        assert (scaled_feed.failure, scaled_feed.newest) == ("", first)
        monkeypatch.setattr(feed_module, "HIDDEN_S", 0.0)
        assert scaled_feed.failure == "killed again"
        counting.failure = None
        until(lambda: scaled_feed.newest is not first)
        assert not scaled_feed.failure
