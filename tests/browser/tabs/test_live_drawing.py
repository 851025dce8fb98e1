"""What is drawn on the picture of the Live tab: focus windows, zoom, grid, zebra, histogram."""

import re
from collections.abc import Callable, Iterator

import pytest
from live_driver import (
    api,
    control,
    controls_set,
    enter,
    measured,
    open_as_at_first,
    wait_for_controls,
    wait_for_measure,
    wait_until_set,
)
from playwright.sync_api import Page, expect
from real_camera import RealCamera, owned_camera

SENSOR = (4656, 3496)


@pytest.fixture(scope="module")
def real(tmp_path_factory) -> Iterator[RealCamera]:
    """One camera for all tests here: each begins with all controls left to it."""
    folder = tmp_path_factory.mktemp("drawing")
    with owned_camera(folder) as camera:
        yield camera


@pytest.fixture
def open_live(real: RealCamera, new_page: Callable[..., Page]) -> Callable[..., Page]:
    """Opens a page of its own on the Live tab."""

    def open_live(**options) -> Page:
        return as_at_first(new_page(**options), real)

    return open_live


@pytest.fixture
def live(real: RealCamera, same_page: Page) -> Page:
    """The Live tab on a wide screen."""
    same_page.set_viewport_size({"width": 1280, "height": 800})
    return as_at_first(same_page, real)


def as_at_first(page: Page, real: RealCamera) -> Page:
    """The Live tab, once its picture shows all of the sensor."""
    open_as_at_first(page, real.url)
    wait_for_crop(page, (0, 0, *SENSOR))
    return page


def wait_for_crop(page: Page, crop: tuple[float, ...], tolerance: int = 4) -> None:
    """Until the camera says of its newest frame that it shows this part of the sensor."""
    page.wait_for_function(
        """([crop, tolerance]) => {
          const text = [...document.querySelectorAll(".facts dd")].at(-1)?.textContent ?? "";
          const [width, height, x, y] = (text.match(/\\d+/g) ?? []).map(Number);
          return [x, y, width, height].every((value, i) => Math.abs(value - crop[i]) <= tolerance);
        }""",
        arg=[list(crop), tolerance],
    )


def place(page: Page, u: float, v: float) -> tuple[float, float]:
    """A point of the picture on the screen."""
    box = page.locator("#canvas").bounding_box()
    assert box is not None
    return box["x"] + u * box["width"], box["y"] + v * box["height"]


def draw(page: Page, name: str, start: tuple[float, float], end: tuple[float, float]) -> None:
    """Draw a rectangle with the mouse."""
    button = control(page, name).get_by_role("button", name="Draw")
    button.click()
    expect(button).to_have_attribute("aria-pressed", "true")
    page.mouse.move(*place(page, *start))
    page.mouse.down()
    page.mouse.move(*place(page, *end), steps=4)
    page.mouse.up()


def on_sensor(u: float, v: float, width: float, height: float) -> list[float]:
    """A rectangle of the whole picture, in sensor pixels."""
    return [u * SENSOR[0], v * SENSOR[1], width * SENSOR[0], height * SENSOR[1]]


def test_a_focus_window_is_drawn_with_the_mouse(live):
    draw(live, "AfWindows", (0.2, 0.3), (0.5, 0.7))
    (window,) = wait_until_set(live, "AfWindows")
    assert window == pytest.approx(on_sensor(0.2, 0.3, 0.3, 0.4), abs=15)
    box = live.locator(".windows .rectangle").bounding_box()
    assert (box["x"], box["y"]) == pytest.approx(place(live, 0.2, 0.3), abs=3)


