"""Converged values of exposure, white balance and focus are carried over to a photo."""

from dataclasses import replace
from typing import Any

import pytest
from test_rpicam_options import IMX219, IMX708

from stillcam.camera.convergence import converged_controls, is_fully_manual, scans_at_start, with_lens_position
from stillcam.settings.document import patched
from stillcam.settings.schema import Settings

SAID = {
    "ExposureTime": 20_000, "AnalogueGain": 2.0, "DigitalGain": 1.0, "ColourGains": [2.1, 1.7], "AeState": 2,
    "LensPosition": 1.25, "AfState": 2, "Lux": 400,
}  # fmt: skip
ALL = {
    "ExposureTime": 20_000, "AnalogueGain": 2.0, "ColourGains": [2.1, 1.7], "AfMode": "Manual", "LensPosition": 1.25,
}  # fmt: skip
EXPOSURE, FOCUS = {"ExposureTime", "AnalogueGain"}, {"AfMode", "LensPosition"}
AUTOFOCUS = replace(IMX708, limits={"AfMode": None, "LensPosition": (0.0, 15.0)})
FIXED_LENS = replace(IMX219, limits={"ExposureTime": (26, 1e8)})


def settings(**sections: Any) -> Settings:
    return patched(Settings(), sections)


@pytest.mark.parametrize(
    ("sections", "found"),
    [
        pytest.param({}, ALL, id="all that is automatic"),
        pytest.param({"controls": {"ExposureTime": 9000, "AnalogueGain": 3}},
                     {key: ALL[key] for key in ("ColourGains", "AfMode", "LensPosition")}, id="exposure is set"),
        pytest.param({"photo": {"controls": {"ExposureTime": 10_000}}}, ALL | {"AnalogueGain": 4.0}, id="time is set"),
        pytest.param({"photo": {"controls": {"AnalogueGain": 1}}}, ALL | {"ExposureTime": 40_000}, id="gain is set"),
        pytest.param({"photo": {"controls": {"ExposureTime": 1_000_000}}}, ALL | {"AnalogueGain": 1.0}, id="no less"),
        pytest.param({"photo": {"controls": {"ExposureValue": 1}}},
                     {key: ALL[key] for key in ("ColourGains", "AfMode", "LensPosition")}, id="another exposure"),
        pytest.param({"photo": {"controls": {"AwbMode": "Tungsten"}}},
                     {key: ALL[key] for key in ALL if key != "ColourGains"}, id="another white balance"),
        pytest.param({"controls": {"AfTrigger": "Start"}},
                     {key: ALL[key] for key in ("ExposureTime", "AnalogueGain", "ColourGains")}, id="a scan before"),
        pytest.param({"controls": {"AfMode": "Manual", "LensPosition": 3}},
                     {key: ALL[key] for key in ("ExposureTime", "AnalogueGain", "ColourGains")}, id="lens is set"),
    ],
)  # fmt: skip
def test_a_photo_starts_with_the_converged_values(sections, found):
    before = settings(**sections)
    got = converged_controls(before, "photo", SAID)
    assert got == {name: value for name, value in found.items() if name not in before.photo.controls}


@pytest.mark.parametrize("said", [{}, {"ExposureTime": 20_000}, {"ExposureTime": 0, "AnalogueGain": 1.0},
                                  {"ExposureTime": "long", "AnalogueGain": None, "ColourGains": [1]}])  # fmt: skip
