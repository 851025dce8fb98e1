"""No published frame holds a second picture: programs that look for a JPEG's first and last bytes would be misled."""

import io
import os
from pathlib import Path

import pytest
from picamera2_library import python_path
from PIL import ExifTags, Image
from taking import STILL, Studio
from test_timelapse import AS_SNAPSHOTS, Series

from stillcam.library.catalogue import Library
from stillcam.library.thumbnails import Thumbnails

OLD = "metadata metadata-format thumb"


def cut(data: bytes) -> bytes:
    """From the first SOI to the next EOI, as Home Assistant and readers of npm cut a stream."""
    start = data.index(b"\xff\xd8")
    return data[start : data.index(b"\xff\xd9", start) + 2]


def published(studio: Studio) -> Image.Image:
    """The current frame, as such a program sees it."""
    data = (studio.images / "current.jpg").read_bytes()
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
def test_a_snapshot_has_no_thumbnail(studio, lacks, degrees):
    """Not even where the camera program puts one in whatever it is told."""
    studio.fault(lacks=lacks)
    studio.settings(camera={"rotation": degrees})
    studio.start()
    studio.until(lambda status: status["captures"]["ok"])
    assert published(studio).size == ((240, 320) if degrees == 90 else (320, 240))


def test_nor_has_one_that_pillow_has_turned(studio, tmp_path):
    """Without jpegtran."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for folder in os.environ["PATH"].split(os.pathsep):
        for program in Path(folder).glob("*"):
            if program.name != "jpegtran" and not (programs / program.name).exists():
                (programs / program.name).symlink_to(program)
    studio.fault(lacks=OLD)
    studio.settings(camera={"rotation": 270})
    studio.start(PATH=str(programs))
    studio.until(lambda status: status["captures"]["ok"])
    assert published(studio).size == (240, 320)


def test_nor_has_one_of_picamera2(studio):
    studio.start(STILLCAM_CAMERA="picamera2", PYTHONPATH=python_path())
    studio.until(lambda status: status["captures"]["ok"])
    assert published(studio).size == (320, 240)


@pytest.mark.parametrize("lacks", ["", OLD], ids=["program of today", "program without --thumb"])
def test_a_photo_that_is_published_has_none_and_the_library_makes_one(studio, lacks):
    """It is taken by the snapshots' program, which still needs no start for it."""
    studio.fault(lacks=lacks)
    studio.settings(photo=AS_SNAPSHOTS)
    studio.start()
    studio.until(lambda status: status["captures"]["ok"])
    starts = studio.starts()
    (item,) = studio.ask("photo", kind="photo")["items"]
    assert studio.starts() == starts
    published(studio)
    thumbnail = Thumbnails(studio.library).of(Library(studio.library).item(item))
    with Image.open(io.BytesIO(thumbnail)) as image:
        assert image.size == (320, 240)


def test_a_shot_of_a_series_is_published_without_and_kept_with_it(studio):
    studio.settings(photo={"width": 640}, snapshot=STILL)
    studio.open()
    garden = Series(studio, interval_s=1).taken(2)
    studio.until(lambda status: status["mode"] == "series" and published(studio).size == (640, 480))
    kept = garden.picture(1).read_bytes()
    assert cut(kept) != kept
    garden.ask("finish")
