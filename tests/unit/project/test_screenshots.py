"""The screenshots in docs/images show the page as it is; docs/screenshots takes them."""

import re
from pathlib import Path

import pytest
from PIL import Image

from stillcam.server.page_layout import tabs_of

ROOT = Path(__file__).resolve().parents[3]
IMAGES = sorted((ROOT / "docs/images").glob("*.png"))
TABS = tabs_of((ROOT / "web/page/tabs.js").read_text())
MAX_BYTES = 150_000
RENEW = "run .venv/bin/python docs/screenshots"


def test_each_tab_has_a_screenshot():
    assert {tab.name for tab in TABS} <= {image.stem for image in IMAGES}, RENEW


@pytest.mark.parametrize("image", IMAGES, ids=lambda image: image.stem)
def test_a_screenshot_shows_the_tabs_that_there_are_and_is_small(image):
    with Image.open(image) as picture:
        assert picture.info.get("Tabs") == ", ".join(tab.title for tab in TABS), RENEW
    assert image.stat().st_size <= MAX_BYTES


def test_each_screenshot_is_in_a_document():
    text = "".join(path.read_text() for path in (ROOT / "README.md", *(ROOT / "docs").rglob("*.md")))
    assert set(re.findall(r"images/(\w+\.png)", text)) == {image.name for image in IMAGES}
