"""Zones on the Motion tab: drawn and changed by mouse, touch and keyboard; they lie where the detector masks them."""

import json
import re
import time
from collections.abc import Callable
from typing import Any

import pytest
from barriers import barriers
from live_driver import api
from PIL import Image, ImageChops, ImageDraw
from playwright.sync_api import Page, Route, expect
from real_camera import RealCamera, owned_camera
from signed_in import signed_in

from stillcam.camera.use_cases import geometry_of
from stillcam.motion.zones import mask
from stillcam.settings.capabilities import CameraInfo
from stillcam.settings.document import from_json
from stillcam.settings.zones import parse

pytestmark = pytest.mark.timeout(300)

SENSOR = (4656, 3496)  # of the simulated camera
CAMERA = CameraInfo(0, "imx519", SENSOR, 10, "RGGB", "", ())
ZOOM = [1164, 874, 2328, 1748]
USUAL = {
    "camera": {"rotation": None, "hflip": None, "vflip": None},
    "live": {"hflip": None},
    "controls": {"ScalerCrop": None},
    "motion": {"zones": None},
}
TURNED: dict[str, dict[str, Any]] = {
    "upright": {},
    "90": {"camera": {"rotation": 90}},
    "180": {"camera": {"rotation": 180}},
    "270, mirrored": {"camera": {"rotation": 270, "hflip": True}},
    "upside down": {"camera": {"vflip": True}},
    "mirrored twice": {"camera": {"hflip": True}, "live": {"hflip": True}},
    "zoomed, 90, mirrored": {"controls": {"ScalerCrop": ZOOM}, "camera": {"rotation": 90, "hflip": True}},
}
TURNS = {0: None, 90: Image.Transpose.ROTATE_270, 180: None, 270: Image.Transpose.ROTATE_90}  # Pillow's are leftwards
BOX = "#motion-panel .zone-picture-box"
UPRIGHT, SIDEWAYS = (
    f"(path) => {{ const one = document.querySelector(path); return one && one.width {sign} one.height; }}"
    for sign in "><"
)


@pytest.fixture
def opened(new_page: Callable[..., Page], same_page: Page, shared_camera: RealCamera) -> Callable[..., Page]:
    """Opens the tab, with these settings and zones, once there is a picture with the wanted crop.

    A page of its own has those `options`.
    """

    def opened(*zones: str, change: dict[str, Any] | None = None, **options: Any) -> Page:
        page = new_page(**options) if options else same_page
        if "viewport" not in options:
            page.set_viewport_size({"width": 1400, "height": 1100})
        page.emulate_media(reduced_motion="reduce")  # nothing glides
        signed_in(page, shared_camera.url)
        page.goto(f"{shared_camera.url}api/session")
        api(page, "PATCH", "settings", USUAL)
        api(page, "PATCH", "settings", {**(change or {}), "motion": {"zones": list(zones)}})
        wait_for_crop(page, zoomed=bool(change and "controls" in change))
        page.goto(f"{shared_camera.url}motion")
        page.wait_for_selector(".zone-picture[data-state=live]")
        # Until then it may be a frame of the test before, which is turned another way: the next one moves all corners.
        rotation = (change or {}).get("camera", {}).get("rotation", 0)
        page.wait_for_function(UPRIGHT if rotation in (0, 180) else SIDEWAYS, arg=f"{BOX} canvas:not([hidden])")
        return page

    return opened


def wait_for_crop(page: Page, *, zoomed: bool) -> None:
    """Until a frame shows the whole sensor, or the part of it that is zoomed to."""
    deadline = time.monotonic() + 90
    while not (2000 < crop_of(page, "status")[2] < 2500 if zoomed else crop_of(page, "status")[2] > 4000):
        assert time.monotonic() < deadline
        time.sleep(0.2)


def crop_of(page: Page, path: str = "api/status") -> list[int]:
    """The part of the sensor that the newest frame shows."""
    crop: list[int] = api(page, "GET", path)["capture"].get("metadata", {}).get("ScalerCrop", [0, 0, 0, 0])
    return crop


def zones(page: Page) -> list[str]:
    """Those in the settings."""
    found: list[str] = api(page, "GET", "api/settings")["settings"]["motion"]["zones"]
    return found


