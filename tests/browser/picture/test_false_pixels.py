"""A browser that gives pages false pixels, against fingerprinting: what is measured on them is switched off."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from photos import add_photo
from pictures import picture
from playwright.sync_api import Page, expect
from serving import Site
from signed_in import add_owner, sign_in

NOON_S = 1_795_176_000.0  # 2026-11-20, 12:00 UTC
WHITE = "(value) => 255"  # Firefox, privacy.resistFingerprinting, up to 2023
RANDOM = "(value) => Math.floor(256 * Math.random())"  # since then
LOWEST_BIT = "(value) => value ^ 1"  # Brave
FALSIFY = """
  const read = CanvasRenderingContext2D.prototype.getImageData;
  CanvasRenderingContext2D.prototype.getImageData = function (...where) {
    const pixels = read.apply(this, where);
    pixels.data.forEach((value, i) => (pixels.data[i] = (%s)(value)));
    return pixels;
  };
  localStorage.setItem("stillcam.view", '{"histogram": true, "zebra": true, "grid": true}');
"""


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """A server with an owner, a frame and a photo."""
    add_owner(tmp_path / "data")
    add_photo(tmp_path / "data/library", NOON_S, picture((640, 480)), size=[640, 480])
    with Site(tmp_path, {"access": {"watch": "anyone"}}) as site:
        site.publish(picture())
        yield site


def open_tab(page: Page, site: Site, tab: str, falsified: str) -> None:
    """Open a tab in a browser that falsifies pixels, and that was told to show all tools."""
    page.add_init_script(FALSIFY % falsified)
    url = f"http://127.0.0.1:{site.port}/"
    sign_in(page, url, "info")
    page.goto(f"{url}{tab}")


@pytest.mark.parametrize("falsified", [WHITE, RANDOM], ids=["white", "random"])
def test_histogram_and_zebra_are_off_and_it_is_said(page, site, falsified):
    open_tab(page, site, "live", falsified)
    expect(page.locator(".view-choices .problem")).to_have_text(
        "Histogram and zebra are off: this browser returns false pixel values, as protection against fingerprinting."
    )
    for name, pressed in (("Histogram", "false"), ("Zebra", "false"), ("Grid", "true")):
        button = page.get_by_role("button", name=name, exact=True)
        expect(button).to_have_attribute("aria-pressed", pressed)
        expect(button).to_be_enabled(enabled=name == "Grid")
    page.wait_for_function("() => !document.querySelector('#canvas').hidden")
    expect(page.locator("#live-panel .histogram")).to_be_hidden()


def test_a_photo_has_a_sentence_in_the_place_of_its_histogram(page, site):
    open_tab(page, site, "photos", WHITE)
    page.locator(".library .tile .open").first.click()
    expect(page.locator(".view[open] .histogram figcaption")).to_contain_text(
        "The histogram is unavailable: this browser"
    )
    assert page.locator(".view[open] .histogram path[d]").count() == 0


def test_a_bit_more_or_less_does_no_harm(page, site):
    open_tab(page, site, "live", LOWEST_BIT)
    expect(page.locator("#live-panel .histogram")).to_be_visible()
    expect(page.locator("#live-panel .histogram path[d]")).to_have_count(4)
    expect(page.locator(".view-choices .problem")).to_be_hidden()
