"""The steps after set-up: shown to the owner who has set the camera up, once, and applied at once."""

import json
import shlex
from urllib.request import urlopen

import pytest
from barriers import barriers
from playwright.sync_api import Page
from real_camera import ROOT, RealCamera
from signed_in import NAME, PASSWORD, sign_in

from stillcam.accounts import Accounts
from stillcam.accounts.passwords import hashed

pytestmark = pytest.mark.timeout(300)

HEADING = "dialog[open] h2"


def register(page: Page, camera: RealCamera) -> None:
    """Set the camera up on the page, until the first step is shown."""
    page.goto(camera.url)
    page.click("#account button")
    page.fill("input[name=code]", (camera.folder / "data/setup-code").read_text().strip())
    page.fill("input[autocomplete=username]", NAME)
    page.fill("input[autocomplete=new-password]", PASSWORD)
    page.keyboard.press("Enter")
    wait_for_step(page, "Who may watch?")


def wait_for_step(page: Page, title: str) -> None:
    page.wait_for_selector(f"{HEADING}:text-is('{title}')")


def wait_until_loaded(page: Page) -> None:
    """Until the page is there whole, with any step that it shows."""
    page.wait_for_selector("#live-panel[data-controls] .recent", state="attached")
    page.wait_for_load_state("networkidle")


def settings(camera: RealCamera) -> dict[str, dict[str, object]]:
    return dict(json.loads((camera.folder / "data/settings.json").read_text()))


def test_each_step_is_applied_at_once_and_never_comes_again(page, camera_server):
    register(page, camera_server)
    page.click("label:has-text('Anyone on this network')")
    page.click("dialog button:text-is('Save')")
    wait_for_step(page, "Run it at boot")
    with urlopen(f"{camera_server.url}api/session", timeout=60) as answer:
        assert json.load(answer)["may"]["watch"]  # a stranger's
    assert page.inner_text("dialog pre") == f"sudo {shlex.quote(str(ROOT / 'deploy/install.sh'))}"
    page.click("dialog button:text-is('Skip')")
    wait_for_step(page, "Storage")

    page.reload()  # which ones are left is known to the server
    wait_for_step(page, "Storage")
    page.click("label:has-text('Delete the oldest')")
    page.click("dialog button:text-is('Save')")
    page.wait_for_selector("dialog", state="detached")
    assert settings(camera_server)["access"] == {"watch": "anyone"}
    assert settings(camera_server)["retention"].keys() == {"min_free_mb"}

    camera_server.end("server")
    camera_server.start("server")
    camera_server.wait_for_picture()
    page.evaluate("localStorage.clear(); sessionStorage.clear()")
    page.goto(camera_server.url)
    wait_until_loaded(page)
    assert page.locator("dialog").count() == 0


def test_who_closes_the_steps_has_skipped_them(page, camera_server):
    register(page, camera_server)
    page.keyboard.press("Escape")
    page.wait_for_selector(".toast:has-text('Settings')")
    page.goto(camera_server.url)
    wait_until_loaded(page)
    assert page.locator("dialog").count() == 0
    assert page.evaluate("async () => (await (await fetch('api/session')).json()).first_steps") == []


def test_nobody_else_sees_them(new_page, camera_server):
    """Not even another owner, while they wait for the one who has set the camera up."""
    register(first := new_page(), camera_server)
    users = Accounts(camera_server.folder / "data").users
    users.add("Olga", hashed(PASSWORD), "owner")
    other = new_page()
    sign_in(other, camera_server.url, name="Olga")
    wait_until_loaded(other)
    assert other.locator("dialog").count() == 0
    first.reload()
    wait_for_step(first, "Who may watch?")


def test_the_steps_have_no_barrier_on_a_phone(new_page, camera_server):
    page = new_page(viewport={"width": 360, "height": 640}, bypass_csp=True)
    register(page, camera_server)
    found = {}
    for title in ("Who may watch?", "Run it at boot", "Storage"):
        wait_for_step(page, title)
        assert page.evaluate("document.activeElement.localName") == "h2"  # what is new is read aloud
        found[title] = barriers(page)
        if page.evaluate("document.querySelector('dialog').scrollWidth > document.querySelector('dialog').clientWidth"):
            found[title].append("it is wider than the screen")
        page.keyboard.press("Tab")
        page.click("dialog button:text-is('Skip')")
    assert {title: one for title, one in found.items() if one} == {}