def wait_for_zones(page: Page, done: Callable[[list[str]], bool]) -> list[str]:
    """Those in the settings, once they are so."""
    deadline = time.monotonic() + 60
    while not done(found := zones(page)):
        assert time.monotonic() < deadline, found
        time.sleep(0.1)
    return found


def place(page: Page, u: float, v: float) -> tuple[float, float]:
    """A point of the picture, in pixels of the window."""
    box = page.locator(BOX).bounding_box()
    assert box
    return box["x"] + u * box["width"], box["y"] + v * box["height"]


def pull(page: Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    """With the mouse, from a point of the picture to another one."""
    page.mouse.move(*place(page, *start))
    page.mouse.down()
    page.mouse.move(*place(page, *end), steps=4)
    page.mouse.up()


def button(page: Page, name: str) -> Any:
    return page.locator(".zones").get_by_role("button", name=name, exact=True)


def drawn(page: Page, number: int = 0) -> list[list[float]]:
    """The corners of a zone over the picture, as fractions of it."""
    found: list[list[float]] = page.evaluate(
        """(number) => {
          const box = document.querySelector(".zone-picture-box").getBoundingClientRect();
          const grip = document.querySelectorAll(".zone-grip")[number];
          const matrix = grip.getScreenCTM();
          return [...grip.points].map((point) => point.matrixTransform(matrix))
            .map(({ x, y }) => [(x - box.left) / box.width, (y - box.top) / box.height]);
        }""",
        number,
    )
    return found


def masked(page: Page, zone: str, rotation: int = 0) -> Image.Image:
    """What the detector makes of a zone, in the picture as the page shows it: white where motion counts."""
    settings = from_json(api(page, "GET", "api/settings")["settings"])
    flips = geometry_of(settings, CAMERA, "live").flips
    x, y, width, height = crop_of(page)
    found = mask([parse(zone)], (x, y, width, height), (320, 240), flips)
    turn = TURNS[rotation]
    return found.transpose(turn) if turn else found


def difference(one: Image.Image, corners: list[list[float]]) -> float:
    """The share of pixels in which a mask differs from a polygon of the page."""
    other = Image.new("L", one.size, 0)
    points = [(u * one.width - 0.5, v * one.height - 0.5) for u, v in corners]
    ImageDraw.Draw(other).polygon(points, fill=255)
    return ImageChops.difference(one, other).histogram()[255] / (one.width * one.height)


@pytest.mark.parametrize("turned", TURNED)
def test_a_zone_is_where_the_detector_masks_it(opened, turned):
    change = TURNED[turned]
    page = opened(change=change)
    button(page, "Rectangle").click()
    pull(page, (0.2, 0.3), (0.5, 0.9))
    (zone,) = wait_for_zones(page, lambda found: len(found) == 1)
    assert re.fullmatch(r"include \d+,\d+ \d+,\d+", zone)
    where = masked(page, zone, change.get("camera", {}).get("rotation", 0))
    assert difference(where, drawn(page)) < 0.01
    left, top, right, bottom = where.getbbox() or (0, 0, 0, 0)
    found = (left / where.width, top / where.height, right / where.width, bottom / where.height)
    assert found == pytest.approx((0.2, 0.3, 0.5, 0.9), abs=0.015)


def test_a_polygon_is_drawn_by_clicks_and_its_corners_are_changed(opened):
    page = opened()
    page.get_by_role("radio", name="is ignored").check()
    button(page, "Polygon").click()
    expect(button(page, "Finish")).to_be_hidden()
    for corner in ((0.2, 0.2), (0.8, 0.2), (0.75, 0.85), (0.3, 0.3)):
        page.mouse.click(*place(page, *corner))
    page.keyboard.press("Backspace")  # the last one was wrong
    page.mouse.click(*place(page, 0.2, 0.8))
    button(page, "Finish").click()
    (zone,) = wait_for_zones(page, lambda found: len(found) == 1)
    assert zone.startswith("exclude ")
    assert difference(masked(page, zone.replace("exclude", "include")), drawn(page)) < 0.01
    expect(page.locator(".zone-list")).to_contain_text("polygon with 4 corners, middle, 36 % of the picture")

    pull(page, (0.2, 0.2), (0.1, 0.1))  # a corner
    wait_for_zones(page, lambda found: found != [zone])
    assert drawn(page)[0] == pytest.approx([0.1, 0.1], abs=0.01)
    pull(page, (0.45, 0.15), (0.45, 0.05))  # the mark on the edge after it
    wait_for_zones(page, lambda found: len(found[0].split()) == 6)
    assert drawn(page)[1] == pytest.approx([0.45, 0.05], abs=0.01)
    pull(page, (0.5, 0.5), (0.55, 0.55))  # all of it
    wait_for_zones(page, lambda found: page.locator(".zone-corner").count() == 5 and drawn(page)[0][0] > 0.14)
    assert drawn(page)[0] == pytest.approx([0.15, 0.15], abs=0.01)
    page.locator(".zone-corner").nth(1).press("Delete")
    wait_for_zones(page, lambda found: len(found[0].split()) == 5)
    for _ in range(5):
        button(page, "Undo").click()
    assert wait_for_zones(page, lambda found: not found) == []
    expect(button(page, "Undo")).to_be_disabled()


def test_all_of_it_is_done_by_keys(opened):
    page = opened()
    button(page, "Add in the middle").press("Enter")
    first = wait_for_zones(page, lambda found: len(found) == 1)
    assert first == ["include 1630,1224 3026,2272"]
    assert page.evaluate("document.activeElement.matches('.zone-grip')")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowUp")
    second = wait_for_zones(page, lambda found: found == ["include 1723,1217 3119,2265"])
    page.keyboard.press("Tab")  # to its first corner
    assert "Corner 1 of 4, 37 % from the left, 35 % from the top" in page.evaluate("document.activeElement.ariaLabel")
    page.keyboard.press("ArrowLeft")
    wait_for_zones(page, lambda found: found == ["include 1630,1217 3119,2265"])
    page.keyboard.press("+")
    wait_for_zones(page, lambda found: len(found[0].split()) == 6)
    assert page.evaluate("document.activeElement.ariaLabel").startswith("Corner 2 of 5")
    page.keyboard.press("Delete")
    page.keyboard.press("Escape")
    expect(page.locator(".zone-pick")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    wait_for_zones(page, lambda found: found[0].startswith("exclude"))
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # Delete
    wait_for_zones(page, lambda found: found == [])
    expect(button(page, "Rectangle")).to_be_focused()
    page.keyboard.press("Control+z")
    wait_for_zones(page, lambda found: len(found) == 1)
    assert second


def test_a_finger_draws_on_a_phone_and_scrolls_past_what_is_not_selected(opened):
    page = opened(viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True, bypass_csp=True)
    button(page, "Rectangle").tap()
    expect(page.locator(BOX)).to_be_in_viewport(ratio=1)
    touch = page.context.new_cdp_session(page)

    def finger(*points: tuple[float, float]) -> None:
        for kind, point in zip(("touchStart", *["touchMove"] * (len(points) - 1)), points, strict=True):
            x, y = place(page, *point)
            touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
        touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})

    before = page.evaluate("scrollY")
    finger((0.2, 0.2), (0.4, 0.5), (0.6, 0.8))
    wait_for_zones(page, lambda found: len(found) == 1)
    assert page.evaluate("scrollY") == before
    assert drawn(page)[2] == pytest.approx([0.6, 0.8], abs=0.01)
    finger((0.6, 0.8), (0.7, 0.85), (0.8, 0.9))  # its corner
    wait_for_zones(page, lambda _: drawn(page)[2][0] > 0.75)
    assert page.evaluate("scrollY") == before
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert barriers(page) == []


