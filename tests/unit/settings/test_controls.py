"""The table of controls is complete, and what does not fit it is refused with a sentence."""

import contextlib
import json

import pytest
from control_values import SETTABLE, values_of
from hypothesis import given
from hypothesis import strategies as st

from stillcam.common.errors import SettingsError
from stillcam.settings.capabilities import PICAMERA2, RPICAM
from stillcam.settings.control_values import check_controls, effective
from stillcam.settings.controls import CONTROLS, reason_against, table_for

LIBCAMERA = """
    AeEnable AeMeteringMode AeExposureMode AeConstraintMode AeFlickerMode AeFlickerPeriod ExposureTime ExposureValue
    AnalogueGain FrameDurationLimits AwbEnable AwbMode ColourGains ColourTemperature ColourCorrectionMatrix Brightness
    Contrast Saturation Sharpness NoiseReductionMode HdrMode ScalerCrop AfMode AfMetering AfWindows AfRange AfSpeed
    AfPause AfTrigger LensPosition
"""
GROUPS = ["Focus", "Zoom", "Exposure", "White balance", "Image", "Noise & HDR"]


def test_the_table_is_complete_and_each_row_can_be_shown():
    assert set(LIBCAMERA.split()) <= set(CONTROLS)
    rows = table_for(RPICAM.to_json(), None)
    assert json.loads(json.dumps(rows)) == rows
    assert list(dict.fromkeys(row["group"] for row in rows)) == GROUPS
    for row in rows:
        assert row["text"], row["name"]
        assert bool(row["choices"]) == (row["type"] == "choice"), row["name"]
        assert row["available"] == (not row["reason"]), row["name"]
        if row["type"] in ("int", "float", "pair", "matrix"):
            assert row["low"] < row["high"] and row["step"], row["name"]
        if row["scale"] == "log":
            assert row["low"] > 0, row["name"]
        if row["default"] is not None and row["type"] == "choice":
            assert row["default"] in [choice["value"] for choice in row["choices"]], row["name"]


def test_what_the_camera_programs_cannot_set_has_a_reason_and_picamera2_can_set_all():
    refused = {row["name"]: row["reason"] for row in table_for(RPICAM.to_json(), None) if not row["available"]}
    assert set(refused) >= {"AeConstraintMode", "AfPause", "ColourTemperature"}
    assert all(row["available"] for row in table_for(PICAMERA2.to_json(), None))
    assert reason_against("ColourTemperature", 5000, RPICAM.to_json(), None) == refused["ColourTemperature"]
    assert reason_against("ColourTemperature", 5000, PICAMERA2.to_json(), None) is None


def test_focus_windows_are_as_many_as_the_driver_takes():
    two = [[0, 0, 64, 64]] * 2
    assert "no more than 1" in str(reason_against("AfWindows", two, RPICAM.to_json(), None))
    assert reason_against("AfWindows", two[:1], RPICAM.to_json(), None) is None
    assert reason_against("AfWindows", two, PICAMERA2.to_json(), None) is None
    for capabilities, most in ((None, 1), (RPICAM.to_json(), 1), (PICAMERA2.to_json(), 10)):
        (row,) = [row for row in table_for(capabilities, None) if row["name"] == "AfWindows"]
        assert row["high"] == most


def test_the_table_fits_the_camera():
    camera = {"size": (3280, 2464), "limits": {"ExposureTime": [75, 11_766_829], "ScalerCrop": None}}
    rows = {row["name"]: row for row in table_for(RPICAM.to_json(), camera)}
    assert (rows["ExposureTime"]["low"], rows["ExposureTime"]["high"]) == (75, 11_766_829)
    assert rows["ScalerCrop"]["high"] == 3280
    assert rows["LensPosition"]["reason"] == "this camera has no autofocus"
    assert reason_against("Contrast", 1.0, None, camera) == "this camera has no such control"
    assert reason_against("Contrast", 1.0, None, {"limits": None}) is None
    assert reason_against("HdrMode", "Sensor", None, camera) is None  # which libcamera does not name


