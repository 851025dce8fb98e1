"""The settings of motion detection on its tab: sensitivity, recording and schedule; the Settings tab leads to them."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from barriers import barriers
from playwright.sync_api import Locator, Page, expect
from real_camera import RealCamera
from signed_in import signed_in

from stillcam.settings.document import describe

pytestmark = pytest.mark.timeout(300)

NOT_ROWS = {"motion.armed", "motion.zones"}  # a switch, and drawn on the picture
NOT_SHOWN = {"files.raw", "hooks.item"}  # one has no choice, one is set on the machine only


@pytest.fixture
def opened(new_page: Callable[..., Page], same_page: Page, shared_camera: RealCamera) -> Callable[..., Page]:
    """Opens a tab; a page of its own has those `options`."""

    def opened(tab: str = "motion", **options: Any) -> Page:
        page = new_page(**options) if options else same_page
        signed_in(page, shared_camera.url)
        page.goto(f"{shared_camera.url}{tab}")
        if tab == "motion":
            load_rows(page)
        page.wait_for_selector(f"#{tab}-panel [data-setting]", state="attached")
        return page

    return opened


def load_rows(page: Page) -> None:
    """The settings of motion are loaded once the focus comes into their tab."""
    page.get_by_role("switch", name="Armed").focus()


def row(page: Page, name: str) -> Locator:
    return page.locator(f"[data-setting='{dotted(name)}']")


def dotted(name: str) -> str:
    return name if "." in name else f"motion.{name}"


def wait_for_kept(camera: RealCamera, wanted: dict[str, Any]) -> None:
    """Until these are the settings of motion that are not at their defaults."""
    deadline = time.monotonic() + 60
    file = camera.folder / "data/settings.json"
    while (found := json.loads(file.read_text()).get("motion", {}) if file.exists() else {}) != wanted:
        assert time.monotonic() < deadline, found
        time.sleep(0.1)


def test_the_sensitivity_is_a_slider_that_says_what_its_ends_mean(opened, shared_camera):
    page = opened()
    sensitivity = row(page, "sensitivity")
    expect(sensitivity).to_contain_text("1: Only large, clear motion")
    expect(sensitivity).to_contain_text("10: Also small motion")
    slider = sensitivity.get_by_role("slider", name="Sensitivity")
    expect(slider).to_have_value("5")
    slider.press("ArrowRight")
    slider.press("ArrowRight")
    expect(sensitivity.locator("output")).to_have_text("7")
    wait_for_kept(shared_camera, {"sensitivity": 7})
    sensitivity.get_by_role("button", name="Reset Sensitivity").click()
    expect(slider).to_have_value("5")
    wait_for_kept(shared_camera, {})


def test_the_schedule_is_set_by_days_and_times_and_said_in_words(opened, shared_camera):
    page = opened()
    words = page.locator(".motion-when")
    expect(words).to_have_text("An armed camera looks for motion every day, at all hours.")
    for name in ("Saturday", "Sunday"):
        page.get_by_role("checkbox", name=name).check()
    wait_for_kept(shared_camera, {"weekdays": ["sat", "sun"]})
    expect(words).to_have_text("An armed camera looks for motion on Saturday and Sunday, at all hours.")
    for name, value in (
        ("place.latitude", "48.1"),
        ("place.longitude", "11.6"),
        ("active_from", "sunset"),
        ("active_to", "06:00"),
    ):
        row(page, name).locator("input").fill(value)
        row(page, name).locator("input").press("Enter")
        page.wait_for_selector(f"[data-setting='{dotted(name)}'][data-state=saved]")
    expect(words).to_have_text("An armed camera looks for motion on Saturday and Sunday, from sunset to 06:00.")
    row(page, "active_from").locator("input").fill("25:00")
    row(page, "active_from").locator("input").press("Enter")
    expect(row(page, "active_from").get_by_role("alert")).to_contain_text("must be a time like 22:00")
    for name in ("weekdays", "active_from", "active_to", "place.latitude", "place.longitude"):
        row(page, name).locator(".reset").click()
    wait_for_kept(shared_camera, {})


def test_only_what_matters_for_what_is_recorded_is_shown(opened, shared_camera):
    page = opened()
    expect(row(page, "photo_interval_s")).to_be_hidden()
    expect(row(page, "before_s")).to_be_visible()
    row(page, "record").locator("select").select_option(label="Photos")
    expect(row(page, "photo_interval_s")).to_be_visible()
    expect(row(page, "before_s")).to_be_hidden()
    row(page, "record").locator(".reset").click()
    expect(row(page, "before_s")).to_be_visible()
    wait_for_kept(shared_camera, {})


def test_the_search_of_the_settings_leads_to_the_tab(opened):
    page = opened("settings")
    page.get_by_role("searchbox").fill("sensitivity")
    card = page.get_by_role("region", name="Motion")
    expect(card).to_be_visible()
    expect(page.get_by_role("region", name="Storage")).to_be_hidden()
    card.get_by_role("link", name="Motion tab").click()
    load_rows(page)
    expect(row(page, "sensitivity")).to_be_visible()
    expect(page.locator("#tabs [aria-current]")).to_have_text("Motion")


def test_each_setting_is_on_one_tab(opened):
    page = opened()
    found: list[str] = []
    for tab in ("motion", "config", "settings"):
        page.click(f"#tabs a[href$={tab}]")
        if tab == "motion":
            load_rows(page)
        page.wait_for_selector(f"#{tab}-panel [data-setting]", state="attached")
        names = page.locator(f"#{tab}-panel [data-setting]").evaluate_all(
            "(rows) => rows.map((r) => r.dataset.setting)"
        )
        found += names
    wanted = {name for name, field in describe().items() if field["type"] != "controls"} - NOT_SHOWN - NOT_ROWS
    assert sorted(found) == sorted(wanted)


def test_nothing_that_a_checker_names(opened):
    page = opened(bypass_csp=True, viewport={"width": 360, "height": 740})
    page.locator(".motion-experts summary").click()
    assert barriers(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
