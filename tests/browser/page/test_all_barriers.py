"""All tabs in one page, one after the other: nothing that axe-core names, at any impact, and no id twice."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from photos import add_photo
from pictures import picture
from playwright.sync_api import Page
from real_camera import RealCamera, owned_camera
from signed_in import sign_in

NOON_S = 1_795_176_000.0  # 2026-11-20, 12:00 UTC
READY = {
    "Config": "#config-panel .settings-card",
    "Info": ".info-scroll",
    "Photos": ".library .tile",
    "Timelapse": "#timelapse-panel button",
    "Motion": "#motion-panel .motion-arm",
    "Settings": "[data-setting]",
    "Live": ".recent .tile",
}
TWICE = """() => {
  const ids = [...document.querySelectorAll("[id]")].map((element) => element.id);
  return ids.filter((id, at) => ids.indexOf(id) < at);
}"""
EMPTY = """() => [...document.querySelectorAll("*")]
  .filter(({ attributes }) => [...attributes].some(({ name, value }) => name.startsWith("aria-") && !value))
  .map(({ outerHTML }) => `empty ARIA attribute: ${outerHTML.slice(0, 200)}`)"""


@pytest.fixture
def camera(tmp_path: Path) -> Iterator[RealCamera]:
    """A camera with an owner, two photos and all controls."""
    for number in range(2):
        add_photo(tmp_path / "data/library", NOON_S + number, picture((640, 480)), size=[640, 480])
    with owned_camera(tmp_path, "simulated") as camera:
        yield camera


def faults(page: Page) -> list[str]:
    """All that axe-core finds, best practices too; ids that are there twice; and ARIA attributes without a value."""
    found = Axe().run(page).response["violations"]
    named: list[str] = [f"{one['id']}: {node['html'][:200]}" for one in found for node in one["nodes"]]
    return [*named, *page.evaluate(TWICE), *page.evaluate(EMPTY)]


def test_nothing_that_a_checker_names(new_page, camera):
    page = new_page(bypass_csp=True)
    sign_in(page, camera.url)
    told = {}
    for tab, ready in READY.items():
        page.click(f"#tabs a:has-text('{tab}')")
        page.wait_for_selector(ready, state="attached")
        page.evaluate("document.querySelectorAll('.panel:not([hidden]) details').forEach((each) => (each.open = true))")
        told[tab] = faults(page)
    page.locator(".recent .tile").first.hover()  # which shows the button
    page.locator(".compare-add").first.click()
    page.wait_for_selector(".compare h2")
    told["compare"] = faults(page)
    page.keyboard.press("Escape")
    page.locator(".recent .open").first.click()
    page.wait_for_selector(".view[open] h2")
    told["large"] = faults(page)
    page.keyboard.press("Escape")
    page.click("#tabs a:has-text('Photos')")
    page.locator(".library .tile .open").first.click()
    page.wait_for_selector(".view[open] h2")
    told["large, from the library"] = faults(page)
    assert {place: found for place, found in told.items() if found} == {}


def test_a_page_for_strangers_too(new_page, camera):
    page = new_page(bypass_csp=True)
    page.goto(f"{camera.url}photos")
    page.wait_for_selector("input[autocomplete=username]")
    assert faults(page) == []
