"""Settings become the command line that does what they say, whatever the camera."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from listed_programs import recorded
from test_controls import SETTABLE, rectangles, values_of

from stillcam.camera.rpicam.listing import parse
from stillcam.camera.rpicam.options import live_arguments, snapshot_arguments
from stillcam.camera.simulated import options as simulated_options
from stillcam.camera.simulated import sensors
from stillcam.camera.simulated.options import StillOptions, VideoOptions
from stillcam.camera.simulated.sensors import listing
from stillcam.camera.use_cases import live_framerate
from stillcam.settings.capabilities import Camera
from stillcam.settings.document import patched
from stillcam.settings.geometry import fitted, fractions, mirrored, picture_size, sensor_mode
from stillcam.settings.schema import Settings

IMX708, IMX219 = recorded("list-cameras-two.txt")
(IMX519,) = parse(listing((sensors.IMX519,)))
MATRIX = [1.5, -0.25, -0.25, 0.0, 1.0, 0.0, -0.5, 0.0, 1.5]


def joined(words: list[str]) -> list[str]:
    """Each option as one word, with its value behind an equal sign."""
    options: list[str] = []
    for word in words:
        if word.startswith("--"):
            options.append(word)
        else:
            options[-1] += f"={word}"
    return options


def still(on: Camera = IMX708, /, **sections: Any) -> list[str]:
    return joined(snapshot_arguments(patched(Settings(), sections), on))


def live(on: Camera = IMX708, /, **sections: Any) -> list[str]:
    return joined(live_arguments(patched(Settings(), sections), on))


@pytest.mark.parametrize(
    ("controls", "options"),
    [
        ({"ExposureTime": 10_000}, ["--shutter=10000"]),
        ({"AnalogueGain": 2.5}, ["--gain=2.5"]),
        ({"AeEnable": True, "ExposureTime": 10_000, "AnalogueGain": 2}, []),
        ({"AeEnable": False, "ExposureTime": 10_000, "AnalogueGain": 2}, ["--shutter=10000", "--gain=2"]),
        ({"ExposureValue": -1}, ["--ev=-1"]),
        ({"AeMeteringMode": "Matrix"}, ["--metering=average"]),
        ({"AeExposureMode": "Short"}, ["--exposure=sport"]),
        ({"AeFlickerMode": "Manual"}, ["--flicker-period=10000"]),
        ({"AeFlickerMode": "Manual", "AeFlickerPeriod": 8333}, ["--flicker-period=8333"]),
        ({"AeFlickerPeriod": 8333}, ["--flicker-period=8333"]),
        ({"AeFlickerMode": "Off", "AeFlickerPeriod": 8333}, []),
        ({"AwbMode": "Tungsten"}, ["--awb=tungsten"]),
        ({"ColourGains": [1.5, 2]}, ["--awbgains=1.5,2"]),
        ({"AwbEnable": True, "ColourGains": [1.5, 2]}, []),
        (
            {"ColourGains": [1.5, 2], "ColourCorrectionMatrix": MATRIX},
            ["--awbgains=1.5,2", "--ccm=1.5,-0.25,-0.25,0,1,0,-0.5,0,1.5"],
        ),
        ({"Brightness": -0.5}, ["--brightness=-0.5"]),
        ({"Contrast": 0}, ["--contrast=0"]),
        ({"Saturation": 1.25}, ["--saturation=1.25"]),
        ({"Sharpness": 15.99}, ["--sharpness=15.99"]),
        ({"NoiseReductionMode": "Minimal"}, ["--denoise=cdn_off"]),
        ({"HdrMode": "SingleExposure"}, ["--hdr=single-exp"]),
        ({"HdrMode": "Off"}, []),
        ({"AfMode": "Manual", "LensPosition": 2}, ["--autofocus-mode=manual", "--lens-position=2"]),
        ({"LensPosition": 0}, ["--lens-position=0"]),
        ({"AfMode": "Continuous", "LensPosition": 2}, ["--autofocus-mode=continuous"]),
        ({"AfRange": "Macro", "AfSpeed": "Fast"}, ["--autofocus-range=macro", "--autofocus-speed=fast"]),
        ({"AfWindows": [[1152, 648, 2304, 1296]]}, ["--autofocus-window=0.250000,0.250000,0.500000,0.500000"]),
        ({"AfMetering": "Auto", "AfWindows": [[1152, 648, 2304, 1296]]}, []),
        ({"ScalerCrop": [0, 0, 2304, 1296]}, ["--roi=0.000000,0.000000,0.500000,0.500000"]),
    ],
)  # fmt: skip
def test_a_control_is_its_option_in_snapshots_and_live(controls, options):
    plain, video = still(), live()
    assert sorted(set(still(controls=controls)) - set(plain)) == sorted(options)
    assert sorted(option for option in live(controls=controls) if option not in video) == sorted(options)
    assert set(plain) <= set(still(controls=controls))


def test_a_value_stands_in_a_word_of_its_own_unless_it_would_be_taken_for_an_option():
    words = snapshot_arguments(
        patched(Settings(), {"controls": {"ExposureValue": -1, "Contrast": 2, "HdrMode": "Auto"}}), IMX708
    )
    assert {"--ev=-1", "--hdr=auto"} <= set(words)
    assert words[words.index("--contrast") + 1] == "2"


def test_a_scan_before_each_still_is_for_stills_only():
    assert "--autofocus-on-capture" in still(controls={"AfTrigger": "Start"})
    assert live(controls={"AfTrigger": "Start"}) == live(controls={"AfTrigger": "Cancel"}) == live()


def test_controls_for_all_win_over_those_of_the_configuration():
    argv = still(live={"controls": {"Contrast": 2, "Saturation": 2}}, controls={"Contrast": 3})
    assert "--contrast=3" in argv and "--saturation=2" in argv


@pytest.mark.parametrize(
    ("camera", "crop"),
    [
        ({}, "0.000000,0.000000,0.500000,0.500000"),
        ({"hflip": True}, "0.500000,0.000000,0.500000,0.500000"),
        ({"vflip": True}, "0.000000,0.500000,0.500000,0.500000"),
        ({"rotation": 180}, "0.500000,0.500000,0.500000,0.500000"),
        ({"rotation": 180, "hflip": True, "vflip": True}, "0.000000,0.000000,0.500000,0.500000"),
        ({"rotation": 90}, "0.000000,0.000000,0.500000,0.500000"),
    ],
)
def test_a_crop_stays_on_its_subject_when_the_picture_is_flipped(camera, crop):
    argv = still(camera=camera, controls={"ScalerCrop": [0, 0, 2304, 1296], "AfWindows": [[0, 0, 2304, 1296]]})
    assert f"--roi={crop}" in argv and f"--autofocus-window={crop}" in argv


def test_flips_of_the_camera_and_of_the_configuration_cancel_each_other():
    assert {"--hflip", "--vflip"}.isdisjoint(still(camera={"hflip": True}, live={"hflip": True}))
    assert {"--hflip", "--vflip"} <= set(live(camera={"rotation": 180}))


def test_frames_have_no_thumbnail():
    """A second picture in a frame misleads programs that look for a JPEG's first and last bytes."""
    assert "--thumb=none" in still()


