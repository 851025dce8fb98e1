"""How long a camera is waited for, and what follows when it gives no pictures."""

from types import SimpleNamespace
from typing import Any

import pytest

from stillcam.camera.driver import Interrupted, PhotoRequest
from stillcam.capture.context import CaptureContext
from stillcam.capture.modes.live import LiveMode
from stillcam.capture.modes.snapshots import FrameRequest
from stillcam.capture.status import Status
from stillcam.capture.timeouts import (
    MAX_TIMEOUT_S,
    AdaptiveTimeout,
    Backoff,
    photo_cycle_s,
    snapshot_cycle_s,
    stall_timeout_s,
)
from stillcam.common.errors import CameraError
from stillcam.common.paths import Paths
from stillcam.frames.files import lock_folder
from stillcam.settings.capabilities import RPICAM
from stillcam.settings.document import patched
from stillcam.settings.schema import Settings


def test_a_timeout_grows_with_each_stall_up_to_a_minute():
    timeout, allowed = AdaptiveTimeout(), []
    for _ in range(6):
        allowed.append(timeout.seconds(5.0))
        timeout.stalled()
    assert allowed == [5, 10, 20, 40, 60, 60]


@pytest.mark.parametrize(
    ("implied_s", "took_s", "allowed_s"),
    [
        pytest.param(5.0, 0.4, 5.0, id="as settings imply"),
        pytest.param(5.0, 25.0, 50.0, id="a slow one"),
        pytest.param(5.0, 50.0, MAX_TIMEOUT_S, id="a very slow one"),
        pytest.param(200.0, 0.4, 200.0, id="a long exposure"),
    ],
)
def test_what_came_tells_how_long_the_next_one_may_take(implied_s, took_s, allowed_s):
    timeout = AdaptiveTimeout()
    timeout.stalled()
    timeout.completed(took_s)
    assert timeout.seconds(implied_s) == allowed_s


SECONDS_30 = {"ExposureTime": 30_000_000}


@pytest.mark.parametrize(
    ("sections", "found", "told"),
    [
        pytest.param({"controls": SECONDS_30}, None, {}, id="snapshots"),
        pytest.param({"photo": {"controls": SECONDS_30}}, {}, {}, id="a photo"),
        pytest.param({}, SECONDS_30, {}, id="a shot of a series that varies it"),
        pytest.param({}, {}, SECONDS_30, id="one that has been begun before"),
    ],
)
def test_a_long_exposure_is_waited_for_when_the_camera_starts(tmp_path, sections, found, told):
    waited = []

    def ready(timeout_s: float, _interrupts: object) -> bool:
        waited.append(timeout_s)
        return True

    driver: Any = SimpleNamespace(
        name="slow",
        capabilities=RPICAM,
        metadata=told,
        just_started=False,
        start_stills=lambda *_: None,
        wait_ready=ready,
        stop=lambda *_: True,
    )
    paths = Paths(tmp_path / "images", tmp_path / "data")
    paths.images.mkdir()
    settings = patched(Settings(), sections)
    context = CaptureContext(paths, driver, settings, lock_folder(paths.images), tuple, {})
    camera: Any = None
    photo = None if found is None else PhotoRequest("photo", tmp_path, found)
    context.start_stills(settings, camera, photo, lambda: False)
    context.close()
    assert waited[0] > 30 + 30


def test_a_picture_may_take_as_long_as_its_own_exposure_needs():
    assert photo_cycle_s(Settings(), "photo", SECONDS_30) > 30 + 30


@pytest.mark.parametrize(
    ("sections", "metadata", "cycle_s", "stall_s"),
    [
        pytest.param({}, {}, 2, 6, id="three intervals"),
        pytest.param({"snapshot": {"interval_s": 0.1}}, {}, 0.1, 5, id="five seconds at least"),
        pytest.param({"controls": {"ExposureTime": 10_000_000}}, {}, 30, 130, id="a long exposure that is set"),
        pytest.param({}, {"ExposureTime": 1_000_000}, 2, 10, id="a long exposure that the camera chose"),
        pytest.param({}, {"ExposureTime": "1"}, 2, 6, id="nonsense"),
    ],
)
def test_a_long_exposure_is_no_stall(sections, metadata, cycle_s, stall_s):
    settings = patched(Settings(), sections)
    assert snapshot_cycle_s(settings) == cycle_s
    assert stall_timeout_s(snapshot_cycle_s(settings), settings, metadata) == stall_s


def test_an_outage_is_said_once_and_the_pauses_grow(caplog):
    caplog.set_level("INFO")
    status = Status("simulated")
    backoff = Backoff(status)
    assert [backoff.failed(CameraError("absent", "no camera")) for _ in range(8)] == [1, 2, 4, 8, 16, 30, 30, 30]
    assert (status.reason or "") == "no camera"
    backoff.recovered()
    backoff.recovered()
    assert status.reason is None
    assert backoff.failed(CameraError("absent", "no camera")) == 1
    said = [record.message.split(" after")[0] for record in caplog.records]
    assert said == ["no picture (absent): no camera; trying again", "pictures again", said[0]]


HIDDEN = 6  # frames that libcamera keeps for itself at the start, on most sensors


class SlowContext:
    """Notes how long the live view waits for its first frame and for the next one."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.waited: list[float] = []
        self.live: LiveMode | None = None
        self.settings = SimpleNamespace(confirmed=False, running=settings, wanted=settings)
        self.status = SimpleNamespace(enter=lambda *_: None)
        self.commands = SimpleNamespace(leased=True)
        self.driver = SimpleNamespace(start_live=lambda *_: None, just_started=False)
        self.stop_camera = lambda: True
        self.publisher = SimpleNamespace(publish_live=lambda *_: "frame")

    def next_mode(self) -> Any:
        return self.live

    def stall_timeout_s(self, cycle_s: Any) -> float:
        return stall_timeout_s(cycle_s(self._settings), self._settings, {})

    def read_frames(self, timeout_s: float, _newest_only: object) -> list[bytes]:
        self.waited.append(timeout_s)
        if len(self.waited) == 2:
            raise Interrupted
        return [b""]

    def frame_published(self, _name: str) -> None:
        self.settings.confirmed = True


@pytest.mark.parametrize("rate", [0.1, 1, 15])
def test_the_first_frame_is_waited_for_as_long_as_those_that_are_hidden_take(rate):
    settings = patched(Settings(), {"live": {"framerate": rate}})
    context: Any = SlowContext(settings)
    camera: Any = None
    motion: Any = SimpleNamespace(handlers={}, begin_stream=lambda *_: None, add=lambda _frames: None)
    context.live = LiveMode(context, motion, FrameRequest(context.driver))
    with pytest.raises(Interrupted):
        context.live.run(settings, camera)
    first_s, next_s = context.waited
    assert first_s > (HIDDEN + 2) / rate + 10
    assert next_s > 2 / rate
