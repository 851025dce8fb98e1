"""The buttons that take, with a daemon that says what a test wants: what waits is shown, what is refused stays."""

import re
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from event_client import STATUS, EventDaemon
from playwright.sync_api import Page, expect
from serving import Site
from signed_in import add_owner, sign_in

from stillcam.ipc.protocol import Message

TAKING = {"kind": "photo", "done": 0, "of": 1, "due": None}


class Orders(EventDaemon):
    """Answers orders when the test lets it: `answers` has what, by command."""

    def __init__(self, site: Site) -> None:
        super().__init__(site)
        capabilities = {"refused": {}, "windows": 1, "live": False, "stills_in_videos": False, "encoder": None}
        camera = {"index": 0, "model": "imx708", "size": [4608, 2592], "limits": {}}
        self.status = {**STATUS, "abilities": capabilities, "camera": camera, "waiting": []}
        self.answers: dict[str, Message] = {}
        self.may_answer = {command: threading.Event() for command in ("photo", "video")}

    def _answer(self, message: Message) -> Message:
        command: str = message["command"]
        if command == "status":
            return dict(self.status)
        self.asked[command] += 1
        if command in self.may_answer:
            self.may_answer[command].wait(60)
        return self.answers.get(command, {"items": []})


@pytest.fixture
def orders(tmp_path: Path, page: Page) -> Iterator[Orders]:
    """The Live tab of an owner, and the daemon behind it."""
    add_owner(tmp_path / "data")  # who registers on the page is shown the first steps
    with Site(tmp_path) as site, Orders(site) as daemon:
        sign_in(page, f"http://127.0.0.1:{site.port}/")
        page.wait_for_selector(".take button")
        yield daemon
        for event in daemon.may_answer.values():
            event.set()


def press(page: Page, name: str) -> None:
    page.get_by_role("group", name="Take").get_by_role("button", name=name, exact=True).click()


def test_a_video_waits_for_a_photo_and_can_be_cancelled(page, orders):
    told, waits = page.locator(".take-activity"), page.locator(".take-waits")
    press(page, "Photo")
    orders.status = {**orders.status, "taking": TAKING}
    expect(told).to_have_text("Taking a photo…")
    press(page, "Video")
    expect(waits).to_have_text("A video is waiting for the camera.")
    orders.status = {**orders.status, "waiting": [{"kind": "video", "of": 1}]}
    orders.status = {**orders.status, "metadata": {"Lux": 1.0}}
    expect(waits).to_have_text("A video is waiting for the camera.")
    orders.answers["video"] = {"error": "the video was cancelled before it began", "cause": "cancelled"}
    press(page, "Cancel video")
    orders.may_answer["video"].set()
    orders.status = {**orders.status, "waiting": []}
    expect(waits).to_have_text("")
    expect(page.locator(".take-problem")).to_be_hidden()
    expect(told).to_have_text("Taking a photo…")
    assert orders.asked["stop"] == 1


def test_a_video_says_how_long_the_disk_lasts_and_how_much_of_its_mp4_there_is(page, orders):
    said, waits = page.locator(".take-activity"), page.locator(".take-waits")
    photo = page.get_by_role("group", name="Take").get_by_role("button", name="Photo", exact=True)
    recording = {
        "since": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.000Z}", "seconds": None, "bytes": 10**7, "left_s": None,
        "bytes_per_s": 6_100_000, "room_s": 2467, "dropped": 0, "picture": True,
    }  # fmt: skip
    orders.status |= {"recording": recording, "waiting": [{"kind": "raw", "of": 1}]}
    expect(said).to_have_text(re.compile(r"^Recording for \d+ s: 6\.1 MB/s, room for 41 min$"))
    expect(waits).to_have_text("One photo is waiting for the end of the video.")
    expect(photo).to_be_enabled()
    orders.status |= {"recording": recording | {"left_s": 9.5, "dropped": 3, "picture": False}, "waiting": []}
    expect(said).to_have_text(
        re.compile(r"^The card is too slow for this video\. Recording for \d+ s, 10 s left: .* 41 min, 3 frames lost$")
    )
    expect(photo).to_be_disabled()
    encoding = {"kind": "video", "time": recording["since"], "progress": 0.427}
    orders.status |= {"recording": None, "library": {**orders.status.get("library", {}), "encoding": encoding}}
    expect(said).to_have_text("Creating the MP4: 42 %")


def test_what_waits_is_told_whoever_has_asked_for_it(page, orders):
    orders.status = {
        **orders.status,
        "taking": TAKING,
        "waiting": [{"kind": "photo", "of": 3}, {"kind": "video", "of": 1}],
    }
    expect(page.locator(".take-waits")).to_have_text("3 photos and a video are waiting for the camera.")
    expect(page.get_by_role("button", name="Cancel video")).to_be_visible()


def test_a_refusal_stays_until_it_is_read(page, orders):
    problem = page.locator(".take-problem")
    orders.answers["video"] = {"error": "a self-timer is running: cancel it, or wait for its photos", "cause": "busy"}
    orders.may_answer["video"].set()
    press(page, "Video")
    expect(problem).to_contain_text("A self-timer is running")
    for mode in ("live", "photo", "snapshot"):
        busy: dict[str, Any] | None = TAKING if mode == "photo" else None
        orders.status = {**orders.status, "mode": mode, "taking": busy}
        expect(page.locator(".take-activity")).to_have_text("Taking a photo…" if busy else "")
        expect(problem).to_contain_text("A self-timer is running")
    problem.get_by_role("button").click()
    expect(problem).to_be_hidden()


def test_a_self_timer_counts_on_while_another_tab_is_shown(page, orders):
    """The status that was the newest when the tab was left is old when it is shown again."""
    due = datetime.now(UTC) + timedelta(seconds=1000)
    orders.status = {**orders.status, "taking": {**TAKING, "due": due.isoformat()}}
    told = page.locator(".take-activity")
    expect(told).to_have_text(re.compile(r"Self-timer: \d+ s"))
    first_s = seconds(told.inner_text())
    read_aloud = told.aria_snapshot()
    page.wait_for_function(
        "(s) => Number(document.querySelector('.take-activity').textContent.match(/[0-9]+/)[0]) <= s", arg=first_s - 4
    )
    assert told.aria_snapshot() == read_aloud  # or a screen reader would say each second
    page.click("#tabs a:has-text('Photos')")
    page.wait_for_selector(".photos")
    page.click("#tabs a:has-text('Live')")
    expect(told).to_be_visible()
    assert seconds(told.inner_text()) <= first_s - 4


def seconds(told: str) -> int:
    found = re.search(r"\d+", told)
    assert found, told
    return int(found[0])
