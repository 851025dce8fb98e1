"""The picture renews itself, fits every screen, can be saved, and costs nothing while unseen."""

import json

import pytest
from camera_standin import StandIn
from page_driver import COLOURS, hide, open_with_clock, pixel, wait_for_colour, wait_for_state

COUNT_BITMAPS = """
  window.bitmaps = { made: 0, freed: 0 };
  const make = window.createImageBitmap, close = ImageBitmap.prototype.close;
  window.createImageBitmap = async (...args) => {
    const made = await make(...args);
    window.bitmaps.made++;
    return made;
  };
  ImageBitmap.prototype.close = function () { window.bitmaps.freed++; close.call(this); };
"""


def test_a_new_frame_replaces_the_one_on_the_screen(page, camera):
    page.goto(camera.url)
    wait_for_colour(page, "red")
    camera.publish("blue")
    wait_for_colour(page, "blue")
    wait_for_state(page, "fresh")


def test_a_frame_is_fetched_once(page, camera):
    """Polls name the frame they have and say when they ask; an unchanged one costs a 304."""
    page.goto(camera.url)
    with page.expect_response(lambda response: response.status == 304):
        wait_for_colour(page, "red")
    assert camera.known[0] is None
    assert camera.known[1] == f'"{camera.frame[0]}"'
    assert all(query["t"].isdecimal() for query in camera.asked)


def test_a_slow_server_gets_one_request_at_a_time(page, camera):
    """However long an answer takes, the next question waits for it (no queue on a slow Pi)."""
    open_with_clock(page, camera.url)
    camera.held.clear()
    with page.expect_request("**/current.jpg?*"):
        page.clock.fast_forward(2_500)
    for _ in range(5):
        page.clock.run_for(2_400)
    asked = len(camera.asked)
    camera.publish("blue")
    camera.held.set()
    wait_for_colour(page, "blue")
    assert len(camera.asked) == asked
    assert camera.most_in_flight == 1


def test_a_hidden_page_asks_nothing_and_resumes_at_once(page, camera):
    open_with_clock(page, camera.url)
    hide(page, True)
    asked = len(camera.asked)
    page.clock.run_for(60_000)
    assert len(camera.asked) == asked
    page.clock.pause_at(page.evaluate("Date.now()") + 1_000)  # from here no timer can bring the picture
    camera.publish("blue")
    hide(page, False)
    wait_for_colour(page, "blue")


@pytest.mark.parametrize(
    ("width", "height", "ratio"),
    [
        pytest.param(320, 640, 2, id="small phone"),
        pytest.param(740, 360, 3, id="phone on its side"),
        pytest.param(768, 1024, 2, id="tablet"),
        pytest.param(1280, 720, 1, id="laptop"),
        pytest.param(2560, 1440, 1.5, id="large screen"),
        pytest.param(3840, 2160, 1, id="4K"),
    ],
)
def test_the_picture_fits_the_screen(new_page, camera, width, height, ratio):
    """Its own aspect, a canvas pixel a screen pixel, nothing to scroll for, and as large as that allows."""
    page = new_page(viewport={"width": width, "height": height}, device_scale_factor=ratio)
    for colour, size in (("lime", (1280, 720)), ("blue", (720, 1280)), ("red", (500, 500))):
        camera.publish(colour, size)
        if colour == "lime":
            page.goto(camera.url)
        wait_for_colour(page, colour)
        fits(page, colour, size, (width, height), ratio)


def fits(page, colour, size, screen, ratio):
    """The picture of that colour and size is as large as the screen of that size and ratio allows."""
    width, height = screen
    box = page.locator("canvas").bounding_box()
    assert box["width"] / box["height"] == pytest.approx(size[0] / size[1], rel=0.02)
    drawn = page.evaluate("[document.querySelector('canvas').width, document.querySelector('canvas').height]")
    assert drawn == pytest.approx([box["width"] * ratio, box["height"] * ratio], abs=1)
    assert box["x"] >= 0 and box["x"] + box["width"] <= width
    assert box["y"] >= 0 and box["y"] + box["height"] <= height
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert page.evaluate("document.documentElement.scrollHeight") == height
    stage = page.locator(".stage").bounding_box()
    assert box["width"] > 0.9 * stage["width"] or box["height"] > 0.8 * stage["height"]
    for corner in ((0.01, 0.01), (0.99, 0.99)):
        assert pixel(page, *corner) == pytest.approx(COLOURS[colour], abs=12)


