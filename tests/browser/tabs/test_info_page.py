"""The Info tab and what Config offers, with cameras that tell little, on the real camera server."""

import json
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from listed_programs import listed_programs
from playwright.sync_api import expect
from real_camera import DEADLINE_S, RealCamera, owned_camera
from signed_in import add_owner_to, sign_in

SLOW = "1 of 2 viewers receives fewer frames than the camera makes: its network is too slow"

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def usb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RealCamera]:
    """The real daemon and server with a webcam, and an owner."""
    programs = listed_programs(tmp_path / "programs", "list-cameras-usb.txt")
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    with owned_camera(tmp_path, "rpicam") as real:
        yield real


def test_a_usb_camera_is_shown_without_what_it_does_not_tell(page, usb):
    sign_in(page, usb.url, "info")
    card = page.locator(".info [aria-label='Camera 0']")
    card.wait_for()
    text = card.inner_text()
    assert "1920 × 1080 pixels\n" in text and "MJPEG" in text
    assert not any(word in text for word in ("null", "undefined", "NaN"))
    assert "Python" in page.inner_text(".info")


def test_config_offers_sensor_modes_that_the_settings_take(page, usb):
    sign_in(page, usb.url, "config")
    select = page.locator("[data-setting='live.sensor_mode'] select")
    select.wait_for()
    offered: list[Any] = select.evaluate("(select) => [...select.options].map(({value, text}) => [value, text])")
    assert [text for _, text in offered[1:]] == [
        f"{size}, up to 30 fps" for size in ("640 × 480", "1280 × 720", "1920 × 1080")
    ]
    for value, _ in offered:
        select.select_option(value)
        page.wait_for_selector("[data-setting='live.sensor_mode']:is([data-state=saved], [data-state=refused])")
        assert page.get_attribute("[data-setting='live.sensor_mode']", "data-state") == "saved"


def test_an_answer_that_comes_late_does_not_replace_a_newer_one(page, camera_server):
    """A camera was detected while the tab still waited for its first answer."""
    add_owner_to(camera_server.url, camera_server.folder / "data")
    held: list[Any] = []
    page.route("**/api/cameras", lambda route: route.fulfill(json={"active": None, "cameras": []}), times=1)
    page.route("**/api/info", lambda route: route.continue_() if held else held.append(route))
    with page.expect_request("**/api/info"):
        sign_in(page, camera_server.url, "info")
    page.get_by_role("button", name="Refresh").click()
    page.wait_for_selector(".info [aria-label='Camera 1']")
    with page.expect_response("**/api/info") as late:
        held[0].continue_()
    late.value.finished()
    page.evaluate("async () => void (await (await import('./server/api.js')).get('api/status'))")
    assert page.locator(".info [aria-label='Camera 1']").is_visible()


def test_one_card_that_cannot_be_shown_leaves_the_others(page, camera_server):
    add_owner_to(camera_server.url, camera_server.folder / "data")

    def broken(route: Any) -> None:
        answer = route.fetch()
        told = answer.json()
        told["cameras"][0]["modes"] = None
        route.fulfill(response=answer, json=told)

    page.route("**/api/cameras", broken)
    sign_in(page, camera_server.url, "info")
    page.wait_for_selector(".info [aria-label='Camera 1'] table")
    assert "This cannot be shown" in page.inner_text(".info [aria-label='Camera 0']")
    assert "Python" in page.inner_text(".info")


def stream(page: Any, url: str) -> socket.socket:
    """A connection on which live frames arrive for the person of a page; the kernel keeps little of them for us."""
    at = urlsplit(url)
    cookies = "; ".join(f"{cookie['name']}={cookie['value']}" for cookie in page.context.cookies())
    link = socket.socket()
    link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    link.settimeout(DEADLINE_S)
    link.connect((at.hostname, at.port))
    link.sendall(f"GET /stream HTTP/1.1\r\nHost: {at.netloc}\r\nCookie: {cookies}\r\n\r\n".encode())
    assert link.recv(12) == b"HTTP/1.1 200"
    return link


