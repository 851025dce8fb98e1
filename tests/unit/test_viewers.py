"""Who watches, and the lease."""

import threading
import time
from collections.abc import Callable

import pytest
from standin import StandIn

from stillcam.server import viewers as viewers_module
from stillcam.server.camera import CameraLink
from stillcam.server.viewers import Viewers


def until(holds: Callable[[], object]) -> None:
    deadline = time.monotonic() + 90.0
    while not holds():
        assert time.monotonic() < deadline, "not in time"
        time.sleep(0.01)


def renewing() -> int:
    return sum(thread.name == "lease" for thread in threading.enumerate())


@pytest.fixture
def camera(tmp_path, monkeypatch):
    monkeypatch.setattr(viewers_module, "STEP_S", 0.01)
    monkeypatch.setattr("stillcam.server.camera.RENEW_S", 0.0)
    return CameraLink(tmp_path / "capture.sock")


def test_one_thread_renews_the_lease_for_all_and_ends_with_the_last(tmp_path, camera):
    viewers = Viewers(camera)
    with StandIn(tmp_path / "capture.sock") as daemon:
        with viewers, viewers, viewers:
            assert len(viewers) == 3
            until(lambda: daemon.asked["lease"] >= 3)
            assert renewing() == 1
        assert len(viewers) == 0
        until(lambda: renewing() == 0)
        with viewers:
            before = daemon.asked["lease"]
            until(lambda: daemon.asked["lease"] > before)
        until(lambda: renewing() == 0)


def test_a_daemon_that_starts_later_gets_the_lease(tmp_path, camera):
    viewers = Viewers(camera)
    with viewers, StandIn(tmp_path / "capture.sock") as daemon:
        until(lambda: daemon.asked["lease"])
    until(lambda: renewing() == 0)


def test_a_viewer_for_whom_there_is_no_thread_is_not_counted(camera, monkeypatch):
    viewers = Viewers(camera)

    def no_memory(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", no_memory)
        with pytest.raises(RuntimeError), viewers:
            pass
    assert len(viewers) == 0
    with viewers:
        assert renewing() == 1
    until(lambda: renewing() == 0)