def test_what_somebody_else_changes_replaces_what_is_being_dragged(opened):
    page = opened("include 931,699 2328,1748")
    page.locator(".zone-pick").click()
    page.mouse.move(*place(page, 0.2, 0.2))
    page.mouse.down()
    page.mouse.move(*place(page, 0.1, 0.1), steps=3)
    theirs = ["exclude 0,0 100,100", "exclude 0,0 200,100 300,300"]
    api(page, "PATCH", "api/settings", {"motion": {"zones": theirs}})
    expect(page.locator(".zone-list li")).to_have_count(2)
    expect(page.locator(".toast")).to_contain_text("Someone else has just changed the zones")
    page.mouse.move(*place(page, 0.3, 0.3))
    page.mouse.up()
    button(page, "Add in the middle").click()
    assert wait_for_zones(page, lambda found: len(found) == 3)[:2] == theirs


def test_a_change_of_older_zones_is_refused_and_theirs_are_shown(opened):
    page = opened("include 931,699 2328,1748")
    page.locator(".zone-pick").click()

    def meanwhile(route: Route) -> None:
        api(page, "PATCH", "api/settings", {"motion": {"zones": ["exclude 0,0 100,100"]}})
        route.continue_()

    page.route("**/api/settings", meanwhile, times=1)
    page.locator(".zone-corner").first.press("ArrowRight")
    expect(page.locator(".toast")).to_contain_text("Someone else has just changed the settings")
    expect(page.locator(".zone-list")).to_contain_text("less than 1 %")
    assert zones(page) == ["exclude 0,0 100,100"]
    expect(button(page, "Undo")).to_be_disabled()