def test_the_sensor_mode_with_the_whole_view_is_taken_unless_one_is_chosen():
    """rpicam-apps would take the one of the nearest size, and with it a part of the view."""
    assert "--mode=2304:1296:10:P" in still() and "--viewfinder-mode=2304:1296:10:P" in still()
    assert "--mode=4608:2592:10:P" in still(snapshot={"width": 4000})
    assert "--mode=1536:864:10:P" in still(live={"sensor_mode": "1536:864:10"})
    assert "--mode=1640:1232:10:P" in still(IMX219)
    assert "--mode=1234:567:12:P" in live(live={"sensor_mode": "1234:567:12"})  # the owner's own
    assert not [word for word in still(replace(IMX708, modes=())) if "mode" in word]
    assert sensor_mode("", IMX708, (1280, 720), 100.0) == IMX708.modes[0]


def test_the_viewfinder_of_a_large_still_is_in_a_binned_mode_unless_only_the_full_one_has_its_view():
    """Four buffers of a full mode are 60 MB and more of contiguous memory, at 9 to 14 frames a second."""
    large = {"width": 0}
    assert "--viewfinder-mode=2304:1296:10:P" in still(snapshot=large)
    assert {"--mode=3280:2464:10:P", "--viewfinder-mode=1640:1232:10:P"} <= set(still(IMX219, snapshot=large))
    assert "--viewfinder-mode=2328:1748:10:P" in still(IMX519, snapshot=large)
    assert "--viewfinder-mode=1536:864:10:P" in still(live={"sensor_mode": "1536:864:10"})  # which alone sees so little
    narrow = replace(IMX708, modes=(IMX708.modes[0], IMX708.modes[2]))
    assert "--viewfinder-mode=4608:2592:10:P" in still(narrow, snapshot=large)
    untold = replace(IMX708, modes=tuple(replace(mode, crop=None) for mode in IMX708.modes))
    assert "--viewfinder-mode=4608:2592:10:P" in still(untold, snapshot=large)  # it does not say what they see


