"""Settings become the command lines of rpicam-still and rpicam-vid."""

from ctypes import c_float
from dataclasses import replace
from typing import Any

import pytest
from control_values import SETTABLE, rectangles, values_of
from hypothesis import given
from hypothesis import strategies as st
from listed_programs import recorded

from stillcam.camera.rpicam.listing import parse
from stillcam.camera.rpicam.options import (
    still_arguments,
    stream_arguments,
    takes_photos,
    video_arguments,
    without_options,
)
from stillcam.camera.simulated import options as simulated_options
from stillcam.camera.simulated import sensors
from stillcam.camera.simulated.options import StillOptions, VideoOptions
from stillcam.camera.simulated.sensors import listing
from stillcam.camera.use_cases import Container, framerate
from stillcam.settings.capabilities import CameraInfo
from stillcam.settings.document import patched
from stillcam.settings.geometry import fit_crop, flip_rectangle, fractions, picture_size, sensor_mode
from stillcam.settings.schema import Settings

IMX708, IMX219 = recorded("list-cameras-two.txt")
(IMX519,) = parse(listing((sensors.MODULES["imx519"],)))
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


def still(on: CameraInfo = IMX708, /, **sections: Any) -> list[str]:
    return joined(still_arguments(patched(Settings(), sections), on, "snapshot"))


def live(on: CameraInfo = IMX708, /, **sections: Any) -> list[str]:
    return joined(stream_arguments(patched(Settings(), sections), on))


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
        ({"AfWindows": [[1152, 648, 2304, 1296]]}, ["--autofocus-window=0.250001,0.250001,0.500001,0.500001"]),
        ({"AfMetering": "Auto", "AfWindows": [[1152, 648, 2304, 1296]]}, []),
        ({"ScalerCrop": [0, 0, 2304, 1296]}, ["--roi=0.000001,0.000001,0.500001,0.500001"]),
    ],
)  # fmt: skip
def test_a_control_becomes_its_option_in_snapshots_and_live(controls, options):
    plain, video = still(), live()
    assert sorted(set(still(controls=controls)) - set(plain)) == sorted(options)
    assert sorted(option for option in live(controls=controls) if option not in video) == sorted(options)
    assert set(plain) <= set(still(controls=controls))


def test_a_value_is_a_separate_argument_unless_it_looks_like_an_option():
    words = still_arguments(
        patched(Settings(), {"controls": {"ExposureValue": -1, "Contrast": 2, "HdrMode": "Auto"}}), IMX708, "snapshot"
    )
    assert {"--ev=-1", "--hdr=auto"} <= set(words)
    assert words[words.index("--contrast") + 1] == "2"


def test_autofocus_before_each_still_applies_to_stills_only():
    assert "--autofocus-on-capture" in still(controls={"AfTrigger": "Start"})
    assert live(controls={"AfTrigger": "Start"}) == live(controls={"AfTrigger": "Cancel"}) == live()


def test_controls_for_all_use_cases_override_those_of_the_configuration():
    argv = still(live={"controls": {"Contrast": 2, "Saturation": 2}}, controls={"Contrast": 3})
    assert "--contrast=3" in argv and "--saturation=2" in argv