@pytest.mark.parametrize(
    ("values", "field", "said"),
    [
        pytest.param([], "controls", "must be an object", id="no object"),
        pytest.param({"ExposureTimes": 1}, "controls.ExposureTimes", "did you mean 'ExposureTime'", id="misspelt"),
        pytest.param({"ExposureTime": 0}, "controls.ExposureTime", "from 1 to 700000000 µs, not 0", id="too short"),
        pytest.param({"ExposureTime": 1.5}, "controls.ExposureTime", "whole number", id="half a microsecond"),
        pytest.param({"ExposureTime": 10**400}, "controls.ExposureTime", "number", id="beyond numbers"),
        pytest.param({"AnalogueGain": True}, "controls.AnalogueGain", "a number", id="true is no number"),
        pytest.param({"Brightness": "0"}, "controls.Brightness", "a number", id="text for a number"),
        pytest.param({"AeEnable": 1}, "controls.AeEnable", "true or false", id="1 is not true"),
        pytest.param({"AfMode": "auto"}, "controls.AfMode", "one of Manual, Auto, Continuous", id="rpicam's word"),
        pytest.param({"AfMode": ["Auto"]}, "controls.AfMode", "one of", id="list for a choice"),
        pytest.param({"ColourGains": [2]}, "controls.ColourGains", "list of 2 numbers", id="one gain"),
        pytest.param({"ColourGains": [2, 0]}, "controls.ColourGains", "from 0.1 to 32 ×", id="gain out of range"),
        pytest.param({"ScalerCrop": [0, 0, 640]}, "controls.ScalerCrop", "x, y, width, height", id="three numbers"),
        pytest.param({"ScalerCrop": [0, 0, 63, 480]}, "controls.ScalerCrop", "at least 64", id="tiny crop"),
        pytest.param({"ScalerCrop": [-1, 0, 640, 480]}, "controls.ScalerCrop", "on the sensor", id="off the sensor"),
        pytest.param({"AfWindows": []}, "controls.AfWindows", "list of at most 10", id="no window"),
        pytest.param({"AfWindows": [[0, 0, 64, 64]] * 11}, "controls.AfWindows", "at most 10", id="eleven windows"),
        pytest.param({"FrameDurationLimits": [5000, 4000]}, "controls.FrameDurationLimits", "shortest", id="reversed"),
        pytest.param({"AeEnable": False, "ExposureTime": 9}, "controls.AeEnable", "AnalogueGain", id="half manual"),
        pytest.param({"AwbEnable": False}, "controls.AwbEnable", "ColourGains", id="no gains"),
        pytest.param(
            {"ColourCorrectionMatrix": [1, 0, 0, 0, 1, 0, 0, 0, 1]}, "controls.ColourCorrectionMatrix", "ColourGains",
            id="matrix without gains",
        ),
    ],
)  # fmt: skip
def test_a_wrong_value_is_refused_by_the_name_of_its_control(values, field, said):
    with pytest.raises(SettingsError, match=said) as caught:
        check_controls(values)
    assert caught.value.field == field


@given(st.data())
def test_every_value_within_the_table_is_taken_as_it_is(data):
    control = data.draw(st.sampled_from(SETTABLE))
    value = data.draw(values_of(control))
    values = {"ColourGains": [1.0, 1.0], "ExposureTime": 100, "AnalogueGain": 1.0, control.name: value}
    checked = check_controls(json.loads(json.dumps(values)))
    assert checked == values
    assert check_controls(checked) == checked


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(st.dictionaries(st.sampled_from([*CONTROLS, "x"]), anything) | anything)
def test_anything_is_taken_or_refused_with_a_sentence(values):
    with contextlib.suppress(SettingsError):
        assert isinstance(check_controls(values), dict)


@pytest.mark.parametrize(
    ("values", "left"),
    [
        ({"AeEnable": True, "ExposureTime": 9, "AnalogueGain": 2.0, "Contrast": 1.0}, {"AeEnable", "Contrast"}),
        ({"AeEnable": False, "ExposureTime": 9, "AnalogueGain": 2.0}, {"AeEnable", "ExposureTime", "AnalogueGain"}),
        ({"AwbEnable": True, "ColourGains": [1.0, 1.0], "AwbMode": "Auto"}, {"AwbEnable", "AwbMode"}),
        ({"AfMode": "Continuous", "LensPosition": 1.0}, {"AfMode"}),
        ({"LensPosition": 1.0}, {"LensPosition"}),
        ({"AfMetering": "Auto", "AfWindows": [[0, 0, 64, 64]]}, {"AfMetering"}),
        ({"AeFlickerMode": "Off", "AeFlickerPeriod": 10_000}, {"AeFlickerMode"}),
    ],
)
def test_what_an_automatic_algorithm_has_taken_over_waits(values, left):
    assert set(effective(values)) == left
