"""No published frame holds a second picture: programs that look for a JPEG's first and last bytes would be misled."""

import io
import os
from pathlib import Path

import pytest
from capture_daemon import STILL, IdleDaemon
from picamera2_library import python_path
from PIL import ExifTags, Image
from running_series import AS_SNAPSHOTS, Series

from stillcam.library.catalogue import Library
from stillcam.library.thumbnails import Thumbnails

OLD = "metadata metadata-format thumb"


def cut(data: bytes) -> bytes:
    """From the first SOI to the next EOI, as Home Assistant and readers of npm cut a stream."""
    start = data.index(b"\xff\xd8")
    return data[start : data.index(b"\xff\xd9", start) + 2]


def published(idle_daemon: IdleDaemon) -> Image.Image:
    """The current frame, as such a program sees it."""
    data = (idle_daemon.images / "current.jpg").read_bytes()
    assert cut(data) == data
    assert data.count(b"\xff\xd8\xff") == 1
    image = Image.open(io.BytesIO(data))
    image.load()
    exif = image.getexif()
    assert exif[ExifTags.Base.Make] == "Raspberry Pi"
    assert exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.ExposureTime] > 0
    return image


@pytest.mark.parametrize("degrees", [0, 180, 90])
@pytest.mark.parametrize("lacks", ["", OLD], ids=["program of today", "program without --thumb"])
def test_a_snapshot_has_no_thumbnail(idle_daemon, lacks, degrees):
    """Not even where the camera program puts one in whatever it is told."""
    idle_daemon.fault(lacks=lacks)
    idle_daemon.settings(camera={"rotation": degrees})
    idle_daemon.start()
    idle_daemon.until(lambda status: status["captures"]["ok"])
    assert published(idle_daemon).size == ((240, 320) if degrees == 90 else (320, 240))


def test_nor_has_one_that_pillow_has_turned(idle_daemon, tmp_path):
    """Without jpegtran."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for folder in os.environ["PATH"].split(os.pathsep):
        for program in Path(folder).glob("*"):
            if program.name != "jpegtran" and not (programs / program.name).exists():
                (programs / program.name).symlink_to(program)
    idle_daemon.fault(lacks=OLD)
    idle_daemon.settings(camera={"rotation": 270})
    idle_daemon.start(PATH=str(programs))
    idle_daemon.until(lambda status: status["captures"]["ok"])
    assert published(idle_daemon).size == (240, 320)


def test_nor_has_one_of_picamera2(idle_daemon):
    idle_daemon.start(STILLCAM_CAMERA="picamera2", PYTHONPATH=python_path())
    idle_daemon.until(lambda status: status["captures"]["ok"])
    assert published(idle_daemon).size == (320, 240)


@pytest.mark.parametrize("lacks", ["", OLD], ids=["program of today", "program without --thumb"])
def test_a_photo_that_is_published_has_none_and_the_library_makes_one(idle_daemon, lacks):
    """It is taken by the snapshots' program, which still needs no start for it."""
    idle_daemon.fault(lacks=lacks)
    idle_daemon.settings(photo=AS_SNAPSHOTS)
    idle_daemon.start()
    idle_daemon.until(lambda status: status["captures"]["ok"])
    starts = idle_daemon.starts()
    (item,) = idle_daemon.ask("photo", kind="photo")["items"]
    assert idle_daemon.starts() == starts
    published(idle_daemon)
    thumbnail = Thumbnails(idle_daemon.library).of(Library(idle_daemon.library).item(item))
    with Image.open(io.BytesIO(thumbnail)) as image:
        assert image.size == (320, 240)


def test_a_shot_of_a_series_is_published_without_and_kept_with_it(idle_daemon):
    idle_daemon.settings(photo={"width": 640}, snapshot=STILL)
    idle_daemon.open()
    garden = Series(idle_daemon, interval_s=1).taken(2)
    idle_daemon.until(lambda status: status["mode"] == "series" and published(idle_daemon).size == (640, 480))
    kept = garden.picture(1).read_bytes()
    assert cut(kept) != kept
    garden.ask("finish")