def test_missing_or_invalid_metadata_is_not_carried_over(said):
    assert converged_controls(settings(), "photo", said) == {}


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        pytest.param({"AeState": 0}, ALL.keys(), id="both fixed"),
        pytest.param({"AeState": 1}, ALL.keys() - EXPOSURE - {"ColourGains"}, id="exposure is being searched for"),
        pytest.param({"AeState": None, "AeLocked": True}, ALL.keys(), id="older libcamera: converged"),
        pytest.param({"AeState": None, "AeLocked": False}, ALL.keys() - EXPOSURE - {"ColourGains"}, id="not yet"),
        pytest.param({"AeState": None}, ALL.keys() - EXPOSURE - {"ColourGains"}, id="nothing is known of exposure"),
        pytest.param({"AwbState": 1}, ALL.keys() - {"ColourGains"}, id="white balance is being searched for"),
        pytest.param({"AwbState": 2, "AeState": 1}, ALL.keys() - EXPOSURE, id="white balance has converged"),
        pytest.param({"AfState": 0}, ALL.keys(), id="the lens rests"),
        pytest.param({"AfState": 1}, ALL.keys() - FOCUS, id="in the middle of a scan"),
        pytest.param({"AfState": 3}, ALL.keys() - FOCUS, id="a scan has failed"),
        pytest.param({"AfState": None}, ALL.keys() - FOCUS, id="nothing is known of the lens"),
    ],
)
def test_only_converged_values_are_carried_over(said, kept):
    told = {name: value for name, value in (SAID | said).items() if value is not None}
    assert converged_controls(settings(), "photo", told).keys() == kept


def test_the_requested_gain_includes_digital_gain():
    """There is no option for it; what is more than the sensor can is made up for by digital gain."""
    night = SAID | {"ExposureTime": 66_000, "AnalogueGain": 16.0, "DigitalGain": 2.5}
    assert converged_controls(settings(), "photo", night)["AnalogueGain"] == 40.0
    by_gain = settings(photo={"controls": {"AnalogueGain": 10}})
    assert converged_controls(by_gain, "photo", night)["ExposureTime"] == 264_000


def test_a_photo_waits_only_for_automatic_values():
    plain = settings()
    assert is_fully_manual(plain, "photo", ALL, AUTOFOCUS)
    assert not is_fully_manual(plain, "photo", {}, AUTOFOCUS)
    assert not is_fully_manual(plain, "raw", {name: ALL[name] for name in ALL.keys() - FOCUS}, AUTOFOCUS)
    assert is_fully_manual(plain, "photo", {name: ALL[name] for name in ALL.keys() - FOCUS}, FIXED_LENS)
    by_hand = {"ExposureTime": 9000, "AnalogueGain": 3, "ColourGains": [2, 2]}
    assert not is_fully_manual(settings(controls=by_hand), "photo", {}, AUTOFOCUS)
    assert is_fully_manual(settings(controls=by_hand | {"LensPosition": 1}), "photo", {}, AUTOFOCUS)


@pytest.mark.parametrize(
    ("controls", "camera", "scanned"),
    [
        pytest.param({}, AUTOFOCUS, True, id="the default is continuous"),
        pytest.param({"AfMode": "Auto"}, AUTOFOCUS, True, id="auto"),
        pytest.param({"AfMode": "Manual"}, AUTOFOCUS, False, id="manual"),
        pytest.param({"LensPosition": 1}, AUTOFOCUS, False, id="a position"),
        pytest.param({"AfTrigger": "Start"}, AUTOFOCUS, False, id="waited for by the driver"),
        pytest.param({}, FIXED_LENS, False, id="a fixed lens"),
        pytest.param({}, replace(FIXED_LENS, limits=None), True, id="nobody knows"),
    ],
)
def test_whether_autofocus_scans_at_start(controls, camera, scanned):
    assert scans_at_start(controls, camera) is scanned


def test_in_mode_auto_the_lens_position_is_fixed_in_every_use_case():
    held = with_lens_position(settings(controls={"AfMode": "Auto", "AfRange": "Full"}), 1.25)
    assert held.controls == {"AfMode": "Manual", "AfRange": "Full", "LensPosition": 1.25}
    held = with_lens_position(
        settings(photo={"controls": {"AfMode": "Auto"}}, video={"controls": {"AfMode": "Continuous"}}), 2
    )
    assert held.photo.controls == {"AfMode": "Manual", "LensPosition": 2}
    assert held.video.controls == {"AfMode": "Continuous"}
    before_each = settings(controls={"AfMode": "Auto", "AfTrigger": "Start"})
    assert with_lens_position(before_each, 2) == before_each
