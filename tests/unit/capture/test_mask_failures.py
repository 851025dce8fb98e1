"""A still that cannot be masked is deleted, whatever the reason; the picture that is shown becomes black."""

import io
import os
import sys
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from PIL import Image

from stillcam.camera.driver import Interrupted, Still
from stillcam.capture.picture_edits import PictureEdits
from stillcam.capture.publish_frame import FramePublisher
from stillcam.capture.status import Histogram
from stillcam.common.errors import CameraError
from stillcam.edits.black import black_jpeg
from stillcam.edits.draw import MaskDrawer
from stillcam.frames.files import STILL_PREFIX, UNSTAMPED, WORK_PREFIX, open_current
from stillcam.frames.jpeg import check_jpeg
from stillcam.settings.document import from_json
from stillcam.settings.geometry import View

SETTINGS = from_json({"privacy": {"masks": ["0,0 200,200"]}})
SMALL, LARGE = (320, 240), (2048, 1536)  # a child process masks the large one


def picture(folder: Path, size: tuple[int, int] = SMALL) -> Still:
    file = io.BytesIO()
    Image.new("RGB", size, (255, 0, 255)).save(file, "JPEG")
    path = folder / f"{STILL_PREFIX}00000001.jpg"
    path.write_bytes(file.getvalue())
    return Still(path, 0.0)


def edits_of(size: tuple[int, int] = SMALL) -> PictureEdits:
    driver: Any = SimpleNamespace(view=View(((0, 0, *size),), (False, False)))
    return PictureEdits(driver, lambda: SETTINGS, lambda: None, ())


@pytest.mark.parametrize(
    ("error", "raised"), [(MemoryError(), CameraError), (KeyError("a bug"), KeyError), (KeyboardInterrupt(), None)]
)
def test_after_any_error_nothing_is_left(tmp_path, monkeypatch, error, raised):
    def draw(*_):
        raise error

    monkeypatch.setattr(MaskDrawer, "draw", draw)
    with pytest.raises(raised or type(error)) as caught:
        edits_of().still(picture(tmp_path))
    if raised is CameraError:
        assert caught.value.cause == "short"
        assert "not enough memory" in str(caught.value)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_a_full_disk_is_named_and_nothing_is_left(tmp_path, monkeypatch, size):
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    (tmp_path / f"{WORK_PREFIX}masked.jpg").symlink_to("/dev/full")
    with pytest.raises(CameraError, match="No space left on device") as caught:
        edits_of(size).still(picture(tmp_path, size))
    assert caught.value.cause == "disk"
    assert os.listdir(tmp_path) == []


def shown(folder: Path) -> tuple[tuple[int, int], bool]:
    """The size of the only picture in the folder, and whether it is black."""
    frame = open_current(folder)
    assert frame
    assert sorted(os.listdir(folder)) == [frame.name, "current.jpg"]
    with Image.open(io.BytesIO(frame.data)) as image:
        return image.size, image.convert("L").getextrema() == (0, 0)


@pytest.mark.parametrize("error", [CameraError("short", "no memory"), OSError(28, "No space left"), KeyError("a bug")])
@pytest.mark.parametrize("damaged", [False, True])
def test_the_newest_picture_is_black_if_a_new_mask_cannot_be_drawn_into_it(tmp_path, monkeypatch, error, damaged):
    publisher = FramePublisher(tmp_path, 0, None, Histogram(), edits=edits_of())
    before = publisher.publish(picture(tmp_path))
    (tmp_path / UNSTAMPED).write_bytes((tmp_path / before).read_bytes())
    if damaged:
        os.truncate(tmp_path / before, 100)

    def fail(*_):
        raise error

    monkeypatch.setattr(PictureEdits, "frame", fail)
    with pytest.raises(KeyError) if isinstance(error, KeyError) else nullcontext():
        publisher.mask_current()
    assert shown(tmp_path) == ((640, 480) if damaged else SMALL, True)
    publisher.publish(replace(picture(tmp_path), time_s=1.0))
    frame = open_current(tmp_path)
    assert frame and frame.time_s == 1.0


def test_the_newest_picture_is_black_although_the_daemon_ends_in_the_middle_of_masking_it(tmp_path):
    stop = os.eventfd(1)
    driver: Any = SimpleNamespace(view=View(((0, 0, *LARGE),), (False, False)))
    edits = PictureEdits(driver, lambda: SETTINGS, lambda: None, (stop,))
    publisher = FramePublisher(tmp_path, 0, None, Histogram(), edits=edits)
    publisher.publish(picture(tmp_path, LARGE))
    with pytest.raises(Interrupted):
        publisher.mask_current()
    os.close(stop)
    assert shown(tmp_path) == (LARGE, True)


@pytest.mark.parametrize("size", [(1, 1), (8, 8), (9, 25), (32, 8), (4656, 3496)])
def test_a_black_picture_of_any_size_is_a_whole_jpeg(size):
    data = black_jpeg(*size)
    assert check_jpeg(data) == size
    with Image.open(io.BytesIO(data)) as image:
        assert (image.size, image.getextrema()) == (size, (0, 0))
