"""Answers are counted, whoever answers."""

import threading

from stillcam.server.routes.metrics import Counters


def test_no_answer_is_lost_when_many_threads_answer():
    counters = Counters()

    def answer() -> None:
        for _ in range(1000):
            counters.of("snapshot", 200)(7)
            counters.of("", 404)(1)

    threads = [threading.Thread(target=answer) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counters.read() == ({("snapshot", 200): 8000, ("", 404): 8000}, 64000)


def test_what_was_read_stays_as_it_was():
    counters = Counters()
    counters.of("snapshot", 200)(7)
    before = counters.read()
    counters.of("snapshot", 304)(0)
    assert before == ({("snapshot", 200): 1}, 7)
