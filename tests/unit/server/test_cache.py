"""The newest frame in memory, whatever becomes of its folder."""

import contextlib
import errno
import os
import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pictures import picture
from waiting import until

from stillcam.common import log
from stillcam.common.open_file import OpenFile
from stillcam.frames.files import Frame, Publisher, open_current
from stillcam.server.live import cache as cache_module
from stillcam.server.live.cache import CachedFrame, FrameCache

DEADLINE_S = 90.0


def publish(images: Path, colour: str = "red", now_s: float | None = None) -> str:
    still = images / ".still_1.jpg"
    still.write_bytes(picture(colour=colour))
    return Publisher(images).publish(still, time.time() if now_s is None else now_s)


def arrives(cache: FrameCache, name: str) -> CachedFrame:
    until(lambda: cache.newest and cache.newest.name == name)
    assert cache.newest is not None
    return cache.newest


@pytest.fixture
def images(tmp_path):
    folder = tmp_path / "images"
    folder.mkdir()
    return folder


@pytest.fixture
def cache(images) -> Iterator[FrameCache]:
    cache = FrameCache(images)
    yield cache
    cache.close()


def test_each_frame_is_read_and_counted(cache, images):
    for number, colour in enumerate(("red", "green", "blue"), 1):
        seen = arrives(cache, publish(images, colour))
        assert seen.sequence == number
        assert seen.picture.data == picture(colour=colour)
        assert seen.tag == f'"{seen.name}"'


def test_a_frame_is_read_once_and_only_when_its_bytes_are_needed(cache, images, monkeypatch):
    """The kernel sends most of them from their file; one of a whole sensor has megabytes."""
    read, sizes = OpenFile.read, []

    def noted(file):
        sizes.append(file.size)
        return read(file)

    monkeypatch.setattr(OpenFile, "read", noted)
    frame = arrives(cache, publish(images))
    assert (sizes, frame.picture.size) == ([], len(picture()))
    assert frame.picture.data == frame.picture.part(0).data == picture()
    assert sizes == [frame.picture.size]


def test_a_frame_from_before_the_start_has_the_age_of_its_name(images):
    name = publish(images, now_s=time.time() - 3600)
    cache = FrameCache(images)
    try:
        assert 3600 <= arrives(cache, name).age_s() < 3600 + 2 * DEADLINE_S
    finally:
        cache.close()


def test_a_clock_that_is_set_back_makes_no_frame_old(cache, images):
    arrives(cache, publish(images))
    assert arrives(cache, publish(images, now_s=time.time() - 3600)).age_s() < 3600


def test_a_folder_that_is_missing_at_the_start(tmp_path):
    cache = FrameCache(tmp_path / "images")
    try:
        assert cache.newest is None
        (tmp_path / "images").mkdir()
        arrives(cache, publish(tmp_path / "images"))
    finally:
        cache.close()


def test_a_folder_that_is_removed_and_made_again(cache, images):
    """The last frame stays meanwhile."""
    name = publish(images)
    arrives(cache, name)
    shutil.rmtree(images)
    assert cache.wait_for_other(name, 0.2) is None
    assert cache.newest.name == name
    images.mkdir()
    arrives(cache, publish(images))
    arrives(cache, publish(images, "green"))


@pytest.mark.parametrize("moved", ["images", "its parent", "removed while open"])
def test_another_folder_of_the_same_name(tmp_path, monkeypatch, moved):
    """A check every few seconds finds what inotify does not report."""
    monkeypatch.setattr(cache_module, "FOLDER_CHECK_S", 0.1)
    images = tmp_path / "home/images"
    images.mkdir(parents=True)
    cache = FrameCache(images)
    opened = os.open(images, os.O_RDONLY)
    try:
        arrives(cache, publish(images))
        if moved == "removed while open":
            shutil.rmtree(images)
        elif moved == "images":
            images.rename(tmp_path / "old")
        else:
            images.parent.rename(tmp_path / "old")
        images.mkdir(parents=True)
        arrives(cache, publish(images))
        arrives(cache, publish(images, "green"))
    finally:
        os.close(opened)
        cache.close()


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param("camera_20269999T000000.000Z.jpg", id="a date that is none"),
        pytest.param("camera_20261120T234501.123Z.jpg", id="a file that is missing"),
        pytest.param("../secret.jpg", id="out of the folder"),
    ],
)
def test_a_link_that_leads_to_no_frame(cache, images, wrong):
    name = publish(images)
    arrives(cache, name)
    (images / ".link").symlink_to(wrong)
    os.rename(images / ".link", images / "current.jpg")
    assert cache.wait_for_other(name, 0.2) is None
    arrives(cache, publish(images))