def test_a_resized_window_redraws_the_picture(page, camera):
    page.goto(camera.url)
    wait_for_colour(page, "red")
    page.set_viewport_size({"width": 500, "height": 900})
    page.wait_for_function("""() => {
      const canvas = document.querySelector("canvas");
      return Math.abs(canvas.width - canvas.getBoundingClientRect().width) <= 1;
    }""")
    wait_for_colour(page, "red")


def test_bitmaps_are_freed(page, camera):
    """Hours of frames leave no decoded picture behind: each is closed once drawn."""
    page.add_init_script(COUNT_BITMAPS)
    page.goto(camera.url)
    wait_for_colour(page, "red")
    with camera.filming():
        page.keyboard.press("l")
        page.wait_for_function("() => window.bitmaps.made > 30")
    hide(page, True)
    page.set_viewport_size({"width": 700, "height": 500})
    page.wait_for_function("() => window.bitmaps.made === window.bitmaps.freed")


@pytest.mark.parametrize(
    "act",
    [
        pytest.param(lambda page: page.click("#download"), id="by the button"),
        pytest.param(lambda page: page.keyboard.press("s"), id="by the key"),
    ],
)
def test_saving_gives_the_bytes_on_the_screen(page, camera, act):
    """Even when the camera has a newer frame by now, and under the frame's own name."""
    on_screen, name = camera.frame[1], camera.frame[0]
    page.goto(camera.url)
    wait_for_colour(page, "red")
    camera.held.clear()
    camera.publish("blue")
    with page.expect_download() as download:
        act(page)
    assert download.value.suggested_filename == name
    assert download.value.path().read_bytes() == on_screen


def test_full_screen_shows_the_picture_edge_to_edge(page, camera):
    page.goto(camera.url)
    wait_for_colour(page, "red")
    page.keyboard.press("f")
    page.wait_for_function("() => document.fullscreenElement?.id === 'camera'")
    page.wait_for_function(
        "() => document.querySelector('canvas').getBoundingClientRect().width >= innerWidth - 1"
        " || document.querySelector('canvas').getBoundingClientRect().height >= innerHeight - 1"
    )
    assert page.get_attribute("#full-screen", "aria-pressed") == "true"
    page.wait_for_selector("#camera[data-idle]")
    page.mouse.move(50, 50)
    page.wait_for_selector("#camera:not([data-idle])")
    page.keyboard.press("f")
    page.wait_for_function("() => document.fullscreenElement === null")


def test_any_path_will_do(new_page):
    """Behind a proxy the camera lives under a sub-path, and each tab has an address of its own."""
    camera = StandIn(prefix="/webcam/")
    camera.publish("red")
    with camera.serving():
        page = new_page()
        page.goto(camera.url + "live")
        wait_for_colour(page, "red")
        hrefs = page.eval_on_selector_all("link[rel=manifest], link[rel=icon]", "links => links.map(link => link.href)")
        for href in hrefs:
            assert page.request.get(href).ok, href
        manifest = json.loads(page.request.get(camera.url + "manifest.webmanifest").body())
        assert manifest["start_url"] == "./"


def test_without_scripts_there_is_still_a_picture(new_page, camera):
    page = new_page(java_script_enabled=False)
    page.goto(camera.url)
    picture = page.locator("noscript img")
    assert picture.bounding_box()["width"] > 500
    assert page.locator("meta[http-equiv=refresh]").count() == 1


def test_the_manifest_comes_with_what_a_proxy_in_front_asks_for(new_page, camera):
    camera.basic = "garden:gate"
    page = new_page(http_credentials={"username": "garden", "password": "gate"})
    page.goto(camera.url)
    wait_for_colour(page, "red")
    manifest = page.context.new_cdp_session(page).send("Page.getAppManifest")
    assert manifest["errors"] == []
    assert '"name": "Stillcam"' in manifest["data"]
