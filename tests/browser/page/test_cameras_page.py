"""Several cameras on the page: the switch at its top, each camera below its own address, and all side by side."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from barriers import barriers
from page_driver import COLOURS, counted, wait_for_colour
from pictures import picture
from playwright.sync_api import Page, expect
from serving import Site
from signed_in import NAME, PASSWORD, add_owner_to
from standin import StandIn

from stillcam.common.paths import Paths
from stillcam.frames.files import Publisher

SLOW_S = 3600.0  # from picture to picture, so that none gets old
BOTH = {"STILLCAM_CAMERAS": "0 1"}
# Whether the middle of a camera's picture is of a colour; looked at in a copy, as in page_driver.
IS_OF = """([number, colour]) => {
  const canvas = document.querySelector(`[data-camera="${number}"] canvas`);
  if (!canvas || canvas.hidden) return false;
  const copy = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  copy.drawImage(canvas, canvas.width / 2, canvas.height / 2, 1, 1, 0, 0, 1, 1);
  return colour.every((value, i) => Math.abs(value - copy.getImageData(0, 0, 1, 1).data[i]) < 12);
}"""


class Garden:
    """The real server with cameras 0 (red) and 1 (blue), and stand-ins for their daemons."""

    def __init__(self, folder: Path, closing_time: ExitStack, **environ: str) -> None:
        self.site = Site(folder)
        first = Paths(self.site.images, self.site.data)
        self.daemons = []
        for number, (model, colour) in enumerate((("imx708", "red"), ("imx219", "blue"))):
            paths = first.of(number)
            paths.images.mkdir(parents=True, exist_ok=True)
            camera = {"index": number, "model": model, "size": [4608, 2592]}
            self.daemons.append(closing_time.enter_context(StandIn(paths.socket, camera=camera, interval_s=SLOW_S)))
            show(paths.images, colour)
        self.site.start(**environ)
        closing_time.callback(self.site.end)
        self.url = f"http://127.0.0.1:{self.site.port}/"


def show(images: Path, colour: str) -> None:
    """Publish a picture of one colour, taken now."""
    still = images / ".still_1.jpg"
    still.write_bytes(picture((640, 360), colour))
    Publisher(images).publish(still, time.time())


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Callable[..., Garden]]:
    """Opens a garden; closed with the test."""
    with ExitStack() as closing_time:
        yield lambda **environ: Garden(tmp_path, closing_time, **environ)


def all_are_shown(page: Page) -> None:
    """Wait for both pictures."""
    for number, colour in enumerate(("red", "blue")):
        page.wait_for_function(IS_OF, arg=[number, COLOURS[colour]])


def test_all_are_side_by_side_and_lead_to_each_page(page, opened):
    garden = opened(**BOTH)
    page.goto(f"{garden.url}cameras")
    all_are_shown(page)
    expect(page.locator("article h2")).to_have_text(["Camera 0 · imx708", "Camera 1 · imx219"])
    expect(page.locator("#cameras [aria-current]")).to_have_text("All")
    page.get_by_role("link", name="Camera 1 · imx219").click()
    wait_for_colour(page, "blue")
    assert page.url == f"{garden.url}camera/1/"
    expect(page.locator("#cameras [aria-current]")).to_have_text("1")
    page.locator("#cameras").get_by_role("link", name="Camera 0").click()
    wait_for_colour(page, "red")
    assert page.url == garden.url
    expect(page.locator("#cameras [aria-current]")).to_have_text("0")
    page.locator("#cameras").get_by_role("link", name="All").click()
    all_are_shown(page)
    assert page.url == f"{garden.url}cameras"


def test_with_one_camera_there_is_nothing_to_switch(page, opened):
    garden = opened()
    with page.expect_response("**/api/overview"):
        page.goto(garden.url)
    wait_for_colour(page, "red")
    expect(page.locator("#cameras")).to_be_hidden()
    expect(page.locator("#cameras a")).to_have_count(0)


def test_a_camera_that_is_lost_says_so_beside_the_other(page, opened):
    garden = opened(**BOTH)
    page.goto(f"{garden.url}cameras")
    all_are_shown(page)
    garden.daemons[1].status |= {"mode": "no camera", "reason": "Check the cable."}
    lost = page.locator("article[data-camera='1']")
    expect(lost).to_have_attribute("data-state", "lost")
    expect(lost.get_by_role("status")).to_have_text("Check the cable.")
    expect(page.locator("article[data-camera='0']")).to_have_attribute("data-state", "fresh")


def test_the_owner_controls_each(page, opened):
    """A photo of the one is no photo of the other, the tab stays from camera to camera, and each has its settings."""
    garden = opened(**BOTH)
    add_owner_to(garden.url, garden.site.data)
    sign_in_at(page, f"{garden.url}cameras")
    all_are_shown(page)
    second = page.locator("article[data-camera='1']")
    second.get_by_role("button", name="Photo").click()
    expect(page.locator("#toasts")).to_contain_text("Camera 1: No.")  # in the stand-in's words
    assert [daemon.asked["photo"] for daemon in garden.daemons] == [0, 1]
    second.get_by_role("link", name="Settings").click()
    expect(page.get_by_role("heading", name="Snapshots")).to_be_visible()
    assert page.url == f"{garden.url}camera/1/settings"
    expect(page.get_by_role("heading", name="Who may watch")).to_have_count(0)
    page.locator("#cameras").get_by_role("link", name="Camera 0").click()
    expect(page.get_by_role("heading", name="Who may watch")).to_be_visible()
    assert page.url == f"{garden.url}settings"


def test_it_is_usable_on_a_phone_by_eye_and_ear(new_page, opened):
    garden = opened(**BOTH)
    add_owner_to(garden.url, garden.site.data)
    page = new_page(viewport={"width": 360, "height": 740}, bypass_csp=True)
    sign_in_at(page, f"{garden.url}cameras")
    all_are_shown(page)
    expect(page.get_by_role("button", name="Photo").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert barriers(page) == []
    page.goto(f"{garden.url}camera/1/photos")
    expect(page.locator("#cameras [aria-current]")).to_have_text("1")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def sign_in_at(page: Page, address: str) -> None:
    """Open an address, and sign in by the form that is there instead of what one may not see."""
    page.goto(address)
    page.fill("input[autocomplete=username]", NAME)
    page.fill("input[autocomplete=current-password]", PASSWORD)
    page.keyboard.press("Enter")


SHOW_AND_END = """async () => {
  const { CameraTile } = await import("./page/camera-tile.js");
  for (let n = 0; n < 20; n++) {
    const camera = { number: n, address: "./", here: true, model: null, mode: "snapshot", reason: null, interval_s: 2 };
    const one = new CameraTile(camera, () => {});
    document.body.append(one.element);
    await new Promise((resolve) => setTimeout(resolve, 10));
    one.end();
    one.element.remove();
  }
}"""


def test_a_page_keeps_nothing_of_cameras_that_are_gone(page, camera):
    """Neither their elements nor their listeners."""
    page.goto(camera.url)
    wait_for_colour(page, "red")
    before = counted(page)
    page.evaluate(SHOW_AND_END)
    deadline = time.monotonic() + 60
    while (after := counted(page))["nodes"] > before["nodes"] + 20:  # their last requests are ending
        assert time.monotonic() < deadline, (before, after)
        page.wait_for_timeout(100)
    assert after["jsEventListeners"] <= before["jsEventListeners"] + 5
