"""A still is masked again if other masks have come since it was masked, and only then."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from magenta import magenta_in
from PIL import Image

from stillcam.camera.driver import Still
from stillcam.capture.picture_edits import PictureEdits
from stillcam.settings.geometry import View
from stillcam.settings.schema import PrivacySettings, Settings


def test_a_still_gets_the_masks_that_came_since(tmp_path: Path) -> None:
    driver: Any = SimpleNamespace(view=View(((0, 0, 640, 480),), (False, False)))
    settings = Settings()
    edits = PictureEdits(driver, lambda: settings, lambda: None, ())
    still = Still(tmp_path / "still.jpg", 1.0)
    Image.new("RGB", (640, 480), "magenta").save(still.path)
    before = still.path.read_bytes()
    assert edits.renewed(edits.still(still)).path.read_bytes() == before
    settings = replace(settings, privacy=PrivacySettings(("0,0 640,480",)))
    assert magenta_in(edits.renewed(still).path.read_bytes()) == 0
    masked = still.path.stat()
    edits.renewed(still)
    assert still.path.stat() == masked  # not a second time