def test_a_refusal_is_shown_at_the_zone_which_springs_back(opened):
    """This one comes to have no width."""
    kept = "include 0,699 1000,1398"
    page = opened("exclude 0,0 100,100", kept)
    page.locator(".zone-pick").nth(1).click()
    corner = drawn(page, 1)[2]
    pull(page, (corner[0], corner[1]), (0.0, 0.5))
    problem = page.locator(".zone-list li").nth(1).get_by_role("alert")
    expect(problem).to_contain_text("must not be on one line")
    assert zones(page) == ["exclude 0,0 100,100", kept]
    assert drawn(page, 1)[2] == pytest.approx(corner, abs=0.001)
    pull(page, (corner[0], corner[1]), (0.3, 0.5))
    wait_for_zones(page, lambda found: found[1] != kept)
    expect(problem).to_be_hidden()


def test_a_zone_outside_of_the_zoomed_picture_is_said_to_be_so_and_kept(opened):
    outside = "include 0,0 800,600"
    page = opened(outside, "exclude 1000,1000 2000,2000", change={"controls": {"ScalerCrop": ZOOM}}, bypass_csp=True)
    rows = page.locator(".zone-list li")
    expect(rows.nth(0)).to_contain_text("outside of the picture: the camera is zoomed to another part")
    expect(rows.nth(1)).to_contain_text("and more outside of it")
    expect(page.locator(".zones")).to_contain_text("Motion counts nowhere in this picture")
    rows.nth(1).get_by_role("button", name="Delete zone 2").click()
    wait_for_zones(page, lambda found: found == [outside])
    assert barriers(page) == []


def test_no_zone_is_drawn_before_the_camera_has_said_how_large_its_sensor_is(page, tmp_path):
    (tmp_path / "data").mkdir()
    kept = {"version": 1, "motion": {"zones": ["include 0,0 800,600"]}}
    (tmp_path / "data/settings.json").write_text(json.dumps(kept))
    with owned_camera(tmp_path, "simulated") as camera:
        camera.end("capture")
        signed_in(page, camera.url)
        page.goto(f"{camera.url}motion")
        expect(page.locator(".zones")).to_contain_text("Zones can be drawn once the camera answers.")
        expect(button(page, "Add in the middle")).to_be_disabled()
        expect(page.locator(".zone-list li")).to_contain_text("rectangle")
        expect(page.locator(".zone-grip")).to_have_count(0)
        camera.start("capture")
        expect(button(page, "Add in the middle")).to_be_enabled()
        expect(page.locator(".zone-grip")).to_have_count(1)


def test_nothing_that_a_checker_names_while_one_draws(opened):
    page = opened("include 0,0 800,600", "exclude 1000,1000 2000,2000", bypass_csp=True)
    page.locator(".zone-pick").first.click()
    button(page, "Polygon").click()
    page.mouse.click(*place(page, 0.5, 0.5))
    assert barriers(page) == []