def test_a_crop_is_a_part_of_what_the_sensor_mode_sees():
    argv = live(live={"sensor_mode": "1536:864:10"}, controls={"ScalerCrop": [1536, 864, 1536, 864]})
    assert "--roi=0.250000,0.250000,0.500000,0.500000" in argv


@pytest.mark.parametrize(
    ("sections", "rate"),
    [
        ({}, 15),
        ({"live": {"framerate": 0}}, 0),
        ({"controls": {"FrameDurationLimits": [33333, 200_000]}}, 5),
        ({"controls": {"ExposureTime": 500_000}}, 2),
        ({"controls": {"ExposureTime": 1000}}, 15),
        ({"controls": {"AeEnable": True, "ExposureTime": 500_000}}, 15),
    ],
)
def test_a_frame_lasts_at_least_as_long_as_its_exposure(sections, rate):
    assert live_framerate(patched(Settings(), sections)) == pytest.approx(rate)
    assert (f"--framerate={rate}" in live(**sections)) == bool(rate)


def test_sizes_follow_from_the_width():
    assert picture_size(1280, 0, (4608, 2592)) == (1280, 720)
    assert picture_size(0, 480, (3280, 2464)) == (640, 480)
    assert picture_size(0, 0, (3280, 2464)) == (3280, 2464)
    argv = live(live={"width": 640, "height": 640, "align": True, "sensor_mode": "1536:864:10"})
    assert "--width=640" in argv and "--height=352" in argv


def test_what_the_configuration_says_else_is_on_the_command_line():
    argv = live(live={"buffer_count": 4, "denoise": "cdn_fast", "quality": 50}, camera={"tuning_file": "/a/b.json"})
    assert {"--buffer-count=4", "--denoise=cdn_fast", "--quality=50", "--tuning-file=/a/b.json"} <= set(argv)
    assert "--denoise=off" in still(live={"denoise": "cdn_hq"}, controls={"NoiseReductionMode": "Off"})


@given(st.data())
def test_the_camera_programs_take_every_value_of_every_control(data):
    values = {"ColourGains": [1.0, 1.0], "ExposureTime": 100, "AnalogueGain": 1.0}
    for control in data.draw(st.lists(st.sampled_from(SETTABLE), unique_by=lambda control: control.name)):
        values[control.name] = data.draw(values_of(control))
    flips = data.draw(st.fixed_dictionaries({"hflip": st.booleans(), "rotation": st.sampled_from([0, 90, 180, 270])}))
    settings = patched(Settings(), {"controls": values, "camera": flips})
    camera = data.draw(st.sampled_from([IMX708, IMX219]))
    simulated_options.check(simulated_options.parse(StillOptions, snapshot_arguments(settings, camera)))
    simulated_options.check(simulated_options.parse(VideoOptions, live_arguments(settings, camera)))


@given(rectangles(), st.tuples(st.integers(16, 4000), st.integers(16, 4000)), st.booleans(), st.booleans())
def test_a_crop_has_the_pictures_proportions_and_lies_within_the_view(crop, size, across, down):
    for view in ((0, 0, 4608, 2592), (768, 432, 3072, 1728)):
        x, y, width, height = fitted(crop, size, view)
        assert view[0] <= x and view[1] <= y
        assert x + width <= view[0] + view[2] + 1 and y + height <= view[1] + view[3] + 1
        assert abs(width * size[1] - height * size[0]) <= max(size)
        assert mirrored(mirrored((x, y, width, height), (across, down), view), (across, down), view) == (
            x, y, width, height,
        )  # fmt: skip
        parts = [float(part) for part in fractions((x, y, width, height), view).split(",")]
        assert all(0 <= part <= 1 for part in parts)
        assert abs(parts[0] * view[2] + view[0] - x) < 1 and abs(parts[3] * view[3] - height) <= 1