def test_slow_viewers_are_named_while_they_are_there(page, camera_server):
    """One of two reads a sixtieth of what the other reads."""
    add_owner_to(camera_server.url, camera_server.folder / "data")
    sign_in(page, camera_server.url, "info")
    card = page.locator(".info [aria-label='Camera server']")
    card.wait_for()
    ended = threading.Event()

    def renew_until(holds: Callable[[str], bool]) -> None:
        deadline = time.monotonic() + DEADLINE_S
        while not holds(text := card.inner_text()):
            assert time.monotonic() < deadline, text
            page.get_by_role("button", name="Refresh").click()
            page.wait_for_timeout(100)

    def read() -> None:
        while not ended.is_set():
            fast.recv(1 << 16)
            slow.recv(1 << 10)

    with stream(page, camera_server.url) as slow, stream(page, camera_server.url) as fast:
        reading = threading.Thread(target=read)
        reading.start()
        try:
            renew_until(lambda text: SLOW in text)
        finally:
            ended.set()
            reading.join()
    renew_until(lambda text: "Slow viewers" not in text)


@pytest.fixture
def single(tmp_path: Path) -> Iterator[RealCamera]:
    """The real daemon and server with one camera, and an owner."""
    (tmp_path / "simulated").mkdir()
    attach(tmp_path, "imx519")
    with owned_camera(tmp_path, "simulated") as real:
        yield real


def attach(folder: Path, models: str) -> None:
    """These are the cameras of the machine now."""
    new = folder / "simulated/.faults.new"
    new.write_text(json.dumps({"speed": 20, "cameras": models}))
    new.rename(folder / "simulated/faults.json")


def test_a_camera_that_is_plugged_in_later_is_found_by_looking_again(page, single):
    sign_in(page, single.url, "info")
    page.wait_for_selector(".info [aria-label='Camera 0']")
    attach(single.folder, "imx519 imx219")
    page.get_by_role("button", name="Refresh").click()  # what the daemon knows, and no more
    page.wait_for_selector(".info [aria-label='Camera 0']")
    assert page.locator(".info [aria-label='Camera 1']").count() == 0
    page.get_by_role("button", name="Detect cameras").click()
    page.wait_for_selector(".info [aria-label='Camera 1']")
    page.wait_for_selector(".detect :text('Found 2 cameras.')")


def test_settings_and_config_follow_the_cameras(page, single):
    """Settings offers what was found, and what is set; Config has the modes of the active camera."""

    def offered(name: str) -> list[str]:
        texts: list[str] = page.locator(f"[data-setting='{name}'] option").all_inner_texts()
        return texts

    sign_in(page, single.url, "config")
    page.wait_for_selector(
        "[data-setting='live.sensor_mode'] option:text('4656 × 3496, 10 bits, up to 9 fps')", state="attached"
    )
    mode, rate = "[data-setting='video.sensor_mode'] select", "[data-setting='video.framerate'] .hint"
    page.select_option(mode, "4656:3496:10")
    page.wait_for_selector(f"{rate}:text('The sensor mode limits it to 9 fps.')")
    page.select_option(mode, "")
    page.wait_for_selector(f"{rate}:not(:text('limits'))")
    page.click("#tabs a:has-text('Settings')")
    page.wait_for_selector("[data-setting='camera.index'] select")
    assert offered("camera.index") == ["0: imx519"]
    attach(single.folder, "imx519 imx219")
    page.get_by_role("button", name="Detect cameras").click()
    page.wait_for_selector(".detect :text('Found 2 cameras.')")
    assert offered("camera.index") == ["0: imx519", "1: imx219"]
    page.select_option("[data-setting='camera.index'] select", "1")
    page.wait_for_selector("[data-setting='camera.index'][data-state=saved]")
    page.click("#tabs a:has-text('Config')")
    page.wait_for_selector(
        "[data-setting='live.sensor_mode'] option:text('3280 × 2464, 10 bits, up to 21 fps')", state="attached"
    )
    assert not any("4656" in text for text in offered("live.sensor_mode"))
    page.click("#tabs a:has-text('Settings')")
    attach(single.folder, "imx519")
    page.get_by_role("button", name="Detect cameras").click()
    page.wait_for_selector(".detect :text('Found one camera.')")
    assert offered("camera.index") == ["0: imx519", "1: not found"]


