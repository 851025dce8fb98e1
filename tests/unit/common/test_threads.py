"""Background threads: one that dies is restarted, and who looks is told; a low priority is a wish."""

import logging
import os
import threading
import time
from types import SimpleNamespace
from typing import NoReturn

import pytest
from serving import DEADLINE_S

from stillcam.capture.library_writer.background import BackgroundWorker
from stillcam.capture.status import Status
from stillcam.common import log, threads
from stillcam.common.deletion import Undeletable, delete_tree
from stillcam.library.batch_jobs import Job


@pytest.fixture(autouse=True)
def soon(monkeypatch):
    """Restarts come at once; nobody has died so far."""
    monkeypatch.setattr(threads, "BACK_OFF_S", (0.0,))
    monkeypatch.setattr(threads, "_deaths", {})


def test_a_thread_that_dies_is_restarted_and_told_of(caplog):
    runs = iter([OSError("the first\nfault"), ValueError(), None])

    def work():
        if error := next(runs):
            raise error

    assert threads.start_restarting(work, "worker").wait(DEADLINE_S)
    (death,) = threads.deaths()
    assert (death["name"], death["count"], death["error"]) == ("worker", 2, "ValueError")
    assert Status("simulated").to_json()["threads"] == [death]
    assert [record.levelno for record in caplog.records] == [logging.ERROR] * 2
    assert "the first" in caplog.text


def without_memory(*_: object) -> NoReturn:
    raise MemoryError


def failing_once() -> None:
    runs = iter([without_memory, lambda: None])

    def work() -> None:
        next(runs)()

    threads.start_restarting(work, "worker").wait(DEADLINE_S)


def nobody_catches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    log.set_up()
    threading.excepthook(threading.ExceptHookArgs((MemoryError, MemoryError(), None, None)))


@pytest.mark.parametrize(
    "work",
    [
        pytest.param(lambda *_: threads.start(without_memory, "worker").wait(DEADLINE_S), id="a thread"),
        pytest.param(lambda *_: failing_once(), id="one that is restarted"),
        pytest.param(lambda patch, _: nobody_catches(patch), id="a thread of the standard library"),
        pytest.param(lambda *_: Job(["1"], without_memory).run(), id="a job in the library"),
        pytest.param(lambda _, folder: BackgroundWorker(folder).run(without_memory), id="a background task"),
    ],
)
def test_want_of_memory_is_one_line_and_no_bug(work, monkeypatch, tmp_path, caplog):
    monkeypatch.setattr(log, "_short_s", -log.SHORT_AGAIN_S)
    work(monkeypatch, tmp_path)
    (record,) = caplog.records
    assert record.levelno == logging.WARNING and not record.exc_info
    assert "failed: not enough memory" in record.getMessage()


def test_one_that_dies_again_and_again_is_restarted_more_and_more_slowly(monkeypatch):
    pauses: list[float] = []
    monkeypatch.setattr(threads, "BACK_OFF_S", (1.0, 2.0, 4.0))
    monkeypatch.setattr(threads, "time", SimpleNamespace(sleep=pauses.append, monotonic=time.monotonic, time=time.time))
    runs = iter([1, 1, 1, 1, 0])

    def work():
        if next(runs):
            raise OSError

    assert threads.start_restarting(work, "worker").wait(DEADLINE_S)
    assert pauses == [1.0, 2.0, 4.0, 4.0]


def test_the_library_goes_on_after_its_thread_has_died(tmp_path, monkeypatch):
    worker = BackgroundWorker(tmp_path)
    get, fails = worker._tasks.get, iter([True])

    def failing(timeout):
        if next(fails, False):
            raise MemoryError
        return get(timeout=timeout)

    monkeypatch.setattr(worker, "_tasks", type("", (), {"get": staticmethod(failing), "put": worker._tasks.put,
                                                          "empty": worker._tasks.empty}))  # fmt: skip
    done = threading.Event()
    worker.submit(done.set)
    worker.start(())
    assert done.wait(DEADLINE_S)
    assert [death["name"] for death in threads.deaths()] == ["library"]
    worker.close()


@pytest.mark.parametrize(("own", "asked"), [(0, [10]), (10, []), (15, [])])
def test_a_priority_is_only_ever_lowered(monkeypatch, own, asked):
    """Who has no right to raise it gets EPERM, and where one may ask for nothing at all, it is said."""
    set_to = []
    monkeypatch.setattr(os, "getpriority", lambda _which, _who: own)
    monkeypatch.setattr(os, "setpriority", lambda _which, _who, nice: set_to.append(nice))
    threads.lower_priority(10)
    assert set_to == asked


def test_a_priority_that_cannot_be_lowered_is_a_warning(monkeypatch, caplog):
    def refuse(*_):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "getpriority", lambda _which, _who: 0)
    monkeypatch.setattr(os, "setpriority", refuse)
    threads.lower_priority(10)
    assert "cannot lower the priority of a background thread: Operation not permitted" in caplog.text


def test_what_is_urgent_goes_before_what_takes_long(tmp_path):
    """A series of many shots is being deleted when a video comes that is to be finished."""
    series = tmp_path / "series"
    left: list[int] = []
    for folder in ("1", "2"):
        (series / folder).mkdir(parents=True)
        for number in range(50):
            (series / folder / str(number)).touch()
    worker, over = BackgroundWorker(tmp_path), threading.Event()

    def asked() -> bool:
        if not left:
            worker.submit(lambda: left.append(len(list(series.glob("*/*")))))
        return worker.checkpoint()

    worker.submit_long(lambda: delete_tree(series, asked, Undeletable().note))
    worker.submit_long(over.set)
    worker.start(())
    assert over.wait(DEADLINE_S)
    assert left == [99]
    assert not series.exists()
    worker.close()


def test_what_takes_long_is_broken_off_when_the_daemon_ends(tmp_path):
    (tmp_path / "series").mkdir()
    for number in range(50):
        (tmp_path / "series" / str(number)).touch()
    worker = BackgroundWorker(tmp_path)

    def asked() -> bool:
        worker.closing = True
        return worker.checkpoint()

    worker.submit_long(lambda: delete_tree(tmp_path / "series", asked, Undeletable().note))
    worker.start(())
    assert worker._ended.wait(DEADLINE_S)
    assert len(list(tmp_path.glob("series/*"))) == 49


def test_one_that_cannot_be_deleted_keeps_no_other_and_links_are_not_followed(tmp_path, caplog):
    """The folder that it is in stays with it."""
    tree, other = tmp_path / "tree", tmp_path / "other"
    (tree / "a/b").mkdir(parents=True)
    other.mkdir()
    for path in (tree / "1", tree / "a/2", tree / "a/b/3", other / "4"):
        path.touch()
    (tree / "a/link").symlink_to(other)
    undeletable = Undeletable()
    unlink = os.unlink

    def refuse_2(path):
        if path.endswith("/2"):
            raise PermissionError(1, "Operation not permitted", path)
        unlink(path)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "unlink", refuse_2)
        for _ in range(2):
            delete_tree(tree, lambda: False, undeletable.note)
    assert sorted(path.name for path in tree.rglob("*")) == ["2", "a"]
    assert (other / "4").exists()
    assert [one["path"] for one in undeletable.to_json()] == [str(tree / "a/2"), str(tree / "a"), str(tree)]
    assert caplog.text.count("/2 (Operation not permitted)") == 1
