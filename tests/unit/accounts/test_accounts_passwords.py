"""The thread that hashes passwords."""

import threading

import pytest

from stillcam.accounts.passwords import MAX_QUEUED, PasswordThread
from stillcam.accounts.rules import RetryLaterError


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
        executor = password_thread._thread
        assert executor is not None
        while executor._work_queue.qsize() < MAX_QUEUED:
            threading.Event().wait(0.001)
        with pytest.raises(RetryLaterError, match="signing in"):
            password_thread.run(lambda: None)
    finally:
        go_on.set()
        for thread in threads + queued:
            thread.join()
    assert [password_thread.run(lambda: 7) for _ in range(2 * MAX_QUEUED)] == [7] * 2 * MAX_QUEUED
    with pytest.raises(ZeroDivisionError):
        password_thread.run(lambda: 1 // 0)
