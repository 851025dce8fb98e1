"""Live view by WebRTC: a real Chromium, and aiortc as the server."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from camera_standin import StandIn
from conftest import CHROMIUM, FLAGS
from page_driver import wait_for_colour, wait_for_state
from playwright.sync_api import Browser, Page, Playwright, Route
from ports import port_for

PYTHON = Path(__file__).parents[3] / ".venv/guests/webrtc/bin/python"  # tests/run gets it
PEER = Path(__file__).parents[1] / "whep_peer.py"
AGAIN_SOON = """
  const set = window.setTimeout;
  window.setTimeout = (act, ms) => set(act, [5000, 15000, 60000].includes(ms) ? 300 : ms);
"""
USE = """async (address) => {
  const { viewer } = await import("./picture/viewer.js");
  (await import("./picture/low-latency.js")).useLowLatency(viewer, address);
}"""


class Peer:
    """The server, started and killed by a test."""

    def __init__(self) -> None:
        self.port = port_for(self)
        self.process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        argv = [str(PYTHON), str(PEER), str(self.port)]
        self.process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.line() == "ready"

    def line(self) -> str:
        """The next line that it prints."""
        assert self.process and self.process.stdout
        return self.process.stdout.readline().strip()

    def toggle(self) -> None:
        """Pause its pictures, or continue them."""
        assert self.process and self.process.stdin
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def kill(self) -> None:
        if self.process:
            self.process.kill()
            self.process.communicate()
            self.process = None


@pytest.fixture
def peer() -> Iterator[Peer]:
    peer = Peer()
    peer.start()
    yield peer
    peer.kill()


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """One that uses loopback addresses, too."""
    more = ["--allow-loopback-in-peer-connection", "--disable-features=WebRtcHideLocalIpsWithMdns"]
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, *more])
    yield browser
    browser.close()


def watch(page: Page, camera: StandIn, peer: Peer) -> None:
    """Open the page with live view on and this server below its own address; the camera's own picture is blue."""
    camera.publish("blue")

    def forward(route: Route) -> None:
        try:
            answer = route.fetch(url=f"http://127.0.0.1:{peer.port}/{route.request.url.partition('/rtc/')[2]}")
        except Exception:  # noqa: BLE001 - whatever playwright calls it: the server is not there
            route.fulfill(status=502)
            return
        location = {name: f"/rtc{value}" for name, value in answer.headers.items() if name == "location"}
        route.fulfill(response=answer, headers={**answer.headers, **location})

    page.route("**/rtc/**", forward)
    page.goto(camera.url)
    wait_for_colour(page, "blue")
    page.click("#live")
    page.evaluate(USE, "rtc/whep")


def test_the_video_takes_the_place_of_the_frames(page, camera, peer):
    """No frame is asked for meanwhile, the canvas has the video's shape, and the session ends with live view."""
    watch(page, camera, peer)
    wait_for_colour(page, "red")
    asked = len(camera.asked)
    page.evaluate("new Promise((done) => setTimeout(done, 500))")
    assert (len(camera.asked), page.get_attribute(".camera", "data-state")) == (asked, "live")
    assert page.evaluate("getComputedStyle(document.querySelector('.picture')).getPropertyValue('--aspect')") == str(
        4 / 3
    )
    with page.expect_response("**/rtc/whep/*"):
        page.click("#live")
    assert peer.line() == "ended"
    wait_for_colour(page, "blue")
    wait_for_state(page, "fresh")


def test_a_server_that_dies_costs_no_live_view_and_is_used_again(page, camera, peer):
    page.add_init_script(AGAIN_SOON)
    watch(page, camera, peer)
    wait_for_colour(page, "red")
    peer.kill()
    wait_for_colour(page, "blue")
    page.wait_for_selector("#toasts :text('Live view has no low latency now: The WebRTC server sends no picture.')")
    wait_for_state(page, "live")
    peer.start()
    wait_for_colour(page, "red")


def test_a_video_that_stalls_is_replaced_by_frames(page, camera, peer):
    watch(page, camera, peer)
    wait_for_colour(page, "red")
    peer.toggle()
    wait_for_colour(page, "blue")
    wait_for_state(page, "live")


def test_without_a_server_live_view_has_frames(page, camera):
    page.goto(camera.url)
    wait_for_colour(page, "red")
    page.click("#live")
    page.evaluate(USE, "rtc/nothing")
    page.wait_for_selector("#toasts :text('Live view has no low latency now: ')")
    camera.publish("blue")
    wait_for_colour(page, "blue")
    wait_for_state(page, "live")
