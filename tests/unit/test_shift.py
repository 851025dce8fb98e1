"""A thread that works as long as somebody is there for whom."""

import threading
import time

import pytest
from serving import DEADLINE_S

from stillcam.server.live import worker as shift_module
from stillcam.server.live.worker import Shift


class Work:
    """Counts rounds, and the threads that are at work now."""

    def __init__(self):
        self.rounds = 0
        self.threads = set()
        self.hangs = threading.Event()
        self.hangs.set()

    def __call__(self):
        self.threads.add(threading.get_ident())
        self.hangs.wait(DEADLINE_S)
        self.rounds += 1
        time.sleep(0.001)

    def goes_on(self):
        before = self.rounds
        until(lambda: self.rounds > before + 2)

    def rests(self):
        """Whether no round has begun for a while."""
        before = self.rounds
        time.sleep(0.05)
        return self.rounds == before


def until(holds):
    deadline = time.monotonic() + DEADLINE_S
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def no_memory(*_args):
    raise RuntimeError("can't start new thread")


def dies(*_args):
    """A thread that ends before its first line, as one does for which there is no memory."""


def test_one_thread_works_for_all_and_ends_with_the_last():
    work = Work()
    shift = Shift(work, "test")
    for _ in range(2):
        work.threads.clear()
        with shift, shift:
            assert len(shift) == 2
            work.goes_on()
            with shift:
                work.goes_on()
        assert len(shift) == 0
        assert len(work.threads) == 1
        until(work.rests)


def test_who_comes_when_there_is_no_thread_is_not_counted(monkeypatch):
    work = Work()
    shift = Shift(work, "test")
    with monkeypatch.context() as patch:
        patch.setattr("stillcam.common.threads._thread.start_new_thread", no_memory)
        with pytest.raises(RuntimeError), shift:
            pass
    assert len(shift) == 0
    with shift:
        work.goes_on()


def test_a_thread_that_has_died_is_followed_by_another(monkeypatch):
    """It holds nobody up who comes, and whoever is there has another one as soon as there is memory."""
    work = Work()
    shift = Shift(work, "test")
    with monkeypatch.context() as patch:
        patch.setattr("stillcam.common.threads._thread.start_new_thread", dies)
        shift.__enter__()
    with shift:
        assert work.rounds == 0
        monkeypatch.setattr(shift_module, "DEAD_S", 0.0)
        with monkeypatch.context() as patch:
            patch.setattr("stillcam.common.threads._thread.start_new_thread", no_memory)
            shift.see_to_it()
        shift.see_to_it()
        work.goes_on()


def test_a_thread_that_hung_does_no_more_once_another_has_taken_its_place(monkeypatch):
    work = Work()
    shift = Shift(work, "test")
    with shift:
        work.hangs.clear()
        until(lambda: work.threads)
        [hung] = work.threads
        monkeypatch.setattr(shift_module, "DEAD_S", 0.0)
        shift.see_to_it()
        monkeypatch.setattr(shift_module, "DEAD_S", DEADLINE_S)
        until(lambda: len(work.threads) == 2)
        work.hangs.set()
        work.goes_on()
        work.threads.clear()
        work.goes_on()
        assert len(work.threads) == 1
        assert hung not in work.threads


def test_a_round_that_fails_is_told_once_and_followed_by_others(caplog):
    rounds = []

    def fails():
        rounds.append(1)
        raise ValueError("once more")

    with Shift(fails, "test"):
        until(lambda: len(rounds) > 3)
    assert len(caplog.records) == 1
