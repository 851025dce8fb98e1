"""What is taken for the library: the command lines, and what a photo begins with."""

from dataclasses import replace
from typing import Any

import pytest
from test_arguments import IMX219, IMX519, IMX708, joined

from stillcam.camera.convergence import converged_controls, is_fully_manual, scans_at_start, with_lens_position
from stillcam.camera.driver import Container
from stillcam.camera.rpicam.options import photo_arguments, same_pictures, snapshot_arguments, video_arguments
from stillcam.camera.simulated import options as simulated_options
from stillcam.camera.simulated.options import StillOptions, VideoOptions
from stillcam.camera.use_cases import choose_container, sensor_mode_error
from stillcam.settings.capabilities import Camera
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


def photo(kind: str = "photo", on: Camera = IMX708, /, **sections: Any) -> list[str]:
    argv = photo_arguments(settings(**sections), on, kind)
    simulated_options.check(simulated_options.parse(StillOptions, argv))
    return joined(argv)


def video(form: str = "ts", seconds: int | None = None, on: Camera = IMX708, /, **sections: Any) -> list[str]:
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
def test_the_type_of_photos(form, options):
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
    assert same_pictures(photo_arguments(same, IMX708, "photo"), snapshot_arguments(same, IMX708))
    for other in (
        settings(photo={"width": 1280, "quality": 86}),
        settings(photo={"width": 1280, "quality": 85, "controls": {"Sharpness": 2}}),
        settings(photo={"width": 1280, "quality": 85}, files={"photo": "png"}),
    ):
        assert not same_pictures(photo_arguments(other, IMX708, "photo"), snapshot_arguments(other, IMX708))


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
def test_a_photo_begins_where_the_algorithms_have_left_off(sections, found):
    before = settings(**sections)
    got = converged_controls(before, "photo", SAID)
    assert got == {name: value for name, value in found.items() if name not in before.photo.controls}


@pytest.mark.parametrize("said", [{}, {"ExposureTime": 20_000}, {"ExposureTime": 0, "AnalogueGain": 1.0},
                                  {"ExposureTime": "long", "AnalogueGain": None, "ColourGains": [1]}])  # fmt: skip
def test_what_the_camera_does_not_say_is_not_carried_over(said):
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
def test_only_what_has_come_to_rest_is_carried_over(said, kept):
    told = {name: value for name, value in (SAID | said).items() if value is not None}
    assert converged_controls(settings(), "photo", told).keys() == kept


def test_digital_gain_is_part_of_the_gain_that_is_asked_for():
    """There is no option for it; what is more than the sensor can is made up for by digital gain."""
    night = SAID | {"ExposureTime": 66_000, "AnalogueGain": 16.0, "DigitalGain": 2.5}
    assert converged_controls(settings(), "photo", night)["AnalogueGain"] == 40.0
    by_gain = settings(photo={"controls": {"AnalogueGain": 10}})
    assert converged_controls(by_gain, "photo", night)["ExposureTime"] == 264_000


def test_a_photo_waits_only_for_what_is_not_known():
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
def test_when_a_start_of_the_camera_moves_the_lens(controls, camera, scanned):
    assert scans_at_start(controls, camera) is scanned


def test_in_mode_auto_the_lens_is_held_in_every_use():
    held = with_lens_position(settings(controls={"AfMode": "Auto", "AfRange": "Full"}), 1.25)
    assert held.controls == {"AfMode": "Manual", "AfRange": "Full", "LensPosition": 1.25}
    held = with_lens_position(
        settings(photo={"controls": {"AfMode": "Auto"}}, video={"controls": {"AfMode": "Continuous"}}), 2
    )
    assert held.photo.controls == {"AfMode": "Manual", "LensPosition": 2}
    assert held.video.controls == {"AfMode": "Continuous"}
    before_each = settings(controls={"AfMode": "Auto", "AfTrigger": "Start"})
    assert with_lens_position(before_each, 2) == before_each