def test_a_focus_window_is_moved_and_resized_by_keys(live):
    control(live, "AfWindows").get_by_role("button", name="Centre").press("Enter")
    (first,) = wait_until_set(live, "AfWindows")
    box = live.locator(".windows .rectangle")
    expect(box).to_be_focused()
    for key in ("ArrowRight", "ArrowDown", "Shift+ArrowRight"):
        box.press(key)
    live.wait_for_selector(".control[data-name=AfWindows]:not([aria-busy])")
    (second,) = controls_set(live)["AfWindows"]
    assert second[0] > first[0]
    assert second[1] > first[1]
    assert second[2] > first[2]
    box.press("Delete")
    expect(live.locator(".windows .rectangle")).to_have_count(0)
    live.wait_for_selector(".control[data-name=AfWindows]:not([aria-busy])")
    assert controls_set(live) == {}


def test_a_tap_puts_a_focus_window_around_a_finger(open_live):
    page = open_live(viewport={"width": 360, "height": 780}, has_touch=True, is_mobile=True)
    control(page, "AfWindows").get_by_role("button", name="Draw").tap()
    page.touchscreen.tap(*place(page, 0.25, 0.5))
    ((x, y, width, height),) = wait_until_set(page, "AfWindows")
    assert [x + width / 2, y + height / 2] == pytest.approx([0.25 * SENSOR[0], 0.5 * SENSOR[1]], abs=40)


def test_a_window_lies_on_its_subject_in_a_mirrored_picture(live):
    api(live, "PATCH", "api/settings", {"camera": {"hflip": True}})
    live.reload()
    wait_for_controls(live)
    draw(live, "AfWindows", (0.1, 0.3), (0.3, 0.5))
    (window,) = wait_until_set(live, "AfWindows")
    assert window == pytest.approx(on_sensor(0.7, 0.3, 0.2, 0.2), abs=15)


def test_focus_now_finds_what_the_window_shows_and_keeps_it(live):
    """The lighthouse is 2.5 m away, the chart 67 cm."""
    draw(live, "AfWindows", (0.12, 0.35), (0.2, 0.5))
    assert wait_until_set(live, "AfWindows")[0] == pytest.approx(on_sensor(0.12, 0.35, 0.08, 0.15), abs=15)
    live.get_by_role("button", name="Focus now").click()
    expect(live.locator(".result")).to_have_text("In focus at 2.5 m (0.40 dioptres).")
    live.get_by_role("button", name="Keep this focus").click()
    expect(live.locator(".result")).to_have_text("The lens stays at 2.5 m.")
    found = controls_set(live)
    assert (found["AfMode"], found["LensPosition"]) == ("Manual", 0.4)


def test_a_part_of_the_picture_is_zoomed_to(live):
    """What was drawn around fills the picture, in the picture's proportions."""
    usual = measured(live)["chroma"]
    draw(live, "ScalerCrop", (0.4, 0.46), (0.54, 0.57))
    crop = wait_until_set(live, "ScalerCrop")
    assert crop[2] / crop[3] == pytest.approx(4 / 3, rel=0.02)
    wait_for_crop(live, tuple(crop))
    wait_for_measure(live, "chroma", 0, usual * 0.5)  # the chart is black and white
    expect(live.locator(".figures")).to_contain_text("×")
    live.get_by_role("button", name="Whole picture").click()
    wait_for_crop(live, (0, 0, *SENSOR))
    assert "ScalerCrop" not in controls_set(live)


def test_zoom_by_steps_wheel_and_keys(live):
    row = control(live, "ScalerCrop")
    row.get_by_role("button", name="Zoom in").click()
    first = wait_until_set(live, "ScalerCrop")
    assert first == pytest.approx(on_sensor(0.1, 0.1, 0.8, 0.8), abs=3)
    wait_for_crop(live, tuple(first))
    row.get_by_role("button", name="Draw").click()
    live.mouse.move(*place(live, 0.5, 0.5))
    live.mouse.wheel(0, -300)
    live.wait_for_function(
        "(width) => Number(document.querySelector('.figures').textContent.match(/(\\d+) ×/)[1]) < width",
        arg=first[2] - 100,
    )
    second = wait_until_set(live, "ScalerCrop")
    wait_for_crop(live, tuple(second))
    live.locator(".sensor-map .rectangle").press("ArrowRight")
    live.wait_for_selector(".control[data-name=ScalerCrop]:not([aria-busy])")
    third = controls_set(live)["ScalerCrop"]
    assert third[0] > second[0]
    assert third[1:] == pytest.approx(second[1:], abs=2)


