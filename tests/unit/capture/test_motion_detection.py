"""The detector beside the camera's thread: where its zones are in frames that have metadata, or none yet."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from pictures import picture

from stillcam.capture.motion_events.detection import DetectionThread, SeenFrame
from stillcam.capture.motion_events.items import Stream
from stillcam.motion.detector import Observation
from stillcam.settings.capabilities import CameraInfo
from stillcam.settings.document import patched
from stillcam.settings.schema import Settings

DEADLINE_S = 60.0
CAMERA = CameraInfo(0, "imx219", (3280, 2464), None, None, "/base/camera", ())
LIVE = {"width": 1280, "height": 720}
SETTINGS = patched(Settings(), {"live": LIVE, "motion": {"zones": ["exclude 0,0 3280,400"]}})
REPORTED = [0, 310, 3280, 1844]  # by libcamera, in steps of the 1640x1232 mode
FRAME = picture((320, 180))


@pytest.fixture
def detection() -> Iterator[DetectionThread]:
    detection = DetectionThread(SETTINGS.motion)
    yield detection
    detection.close()


def look(detection: DetectionThread, time_s: float, metadata: dict[str, Any]) -> Observation:
    detection.offer(SeenFrame(time_s, FRAME, metadata))
    deadline = time.monotonic() + DEADLINE_S
    while not (found := detection.take()):
        assert time.monotonic() < deadline
        time.sleep(0.005)
    return found[0][1]


def run_stream(detection: DetectionThread, begin_s: float, seconds: float) -> Observation:
    """Start a stream; its first two frames come before their metadata. The last observation."""
    detection.begin_stream(Stream.of(SETTINGS, CAMERA))
    for number in range(round(seconds * 5)):
        seen = look(detection, begin_s + number / 5, {"ScalerCrop": REPORTED} if number > 1 else {})
    return seen


def test_what_was_learned_survives_a_restart_of_the_stream(detection):
    """libcamera reports a crop that is a pixel smaller than the configured one: that is no other picture."""
    assert run_stream(detection, 100, 6.0).ignored == ""
    assert run_stream(detection, 200, 2.0).ignored == ""


def test_without_metadata_the_configured_crop_counts():
    zoom = {"controls": {"ScalerCrop": [820, 616, 1640, 1232]}}
    zoomed = Stream.of(patched(Settings(), {"live": LIVE | zoom}), CAMERA)
    assert zoomed.crop == (545, 616, 2190, 1232)
    whole = Stream.of(SETTINGS, CAMERA)
    assert whole.crop == (0, 310, 3280, 1845)
    assert not whole.shows_the_same(zoomed)


def test_other_zones_keep_what_was_learned_and_another_crop_does_not(detection):
    assert run_stream(detection, 100, 6.0).ignored == ""
    detection.set(patched(SETTINGS, {"motion": {"zones": [], "sensitivity": 10}}).motion)
    assert look(detection, 106.0, {"ScalerCrop": REPORTED}).ignored == ""
    assert (detection.mask, detection.threshold) == (None, 1)
    detection.set(SETTINGS.motion)
    assert look(detection, 106.2, {"ScalerCrop": REPORTED}).ignored == ""
    assert detection.mask
    assert look(detection, 106.4, {"ScalerCrop": [820, 616, 1640, 1232]}).ignored == "settling"