@pytest.mark.parametrize(
    ("wanted", "libav", "ffmpeg", "form"),
    [
        pytest.param("mp4", True, True, Container("ts", True), id="what survives a crash, then an MP4"),
        pytest.param("mp4", True, False, Container("mp4", False), id="the camera program makes it"),
        pytest.param("mp4", False, True, Container("h264", True), id="ffmpeg makes it"),
        pytest.param("mp4", False, False, Container("mjpeg", False), id="neither"),
        pytest.param("h264", True, True, Container("h264", False), id="as it was asked for"),
        pytest.param("mjpeg", True, True, Container("mjpeg", False), id="MJPEG as it was asked for"),
    ],
)
def test_in_which_form_a_video_is_recorded(wanted, libav, ffmpeg, form):
    assert choose_container(wanted, libav, ffmpeg) == form


@pytest.mark.parametrize(
    ("form", "use", "options"),
    [
        ("ts", {}, ["--codec=libav", "--libav-format=mpegts", "--output=NAME.ts", "--width=1920", "--height=1080"]),
        ("mp4", {"bitrate": 5_000_000}, ["--codec=libav", "--libav-format=mp4", "--bitrate=5000000"]),
        ("ts", {"height": 720, "align": True, "width": 1280}, ["--width=1280", "--height=720", "--framerate=30"]),
        ("h264", {"framerate": 25}, ["--codec=h264", "--inline", "--output=NAME.h264", "--framerate=25"]),
        ("mjpeg", {"quality": 70}, ["--codec=mjpeg", "--quality=70"]),
        ("ts", {"audio": "alsa"}, ["--libav-audio", "--audio-source=alsa"]),
        ("ts", {"width": 641, "height": 361}, ["--width=640", "--height=360"]),
        ("ts", {"controls": {"ExposureTime": 100_000}}, ["--framerate=10"]),
    ],
)
def test_the_configuration_of_videos_becomes_options(form, use, options):
    assert set(options) <= set(video(form, video=use))


def test_the_default_video_is_what_every_encoder_takes_on_a_camera_of_any_shape():
    """At the sensor's height a 4:3 camera's video would be 1920x1440: the encoder up to the Pi 4 ends at 1920x1080."""
    for camera in (IMX708, IMX219, IMX519):
        assert {"--width=1920", "--height=1080"} <= set(video("ts", None, camera))
    assert {"--width=1280", "--height=720"} <= set(video("ts", None, IMX219, video={"width": 1280}))
    assert {"--width=1640", "--height=1232"} <= set(video("ts", None, IMX219, video={"width": 1640, "align": True}))


def test_a_video_is_as_long_as_it_is_to_be():
    assert {"--timeout=0", "--frames=2700"} <= set(video("ts", 90))
    assert "--frames=287" in video("ts", 20, video={"sensor_mode": "4608:2592:10"})  # which gives 14.35 a second
    assert "--frames=3" in video("ts", 3, video={"framerate": 1})
    assert "--frames=1" in video("ts", 3, video={"framerate": 0.1})
    assert not [word for word in video("ts", None, IMX219) if word.startswith("--frames")]
    assert "--libav-audio" not in video("mjpeg", video={"audio": "pulse"})


@pytest.mark.parametrize("section", ["live", "photo", "raw", "video"])
def test_a_sensor_mode_that_the_camera_has_not_got_is_refused(section):
    """The camera software takes the nearest one instead, and nobody is told."""
    wrong = sensor_mode_error(patched(Settings(), {section: {"sensor_mode": "1000:700:10"}}), IMX708)
    assert wrong is not None and wrong.field == f"{section}.sensor_mode" and "1536:864:10" in str(wrong)
    right = patched(Settings(), {section: {"sensor_mode": "1536:864:10"}})
    assert sensor_mode_error(right, IMX708) is None
    assert sensor_mode_error(right, replace(IMX708, modes=())) is None  # it does not tell
