"""The Settings and Config tabs on the real camera server: what is set is in force, is kept, and follows others."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect
from real_camera import RealCamera
from signed_in import NAME, add_owner_to, sign_in

pytestmark = pytest.mark.timeout(300)

SET_BRIGHTNESS = """() => fetch("api/settings", {
  method: "PATCH", headers: { "Content-Type": "application/json" },
  body: '{"controls": {"Brightness": 0.25}}',
})"""


@pytest.fixture
def owned(tmp_path: Path) -> Iterator[RealCamera]:
    """The real daemon and server, with an owner."""
    with RealCamera(tmp_path) as real:
        add_owner_to(real.url, tmp_path / "data")  # from now on only those who sign in may watch
        yield real


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealCamera]:
    """The same for all tests that leave the camera and its configuration as they are."""
    folder = tmp_path_factory.mktemp("shared")
    with RealCamera(folder) as real:
        add_owner_to(real.url, folder / "data")
        yield real


def setting(page: Page, name: str) -> Any:
    return page.locator(f"[data-setting='{name}'] :is(input, select)")


def set_to(page: Page, name: str, value: str) -> None:
    """Type a value, and wait until the server has answered."""
    field = setting(page, name)
    field.fill(value)
    field.blur()
    page.wait_for_selector(f"[data-setting='{name}']:is([data-state=saved], [data-state=refused])")


def kept(real: RealCamera) -> Any:
    return json.loads((real.folder / "data" / "settings.json").read_text())


def test_a_setting_is_kept_and_shown_again(page, owned):
    sign_in(page, owned.url, "settings")
    set_to(page, "snapshot.quality", "70")
    page.select_option("[data-setting='camera.rotation'] select", "90")
    page.wait_for_selector("[data-setting='camera.rotation'][data-state=saved]")
    assert kept(owned)["snapshot"]["quality"] == 70
    owned.end("server")
    owned.start("server")
    page.click("#tabs a:has-text('Live')")
    page.wait_for_function("() => document.querySelector('.camera').dataset.state === 'fresh'")
    page.reload()
    page.click("#tabs a:has-text('Settings')")
    page.wait_for_function("() => document.querySelector(`[data-setting='camera.rotation'] select`)?.value === '90'")
    assert setting(page, "snapshot.quality").input_value() == "70"
    page.click("[data-setting='snapshot.quality'] .reset")
    page.wait_for_selector("[data-setting='snapshot.quality'][data-state=saved]")
    assert setting(page, "snapshot.quality").input_value() == "85"
    page.click("#tabs a:has-text('Live')")
    page.wait_for_function("() => { const c = document.querySelector('canvas'); return c.height > c.width; }")


def test_what_is_wrong_is_told_beside_it_and_springs_back(page, owned):
    sign_in(page, owned.url, "settings")
    set_to(page, "snapshot.interval_s", "0")
    assert "must be from 0.1 to 86400" in page.inner_text("[data-setting='snapshot.interval_s'] .problem")
    assert setting(page, "snapshot.interval_s").input_value() == "2"
    set_to(page, "access.hosts", "camera.example")
    assert kept(owned)["access"]["hosts"] == ["camera.example"]
    set_to(page, "webhooks.urls", "ftp://example.org/")
    assert "must be an address like" in page.inner_text("[data-setting='webhooks.urls'] .problem")
    set_to(page, "webhooks.urls", "http://127.0.0.1:9/a, http://127.0.0.1:9/b")
    assert kept(owned)["webhooks"]["urls"] == ["http://127.0.0.1:9/a", "http://127.0.0.1:9/b"]


def test_two_people_see_each_other_s_changes(new_page: Callable[..., Page], shared):
    first, second = new_page(), new_page()
    for page in (first, second):
        sign_in(page, shared.url, "settings")
        page.wait_for_selector("[data-setting='page.histogram'] input")
    first.check("[data-setting='page.histogram'] input")
    second.wait_for_function("() => document.querySelector(`[data-setting='page.histogram'] input`).checked")


def test_a_change_that_came_too_late_says_so(page, owned):
    """The page has not heard yet of the other change: it names the version that it has seen, and is refused."""
    page.route("**/api/events", lambda route: route.abort())
    page.route("**/api/status?*", lambda route: route.abort())
    sign_in(page, owned.url, "settings")
    setting(page, "snapshot.quality").wait_for()
    other = page.request.patch(
        f"{owned.url}api/settings", data={"snapshot": {"width": 640}}, headers={"Origin": owned.url.rstrip("/")}
    )
    assert other.ok, other.text()
    set_to(page, "snapshot.quality", "70")
    row = page.locator("[data-setting='snapshot.quality']")
    expect(row).to_contain_text("Someone else has just changed the settings: check the current ones, then repeat")
    expect(page.get_by_role("alert").filter(has_text="your change was not saved")).to_be_visible()
    assert setting(page, "snapshot.width").input_value() == "640"
    set_to(page, "snapshot.quality", "70")
    assert kept(owned)["snapshot"] == {"width": 640, "quality": 70}


def test_people_and_programs_come_and_go(page, shared):
    sign_in(page, shared.url, "settings")
    users = page.locator("section[aria-label=Users]")
    users.locator("input[name=name]").fill("Bob")
    users.locator("input[name=password]").fill("another long password")
    users.locator("button.primary").click()
    page.wait_for_selector("section[aria-label=Users] li:has-text('Bob')")
    tokens = page.locator("section[aria-label='Tokens of programs']")
    tokens.locator("input[name=name]").fill("Kitchen")
    tokens.locator("button.primary").click()
    token = page.input_value("dialog input[aria-label=Token]")
    assert re.fullmatch(r"stillcam_[\w-]{30,}", token)
    page.keyboard.press("Escape")
    page.click("section[aria-label='Tokens of programs'] li:has-text('Kitchen') button")
    page.click("dialog button.primary")
    page.wait_for_selector("section[aria-label='Tokens of programs'] li:has-text('None.')")
    page.click("section[aria-label=Users] li:has-text('Bob') button:has-text('Remove')")
    page.click("dialog button.primary")
    page.wait_for_selector("section[aria-label=Users] li:has-text('Bob')", state="detached")
    assert NAME in users.inner_text()


def test_a_back_up_brings_everything_back(page, owned):
    sign_in(page, owned.url, "settings")
    set_to(page, "snapshot.quality", "60")
    with page.expect_download() as download:
        page.click("a:has-text('Download')")
    card = page.locator("section[aria-label=Backups]")
    card.locator("input[name=name]").fill("before")
    card.locator(".form button.primary").click()
    page.wait_for_selector("section[aria-label=Backups] li:has-text('before')")
    page.click("button:has-text('Reset to defaults')")
    page.click("dialog button.primary")
    page.wait_for_function("() => document.querySelector(`[data-setting='snapshot.quality'] input`).value === '85'")
    page.click("section[aria-label=Backups] li:has-text('before') button:has-text('Restore')")
    page.click("dialog button.primary")
    page.wait_for_function("() => document.querySelector(`[data-setting='snapshot.quality'] input`).value === '60'")
    set_to(page, "snapshot.quality", "50")
    page.set_input_files("input[type=file]", download.value.path())
    page.click("dialog button.primary")
    page.wait_for_function("() => document.querySelector(`[data-setting='snapshot.quality'] input`).value === '60'")


def test_it_is_told_that_deletion_waits_for_the_clock(page, shared):
    def doubtful(route: Route) -> None:
        answer = route.fetch()
        document = answer.json()
        document["capture"]["library"]["waits"] = "no time server has set the clock: sudo timedatectl set-ntp true"
        route.fulfill(response=answer, json=document)

    page.route("**/api/events", lambda route: route.abort())  # so that it is asked for
    page.route("**/api/status?*", doubtful)
    sign_in(page, shared.url, "settings")
    card = page.get_by_label("Photos and videos")
    expect(card).to_contain_text("Deletion by age waits: no time server has set the clock")
    page.unroute("**/api/status?*")
    expect(card).not_to_contain_text("Deletion by age waits")


def test_each_use_case_has_its_configuration(page, owned):
    sign_in(page, owned.url, "config")
    page.select_option("[data-setting='photo.sensor_mode'] select", "2328:1748:10")
    page.wait_for_selector("[data-setting='photo.sensor_mode'][data-state=saved]")
    set_to(page, "photo.width", "1152")
    page.select_option("[data-case=raw] select[aria-label='Copy from']", "photo")
    page.wait_for_function("() => document.querySelector(`[data-setting='raw.width'] input`).value === '1152'")
    document = kept(owned)
    assert document["photo"]["sensor_mode"] == document["raw"]["sensor_mode"] == "2328:1748:10"
    page.evaluate(SET_BRIGHTNESS)
    page.click("[data-case=photo] button:has-text('Add the active ones'):enabled")
    page.wait_for_selector("[data-case=photo] .config-controls:has-text('Brightness: 0.25')")
    page.check("[data-case=photo] .config-controls input")
    page.click("[data-case=photo] button:has-text('Remove the chosen')")
    page.wait_for_selector("[data-case=photo] .config-controls:has-text('None.')")
    assert kept(owned)["controls"] == {"Brightness": 0.25}


def test_a_video_over_the_encoders_limit_is_refused_where_it_is_set(page, shared):
    sign_in(page, shared.url, "config")
    expect(page.locator("[data-case=video] > .hint")).to_contain_text("up to 1920 pixels on a side and 1920 × 1080")
    set_to(page, "video.width", "3840")
    row = page.locator("[data-setting='video.width']")
    expect(row).to_contain_text("choose 1920x1080")
    assert "video" not in kept(shared)


@pytest.mark.parametrize("width", [360, 768, 1280, 2560])
def test_there_is_nothing_to_scroll_for_sideways(new_page, shared, width):
    page = new_page(viewport={"width": width, "height": 800})
    for tab, there in (
        ("settings", "[data-setting]"),
        ("config", "[data-case]"),
        ("info", ".info-card"),
        ("live", ".control"),
    ):
        if tab == "settings":
            sign_in(page, shared.url, tab)
        else:
            page.click(f"#tabs a[href$={tab}]")
        page.wait_for_selector(there)
        assert page.evaluate("document.documentElement.scrollWidth") == width, tab
