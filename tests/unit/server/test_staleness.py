"""Whether the newest frame is stale, and the reason that is shown."""

import time

import pytest
from pictures import picture
from standin import StandIn

from stillcam.frames.files import Frame, frame_name
from stillcam.ipc.daemon_client import DaemonClient
from stillcam.server.live import staleness as staleness_module
from stillcam.server.live.cache import CachedFrame, FrameCache
from stillcam.server.live.staleness import Staleness, StalenessCheck


def cached(time_s: float = 0.0, age_s: float = 0.0) -> CachedFrame:
    return CachedFrame.of(Frame(frame_name(time_s), time_s, picture()), time.monotonic() - age_s, 1)


@pytest.fixture
def zone(monkeypatch):
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def staleness(tmp_path):
    cache = FrameCache(tmp_path)
    yield StalenessCheck(cache, DaemonClient(tmp_path / "run/capture.sock"))
    cache.close()


TAKEN_S = 1795266180.0  # 2026-11-21 14:03 in Berlin


@pytest.mark.parametrize(
    ("newest_s", "camera_missing", "now_s", "headline"),
    [
        pytest.param(TAKEN_S, True, TAKEN_S + 60, "no camera since 14:03", id="today"),
        pytest.param(TAKEN_S, False, TAKEN_S + 60, "no picture since 14:03", id="nobody knows why"),
        pytest.param(
            TAKEN_S, True, TAKEN_S + 11 * 3600, "no camera since 21 November 2026, 14:03", id="local midnight"
        ),
        pytest.param(None, True, TAKEN_S, "no camera", id="never a picture, no camera"),
        pytest.param(None, False, TAKEN_S, "no picture yet", id="never a picture"),
    ],
)
def test_the_headline_is_in_local_time(zone, newest_s, camera_missing, now_s, headline):
    newest = None if newest_s is None else cached(newest_s)
    assert Staleness(newest, camera_missing, "").headline(now_s) == headline


@pytest.mark.parametrize(
    ("age_s", "interval_s", "stale"),
    [
        pytest.param(10, 2.0, False, id="three intervals and five seconds are not over"),
        pytest.param(1000, 2.0, True, id="they are over"),
        pytest.param(1000, 3600.0, False, id="a camera that takes one an hour"),
        pytest.param(1000, 0.0, True, id="a daemon that is starting"),
        pytest.param(1000, None, True, id="no daemon"),
    ],
)
def test_stale_is_older_than_three_intervals_and_five_seconds(staleness, age_s, interval_s, stale):
    capture = {"running": False} if interval_s is None else {"running": True, "interval_s": interval_s}
    assert staleness.is_stale(cached(age_s=age_s), capture) is stale


def test_no_frame_is_stale(staleness):
    assert staleness.is_stale(None, {"interval_s": 3600.0})


def test_without_a_daemon_its_last_interval_counts(staleness):
    old = cached(age_s=1000)
    assert not staleness.is_stale(old, {"interval_s": 3600.0})
    assert not staleness.is_stale(old, {"running": False})


def test_the_reason_is_the_daemon_s(tmp_path, staleness):
    with StandIn(tmp_path / "run/capture.sock", reason="check the ribbon cable") as daemon:
        assert staleness.check() == Staleness(None, True, "check the ribbon cable")
        assert daemon.asked == {"status": 1}


def test_without_a_daemon_the_reason_says_how_to_start_it(staleness):
    stale = staleness.check()
    assert not stale.camera_missing
    assert "start_camera_server.sh" in stale.reason


def test_a_frame_is_stale_without_a_reason_too(tmp_path, staleness):
    with StandIn(tmp_path / "run/capture.sock", reason=None):
        assert staleness.check() == Staleness(None, False, "")


def test_a_recent_frame_causes_no_question_to_the_daemon(tmp_path, monkeypatch):
    (tmp_path / frame_name(0.0)).write_bytes(picture())
    (tmp_path / "current.jpg").symlink_to(frame_name(0.0))
    cache = FrameCache(tmp_path)
    try:
        assert cache.wait_for_other("", 90.0)
        with StandIn(tmp_path / "run/capture.sock") as daemon:
            staleness = StalenessCheck(cache, DaemonClient(tmp_path / "run/capture.sock"))
            with monkeypatch.context() as patch:
                patch.setattr(staleness_module, "STALE_GRACE_S", 1e12)
                assert staleness.check() is None
            assert daemon.asked == {}
            assert staleness.check() == Staleness(cache.newest, False, "")
            assert daemon.asked == {"status": 1}
    finally:
        cache.close()
