"""How long a camera is waited for."""

from types import SimpleNamespace
from typing import Any

import pytest

from stillcam.camera.driver import PhotoRequest
from stillcam.capture.context import CaptureContext
from stillcam.capture.recovery import MAX_TIMEOUT_S, AdaptiveTimeout, photo_cycle_s
from stillcam.common.paths import Paths
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
        start_stills=lambda *_: None,
        wait_ready=ready,
        stop=lambda *_: True,
    )
    paths = Paths(tmp_path / "images", tmp_path / "data")
    paths.images.mkdir()
    settings = patched(Settings(), sections)
    context = CaptureContext(paths, driver, settings, tuple, {})
    camera: Any = None
    shoot = None if found is None else PhotoRequest("photo", tmp_path, found)
    context.start_stills(settings, camera, shoot, lambda: False)
    context.close()
    assert waited[0] > 30 + 30


def test_a_picture_may_take_as_long_as_its_own_exposure_needs():
    assert photo_cycle_s(Settings(), "photo", SECONDS_30) > 30 + 30