def test_two_fingers_zoom(open_live):
    page = open_live(viewport={"width": 412, "height": 860}, has_touch=True, is_mobile=True)
    control(page, "ScalerCrop").get_by_role("button", name="Draw").tap()
    touch = page.context.new_cdp_session(page)

    def fingers(kind: str, *points: tuple[float, float]) -> None:
        where = [dict(zip(("x", "y"), place(page, *point), strict=True), id=i) for i, point in enumerate(points)]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": where})

    fingers("touchStart", (0.45, 0.5))
    fingers("touchStart", (0.45, 0.5), (0.55, 0.5))
    for spread in (0.1, 0.15, 0.2):
        fingers("touchMove", (0.5 - spread, 0.5), (0.5 + spread, 0.5))
    fingers("touchEnd")
    x, y, width, height = wait_until_set(page, "ScalerCrop")
    assert width == pytest.approx(SENSOR[0] / 4, rel=0.1)
    assert [x + width / 2, y + height / 2] == pytest.approx([SENSOR[0] / 2, SENSOR[1] / 2], abs=60)


def test_escape_ends_drawing(live):
    button = control(live, "ScalerCrop").get_by_role("button", name="Draw")
    button.click()
    expect(live.locator(".overlay")).to_have_attribute("data-drawing", "")
    live.keyboard.press("Escape")
    expect(button).to_have_attribute("aria-pressed", "false")
    expect(live.locator(".overlay")).not_to_have_attribute("data-drawing", "")


def test_a_histogram_that_cannot_be_loaded_says_so_and_everything_else_works(new_page, real):
    """Each browser has another text for it; the next try loads it."""
    page = new_page(viewport={"width": 1280, "height": 800})
    page.route("**/picture/histogram.js", lambda route: route.abort())
    open_as_at_first(page, real.url)
    histogram = page.get_by_role("button", name="Histogram")
    if histogram.get_attribute("aria-pressed") == "false":
        histogram.click()
    expect(page.locator("#toasts")).to_contain_text("The connection failed: try again.")
    page.get_by_role("button", name="Grid").click()
    expect(page.locator(".overlay .grid")).to_be_visible()
    page.unroute("**/picture/histogram.js")
    histogram.click()
    histogram.click()
    expect(page.locator(".histogram .luminance")).to_have_attribute("d", re.compile("^M0 100L"))


def test_histogram_zebra_and_grid_follow_the_picture(live):
    """An over-exposed picture is counted and striped."""
    show = live.get_by_role("group", name="Show")
    for name in ("Histogram", "Zebra", "Grid"):
        show.get_by_role("button", name=name).click()
    expect(live.locator(".overlay .grid")).to_be_visible()
    curve = live.locator(".histogram .luminance")
    expect(curve).to_have_attribute("d", re.compile("^M0 100L"))
    enter(live, "Brightness", "0.9")
    live.wait_for_function("() => parseFloat(document.querySelector('figcaption').textContent.split(', ')[1]) > 50")
    striped = """() => {
      const zebra = document.querySelector(".zebra");
      const { data } = zebra.getContext("2d").getImageData(0, 0, zebra.width, zebra.height);
      return data.filter((_, i) => i % 4 === 3 && data[i] === 255).length / (data.length / 4);
    }"""
    assert live.evaluate(striped) > 0.5
    for name in ("Histogram", "Zebra", "Grid"):
        show.get_by_role("button", name=name).click()
    expect(live.locator(".histogram")).to_be_hidden()
    expect(live.locator(".zebra")).to_be_hidden()
