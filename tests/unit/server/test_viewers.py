"""Viewers, and the lease that they hold."""

import pytest
from standin import StandIn
from waiting import until

from stillcam.ipc.daemon_client import DaemonClient
from stillcam.server.live import worker as worker_module
from stillcam.server.live.worker import Viewers


@pytest.fixture
def camera(tmp_path, monkeypatch):
    monkeypatch.setattr(worker_module, "LEASE_STEP_S", 0.01)
    monkeypatch.setattr("stillcam.ipc.daemon_client.RENEW_S", 0.0)
    return DaemonClient(tmp_path / "capture.sock")


def test_the_lease_is_renewed_as_long_as_somebody_watches(tmp_path, camera):
    viewers = Viewers(camera)
    with StandIn(tmp_path / "capture.sock") as daemon:
        with viewers, viewers, viewers:
            assert len(viewers) == 3
            until(lambda: daemon.asked["lease"] >= 3)
        assert len(viewers) == 0
        with viewers:
            before = daemon.asked["lease"]
            until(lambda: daemon.asked["lease"] > before)


def test_a_daemon_that_starts_later_gets_the_lease(tmp_path, camera):
    viewers = Viewers(camera)
    with viewers, StandIn(tmp_path / "capture.sock") as daemon:
        until(lambda: daemon.asked["lease"])
