"""Daemon, server, simulated camera, Chromium: each kind is taken, watched, compared, deleted and brought back."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from barriers import barriers
from playwright.sync_api import Page, expect
from real_camera import RealCamera
from signed_in import add_owner_to, sign_in

pytestmark = pytest.mark.timeout(600)  # camera, encoder and browser share a processor with other tests

SMALL = {
    "photo": {"width": 640},
    "raw": {"width": 640, "sensor_mode": "1280:720:10"},
    "video": {"width": 640, "framerate": 10},
}
PHONE: dict[str, Any] = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
DESK: dict[str, Any] = {"viewport": {"width": 1280, "height": 800}}


@pytest.fixture
def live(new_page: Callable[..., Page], camera_server: RealCamera) -> Callable[..., Page]:
    """Opens the Live tab of the owner; pictures are small."""
    add_owner_to(camera_server.url, camera_server.folder / "data")

    def live(**options: Any) -> Page:
        page = new_page(**options)
        page.set_default_timeout(120_000)
        sign_in(page, camera_server.url)
        page.wait_for_selector(".take button")
        page.evaluate("async (small) => (await import('./server/api.js')).send('PATCH', 'api/settings', small)", SMALL)
        return page

    return live


def wait_for_items(page: Page, kinds: list[str]) -> None:
    """Until the strip shows these, newest first, each with its picture."""
    page.wait_for_function(
        """(kinds) => {
      const tiles = [...document.querySelectorAll(".recent .tile")];
      const shown = tiles.map((tile) => tile.querySelector(".open").getAttribute("aria-label").split(",")[0]);
      return String(shown) === String(kinds) && tiles.every((tile) => tile.querySelector("img")?.naturalWidth > 0);
    }""",
        arg=kinds,
    )


def press(page: Page, name: str) -> None:
    """One of the buttons that take, once it may be pressed."""
    page.click(f".take button:enabled:has-text('{name}') >> nth=0")


@pytest.mark.parametrize("screen", [pytest.param(PHONE, id="360 px"), pytest.param(DESK, id="1280 px")])
def test_each_kind_is_taken_watched_compared_deleted_and_brought_back(live, screen):
    page = live(bypass_csp=True, **screen)
    press(page, "Photo")
    wait_for_items(page, ["photo"])
    assert "640 × 480" in page.inner_text(".recent-facts")
    press(page, "Raw")
    wait_for_items(page, ["raw", "photo"])
    press(page, "Video")
    expect(page.locator(".take-activity")).to_have_text(
        re.compile(r"^Recording for [1-9]\d* s: [\d.]+ [kM]B/s, room for ")
    )
    assert page.locator(".take button:enabled:has-text('Photo')").count() == 2  # of the video, or after it
    press(page, "Stop")
    wait_for_items(page, ["video", "raw", "photo"])

    # A video plays, and can be wound to any place.
    page.click(".recent .open[aria-label^=video]")
    page.wait_for_function("() => document.querySelector('.view[open] video')?.duration > 0")
    page.evaluate(
        "() => { const video = document.querySelector('.view[open] video'); video.muted = true; video.play(); }"
    )
    page.wait_for_function("() => document.querySelector('.view[open] video').currentTime > 0")
    page.evaluate(
        "() => { const video = document.querySelector('.view[open] video'); video.pause(); video.currentTime = 0.1; }"
    )
    page.wait_for_function("() => !document.querySelector('.view[open] video').seeking")
    assert page.evaluate("document.querySelector('.view[open] video').videoWidth") == 640
    page.keyboard.press("Escape")

    # A photo and the picture of a raw one, beside each other, blinking, and with a split.
    page.locator(".recent .tile:has(.open[aria-label^=photo]) .compare-add").click()
    page.click(".compare-others button")  # the raw one
    page.wait_for_function("() => document.querySelectorAll('.compare [data-differs=true]').length >= 1")
    page.click(".segments label:has-text('Side by side')")
    page.wait_for_function("""() => {
      const [one, other] = document.querySelectorAll(".compare-stage img");
      const [left, right] = [one, other].map((picture) => picture?.getBoundingClientRect());
      return one?.naturalWidth && other?.naturalWidth && right.left >= left.right;
    }""")
    page.click(".segments label:has-text('Blink')")
    for hidden in ("true", "false", "true"):
        page.wait_for_selector(
            f".compare-stage img{'.hidden' if hidden == 'true' else ':not(.hidden) + img:not(.hidden)'}",
            state="attached",
        )
    page.click(".segments label:has-text('Split')")
    box = page.locator(".compare-stage").bounding_box()
    assert box
    page.locator(".compare-stage").scroll_into_view_if_needed()
    page.locator(".compare-stage input").click(position={"x": box["width"] * 0.25, "y": box["height"] / 2})
    cut = float(page.evaluate("document.querySelector('.compare-stage').style.getPropertyValue('--cut')").rstrip("%"))
    assert 20 <= cut <= 30
    assert barriers(page) == []
    page.click(".compare button:has-text('Remove all')")
    page.wait_for_selector(".compare", state="hidden")

    # Deleted, and brought back: at once, and from the trash.
    page.click("#tabs a[href$=photos]")
    page.wait_for_function("() => document.querySelectorAll('.library .tile').length === 3")
    page.click(".library .tile[data-kind=photo] .open")
    page.wait_for_function("() => document.querySelectorAll('.view[open] .histogram path[d]').length === 4")
    page.click(".view[open] button:has-text('Delete')")
    page.wait_for_function("() => document.querySelectorAll('.library .tile').length === 2")
    page.keyboard.press("Escape")
    page.click(".toast button:has-text('Undo')")
    page.wait_for_function("() => document.querySelectorAll('.library .tile').length === 3")
    for number in range(3):
        page.locator(".library .tile input").nth(number).check(force=True)
    page.click(".selection button:has-text('Delete')")
    page.wait_for_function("() => !document.querySelector('.library .tile')")
    page.click(".trash summary")
    assert "1 photo, 1 raw photo, 1 video" in page.inner_text(".trash-list li >> nth=0")
    page.click(".trash button:has-text('Restore')")
    page.wait_for_function("() => document.querySelectorAll('.library .tile').length === 3")
    page.wait_for_selector(".trash-list .hint")
    page.click("#tabs a[href$=live]")
    wait_for_items(page, ["video", "raw", "photo"])
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_burst_and_a_self_timer_can_be_called_off(live):
    page = live()
    page.click(".take-more summary")
    page.fill("input[aria-label='Self-timer']", "3600")
    press(page, "Photo")
    expect(page.locator(".take-activity")).to_have_text(re.compile(r"Self-timer: 3\d\d\d s"))
    press(page, "Cancel")
    page.wait_for_function("() => document.querySelector('.take-activity').textContent === ''")
    page.fill("input[aria-label='Self-timer']", "0")
    page.fill("input[aria-label='Number of photos']", "3")
    press(page, "Photo")
    wait_for_items(page, ["photo"] * 3)
