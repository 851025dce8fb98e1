"""One capture for all who ask at once."""

import threading
from concurrent.futures import Future, wait
from typing import Any

import pytest
from standin import StandIn

from stillcam.common.errors import StillcamError
from stillcam.server.live import on_demand as captures_module
from stillcam.server.live.on_demand import Captures

DEADLINE_S = 90.0


def test_who_asks_while_a_picture_is_taken_gets_the_next_and_all_of_them_the_same(tmp_path, monkeypatch):
    """The one that is being taken may have begun before they asked."""
    begun, go_on, joined = threading.Event(), threading.Event(), threading.Semaphore(0)
    taken = iter(range(1, 10))

    class Watched(Future[str]):
        def result(self, timeout: float | None = None) -> str:
            joined.release()
            return super().result(timeout)

    def watched(futures: list[Future[str]], timeout: float) -> Any:
        joined.release()
        return wait(futures, timeout)

    monkeypatch.setattr(captures_module, "Future", Watched)
    monkeypatch.setattr(captures_module, "wait", watched)

    def snapshot() -> str:
        begun.set()
        assert go_on.wait(DEADLINE_S)
        return f"camera_{next(taken)}.jpg"

    with StandIn(tmp_path / "capture.sock", snapshot) as daemon:
        captures = Captures(tmp_path / "capture.sock", lambda: 2.0)
        names: list[str] = []
        asking = [threading.Thread(target=lambda: names.append(captures.take())) for _ in range(20)]
        asking[0].start()
        assert begun.wait(DEADLINE_S)  # the others find it under way
        for thread in asking[1:]:
            thread.start()
            assert joined.acquire(timeout=DEADLINE_S)
        go_on.set()
        for thread in asking:
            thread.join(DEADLINE_S)
        assert sorted(names) == ["camera_1.jpg"] + ["camera_2.jpg"] * 19
        assert daemon.asked == {"snapshot": 2}
        assert captures.take() == "camera_3.jpg"


def test_who_asks_a_camera_that_has_just_failed_hears_why_at_once(tmp_path, monkeypatch):
    monkeypatch.setattr(captures_module, "FAILURE_HOLDS_S", 1e9)

    def snapshot() -> str:
        raise StillcamError("check the ribbon cable")

    with StandIn(tmp_path / "capture.sock", snapshot) as daemon:
        captures = Captures(tmp_path / "capture.sock", lambda: 2.0)
        for _ in range(5):
            with pytest.raises(StillcamError, match="check the ribbon cable"):
                captures.take()
        assert daemon.asked == {"snapshot": 1}
        monkeypatch.setattr(captures_module, "FAILURE_HOLDS_S", 0.0)
        with pytest.raises(StillcamError, match="check the ribbon cable"):
            captures.take()
        assert daemon.asked == {"snapshot": 2}


def test_a_capture_that_works_ends_the_failure(tmp_path, monkeypatch):
    monkeypatch.setattr(captures_module, "FAILURE_HOLDS_S", 0.0)
    captures = Captures(tmp_path / "capture.sock", lambda: 2.0)
    with pytest.raises(StillcamError, match=r"start_camera_server\.sh"):
        captures.take()
    with StandIn(tmp_path / "capture.sock", lambda: "camera_1.jpg"):
        assert captures.take() == "camera_1.jpg"
        monkeypatch.setattr(captures_module, "FAILURE_HOLDS_S", 1e9)
        assert captures.take() == "camera_1.jpg"
