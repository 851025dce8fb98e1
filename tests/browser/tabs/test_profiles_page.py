"""Profiles on the page: made, edited, ordered and switched in the Settings tab, and shown where their settings are."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from barriers import barriers
from playwright.sync_api import Locator, Page, expect
from real_camera import RealCamera
from signed_in import signed_in

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def opened(new_page: Callable[..., Page], shared_camera: RealCamera) -> Iterator[Callable[..., Page]]:
    """Opens the Settings tab; at the end there are no profiles, and the settings are the defaults."""
    pages: list[Page] = []

    def opened(**options: Any) -> Page:
        page = new_page(**options)
        signed_in(page, shared_camera.url)
        page.goto(f"{shared_camera.url}settings")
        expect(card(page).get_by_role("button").first).to_be_visible()
        pages.append(page)
        return page

    yield opened
    ask(pages[0], shared_camera, "DELETE", "api/profiles/active")
    ask(pages[0], shared_camera, "PUT", "api/profiles", {"profiles": []})
    ask(pages[0], shared_camera, "PATCH", "api/settings", dict.fromkeys(("controls", "snapshot", "place", "stamp")))


def ask(page: Page, camera: RealCamera, method: str, path: str, document: Any = None) -> None:
    headers = {"Origin": camera.url.rstrip("/"), "Content-Type": "application/json"}
    answer = page.request.fetch(f"{camera.url}{path}", method=method, data=json.dumps(document), headers=headers)
    assert answer.ok or path.endswith("active"), answer.text()


def card(page: Page) -> Locator:
    return page.locator("#profiles")


def rows_of(page: Page) -> Locator:
    return page.locator(".profile-list li")


def form(page: Page) -> Locator:
    return page.locator(".profile-form")


def save(page: Page) -> None:
    form(page).get_by_role("button", name="Save").click()


def kept(camera: RealCamera, name: str = "profiles") -> Any:
    return json.loads((camera.folder / f"data/{name}.json").read_text())


def test_a_profile_is_made_from_the_example_switched_by_hand_and_shown_everywhere(opened, shared_camera):
    page = opened()
    expect(card(page)).to_contain_text("A profile changes settings for a time")
    card(page).get_by_role("button", name="Add a night profile").click()
    form(page).get_by_label("Condition").select_option(label="By hand only")
    form(page).get_by_label("Motion: Sensitivity", exact=True).fill("2")
    save(page)
    row = rows_of(page)
    expect(row).to_contain_text("By hand only. 3 settings.")
    changes = {"controls": {"AeExposureMode": "Long"}, "live": {"framerate": 5}, "motion": {"sensitivity": 2}}
    assert kept(shared_camera)["profiles"] == [{"name": "Night", "when": {"type": "manual"}, "changes": changes}]
    expect(card(page)).to_contain_text("The plain settings are in force: all profiles are switched by hand.")
    card(page).get_by_role("button", name="Edit Night").click()
    form(page).get_by_label("Condition").select_option(label="Brightness")
    form(page).get_by_label("For at least").fill("60")
    save(page)
    expect(rows_of(page)).to_contain_text("Brightness below 10 lx, until 20 lx. 3 settings.")
    assert kept(shared_camera)["profiles"][0]["when"] == {"type": "lux", "below": 10, "until": 20, "for_s": 60}
    card(page).get_by_label("Switch to").select_option(label="Night")
    card(page).get_by_label("Until").select_option(label="tomorrow, 00:00")
    card(page).get_by_role("button", name="Switch").click()
    expect(card(page)).to_contain_text("Night is active: chosen by hand, until")
    link = page.locator("#activity").get_by_role("link", name="Profile Night")
    expect(link).to_have_attribute("href", f"{shared_camera.url}settings#profiles")
    page.goto(f"{shared_camera.url}live")
    control = page.locator("[data-name=AeExposureMode]")
    expect(control).to_contain_text("Set by profile Night.")
    control.locator("select").select_option(value="Short")
    expect(control).not_to_have_attribute("aria-busy", "true")
    page.wait_for_function("() => !document.querySelector('[data-name=AeExposureMode][aria-busy]')")
    assert kept(shared_camera)["profiles"][0]["changes"]["controls"] == {"AeExposureMode": "Short"}
    page.goto(f"{shared_camera.url}motion")
    page.get_by_role("switch", name="Armed").focus()  # which loads the settings
    expect(page.locator("[data-setting='motion.sensitivity'] .hint").last).to_contain_text("Set by profile Night.")
    page.locator("#activity").get_by_role("link", name="Profile Night").click()
    card(page).get_by_role("button", name="Delete Night").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(card(page)).to_contain_text("A profile changes settings for a time")
    expect(page.locator("#activity")).not_to_contain_text("Profile Night")


def test_what_is_set_now_becomes_a_profile_and_leaves_the_plain_settings(opened, shared_camera):
    page = opened()
    ask(
        page,
        shared_camera,
        "PATCH",
        "api/settings",
        {"controls": {"Contrast": 1.5}, "snapshot": {"interval_s": 3}, "stamp": {"uses": ["photo", "series"]}},
    )
    page.reload()
    card(page).get_by_role("button", name="Add a night profile").click()
    form(page).get_by_label("Name").fill("Evening")
    form(page).get_by_label("Condition").select_option(label="Between two times")
    form(page).get_by_role("button", name="Copy current settings…").click()
    form(page).get_by_role("checkbox", name="Contrast: 1.5").check()
    expect(form(page).get_by_role("checkbox", name="Stamp: Pictures with a stamp: photo, series")).to_be_visible()
    form(page).get_by_role("button", name="Add these").click()
    form(page).get_by_role("button", name="Remove Programme").click()
    save(page)
    expect(form(page)).to_contain_text("need the place of the camera")
    form(page).get_by_label("From").fill("22:00")
    form(page).get_by_label("To", exact=True).fill("24:61")
    save(page)
    expect(form(page)).to_contain_text("To must be a time like 22:00")
    form(page).get_by_label("To", exact=True).fill("22:01")
    form(page).get_by_role("checkbox", name="Saturday").check()
    save(page)
    expect(rows_of(page)).to_contain_text("From 22:00 to 22:01, on Saturday.")
    (profile,) = kept(shared_camera)["profiles"]
    assert profile["changes"]["controls"] == {"Contrast": 1.5}
    assert profile["when"] == {"type": "times", "from": "22:00", "to": "22:01", "weekdays": ["sat"]}
    assert kept(shared_camera, "settings").get("controls") is None
    assert kept(shared_camera, "settings")["snapshot"] == {"interval_s": 3.0}


def test_the_order_is_changed_by_keys_and_nothing_is_lost_without_a_question(opened, shared_camera):
    page = opened()
    rows = [{"name": name, "when": {"type": "manual"}, "changes": {}} for name in ("First", "Second", "Third")]
    ask(page, shared_camera, "PUT", "api/profiles", {"profiles": rows})
    page.reload()
    up = card(page).get_by_role("button", name="Move Third up")
    up.focus()
    page.keyboard.press("Enter")
    names = rows_of(page).locator("strong")
    expect(names).to_have_text(["First", "Third", "Second"])
    expect(up).to_be_focused()
    page.keyboard.press("Enter")
    expect(names).to_have_text(["Third", "First", "Second"])
    assert [one["name"] for one in kept(shared_camera)["profiles"]] == ["Third", "First", "Second"]
    expect(up).to_be_disabled()
    card(page).get_by_role("button", name="Edit First").click()
    form(page).get_by_label("Name").fill("third")
    save(page)
    expect(form(page)).to_contain_text("Name is also the name of profile 1")
    form(page).get_by_role("button", name="Cancel").click()
    question = page.get_by_role("dialog")
    expect(question).to_contain_text("have not been saved")
    question.get_by_role("button", name="Cancel").click()
    expect(form(page).get_by_label("Name")).to_have_value("third")
    form(page).get_by_role("button", name="Cancel").click()
    question.get_by_role("button", name="Discard").click()
    expect(names).to_have_text(["Third", "First", "Second"])


def test_nothing_that_a_checker_names_on_a_small_screen(opened):
    page = opened(bypass_csp=True, viewport={"width": 360, "height": 740})
    card(page).get_by_role("button", name="Add a night profile").click()
    expect(form(page).get_by_label("Programme", exact=True)).to_be_visible()
    assert barriers(page) == []
    form(page).get_by_label("Condition").select_option(label="Between two times")
    form(page).get_by_role("button", name="Copy current settings…").click()
    assert barriers(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_lists_are_ticked_as_where_they_are_set(opened, shared_camera):
    """They were lines of a text, such as `photo`."""
    page = opened()
    card(page).get_by_role("button", name="Add a night profile").click()
    for setting, boxes in (("Stamp: Pictures with a stamp", ["Photos", "Videos"]), ("Motion: Days", ["Saturday"])):
        form(page).get_by_label("Add a setting").select_option(label=setting)
        group = form(page).locator(".profile-changes li", has_text=setting).get_by_role("group")
        for name in boxes:
            group.get_by_role("checkbox", name=name).check()
    form(page).get_by_label("Condition").select_option(label="By hand only")
    save(page)
    expect(rows_of(page)).to_contain_text("5 settings.")
    (profile,) = kept(shared_camera)["profiles"]
    assert profile["changes"]["stamp"] == {"uses": ["photo", "video"]}
    assert profile["changes"]["motion"]["weekdays"] == ["sat"]