def test_frames_continue_after_one_for_which_there_was_no_memory(images, monkeypatch, caplog):
    tries: list[Path] = []

    def read(folder: Path) -> Frame | None:
        tries.append(folder)
        if len(tries) == 1:
            raise MemoryError
        return open_current(folder)

    monkeypatch.setattr(cache_module, "open_current", read)
    monkeypatch.setattr(log, "_short_s", -log.SHORT_AGAIN_S)
    name = publish(images)
    cache = FrameCache(images)
    try:
        arrives(cache, name)
        arrives(cache, publish(images, "green"))
    finally:
        cache.close()
    assert f"reading a frame of {images} failed: not enough memory" in caplog.text


def test_a_new_frame_wakes_all_waiting_threads(cache, images):
    name = publish(images)
    arrives(cache, name)
    woken: list[str] = []
    waiting = [
        threading.Thread(target=lambda: woken.append(cache.wait_for_other(name, DEADLINE_S).name)) for _ in range(50)
    ]
    for thread in waiting:
        thread.start()
    newer = publish(images, "green")
    for thread in waiting:
        thread.join(DEADLINE_S)
    assert woken == [newer] * 50


def test_a_thread_that_waits_again_and_again_gets_the_newest_frame_at_once(cache, images):
    """Between two questions any number of frames may come: the newest is there at once."""
    seen: list[int] = []
    last = 60

    def watch() -> None:
        name = ""
        while not seen or seen[-1] < last:
            frame = cache.wait_for_other(name, DEADLINE_S)
            name = frame.name
            seen.append(frame.sequence)

    watching = [threading.Thread(target=watch) for _ in range(4)]
    for thread in watching:
        thread.start()
    publisher = Publisher(images)
    still = images / ".still_1.jpg"
    for number in range(1, last + 1):
        still.write_bytes(picture())
        arrives(cache, publisher.publish(still, time.time()))
        assert cache.newest.sequence == number
    for thread in watching:
        thread.join(DEADLINE_S)
        assert not thread.is_alive()


def test_a_frame_is_freed_when_nobody_needs_it(cache, images):
    """It is sent from its own file; for streams, one with the part is made in memory once."""

    def held(where: str) -> int:
        number = 0
        for entry in os.listdir("/proc/self/fd"):
            with contextlib.suppress(FileNotFoundError):  # closed meanwhile
                number += where in os.readlink(f"/proc/self/fd/{entry}")
        return number

    before = held("memfd:blob")
    kept = arrives(cache, publish(images))
    for _ in range(5):
        arrives(cache, publish(images))
    until(lambda: held(str(images)) == 2)
    assert held("memfd:blob") == before
    assert kept.part is kept.part
    assert held("memfd:blob") == before + 1
    del kept
    until(lambda: held(str(images)) == 1)
    assert held("memfd:blob") == before


def test_without_inotify_the_folder_is_polled(images, monkeypatch, caplog):
    """A system has 128 instances for all programs of a user: a desktop may have used them up."""

    def none_left():
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr("stillcam.common.folder_watch.Inotify", none_left)
    monkeypatch.setattr(cache_module, "FOLDER_CHECK_S", 0.01)
    cache = FrameCache(images)
    try:
        for colour in ("red", "green"):
            arrives(cache, publish(images, colour))
        monkeypatch.undo()
        arrives(cache, publish(images, "blue"))
    finally:
        cache.close()
    assert caplog.text.count("max_user_instances") == 1


def test_catch_up_waits_for_the_frame_in_the_folder(cache, images, monkeypatch):
    """The thread may have read the frame before, and not yet shown it."""
    assert cache.catch_up() is None  # there is no frame yet
    arrives(cache, publish(images))
    reading = threading.Semaphore(0)

    def slow(folder: Path) -> Frame | None:
        frame = open_current(folder)
        reading.acquire(timeout=DEADLINE_S)
        return frame

    monkeypatch.setattr(cache_module, "open_current", slow)
    publish(images, "green")
    time.sleep(0.1)  # it has read green, as a rule
    name = publish(images, "blue")
    threading.Timer(0.1, reading.release, [9]).start()
    assert cache.catch_up() is None
    assert cache.newest and cache.newest.name == name


def test_catch_up_gives_up_after_a_while(cache, images, monkeypatch):
    arrives(cache, publish(images))
    monkeypatch.setattr(cache_module, "open_current", lambda _: None)
    monkeypatch.setattr(cache_module, "ARRIVAL_S", 0.05)
    name = publish(images, "green")
    assert cache.catch_up() == name
