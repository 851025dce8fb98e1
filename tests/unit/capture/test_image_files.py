"""A picture is turned by a child process, with jpegtran and without."""

import shutil
from pathlib import Path

import pytest
from PIL import Image

from stillcam.capture import image_files as module
from stillcam.capture.image_files import rotate
from stillcam.common.errors import CameraError

RED, BLUE = (200, 30, 30), (30, 30, 200)
EXIF_MODEL = 0x0110

either = pytest.mark.parametrize(
    "jpegtran", [pytest.param(shutil.which("jpegtran"), id="jpegtran"), pytest.param(None, id="Pillow")]
)


@pytest.fixture(autouse=True)
def _package(monkeypatch):
    """The child process finds ours."""
    monkeypatch.setenv("PYTHONPATH", str(Path(module.__file__).parents[2]))


@pytest.fixture
def source(tmp_path):
    """A blue picture, red at its upper left, of a camera called so."""
    picture = Image.new("RGB", (64, 32), BLUE)
    picture.paste(RED, (0, 0, 32, 16))
    exif = Image.Exif()
    exif[EXIF_MODEL] = "a camera"
    picture.save(tmp_path / "source.jpg", "JPEG", quality=95, exif=exif)
    return tmp_path / "source.jpg"


def is_red(picture, x, y):
    red, _, blue = picture.getpixel((x, y))
    return red > blue


@either
@pytest.mark.parametrize(
    ("degrees", "red"),
    [pytest.param(90, (24, 8), id="upper right"), pytest.param(270, (8, 56), id="lower left")],
)
def test_a_picture_is_turned_clockwise_and_keeps_its_exif(source, jpegtran, degrees, red):
    target = source.with_name("target.jpg")
    rotate(source, target, degrees, jpegtran)
    with Image.open(target) as picture:
        assert picture.size == (32, 64)
        corners = [(8, 8), (24, 8), (8, 56), (24, 56)]
        assert [corner for corner in corners if is_red(picture, *corner)] == [red]
        assert picture.getexif()[EXIF_MODEL] == "a camera"


@either
def test_what_is_no_jpeg_is_told(tmp_path, jpegtran):
    source = tmp_path / "source.jpg"
    source.write_bytes(b"no picture at all")
    with pytest.raises(CameraError, match=r"could not be rotated by 90 degrees: \S") as caught:
        rotate(source, tmp_path / "target.jpg", 90, jpegtran)
    assert caught.value.cause == "torn"


@either
def test_a_full_disk_is_told(source, jpegtran):
    with pytest.raises(CameraError) as caught:
        rotate(source, Path("/dev/full"), 90, jpegtran)
    assert caught.value.cause == "disk"


def test_a_program_that_hangs_is_ended(source, tmp_path, monkeypatch):
    program = tmp_path / "jpegtran"
    program.write_text("#!/bin/sh\nexec sleep 1000\n")
    program.chmod(0o755)
    monkeypatch.setattr(module, "CHILD_TIMEOUT_S", 0.1)
    with pytest.raises(CameraError, match=r"took longer than 0\.1 s"):
        rotate(source, tmp_path / "target.jpg", 90, str(program))


def test_a_program_may_complain_at_length(source, tmp_path):
    """More than a pipe holds: it would stop there, were it not a file."""
    program = tmp_path / "jpegtran"
    program.write_text("#!/bin/sh\nseq 100000 >&2\necho the last word >&2\nexit 1\n")
    program.chmod(0o755)
    with pytest.raises(CameraError, match=r"by 90 degrees: the last word$"):
        rotate(source, tmp_path / "target.jpg", 90, str(program))
