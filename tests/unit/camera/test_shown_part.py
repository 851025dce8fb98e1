"""Which part of the sensor a picture may show: where that is not known, all that it may be."""

from dataclasses import replace

import pytest

from stillcam.camera import shown
from stillcam.camera.shown import ShownPart
from stillcam.camera.use_cases import geometry_of
from stillcam.settings.capabilities import CameraInfo, SensorMode
from stillcam.settings.geometry import Rectangle
from stillcam.settings.schema import Settings

WHOLE = (0, 0, 4608, 2592)
MODE = SensorMode("SRGGB10_CSI2P", (2304, 1296), 10, 56.0, WHOLE)
CAMERA = CameraInfo(0, "imx708", (4608, 2592), 10, "RGGB", "", (MODE,))
USB = replace(CAMERA, modes=(SensorMode("MJPEG", (640, 480), None, 30.0, None),), size=(1920, 1080))
LEFT, RIGHT = (0, 0, 1920, 1080), (2688, 0, 1920, 1080)


def zoomed(crop: Rectangle | None) -> Settings:
    return Settings(controls={"ScalerCrop": list(crop)} if crop else {})


def part(crop: Rectangle | None, camera: CameraInfo = CAMERA) -> ShownPart:
    settings = zoomed(crop)
    return ShownPart(settings, geometry_of(settings, camera, "live"), "live")


def test_before_the_first_report_the_settings_say_it():
    assert part(None).view(adjusting=False).crops == (WHOLE,)
    assert part(LEFT).view(adjusting=False).crops == (LEFT,)


def test_what_the_camera_reports_counts():
    seen = part(LEFT)
    seen.report((4, 0, 1916, 1080))
    seen.report(None)
    assert seen.view(adjusting=False).crops == ((4, 0, 1916, 1080),)


def test_without_the_crop_of_its_mode_nothing_is_known_before_the_first_report():
    hidden = replace(CAMERA, modes=(replace(MODE, crop=None),))
    seen = part(None, hidden)
    assert seen.view(adjusting=False).crops == ()
    seen.report((0, 0, 2304, 1296))
    assert seen.view(adjusting=False).crops == ((0, 0, 2304, 1296),)


def test_a_camera_that_never_reports_a_crop_may_cut_or_squeeze():
    seen = part(None, USB)
    assert seen.view(adjusting=False).crops == ()
    seen.report(None)
    assert seen.view(adjusting=False).crops[-1] == (0, 0, 1920, 1080)


def test_while_the_zoom_changes_both_parts_may_be_shown(monkeypatch: pytest.MonkeyPatch):
    now = 100.0
    monkeypatch.setattr("stillcam.camera.shown.time.monotonic", lambda: now)
    seen = part(LEFT)
    seen.report(LEFT)
    seen.change(zoomed(RIGHT))
    both = {LEFT, RIGHT}
    assert set(seen.view(adjusting=True).crops) == both
    now += 60  # however long it takes
    assert set(seen.view(adjusting=True).crops) == both
    seen.report(RIGHT)
    now += shown.QUEUED_S / 2
    assert set(seen.view(adjusting=False).crops) == both
    now += shown.QUEUED_S
    assert seen.view(adjusting=False).crops == (RIGHT,)


def test_changes_of_other_controls_change_nothing():
    seen = part(LEFT)
    seen.report(LEFT)
    seen.change(replace(zoomed(LEFT), controls={"ScalerCrop": list(LEFT), "Brightness": 0.5}))
    assert seen.view(adjusting=True).crops == (LEFT,)
