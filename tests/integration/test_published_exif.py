"""No published frame holds a second picture: programs that look for a JPEG's first and last bytes would be misled."""

import io
import os
from pathlib import Path

import pytest
from picamera2_library import python_path
from PIL import ExifTags, Image
from taking import STILL, CameraDaemon
from test_timelapse import AS_SNAPSHOTS, Series

from stillcam.library.catalogue import Library
from stillcam.library.thumbnails import Thumbnails

OLD = "metadata metadata-format thumb"


def cut(data: bytes) -> bytes:
    """From the first SOI to the next EOI, as Home Assistant and readers of npm cut a stream."""
    start = data.index(b"\xff\xd8")
    return data[start : data.index(b"\xff\xd9", start) + 2]


def published(camera_daemon: CameraDaemon) -> Image.Image:
    """The current frame, as such a program sees it."""
    data = (camera_daemon.images / "current.jpg").read_bytes()
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
def test_a_snapshot_has_no_thumbnail(camera_daemon, lacks, degrees):
    """Not even where the camera program puts one in whatever it is told."""
    camera_daemon.fault(lacks=lacks)
    camera_daemon.settings(camera={"rotation": degrees})
    camera_daemon.start()
    camera_daemon.until(lambda status: status["captures"]["ok"])
    assert published(camera_daemon).size == ((240, 320) if degrees == 90 else (320, 240))


def test_nor_has_one_that_pillow_has_turned(camera_daemon, tmp_path):
    """Without jpegtran."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for folder in os.environ["PATH"].split(os.pathsep):
        for program in Path(folder).glob("*"):
            if program.name != "jpegtran" and not (programs / program.name).exists():
                (programs / program.name).symlink_to(program)
    camera_daemon.fault(lacks=OLD)
    camera_daemon.settings(camera={"rotation": 270})
    camera_daemon.start(PATH=str(programs))
    camera_daemon.until(lambda status: status["captures"]["ok"])
    assert published(camera_daemon).size == (240, 320)


def test_nor_has_one_of_picamera2(camera_daemon):
    camera_daemon.start(STILLCAM_CAMERA="picamera2", PYTHONPATH=python_path())
    camera_daemon.until(lambda status: status["captures"]["ok"])
    assert published(camera_daemon).size == (320, 240)


@pytest.mark.parametrize("lacks", ["", OLD], ids=["program of today", "program without --thumb"])
def test_a_photo_that_is_published_has_none_and_the_library_makes_one(camera_daemon, lacks):
    """It is taken by the snapshots' program, which still needs no start for it."""
    camera_daemon.fault(lacks=lacks)
    camera_daemon.settings(photo=AS_SNAPSHOTS)
    camera_daemon.start()
    camera_daemon.until(lambda status: status["captures"]["ok"])
    starts = camera_daemon.starts()
    (item,) = camera_daemon.ask("photo", kind="photo")["items"]
    assert camera_daemon.starts() == starts
    published(camera_daemon)
    thumbnail = Thumbnails(camera_daemon.library).of(Library(camera_daemon.library).item(item))
    with Image.open(io.BytesIO(thumbnail)) as image:
        assert image.size == (320, 240)


def test_a_shot_of_a_series_is_published_without_and_kept_with_it(camera_daemon):
    camera_daemon.settings(photo={"width": 640}, snapshot=STILL)
    camera_daemon.open()
    garden = Series(camera_daemon, interval_s=1).taken(2)
    camera_daemon.until(lambda status: status["mode"] == "series" and published(camera_daemon).size == (640, 480))
    kept = garden.picture(1).read_bytes()
    assert cut(kept) != kept
    garden.ask("finish")
