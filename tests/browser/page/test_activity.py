"""The header: what the camera is doing, on every tab, and the way to where that is controlled."""

import json
from typing import Any

import pytest
from page_driver import wait_for_state
from playwright.sync_api import Page, expect
from signed_in import add_owner_to, sign_in

pytestmark = pytest.mark.timeout(300)

LINK, NUMBER = "#activity a", "#activity a:first-child [aria-hidden]:last-child"
GARDEN, POND, LATER = (
    {"name": name, "state": state, "taken": 3, "next": None}
    for name, state in (("Garden", "running"), ("Pond", "running"), ("Later", "planned"))
)
RECORDING = {"since": "2026-11-30T08:00:00Z", "seconds": None, "bytes": 0, "left_s": None}
TAKING = {"kind": "photo", "done": 1, "of": 5, "due": None}
FULL = {"free_bytes": 1, "floor_bytes": 2}
ARMED = {"armed": True, "event": None}
NIGHT, PLAIN = ({"active": name, "why": "from 22:00 to 06:00"} for name in ("Night", None))
# What the daemon says, besides the lines above, and what is shown then.
SHOWN: list[tuple[dict[str, Any], list[str]]] = [
    ({}, ["Ready"]),
    ({"series": [LATER]}, ["Ready"]),
    ({"series": [LATER, GARDEN]}, ["Series Garden"]),
    ({"series": [GARDEN, POND]}, ["2 series"]),
    ({"motion": ARMED}, ["2 series", "Motion armed"]),
    ({"profile": NIGHT}, ["2 series", "Motion armed", "Profile Night"]),
    ({"profile": PLAIN}, ["2 series", "Motion armed"]),
    ({"mode": "live"}, ["Live", "2 series", "Motion armed"]),
    ({"notice": "the camera refused the settings"}, ["Warning", "Live", "2 series", "Motion armed"]),
    ({"mode": "focus"}, ["Warning", "Focusing", "2 series", "Motion armed"]),
    ({"taking": TAKING, "stale": True}, ["Warning", "Photo", "2 series", "Motion armed"]),
    ({"taking": None, "recording": RECORDING}, ["No new picture", "Recording", "2 series", "Motion armed"]),
    ({"stale": False}, ["Warning", "Recording", "2 series", "Motion armed"]),
    ({"library": FULL}, ["Disk full", "Recording", "2 series", "Motion armed"]),
    ({"recording": None, "mode": "starting"}, ["Disk full", "Starting", "2 series", "Motion armed"]),
    ({"mode": "no camera", "reason": "check the cable"}, ["No camera", "2 series", "Motion armed"]),
    ({"running": False, "series": [], "motion": None}, ["Camera stopped"]),
]
NO_OVERLAP = """() => {
  const box = (selector) => document.querySelector(selector).getBoundingClientRect();
  const [name, activity, account] = ["h1", "#activity", "#account"].map(box);
  const tabs = document.querySelector("#tabs");
  if (tabs.scrollWidth > innerWidth) return false;
  return name.right <= activity.left && activity.right <= account.left && account.right <= innerWidth;
}"""


def wait_for_words(page: Page, words: str) -> None:
    """Until the most urgent is this."""
    page.wait_for_function(
        "(words) => document.querySelector('#activity a :nth-child(2)')?.textContent === words", arg=words
    )


def ask(page: Page, method: str, path: str, body: dict[str, Any]) -> None:
    """Send a request of the page's own."""
    page.evaluate("async (what) => (await import('./server/api.js')).send(...what)", [method, path, body])


@pytest.mark.parametrize(("width", "most"), [(360, 2), (1280, 2), (1920, 4)])
def test_all_that_the_camera_does_is_shown_the_most_urgent_first(new_page, camera, width, most):
    """In a narrow window the first two."""
    page = new_page(viewport={"width": width, "height": 740})
    page.goto(camera.url)
    for change, words in SHOWN:
        camera.capture = {**camera.capture, **change}
        expect(page.locator("#activity a :nth-child(2)")).to_have_text(words)
        assert page.locator("#activity a:visible").count() == min(most, len(words))
    assert page.get_attribute(LINK, "title") == "check the cable"
    assert page.get_attribute(LINK, "href") is None  # nobody has signed in: there is no Info tab


def test_it_leads_to_where_it_is_controlled(new_page, camera_server):
    page = new_page(viewport={"width": 360, "height": 740})
    page.set_default_timeout(120_000)
    add_owner_to(camera_server.url, camera_server.folder / "data")
    sign_in(page, camera_server.url, "info")
    wait_for_words(page, "Ready")
    ask(page, "PATCH", "api/settings", {"video": {"width": 640, "framerate": 10}})
    ask(page, "POST", "api/video", {"seconds": None})
    wait_for_words(page, "Recording")
    assert page.evaluate(NO_OVERLAP)
    read_aloud = page.locator("#activity").aria_snapshot()
    passed = page.inner_text(NUMBER)
    page.wait_for_function(
        "([number, passed]) => document.querySelector(number).textContent !== passed", arg=[NUMBER, passed]
    )
    assert page.locator("#activity").aria_snapshot() == read_aloud
    assert page.get_attribute("#activity", "aria-live") == "polite"

    page.click(LINK)
    wait_for_state(page, "fresh")
    assert page.url == f"{camera_server.url}live"
    assert page.get_attribute("#activity", "aria-live") == "off"  # it is told beside the picture
    ask(page, "DELETE", "api/video", {})
    ask(page, "POST", "api/series", {"name": "Höhe 2", "interval_s": 3600})
    wait_for_words(page, "Series Höhe 2")
    page.focus(LINK)
    page.keyboard.press("Enter")
    page.wait_for_selector(".series-show h2:has-text('Höhe 2')")
    ask(page, "POST", "api/video", {"seconds": None})
    expect(page.locator(f"{LINK} :nth-child(2)")).to_have_text(["Recording", "Series Höhe 2"])
    assert page.evaluate(NO_OVERLAP)
    ask(page, "DELETE", "api/video", {})
    ask(page, "PATCH", "api/settings", {"files": {"floor_mb": 9_000_000}})
    wait_for_words(page, "Disk full")
    page.click(LINK)
    expect(page.get_by_role("region", name="Storage")).to_be_in_viewport()
    ask(page, "PATCH", "api/settings", {"files": {"floor_mb": 0}})

    (camera_server.folder / "simulated/faults.json").write_text(json.dumps({"no_camera": True, "die_after": 0}))
    wait_for_words(page, "No camera")
    page.click(LINK)
    page.wait_for_selector("#info-panel:not([hidden])")
    camera_server.end("capture")
    wait_for_words(page, "Camera stopped")
    camera_server.end("server")
    wait_for_words(page, "No answer")
    assert page.evaluate(NO_OVERLAP)


def test_a_tab_whose_link_is_followed_again_does_not_work_twice(page, camera_server):
    """Each time it began all that it does while it is shown once more."""
    add_owner_to(camera_server.url, camera_server.folder / "data")
    page.add_init_script("""
      window.intervals = new Set();
      const [begin, end] = [setInterval, clearInterval];
      window.setInterval = (...what) => { const id = begin(...what); window.intervals.add(id); return id; };
      window.clearInterval = (id) => { window.intervals.delete(id); end(id); };
    """)
    sign_in(page, camera_server.url, "timelapse")
    page.wait_for_selector(".new-series")
    before = page.evaluate("window.intervals.size")
    for _ in range(3):
        page.click("#tabs a:has-text('Timelapse')")
    assert page.evaluate("window.intervals.size") == before
