"""Settings become camera configurations for picamera2, and changed settings changed controls."""

import json
from dataclasses import replace
from typing import Any

import pytest
from control_values import SETTABLE, values_of
from hypothesis import given
from hypothesis import strategies as st
from listed_programs import recorded

from stillcam.camera.picamera2.configuration import (
    CameraConfiguration,
    configure,
    control_changes,
    reset_controls,
    shown_size,
)
from stillcam.settings.document import patched
from stillcam.settings.schema import Settings

IMX708, IMX219 = recorded("list-cameras-two.txt")


def live(controls: dict[str, Any] | None = None, /, **sections: Any) -> CameraConfiguration:
    return configure(patched(Settings(), {"controls": controls or {}, **sections}), IMX708, "live")


def still(controls: dict[str, Any] | None = None, /, **sections: Any) -> CameraConfiguration:
    return configure(patched(Settings(), {"controls": controls or {}, **sections}), IMX708, "snapshot")


@pytest.mark.parametrize(
    ("controls", "asked"),
    [
        pytest.param({}, {"AfMode": "Continuous"}, id="the lens is moved all the time, as rpicam-apps do"),
        pytest.param({"LensPosition": 2.0}, {"AfMode": "Manual", "LensPosition": 2.0}, id="unless a position is given"),
        pytest.param({"AeEnable": False, "ExposureTime": 9, "AnalogueGain": 2.0},
                     {"AfMode": "Continuous", "ExposureTime": 9, "AnalogueGain": 2.0}, id="manual by its values"),
        pytest.param({"AwbEnable": False, "ColourGains": [2.0, 1.0]},
                     {"AfMode": "Continuous", "ColourGains": [2.0, 1.0]}, id="so do the gains"),
        pytest.param({"AwbEnable": True}, {"AfMode": "Continuous", "AwbEnable": True}, id="on is said"),
        pytest.param({"AeFlickerMode": "Manual"},
                     {"AfMode": "Continuous", "AeFlickerMode": "Manual", "AeFlickerPeriod": 10_000}, id="50 Hz"),
        pytest.param({"HdrMode": "Sensor"}, {"AfMode": "Continuous"}, id="the sensor's HDR is no control"),
        pytest.param({"AfTrigger": "Start"}, {"AfMode": "Continuous"}, id="a scan before each still neither"),
        pytest.param({"AfWindows": [[0, 0, 64, 64], [64, 64, 64, 64]]},
                     {"AfMode": "Continuous", "AfMetering": "Windows",
                      "AfWindows": [[0, 0, 64, 64], [64, 64, 64, 64]]}, id="several windows"),
        pytest.param({"FrameDurationLimits": [100, 200]}, {"AfMode": "Continuous"}, id="stills take their time"),
    ],
)  # fmt: skip
def test_controls_for_stills(controls, asked):
    assert still(controls).controls == asked


def test_rectangles_are_flipped_with_the_picture():
    plan = still({"ScalerCrop": [0, 0, 2304, 1296], "AfWindows": [[0, 0, 100, 100]]}, camera={"rotation": 180})
    assert plan.flips == (True, True)
    assert plan.controls["AfWindows"] == [[4508, 2492, 100, 100]]
    x, y, width, height = plan.controls["ScalerCrop"]
    assert (x + width, y + height) == (4608, 2592)


def test_sizes_modes_and_use_cases():
    sections = {"photo": {"width": 4608}, "raw": {"width": 640}, "video": {"width": 1921, "height": 1081}}
    settings = patched(Settings(), {**sections, "live": {"sensor_mode": "1536:864:10", "buffer_count": 5}})
    snapshot, photo = (
        configure(settings, IMX708, "snapshot"),
        configure(settings, IMX708, "photo", {"ExposureTime": 7}),
    )
    assert (snapshot.use, snapshot.sensor, snapshot.buffers) == ("still", (1536, 864, 10), 5)
    assert (photo.use, photo.size, photo.sensor) == ("still", (4608, 2592), (4608, 2592, 10))
    assert photo.viewfinder == (2304, 1296, 10)
    assert photo.controls["ExposureTime"] == 7
    raw = configure(settings, IMX708, "raw")
    assert raw.raw and raw.extension == "jpg"
    video = configure(settings, IMX708, "video")
    assert (video.use, video.size) == ("video", (1920, 1080))  # the library takes even sizes only
    assert video.controls["FrameDurationLimits"] == [33_333, 33_333]
    assert live().use == "preview"


