"""A still that cannot be masked is deleted, whatever the reason."""

import io
import os
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from PIL import Image

from stillcam.camera.driver import Still
from stillcam.capture.picture_edits import PictureEdits
from stillcam.common.errors import CameraError
from stillcam.edits.draw import MaskDrawer
from stillcam.frames.files import STILL_PREFIX, WORK_PREFIX
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
