"""The thread that hashes passwords."""

import threading
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from stillcam.accounts.passwords import MAX_QUEUED, PasswordThread
from stillcam.accounts.rules import RetryLaterError
from stillcam.common import log


def test_too_many_at_once_are_turned_away_and_no_failure_is_counted_for_it():
    password_thread, began, go_on = PasswordThread(), threading.Event(), threading.Event()

    def block():
        began.set()
        go_on.wait()

    threads = [threading.Thread(target=password_thread.run, args=[block])]
    threads[0].start()
    began.wait()
    queued = [threading.Thread(target=password_thread.run, args=[lambda: None]) for _ in range(MAX_QUEUED)]
    for thread in queued:
        thread.start()
    try:
        while len(password_thread._waiting) <= MAX_QUEUED:
            threading.Event().wait(0.001)
        with pytest.raises(RetryLaterError, match="signing in"):
            password_thread.run(lambda: None)
    finally:
        go_on.set()
        for thread in threads + queued:
            thread.join()
    assert password_thread.run(lambda: 7) == 7
    with pytest.raises(ZeroDivisionError):
        password_thread.run(lambda: 1 // 0)


@pytest.mark.parametrize("memory", ["none", "too little"])
def test_after_a_want_of_memory_people_can_sign_in_again(monkeypatch, memory):
    """A thread cannot be started, or dies before its first line, for more sign-ins than may wait."""

    def start_new_thread(*_args):
        if memory == "none":
            raise RuntimeError("can't start new thread")

    password_thread = PasswordThread()
    with monkeypatch.context() as patch:
        patch.setattr("stillcam.common.threads._thread.start_new_thread", start_new_thread)
        patch.setattr("stillcam.accounts.passwords.START_TIMEOUT_S", 0.01)
        for _ in range(MAX_QUEUED + 2):
            with pytest.raises(RetryLaterError, match="not enough memory to sign in: try again"):
                password_thread.run(lambda: 6)
    assert password_thread.run(lambda: 7) == 7


def test_sign_ins_do_not_wait_for_a_thread_that_died_for_want_of_memory(monkeypatch, caplog):
    """The thread cannot keep a result. The next sign-in has a new thread."""

    class Unkept(Future[int]):
        def set_result(self, _result):
            raise MemoryError

        set_exception = set_result

    password_thread, began, go_on = PasswordThread(), threading.Event(), threading.Event()

    def block():
        began.set()
        go_on.wait()

    with monkeypatch.context() as patch, ThreadPoolExecutor() as people:
        patch.setattr("stillcam.accounts.passwords.Future", Unkept)
        patch.setattr(log, "_short_s", -log.SHORT_AGAIN_S)
        asked = [people.submit(password_thread.run, block)]
        began.wait()
        asked += [people.submit(password_thread.run, block) for _ in range(3)]
        while password_thread._queue.qsize() < 3:
            threading.Event().wait(0.001)
        go_on.set()
        for one in asked:
            with pytest.raises(RetryLaterError, match="not enough memory to sign in: try again"):
                one.result()
    assert password_thread.run(lambda: 7) == 7
    assert caplog.messages == ["thread hashing failed: not enough memory"]
