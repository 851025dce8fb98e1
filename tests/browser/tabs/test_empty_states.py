"""What is empty says what to do next, to each who sees it, with the button that does it."""

import json
import time
from collections.abc import Iterator

import pytest
from photos import add_photo
from pictures import picture
from playwright.sync_api import Page, expect
from real_camera import RealCamera
from series_on_disk import created
from serving import Site
from signed_in import PASSWORD, add_owner, add_owner_to, signed_in

from stillcam.accounts import Accounts
from stillcam.accounts.passwords import hashed

OWNER, VIEWER = "Ann", "Vera"
NOON_S = 1_795_176_000.0  # 2026-11-20, 12:00 UTC


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server with an owner and a viewer, and nothing else."""
    folder = tmp_path_factory.mktemp("empty")
    add_owner(folder / "data")
    Accounts(folder / "data").users.add(VIEWER, hashed(PASSWORD), "viewer")
    with Site(folder) as site:
        yield f"http://127.0.0.1:{site.port}/"


def at(page: Page, url: str, tab: str, name: str) -> Page:
    signed_in(page, url, name)
    page.goto(url + tab)
    return page


def test_an_owner_without_photos_is_led_to_the_live_tab(page, url):
    at(page, url, "photos", OWNER)
    expect(page.locator(".library-end")).to_contain_text("There are no photos or videos yet. Take the first one")
    page.get_by_role("button", name="Go to the Live tab").click()
    expect(page.locator("#tabs [aria-current]")).to_have_text("Live")
    expect(page.locator(".recent-facts")).to_contain_text("press Photo, Raw photo or Video")


def test_a_viewer_without_photos_is_asked_for_nothing_that_only_owners_can_do(page, url):
    at(page, url, "photos", VIEWER)
    expect(page.locator(".library-end")).to_have_text(
        "There are no photos or videos yet. They appear here once an owner takes some."
    )
    assert page.locator(".library-end button").count() == 0


def test_lists_of_settings_say_how_to_fill_them(page, url):
    at(page, url, "settings", OWNER)
    webhooks = page.locator("[data-setting='webhooks.urls']")
    expect(webhooks).to_contain_text("The list is empty. Type an entry, and press Add.")
    expect(page.get_by_text("No program has a token. Create one")).to_be_visible()
    expect(page.get_by_text("No backup is stored on the camera. Type a name, and press Save.")).to_be_visible()
    webhooks.get_by_role("textbox").fill("http://127.0.0.1:9/hook")
    webhooks.get_by_role("button", name="Add to").click()
    expect(webhooks.get_by_text("The list is empty.")).to_be_hidden()
    webhooks.get_by_role("button", name="Remove http://127.0.0.1:9/hook").click()
    expect(webhooks.get_by_text("The list is empty.")).to_be_visible()


def test_an_empty_trash_and_a_year_without_photos_are_explained(page, url):
    at(page, url, "photos", OWNER)
    page.locator("summary", has_text="Trash").click()
    expect(page.locator(".trash-list")).to_have_text("The trash is empty. Deleted items stay here for 30 days.")
    page.locator("summary", has_text="Calendar").click()
    expect(page.locator(".year-map")).to_contain_text("Nothing was taken in ")


def test_filters_without_a_match_are_cleared_by_a_button(page, tmp_path):
    add_owner(tmp_path / "data")
    add_photo(tmp_path / "data/library", NOON_S, picture((640, 480)), size=[640, 480])
    with Site(tmp_path) as site:
        at(page, f"http://127.0.0.1:{site.port}/", "photos", OWNER)
        expect(page.locator(".library-end")).to_have_text("One item. ")
        page.select_option("select[aria-label=Kind]", "video")
        expect(page.locator(".library-end")).to_contain_text("No item matches these filters.")
        page.get_by_role("button", name="Clear the filters").click()
        expect(page.locator(".library .tile")).to_have_count(1)
        expect(page.locator("select[aria-label=Kind]")).to_be_focused()


@pytest.mark.parametrize("name", [OWNER, VIEWER])
def test_without_a_series_an_owner_creates_one_and_a_viewer_waits_for_it(page, url, name):
    at(page, url, "timelapse", name)
    none = page.locator(".series-none")
    expect(none).to_contain_text("A series takes a picture")
    if name == VIEWER:
        expect(none).to_contain_text("It appears here once an owner starts one.")
        assert none.locator("button").count() == 0
        return
    none.get_by_role("button", name="Create the first series").click()
    expect(page.get_by_role("heading", name="New series")).to_be_in_viewport()
    assert page.evaluate("document.activeElement.closest('.series-edit') !== null")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        pytest.param(OWNER, "No film yet. Choose a kind and press Create", id="owner"),
        pytest.param(VIEWER, "No film yet. It appears here once an owner makes one.", id="viewer"),
    ],
)
def test_a_series_without_pictures_and_films(page, tmp_path, name, text):
    add_owner(tmp_path / "data")
    Accounts(tmp_path / "data").users.add(VIEWER, hashed(PASSWORD), "viewer")
    created(tmp_path / "data/series")
    with Site(tmp_path) as site:
        at(page, f"http://127.0.0.1:{site.port}/", "timelapse#Garden", name)
        expect(page.locator(".series-films")).to_contain_text(text)
        expect(page.locator(".scrub-none")).to_contain_text("No picture yet: ")


def detected(page: Page, text: str) -> None:
    """Press the button until it says so: while the daemon restarts its camera, it may answer that it is busy."""
    deadline = time.monotonic() + 120
    while not page.locator(".detect .hint", has_text=text).count():
        assert time.monotonic() < deadline, page.locator(".detect .hint").inner_text()
        page.get_by_role("button", name="Detect cameras").click()
        expect(page.get_by_role("button", name="Detect cameras")).to_be_enabled()


def test_without_a_camera_live_and_info_say_what_to_check_and_can_detect_it(page, camera_server: RealCamera):
    add_owner_to(camera_server.url, camera_server.folder / "data")
    faults = camera_server.folder / "simulated/faults.json"
    new = faults.with_suffix(".new")
    new.write_text(json.dumps({"speed": 20, "cameras": "", "die_after": 1}))
    new.rename(faults)
    at(page, camera_server.url, "live", OWNER)
    expect(page.locator(".no-camera")).to_contain_text("No camera was found.")
    detect = page.locator(".no-camera").get_by_role("button", name="Detect cameras")
    expect(detect).to_be_in_viewport()
    page.goto(f"{camera_server.url}info")
    detected(page, "No camera was found")
    expect(page.locator(".info-cards").first).to_contain_text("No camera was found. Switch the Pi off")
    new.write_text(json.dumps({"speed": 20}))
    new.rename(faults)
    detected(page, "Found 2 cameras")
    page.wait_for_selector(".info [aria-label='Camera 0']")
