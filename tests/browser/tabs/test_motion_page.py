"""The Motion tab: the camera is armed, and what it does about motion is shown in words."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from live_driver import api
from playwright.sync_api import Page, Route, expect
from real_camera import SMALL, RealCamera, owned_camera
from signed_in import PASSWORD, signed_in

from stillcam.accounts import Accounts
from stillcam.accounts.passwords import hashed

pytestmark = pytest.mark.timeout(300)

VIEWER = "Vera"
STATE, SWITCH = ".motion-state", ".motion-switch"
EVENT = {"start": "2026-11-30T12:00:00.000Z", "end": None, "trigger": "motion"}
ASKED = EVENT | {"trigger": "request"}
SEEN = {"active": True, "scheduled": True, "next": None, "ignored": "", "event": None}
RUNS = {"running": True, "mode": "motion"}


@contextmanager
def owned(folder: Path) -> Iterator[RealCamera]:
    """A camera with an owner and a viewer, who sees the library too; nothing moves in its picture."""
    (folder / "simulated").mkdir()
    (folder / "simulated/faults.json").write_text('{"no_boat": true}')
    with owned_camera(folder, "simulated", {"snapshot": SMALL, "live": SMALL}) as camera:
        Accounts(folder / "data").users.add(VIEWER, hashed(PASSWORD), "viewer")
        yield camera


@pytest.fixture(scope="module")
def camera(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealCamera]:
    """One for all tests that record nothing."""
    with owned(tmp_path_factory.mktemp("motion")) as camera:
        yield camera


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[RealCamera]:
    """One for a test that records something."""
    with owned(tmp_path) as camera:
        yield camera


@pytest.fixture
def opened(new_page: Callable[..., Page], camera: RealCamera) -> Callable[..., Page]:
    """Opens the tab; the camera is disarmed, whatever the test before did."""

    def opened(name: str = "Ann", at: RealCamera = camera, **options: Any) -> Page:
        page = new_page(**options)
        signed_in(page, at.url, name)
        if name != VIEWER:
            page.goto(f"{at.url}api/session")
            api(page, "PATCH", "settings", {"motion": None})
        page.goto(f"{at.url}motion")
        return page

    return opened


def kept(camera: RealCamera) -> Any:
    return json.loads((camera.folder / "data/settings.json").read_text()).get("motion", {})


def test_the_switch_arms_the_camera_and_what_it_does_is_said(opened, alone):
    page = opened(at=alone)
    expect(page.locator(STATE)).to_contain_text("Disarmed")
    expect(page.get_by_text("An armed camera records what moves")).to_be_visible()
    page.get_by_role("switch", name="Armed").click()
    expect(page.locator(STATE)).to_contain_text("Looking for motion")
    expect(page.get_by_text("An armed camera records what moves")).to_be_hidden()
    assert kept(alone) == {"armed": True}
    link = page.locator("#activity a", has_text="Motion armed")
    expect(link).to_have_attribute("href", f"{alone.url}motion")

    page.evaluate("async () => (await import('./server/api.js')).send('POST', 'api/motion/trigger', { seconds: 3600 })")
    expect(page.locator(STATE)).to_contain_text("Recording An event on request has lasted")
    lasted = page.inner_text(f"{STATE} [aria-hidden]:last-child")
    expect(page.locator(f"{STATE} [aria-hidden]:last-child")).not_to_have_text(lasted)  # it counts
    page.get_by_role("switch", name="Armed").click()
    expect(page.get_by_role("switch", name="Armed")).to_have_attribute("aria-checked", "false")
    page.wait_for_selector(f"{SWITCH}:not([aria-busy])")
    assert kept(alone) == {}


def test_it_is_armed_by_the_keyboard_and_follows_others(opened, camera):
    page, other = opened(), opened()
    page.focus(SWITCH)
    page.keyboard.press("Space")
    expect(other.locator(SWITCH)).to_have_attribute("aria-checked", "true")
    expect(other.locator(STATE)).to_contain_text("Looking for motion")


def test_a_refusal_is_shown_and_the_switch_springs_back(opened):
    page = opened()

    def refuse(route: Route) -> None:
        route.fulfill(status=507, json={"error": "the disk is full: delete something", "field": None})

    page.route("**/api/motion/arm", refuse)
    page.click(SWITCH)
    expect(page.locator(".motion-arm .problem")).to_have_text(
        "The camera is not armed. The disk is full: delete something."
    )
    expect(page.locator(SWITCH)).to_have_attribute("aria-checked", "false")
    page.unroute("**/api/motion/arm")
    page.click(SWITCH)
    expect(page.locator(STATE)).to_contain_text("Looking for motion")
    expect(page.locator(".motion-arm .problem")).to_be_hidden()


def test_the_picture_is_live_while_the_tab_is_shown(opened):
    page = opened()
    page.wait_for_selector("#motion-panel canvas:not([hidden])")
    page.wait_for_selector(".zone-picture[data-state=live]")
    expect(page.locator("#activity")).to_have_text("Live")
    page.click("#tabs a:has-text('Info')")
    expect(page.locator("#activity")).to_have_text("Ready")  # nobody asks for live pictures any more
    page.click("#tabs a:has-text('Motion')")
    page.wait_for_selector(".zone-picture[data-state=live]")


def test_the_events_of_a_day_are_loaded_when_somebody_comes_near_them(opened):
    """The first screen does not wait for them."""
    asked: list[str] = []
    page = opened(viewport={"width": 360, "height": 740})
    page.on("request", lambda request: asked.append(request.url))
    page.wait_for_selector(".zone-picture[data-state=live]")
    assert not [url for url in asked if url.endswith(("/day.js", "/motion/settings.js"))]
    expect(page.locator(".day-of-events")).to_have_count(0)
    page.locator(".motion-later").first.scroll_into_view_if_needed()
    expect(page.locator(".day-of-events")).to_contain_text("There are no events on this day.")


def test_only_those_who_may_control_the_camera_see_the_tab(opened):
    page = opened(VIEWER)
    page.wait_for_selector("canvas:not([hidden])")
    expect(page.locator("#tabs a")).to_have_text(["Live", "Photos", "Timelapse", "Info"])


OFF = SEEN | {"active": False}
NIGHT = {"active": False, "scheduled": False, "next": "22:00"}
LEARNS = "Learning The detector learns what the scene looks like. That takes 5 seconds."
CHANGED = "Light has changed Most of the picture changed at once. Detection continues when the picture is steady."
LOOKS = "Looking for motion The camera also looks while nobody watches."
# What the status says, whether the camera is armed, and what is said then.
STATES: dict[str, tuple[Any, bool, str]] = {
    "no status": (None, True, "Waiting The page waits for the state of the camera."),
    "no daemon": ({"running": False, "mode": "motion"}, True, "Camera stopped The capture service is not running."),
    "no camera": (RUNS | {"mode": "no camera", "reason": "Check the cable."}, True, "No camera Check the cable."),
    "disarmed": (RUNS | {"mode": "no camera"}, False, "Disarmed The camera does not record motion."),
    "looks": (RUNS | {"motion": SEEN}, True, LOOKS),
    "by day": (RUNS | {"motion": SEEN | {"next": "06:00"}}, True, "Looking for motion Until 06:00, by the schedule."),
    "waits": (RUNS | {"mode": "snapshot", "motion": SEEN | NIGHT}, True, "Waiting Until 22:00, by the schedule."),
    "settles": (RUNS | {"motion": SEEN | {"ignored": "settling"}}, True, LEARNS),
    "light": (RUNS | {"motion": SEEN | {"ignored": "light"}}, True, CHANGED),
    "video": (RUNS | {"mode": "video", "motion": SEEN | NIGHT}, True, "Paused A video is being recorded."),
    "series": (RUNS | {"mode": "series", "motion": SEEN | NIGHT}, True, "Paused A series takes a picture."),
    "starts": (RUNS | {"mode": "snapshot", "motion": OFF}, True, "Starting The camera is starting."),
    "starts at night": (RUNS | {"motion": OFF | {"next": "06:00"}}, True, "Starting The camera is starting."),
    "event": (RUNS | {"motion": SEEN | {"event": EVENT}}, True, "Motion The event has lasted"),
    "request": (RUNS | {"motion": SEEN | {"event": ASKED}}, False, "Recording An event on request has lasted"),
    "over": (RUNS | {"motion": SEEN | {"event": EVENT | {"end": EVENT["start"]}}}, True, LOOKS),
}  # fmt: skip


@pytest.mark.parametrize("state", STATES)
def test_each_state_has_words(modules, state):
    capture, armed, words = STATES[state]
    asked = """async ([capture, armed]) => {
      const { armState } = await import("./tabs/motion/words.js");
      const { word, sentence } = armState({ silent: false, armed, capture: capture ?? undefined, at: (time) => time });
      return `${word} ${sentence}`;
    }"""
    assert modules.evaluate(asked, [capture, armed]) == words