def test_a_frame_lasts_as_long_as_its_exposure():
    assert live(live={"framerate": 15}).controls["FrameDurationLimits"] == [66_667, 66_667]
    assert live({"ExposureTime": 200_000}, live={"framerate": 15}).controls["FrameDurationLimits"] == [200_000] * 2
    assert live({"FrameDurationLimits": [20_000, 90_000]}).controls["FrameDurationLimits"] == [20_000, 90_000]


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        pytest.param({}, {"Brightness": 0.5}, {"Brightness": 0.5}, id="set"),
        pytest.param({"Brightness": 0.5}, {}, {"Brightness": None}, id="the camera's own default"),
        pytest.param({"ExposureTime": 9, "AnalogueGain": 2.0}, {"AnalogueGain": 2.0}, {"ExposureTime": 0}, id="auto"),
        pytest.param({"ColourGains": [1.0, 1.0]}, {}, {"AwbEnable": True}, id="colours are the camera's again"),
        pytest.param({"ColourGains": [1.0, 1.0]}, {"ColourTemperature": 4000}, {"ColourTemperature": 4000}, id="other"),
        pytest.param({"AfWindows": [[0, 0, 64, 64]]}, {}, {"AfMetering": "Auto"}, id="no windows"),
        pytest.param({"LensPosition": 2.0}, {}, {"AfMode": "Continuous"}, id="the lens is free"),
        pytest.param({"NoiseReductionMode": "Off"}, {}, {"NoiseReductionMode": "Minimal"}, id="the library's default"),
        pytest.param({"ScalerCrop": [0, 0, 640, 480]}, {}, {"ScalerCrop": [0, 0, 4608, 2592]}, id="all of the view"),
        pytest.param({"Brightness": 0.5}, {"Brightness": 0.5}, {}, id="nothing"),
        pytest.param({}, {"AfTrigger": "Start"}, {}, id="a scan before each still is no live view's"),
    ],
)
def test_a_running_camera_gets_the_controls_that_differ(before, after, told):
    assert control_changes(live(before), live(after)) == told


def test_changes_without_a_restart():
    """Quality, and whether autofocus scans before each still; a scan leaves another AfMode behind."""
    scanning = still({"AfTrigger": "Start"})
    assert control_changes(live(), live(live={"quality": 10})) == {}
    assert control_changes(still(), scanning) == {}
    assert control_changes(scanning, still()) == {"AfMode": "Continuous"}


@pytest.mark.parametrize(
    "other",
    [
        pytest.param({"live": {"width": 640}}, id="another size"),
        pytest.param({"live": {"sensor_mode": "1536:864:10"}}, id="another sensor mode"),
        pytest.param({"camera": {"hflip": True}}, id="a flip"),
        pytest.param({"camera": {"tuning_file": "imx708_noir.json"}}, id="another tuning file"),
        pytest.param({"controls": {"HdrMode": "Sensor"}}, id="the sensor's HDR"),
    ],
)
def test_changes_that_need_a_restart(other):
    sections = dict(other)
    assert control_changes(live(), live(sections.pop("controls", {}), **sections)) is None


@given(st.data())
def test_any_controls_can_be_set_and_reset(data):
    """Whatever is set: it travels as JSON, and what is told back names every control that is gone."""
    chosen = data.draw(st.lists(st.sampled_from(SETTABLE), max_size=5, unique=True))
    controls = {control.name: data.draw(values_of(control)) for control in chosen}
    controls.pop("HdrMode", None)
    controls.pop("AfTrigger", None)
    plan, plain = live(), live()
    plan = replace(plan, controls=configure(replace(Settings(), controls=controls), IMX708, "live").controls)
    assert CameraConfiguration.from_json(json.loads(json.dumps(plan.to_json()))).controls == json.loads(
        json.dumps(plan.controls)
    )
    there = control_changes(plain, plan)
    assert there is not None and plan.controls == plain.controls | {
        name: value for name, value in there.items() if name in plan.controls
    }
    back = control_changes(plan, plain)
    assert back is not None
    json.dumps(back)
    assert reset_controls(plan.controls.keys() - plain.controls.keys(), plain).items() <= back.items()


@pytest.mark.parametrize(
    ("video", "live", "size"),
    [
        pytest.param({"width": 1920, "height": 1080}, {"width": 1280}, (1280, 720), id="as wide as the live view"),
        pytest.param({"width": 640, "height": 360}, {"width": 1280}, (640, 360), id="no larger than the video"),
        pytest.param({"width": 1280, "height": 720}, {"width": 722}, (722, 406), id="even sides"),
    ],
)
def test_the_size_of_the_frames_that_are_shown_during_a_video(video, live, size):
    assert shown_size(patched(Settings(), {"video": video, "live": live}), IMX708) == size
