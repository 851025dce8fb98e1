"""Settings of a use case, applied to a camera."""

from dataclasses import replace

import pytest
from test_rpicam_options import IMX708

from stillcam.camera.rpicam.options import still_arguments, takes_photos
from stillcam.camera.use_cases import Container, choose_container, photos_equal_snapshots, sensor_mode_error
from stillcam.settings.document import patched
from stillcam.settings.schema import Settings


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
def test_the_container_of_a_video(wanted, libav, ffmpeg, form):
    assert choose_container(wanted, libav, ffmpeg) == form


@pytest.mark.parametrize("section", ["live", "photo", "raw", "video"])
def test_a_sensor_mode_that_the_camera_lacks_gives_an_error(section):
    """The camera software takes the nearest one instead, and nobody is told."""
    wrong = sensor_mode_error(patched(Settings(), {section: {"sensor_mode": "1000:700:10"}}), IMX708)
    assert wrong is not None and wrong.field == f"{section}.sensor_mode" and "1536:864:10" in str(wrong)
    right = patched(Settings(), {section: {"sensor_mode": "1536:864:10"}})
    assert sensor_mode_error(right, IMX708) is None
    assert sensor_mode_error(right, replace(IMX708, modes=())) is None  # it does not tell


@pytest.mark.parametrize("kind", ["photo", "raw"])
@pytest.mark.parametrize(
    "sections",
    [
        {},
        {"photo": {"quality": 86}},
        {"photo": {"width": 640}},
        {"photo": {"hflip": True}},
        {"photo": {"denoise": "off"}},
        {"photo": {"buffer_count": 3}},
        {"photo": {"sensor_mode": "1536:864:10"}},
        {"photo": {"controls": {"Sharpness": 2}}},
        {"photo": {"controls": {"Sharpness": 2}}, "controls": {"Sharpness": 3}},
        {"files": {"photo": "png"}},
        {"snapshot": {"zsl": True}},
    ],
    ids=str,
)
def test_photos_equal_snapshots_if_their_command_lines_do(sections, kind):
    same = {"photo": {"width": 1280, "quality": 85}, "raw": {"width": 1280, "quality": 85}}
    settings = patched(patched(Settings(), same), sections)
    arguments = still_arguments(settings, IMX708, "snapshot"), still_arguments(settings, IMX708, kind)
    expected = takes_photos(*arguments) and not settings.snapshot.zsl
    assert photos_equal_snapshots(settings, IMX708, kind) is expected