@pytest.mark.parametrize(
    ("camera", "crop"),
    [
        ({}, "0.000001,0.000001,0.500001,0.500001"),
        ({"hflip": True}, "0.500001,0.000001,0.500001,0.500001"),
        ({"vflip": True}, "0.000001,0.500001,0.500001,0.500001"),
        ({"rotation": 180}, "0.500001,0.500001,0.500001,0.500001"),
        ({"rotation": 180, "hflip": True, "vflip": True}, "0.000001,0.000001,0.500001,0.500001"),
        ({"rotation": 90}, "0.000001,0.000001,0.500001,0.500001"),
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


def test_the_default_sensor_mode_has_the_full_field_of_view():
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


def test_a_crop_is_relative_to_the_field_of_view_of_the_sensor_mode():
    argv = live(live={"sensor_mode": "1536:864:10"}, controls={"ScalerCrop": [1536, 864, 1536, 864]})
    assert "--roi=0.250001,0.250001,0.500001,0.500001" in argv


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
    assert framerate(patched(Settings(), sections), "live") == pytest.approx(rate)
    assert (f"--framerate={rate}" in live(**sections)) == bool(rate)


@pytest.mark.parametrize(
    ("sections", "fits"),
    [
        pytest.param({}, False, id="all pixels, which a viewfinder does not need"),
        pytest.param({"photo": {"sensor_mode": "2304:1296:10"}}, True, id="the mode of the viewfinder"),
        pytest.param({"photo": {"sensor_mode": "2304:1296:10"}, "files": {"photo": "png"}}, False, id="no JPEG"),
        pytest.param({"photo": {"sensor_mode": "2304:1296:10"}, "controls": {"AfMode": "Auto"}}, False, id="scan"),
        pytest.param({"photo": {"sensor_mode": "2304:1296:10"}, "controls": {"ExposureTime": 10**6}}, False, id="long"),
        pytest.param({"photo": {"sensor_mode": "2304:1296:10"}, "controls": {"HdrMode": "Auto"}}, False, id="HDR"),
    ],
)
def test_photos_need_no_switch_where_the_viewfinder_runs_in_their_mode(sections, fits):
    settings = patched(Settings(), sections)
    assert ("--zsl" in still_arguments(settings, IMX708, "photo")) == fits
    assert "--zsl" not in still_arguments(settings, IMX708, "snapshot")  # its frames would all be of full quality


@pytest.mark.parametrize(
    ("on", "sections", "size"),
    [
        (IMX708, {}, (640, 360)),
        (IMX219, {}, (640, 480)),
        (IMX219, {"snapshot": {"width": 320}}, (320, 240)),
        (IMX219, {"snapshot": {"width": 1000, "height": 3}}, (640, 2)),
    ],
)
def test_the_viewfinder_is_small_and_has_the_pictures_proportions(on, sections, size):
    """Its four buffers would be up to 23 MB larger by default, and nobody looks at it."""
    argv = still(on, **sections)
    assert {f"--viewfinder-width={size[0]}", f"--viewfinder-height={size[1]}"} <= set(argv)
    assert not any("viewfinder" in word for word in still(replace(on, modes=()), **sections))  # it decides the mode


def test_the_default_rate_is_not_asked_for():
    """With `--framerate`, rpicam-vid configures the camera for each sensor mode before it starts."""
    assert not [word for word in (*video("ts"), *live(live={"framerate": 30})) if word.startswith("--framerate")]
    slow = {"sensor_mode": "4608:2592:10"}
    for rate in (30, 60):  # it would take a mode that crops
        assert not [word for word in video("ts", video=slow | {"framerate": rate}) if word.startswith("--framerate")]
    assert "--framerate=56.03" in video("ts", video={"sensor_mode": "2304:1296:10", "framerate": 60})
    assert "--framerate=10" in video("ts", video=slow | {"framerate": 10})
    without_modes = replace(IMX219, modes=())
    assert "--framerate=30" in video("ts", None, without_modes)  # here it decides which mode the program takes


def test_sizes_follow_from_the_width():
    assert picture_size(1280, 0, (4608, 2592)) == (1280, 720)
    assert picture_size(0, 480, (3280, 2464)) == (640, 480)
    assert picture_size(0, 0, (3280, 2464)) == (3280, 2464)
    argv = live(live={"width": 640, "height": 640, "align": True, "sensor_mode": "1536:864:10"})
    assert "--width=640" in argv and "--height=352" in argv


def test_other_settings_of_a_configuration_become_options():
    argv = live(live={"buffer_count": 4, "denoise": "cdn_fast", "quality": 50}, camera={"tuning_file": "/a/b.json"})
    assert {"--buffer-count=4", "--denoise=cdn_fast", "--quality=50", "--tuning-file=/a/b.json"} <= set(argv)
    assert "--denoise=off" in still(live={"denoise": "cdn_hq"}, controls={"NoiseReductionMode": "Off"})


@given(st.data())
def test_the_camera_programs_accept_every_value_of_every_control(data):
    values = {"ColourGains": [1.0, 1.0], "ExposureTime": 100, "AnalogueGain": 1.0}
    for control in data.draw(st.lists(st.sampled_from(SETTABLE), unique_by=lambda control: control.name)):
        values[control.name] = data.draw(values_of(control))
    flips = data.draw(st.fixed_dictionaries({"hflip": st.booleans(), "rotation": st.sampled_from([0, 90, 180, 270])}))
    settings = patched(Settings(), {"controls": values, "camera": flips})
    camera = data.draw(st.sampled_from([IMX708, IMX219]))
    simulated_options.check(simulated_options.parse(StillOptions, still_arguments(settings, camera, "snapshot")))
    simulated_options.check(simulated_options.parse(VideoOptions, stream_arguments(settings, camera)))


@given(rectangles(), st.tuples(st.integers(16, 4000), st.integers(16, 4000)), st.booleans(), st.booleans())
def test_a_crop_has_the_pictures_proportions_and_lies_within_the_view(crop, size, across, down):
    for view in ((0, 0, 4608, 2592), (768, 432, 3072, 1728)):
        x, y, width, height = fit_crop(crop, size, view)
        assert view[0] <= x and view[1] <= y
        assert x + width <= view[0] + view[2] + 1 and y + height <= view[1] + view[3] + 1
        assert abs(width * size[1] - height * size[0]) <= max(size)
        assert flip_rectangle(flip_rectangle((x, y, width, height), (across, down), view), (across, down), view) == (
            x, y, width, height,
        )  # fmt: skip


@given(rectangles(), st.sampled_from([IMX708, IMX219, IMX519]), st.data())
def test_the_camera_programs_cut_out_the_very_pixels_of_a_crop(crop, camera, data):
    """They multiply floats, and cut the result down (rpicam-apps core/rpicam_app.cpp, StartCamera)."""
    mode = data.draw(st.sampled_from(camera.modes))
    wanted = fit_crop(crop, (640, 480), mode.crop)
    parts = [c_float(float(part)).value for part in fractions(wanted, mode.crop).split(",")]
    assert all(0 <= part <= 1 for part in parts)
    x, y, width, height = mode.crop
    cut = [int(c_float(part * length).value) for part, length in zip(parts, (width, height) * 2, strict=True)]
    assert (x + cut[0], y + cut[1], cut[2], cut[3]) == wanted


def settings(**sections: Any) -> Settings:
    return patched(Settings(), sections)


def photo(kind: str = "photo", on: CameraInfo = IMX708, /, **sections: Any) -> list[str]:
    argv = still_arguments(settings(**sections), on, kind)
    simulated_options.check(simulated_options.parse(StillOptions, argv))
    return joined(argv)


def video(form: str = "ts", seconds: int | None = None, on: CameraInfo = IMX708, /, **sections: Any) -> list[str]:
    argv = video_arguments(settings(**sections), on, "NAME", Container(form, True), seconds)
    simulated_options.check(simulated_options.parse(VideoOptions, argv))
    return joined(argv)


@pytest.mark.parametrize("kind", ["photo", "raw"])
@pytest.mark.parametrize(
    ("use", "options"),
    [
        ({}, ["--width=4608", "--height=2592", "--quality=93"]),
        ({"width": 1280, "quality": 50}, ["--width=1280", "--height=720", "--quality=50"]),
        ({"sensor_mode": "1536:864:10"}, ["--width=1536", "--height=864", "--mode=1536:864:10:P"]),
        ({"hflip": True}, ["--hflip"]),
        ({"denoise": "cdn_hq", "buffer_count": 2}, ["--denoise=cdn_hq", "--buffer-count=2"]),
        ({"controls": {"Contrast": 1.5, "AfTrigger": "Start"}}, ["--contrast=1.5", "--autofocus-on-capture"]),
        ({"width": 1000, "height": 999, "sync_aspect": True}, ["--width=1000", "--height=752"]),
    ],
)
def test_the_configuration_of_photos_becomes_options(kind, use, options):
    given = photo(kind, live={"width": 800, "height": 600}, **{kind: use})
    assert set(options) <= set(given)
    assert ("--raw" in given) is (kind == "raw")


@pytest.mark.parametrize(
    ("form", "options"),
    [("jpg", ["--output=.still_%08d.jpg"]), ("png", ["--encoding=png", "--output=.still_%08d.png"])],
)
def test_the_file_type_of_photos(form, options):
    given = photo(files={"photo": form})
    assert set(options) <= set(given)
    assert ("--encoding=png" in given) is (form == "png")
    assert "--output=.still_%08d.jpg" in photo("raw", files={"photo": form})


@pytest.mark.parametrize(
    ("on", "configuration", "thumb"),
    [
        pytest.param(IMX708, {"width": 1280}, "320:180:70", id="wide"),
        pytest.param(IMX219, {"width": 3280}, "320:240:70", id="four by three"),
        pytest.param(IMX219, {"width": 480, "height": 640}, "240:320:70", id="upright"),
        pytest.param(IMX219, {"width": 64, "height": 48}, "64:48:70", id="no larger than the picture"),
    ],
)
def test_the_thumbnail_has_the_pictures_proportions(on, configuration, thumb):
    assert f"--thumb={thumb}" in photo("photo", on, photo=configuration)
    assert "--thumb=none" in photo("photo", on, photo=configuration, camera={"rotation": 90})


def test_the_same_configuration_is_the_same_command_line():
    """So a photo needs no start of the camera program."""
    same = settings(photo={"width": 1280, "quality": 85}, controls={"Contrast": 1.5})
    photo, snapshot = (still_arguments(same, IMX708, use) for use in ("photo", "snapshot"))
    assert takes_photos(snapshot, photo)
    assert not takes_photos([*snapshot, "--zsl"], without_options(photo, {"--zsl"}))  # its frames begin too early
    for other in (
        settings(photo={"width": 1280, "quality": 86}),
        settings(photo={"width": 1280, "quality": 85, "controls": {"Sharpness": 2}}),
        settings(photo={"width": 1280, "quality": 85}, files={"photo": "png"}),
    ):
        assert not takes_photos(still_arguments(other, IMX708, "snapshot"), still_arguments(other, IMX708, "photo"))


@pytest.mark.parametrize(
    ("form", "use", "options"),
    [
        ("ts", {}, ["--codec=libav", "--libav-format=mpegts", "--output=NAME.ts", "--width=1920", "--height=1080"]),
        ("mp4", {"bitrate": 5_000_000}, ["--codec=libav", "--libav-format=mp4", "--bitrate=5000000"]),
        ("ts", {"height": 720, "align": True, "width": 1280}, ["--width=1280", "--height=720"]),
        ("h264", {"framerate": 25}, ["--codec=h264", "--inline", "--output=NAME.h264", "--framerate=25"]),
        ("mjpeg", {"quality": 70}, ["--codec=mjpeg", "--quality=70"]),
        ("ts", {"audio": "alsa"}, ["--libav-audio", "--audio-source=alsa"]),
        ("ts", {"width": 641, "height": 361}, ["--width=640", "--height=360"]),
        ("ts", {"controls": {"ExposureTime": 100_000}}, ["--framerate=10"]),
    ],
)
def test_the_configuration_of_videos_becomes_options(form, use, options):
    assert set(options) <= set(video(form, video=use))


def test_the_default_video_size_suits_every_encoder_and_camera():
    """At the sensor's height a 4:3 camera's video would be 1920x1440: the encoder up to the Pi 4 ends at 1920x1080."""
    for camera in (IMX708, IMX219, IMX519):
        assert {"--width=1920", "--height=1080"} <= set(video("ts", None, camera))
    assert {"--width=1280", "--height=720"} <= set(video("ts", None, IMX219, video={"width": 1280}))
    assert {"--width=1640", "--height=1232"} <= set(video("ts", None, IMX219, video={"width": 1640, "align": True}))


def test_the_duration_of_a_video_becomes_a_number_of_frames():
    assert {"--timeout=0", "--frames=2700"} <= set(video("ts", 90))
    assert "--frames=287" in video("ts", 20, video={"sensor_mode": "4608:2592:10"})  # which gives 14.35 a second
    assert "--frames=3" in video("ts", 3, video={"framerate": 1})
    assert "--frames=1" in video("ts", 3, video={"framerate": 0.1})
    assert not [word for word in video("ts", None, IMX219) if word.startswith("--frames")]
    assert "--libav-audio" not in video("mjpeg", video={"audio": "pulse"})


def test_an_option_is_removed_with_its_value():
    given = ["--ev=-1", "--signal", "--ccm", "1,0", "--gain", "2", "--ccm=3"]
    assert without_options(given, {"--ccm"}) == ["--ev=-1", "--signal", "--gain", "2"]
    assert without_options(given, {"--ev", "--gain"}) == ["--signal", "--ccm", "1,0", "--ccm=3"]
    assert without_options(given, frozenset()) == given
