"""Privacy masks on the Settings tab: drawn on the picture, and black there."""

import os
import time
from collections.abc import Callable
from typing import Any

import pytest
from live_driver import api
from playwright.sync_api import Page, expect
from real_camera import RealCamera
from signed_in import signed_in

pytestmark = pytest.mark.timeout(300)

BLACK = """([u, v]) => {
  const canvas = document.querySelector(".mask-dialog canvas");
  window.copy ??= new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  window.copy.drawImage(canvas, u * canvas.width, v * canvas.height, 1, 1, 0, 0, 1, 1);
  const [red, green, blue] = window.copy.getImageData(0, 0, 1, 1).data;
  return red + green + blue < 12;
}"""


@pytest.fixture
def editor(new_page: Callable[..., Page], shared_camera: RealCamera) -> Callable[..., Page]:
    """Opens the editor of masks, once there is a picture."""

    def opened(**options: Any) -> Page:
        page = new_page(**{"viewport": {"width": 1280, "height": 900}, "reduced_motion": "reduce"} | options)
        signed_in(page, shared_camera.url)
        page.goto(f"{shared_camera.url}api/session")
        api(page, "PATCH", "settings", {"camera": {"rotation": None}, "privacy": {"masks": None}})
        page.goto(f"{shared_camera.url}settings")
        page.get_by_role("button", name="Draw on the picture").click()
        page.wait_for_selector(".mask-dialog .zone-picture[data-state=live]")
        return page

    return opened


def masks(page: Page) -> list[str]:
    found: list[str] = api(page, "GET", "api/settings")["settings"]["privacy"]["masks"]
    return found


def wait_for(page: Page, done: Callable[[list[str]], bool]) -> list[str]:
    """The masks in the settings, once they are so."""
    deadline = time.monotonic() + 60
    while not done(found := masks(page)):
        assert time.monotonic() < deadline, found
        time.sleep(0.1)
    return found


def drag(page: Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    box = page.locator(".mask-dialog .zone-picture-box").bounding_box()
    assert box
    points = [(box["x"] + u * box["width"], box["y"] + v * box["height"]) for u, v in (start, end)]
    page.mouse.move(*points[0])
    page.mouse.down()
    page.mouse.move(*points[1], steps=4)
    page.mouse.up()


def test_a_mask_is_drawn_changed_and_deleted_on_the_picture(editor):
    page = editor()
    dialog = page.get_by_role("dialog", name="Privacy masks")
    expect(dialog).to_contain_text("There is no mask.")
    dialog.get_by_role("button", name="Rectangle").click()
    drag(page, (0.2, 0.2), (0.5, 0.6))
    expect(dialog.get_by_role("button", name="Mask 1", exact=True)).to_be_visible()
    expect(dialog).to_contain_text("Masks are black in every picture")
    (mask,) = wait_for(page, bool)
    assert len(mask.split()) == 2
    page.wait_for_function(BLACK, arg=[0.35, 0.4])
    assert not page.evaluate(BLACK, [0.8, 0.4])
    shot(page, "1280")
    dialog.get_by_role("application", name="Mask 1").press("ArrowRight")
    wait_for(page, lambda found: found != [mask])
    dialog.get_by_role("button", name="Delete mask 1").click()
    expect(dialog).to_contain_text("There is no mask.")
    dialog.get_by_role("button", name="Undo").click()
    expect(dialog.get_by_role("button", name="Mask 1", exact=True)).to_be_visible()
    dialog.get_by_role("button", name="Close").click()
    expect(page.get_by_role("list", name="Privacy masks")).to_contain_text(masks(page)[0])


def test_a_mask_is_added_on_a_phone_by_keyboard_or_touch(editor):
    page = editor(viewport={"width": 360, "height": 740}, color_scheme="dark")
    dialog = page.get_by_role("dialog", name="Privacy masks")
    dialog.get_by_role("button", name="Add in the middle").click()
    expect(dialog.get_by_role("button", name="Mask 1", exact=True)).to_be_visible()
    assert len(wait_for(page, bool)) == 1
    page.wait_for_function(BLACK, arg=[0.5, 0.5])
    shot(page, "360")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def shot(page: Page, name: str) -> None:
    if folder := os.environ.get("STILLCAM_TEST_SHOTS"):
        page.screenshot(path=f"{folder}/masks-{name}.png")
