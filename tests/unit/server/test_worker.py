"""A thread that runs as long as it is needed."""

import threading
import time

import pytest
from serving import DEADLINE_S
from waiting import until

from stillcam.server.live.worker import SharedWorker


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

    def continues(self):
        before = self.rounds
        until(lambda: self.rounds > before + 2)

    def is_idle(self):
        """Whether no round has begun for a while."""
        before = self.rounds
        time.sleep(0.05)
        return self.rounds == before


def no_thread(*_args):
    raise RuntimeError("can't start new thread")


def test_one_thread_works_for_all_users_and_ends_with_the_last():
    work = Work()
    worker = SharedWorker(work, "test")
    for _ in range(2):
        work.threads.clear()
        with worker, worker:
            assert len(worker) == 2
            work.continues()
            with worker:
                work.continues()
        assert len(worker) == 0
        assert len(work.threads) == 1
        until(work.is_idle)


def test_a_user_for_whom_no_thread_can_be_started_is_not_counted(monkeypatch):
    work = Work()
    worker = SharedWorker(work, "test")
    with monkeypatch.context() as patch:
        patch.setattr("stillcam.common.threads._thread.start_new_thread", no_thread)
        with pytest.raises(RuntimeError), worker:
            pass
    assert len(worker) == 0
    with worker:
        work.continues()


def test_rounds_that_fail_are_logged_once_and_repeated(caplog):
    rounds = []

    def fails():
        rounds.append(1)
        raise ValueError("once more")

    with SharedWorker(fails, "test"):
        until(lambda: len(rounds) > 3)
    assert len(caplog.records) == 1
