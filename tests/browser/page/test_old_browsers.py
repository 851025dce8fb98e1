"""A browser that cannot run the page's modules shows the picture all the same, and says what it lacks."""

import subprocess
from collections.abc import Callable
from typing import Any

import pytest
from camera_standin import WEB
from page_driver import COLOURS, wait_for_colour
from pictures import picture
from playwright._impl._driver import compute_driver_executable
from playwright.sync_api import Page, Route
from serving import Site
from signed_in import add_owner_to

PARSE_ES5 = """
  const { parse } = require("internal/deps/acorn/acorn/dist/acorn");
  parse(require("fs").readFileSync(0, "utf8"), { ecmaVersion: 5 });
"""
COLOUR = """(colour) => {
  const image = document.querySelector(".picture img");
  if (!image) return false;
  const copy = new OffscreenCanvas(1, 1).getContext("2d");
  copy.drawImage(image, 0, 0, 1, 1);
  return [...copy.getImageData(0, 0, 1, 1).data.slice(0, 3)].every((value, i) => Math.abs(value - colour[i]) < 12);
}"""


@pytest.fixture
def old(failing_page: Page) -> Page:
    """The page of a browser in which a test makes the modules fail."""
    return failing_page


def wait_for_image(page: Page, colour: str) -> None:
    """Until the picture that needs no module is of this colour."""
    page.wait_for_function(COLOUR, arg=COLOURS[colour])


def with_more(text: str) -> Callable[[Route], None]:
    """Has a file arrive with something behind it."""

    def answer(route: Route) -> None:
        response = route.fetch()
        route.fulfill(response=response, body=response.text() + text)

    return answer


def without_modules(route: Route) -> None:
    """Has the page arrive as a browser sees it that knows no modules."""
    response = route.fetch()
    route.fulfill(response=response, body=response.text().replace('type="module"', 'type="unknown"'))


def unknown_syntax(page: Page) -> None:
    page.route("**/base/dom.js", with_more("\nlet unknown; unknown ||??= 1;"))


def unknown_interface(page: Page) -> None:
    page.add_init_script("delete window.createImageBitmap")


def no_modules(page: Page) -> None:
    page.add_init_script("delete HTMLScriptElement.prototype.noModule")
    page.route("**/live", without_modules)


def lost_file(page: Page) -> None:
    page.route("**/picture/loop.js", lambda route: route.abort())


WAYS = [
    pytest.param(unknown_syntax, "too old for the full page (SyntaxError", id="syntax that is not known"),
    pytest.param(unknown_interface, "(createImageBitmap missing)", id="an interface that is missing"),
    pytest.param(no_modules, "(JavaScript modules are missing)", id="no modules"),
    pytest.param(lost_file, "could not be loaded: reload", id="a file that does not arrive"),
]


@pytest.mark.parametrize(("fail", "words"), WAYS)
def test_the_picture_moves_on_without_modules(old, camera, fail: Callable[[Page], Any], words):
    fail(old)
    old.goto(f"{camera.url}live")
    wait_for_image(old, "red")
    assert words in old.inner_text("#message")
    box = old.locator("#message").bounding_box()
    assert box and box["height"] > 20  # for eyes, not for screen readers alone
    assert old.is_hidden(".tools")
    camera.publish("blue")
    wait_for_image(old, "blue")
    camera.publish("lime")
    wait_for_image(old, "lime")
    assert old.locator(".picture img").count() == 1


def test_the_last_picture_stays_while_nobody_answers(old, camera):
    unknown_syntax(old)
    old.goto(f"{camera.url}live")
    wait_for_image(old, "red")
    old.route("**/snapshot?*", lambda route: route.abort())
    old.wait_for_selector("#camera[data-state=unreachable]")
    wait_for_image(old, "red")
    old.unroute("**/snapshot?*")
    camera.publish("blue")
    wait_for_image(old, "blue")
    old.wait_for_selector("#camera[data-state=alone]")


def test_the_server_s_policy_allows_it(old, tmp_path):
    """On the real server, whose Content-Security-Policy forbids code in the page."""
    with Site(tmp_path) as site:
        site.publish(picture(colour="red"))
        unknown_syntax(old)
        old.goto(f"http://127.0.0.1:{site.port}/")
        wait_for_image(old, "red")
        site.publish(picture(colour="blue"))
        wait_for_image(old, "blue")


def test_a_closed_camera_opens_no_dialog(old, tmp_path):
    """A browser that is asked for Basic opens a dialog of its own, for each picture anew."""
    asked = []
    old.on("response", lambda answer: asked.append(answer) if "/snapshot?" in answer.url else None)
    with Site(tmp_path) as site:
        site.publish(picture(colour="red"))
        add_owner_to(f"http://127.0.0.1:{site.port}/", tmp_path / "data")
        unknown_syntax(old)
        old.goto(f"http://127.0.0.1:{site.port}/")
        old.wait_for_selector("#camera[data-state=refused]")
        assert "too old for the full page" in old.inner_text("#message")
        assert f"http://127.0.0.1:{site.port}/stream?token=TOKEN" in old.inner_text("#message")
        asked_for = [(answer.status, answer.headers["www-authenticate"]) for answer in asked]
        assert asked_for == [(401, 'Bearer realm="Stillcam"')]


def test_the_page_of_all_cameras_says_it_too(old, tmp_path):
    with Site(tmp_path) as site:
        unknown_syntax(old)
        old.goto(f"http://127.0.0.1:{site.port}/cameras")
        old.wait_for_function("() => document.querySelector('#notice').textContent.includes('too old')")
        assert old.is_visible("#notice")


def test_a_browser_of_today_gets_the_whole_page(page, camera):
    page.goto(camera.url)
    wait_for_colour(page, "red")
    assert page.locator(".picture img, [data-fallback]").count() == 0


def test_the_script_for_old_browsers_is_es5():
    node, _ = compute_driver_executable()
    text = (WEB / "page/fallback.js").read_text()
    for source, status in ((text, 0), (f"{text}\nlet x;", 1)):
        run = [node, "--expose-internals", "-e", PARSE_ES5]
        assert subprocess.run(run, input=source, text=True, capture_output=True, check=False).returncode == status
