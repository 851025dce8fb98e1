"""One capture for all requests that arrive together."""

import threading
from concurrent.futures import Future, wait
from typing import Any

import pytest
from standin import StandIn

from stillcam.common.errors import StillcamError
from stillcam.server.live import on_demand as on_demand_module
from stillcam.server.live.on_demand import OnDemandStills

DEADLINE_S = 90.0


def test_requests_during_a_capture_share_the_next_one(tmp_path, monkeypatch):
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

    monkeypatch.setattr("concurrent.futures.Future", Watched)
    monkeypatch.setattr("concurrent.futures.wait", watched)

    def snapshot() -> str:
        begun.set()
        assert go_on.wait(DEADLINE_S)
        return f"camera_{next(taken)}.jpg"

    with StandIn(tmp_path / "capture.sock", snapshot) as daemon:
        stills = OnDemandStills(tmp_path / "capture.sock", lambda: 2.0)
        names: list[str] = []
        asking = [threading.Thread(target=lambda: names.append(stills.take())) for _ in range(20)]
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
        assert stills.take() == "camera_3.jpg"


def test_requests_after_a_failure_fail_at_once_with_its_reason(tmp_path, monkeypatch):
    monkeypatch.setattr(on_demand_module, "FAILURE_HOLDS_S", 1e9)

    def snapshot() -> str:
        raise StillcamError("check the ribbon cable")

    with StandIn(tmp_path / "capture.sock", snapshot) as daemon:
        stills = OnDemandStills(tmp_path / "capture.sock", lambda: 2.0)
        for _ in range(5):
            with pytest.raises(StillcamError, match="check the ribbon cable"):
                stills.take()
        assert daemon.asked == {"snapshot": 1}
        monkeypatch.setattr(on_demand_module, "FAILURE_HOLDS_S", 0.0)
        with pytest.raises(StillcamError, match="check the ribbon cable"):
            stills.take()
        assert daemon.asked == {"snapshot": 2}


def test_a_capture_that_works_ends_the_failure(tmp_path, monkeypatch):
    monkeypatch.setattr(on_demand_module, "FAILURE_HOLDS_S", 0.0)
    stills = OnDemandStills(tmp_path / "capture.sock", lambda: 2.0)
    with pytest.raises(StillcamError, match=r"start_camera_server\.sh"):
        stills.take()
    with StandIn(tmp_path / "capture.sock", lambda: "camera_1.jpg"):
        assert stills.take() == "camera_1.jpg"
        monkeypatch.setattr(on_demand_module, "FAILURE_HOLDS_S", 1e9)
        assert stills.take() == "camera_1.jpg"