def test_a_camera_that_another_program_has_is_said_to_be_so(page, single):
    """Rates, crops and bits of its modes are not known then."""

    def held(route: Any) -> None:
        answer = route.fetch()
        told = answer.json()
        unknown = {"fps": None, "crop": None, "bit_depth": None}
        (camera,) = told["cameras"]
        camera |= {"held": True, "bit_depth": None, "colour": None, "properties": {}}
        camera["modes"] = [mode | unknown for mode in camera["modes"]]
        route.fulfill(response=answer, json=told)

    page.route("**/api/cameras", held)
    sign_in(page, single.url, "info")
    card = page.locator(".info [aria-label='Camera 0']")
    card.wait_for()
    assert "Another program was using this camera" in card.inner_text()
    assert "2328 × 1748" in card.inner_text()
    page.click("#tabs a:has-text('Config')")
    page.wait_for_selector("[data-setting='live.sensor_mode'] select")
    texts = page.locator("[data-setting='live.sensor_mode'] option").all_inner_texts()
    assert "2328 × 1748" in texts and not any(word in " ".join(texts) for word in ("null", "undefined", "NaN"))


def test_technical_names_are_there_for_pointer_keyboard_and_finger(new_page, single):
    """The card has plain words; libcamera's own name of each is a touch away, and goes with Escape."""
    page = new_page(has_touch=True, viewport={"width": 360, "height": 740})
    sign_in(page, single.url, "info")
    word = page.locator(".info [aria-label='Camera 0']").get_by_role("button", name="Pixel size")
    tip = page.get_by_role("tooltip", name="libcamera: UnitCellSize")
    word.hover()
    expect(tip).to_be_visible()
    page.mouse.move(0, 0)
    expect(tip).to_be_hidden()
    word.focus()
    expect(tip).to_be_visible()
    page.keyboard.press("Escape")
    expect(tip).to_be_hidden()
    page.keyboard.press("Tab")
    expect(tip).to_be_hidden()
    word.tap()
    expect(tip).to_be_visible()
    box = tip.bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= 360
    assert "UnitCellSize" not in page.locator(".info [aria-label='Camera 0'] dl").inner_text().replace(
        tip.inner_text(), ""
    )


@pytest.mark.parametrize("width", [360, 1280, 2560])
def test_cards_fill_the_width(new_page, shared_camera, width):
    page = new_page(viewport={"width": width, "height": 900})
    sign_in(page, shared_camera.url, "info")
    page.wait_for_selector(".info [aria-label='Storage']")
    rows: list[list[float]] = page.locator(".info-card:visible").evaluate_all(
        """(cards) => {
      const boxes = cards.map((card) => card.getBoundingClientRect());
      const rows = Object.values(Object.groupBy(boxes, ({ top }) => Math.round(top)));
      return rows.map((row) => [Math.min(...row.map(({ left }) => left)), Math.max(...row.map(({ right }) => right))]);
    }"""
    )
    assert all(left <= 24 and right >= width - 40 for left, right in rows), rows
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_bug_report_is_copied_and_shown(new_page, shared_camera):
    """Also by a page without HTTPS, which browsers give no other clipboard."""
    page = new_page(viewport={"width": 1280, "height": 800})
    sign_in(page, shared_camera.url, "info")
    page.get_by_role("button", name="Copy for a bug report").click()
    text = page.get_by_role("textbox", name="Bug report")
    expect(text).to_be_in_viewport(ratio=0.9)
    expect(page.get_by_text("Copied: paste it into the issue.")).to_be_visible()
    report = text.input_value()
    assert "Driver: simulated" in report and "## Findings of the doctor" in report
    page.get_by_role("button", name="Close").click()
    expect(page.get_by_role("button", name="Copy for a bug report")).to_be_focused()
    page.evaluate("document.body.append(document.createElement('textarea'))")
    page.locator("body > textarea").focus()
    page.keyboard.press("Control+V")
    assert page.locator("body > textarea").input_value() == report
