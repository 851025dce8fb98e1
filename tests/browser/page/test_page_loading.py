"""What the page costs to load: bytes, requests and round trips, in a real browser on the real server."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from photos import add_photo
from pictures import picture
from playwright.sync_api import Page, Route
from serving import Site
from signed_in import add_owner, sign_in

MAX_BYTES = 95_000
MAX_DEPTH = 3
PRELOAD = r'<link rel="modulepreload"(?: fetchpriority="low")? href="assets/\w+/([\w/-]+\.js)">'
NOON_S = 1_795_176_000.0  # 2026-11-20, 12:00 UTC

SIZES = """() => [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]
  .map(({ name, encodedBodySize }) => [name, encodedBodySize])"""

FIRST_PADDING = """() => new MutationObserver(() => {
  const info = document.querySelector("#info-panel .info");
  if (info) window.firstPadding ??= getComputedStyle(info).paddingBottom;
}).observe(document.querySelector("#info-panel"), { childList: true })"""


class Load:
    """The files that one load of a page has asked for, by name; pictures and the API do not count.

    Attributes:
        depth: round trips until the file was there: 1 for the page itself.
        status: of the answers that came over the network, not out of the browser's cache.
        priority: at which the browser asked, in Chromium's words.
    """

    def __init__(self, page: Page) -> None:
        self.depth: dict[str, int] = {}
        self.status: dict[str, int] = {}
        self.priority: dict[str, str] = {}
        self._names: dict[str, str] = {}
        session = page.context.new_cdp_session(page)
        session.send("Network.enable")
        session.on("Network.requestWillBeSent", self._asked)
        session.on("Network.responseReceivedExtraInfo", self._answered)

    def _asked(self, event: dict[str, Any]) -> None:
        address = urlsplit(event["request"]["url"])
        if address.scheme != "http" or "/api/" in address.path or "/images/" in address.path:
            return
        name = self._names[event["requestId"]] = _name(address.path)
        self.priority[name] = event["request"]["initialPriority"]
        initiator = event["initiator"]
        frames = initiator.get("stack", {}).get("callFrames") or [{"url": ""}]
        by = _name(urlsplit(initiator.get("url") or frames[0]["url"]).path)
        self.depth.setdefault(name, self.depth.get(by, 0) + 1)

    def _answered(self, event: dict[str, Any]) -> None:
        if name := self._names.get(event["requestId"]):
            self.status[name] = event["statusCode"]


def _name(path: str) -> str:
    return re.sub(r"^/(assets/\w+/)?", "", path)


def requests(page: Page) -> list[str]:
    """The addresses that the page asks for, in order; grows with each."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    return asked


def place(asked: list[str], part: str) -> int:
    """Which of the requests is the first with this in its address."""
    return next(number for number, address in enumerate(asked) if part in address)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """A server with an owner, a photo and a picture."""
    add_owner(tmp_path / "data")
    add_photo(tmp_path / "data/library", NOON_S, picture((640, 480)), size=[640, 480])
    with Site(tmp_path, {"access": {"watch": "anyone"}}) as site:
        site.publish(picture())
        yield site


@pytest.fixture
def live(site: Site, new_page: Callable[..., Page]) -> Callable[[], Page]:
    """Opens a page with the owner's cookie and an empty cache, on no address yet."""

    def live() -> Page:
        first = new_page()
        sign_in(first, url(site), "info")
        page = new_page(storage_state=first.context.storage_state())
        first.close()
        return page

    return live


def url(site: Site) -> str:
    return f"http://127.0.0.1:{site.port}/"


def wait_until_there(page: Page) -> None:
    """Until the Live tab is there whole: picture, the newest items and the controls."""
    page.wait_for_selector("#live-panel[data-controls] .recent img", state="attached")
    page.wait_for_selector(".controls .view-choices", state="attached")
    page.wait_for_function("() => !document.querySelector('#canvas').hidden")


def test_the_live_tab_s_first_load(live, site):
    page = live()
    load = Load(page)
    page.goto(f"{url(site)}live")
    wait_until_there(page)
    assert load.depth["live"] == 1
    assert len(load.depth) > 20
    assert max(load.depth.values()) <= MAX_DEPTH
    sizes = {_name(urlsplit(name).path): size for name, size in page.evaluate(SIZES)}
    assert all(sizes[name] > 0 for name in load.depth)
    assert sum(sizes[name] for name in load.depth) <= MAX_BYTES


def test_just_what_the_live_tab_needs_is_preloaded(live, site):
    """What the browser finds by itself in a page that preloads nothing is what is preloaded."""
    page = live()
    page.route(
        "**/live",
        lambda route: route.fulfill(response=(page_ := route.fetch()), body=re.sub(PRELOAD, "", page_.text())),
    )
    needed = Load(page)
    page.goto(f"{url(site)}live")
    wait_until_there(page)
    found = {name for name in needed.depth if name.endswith(".js")} - {"page/fallback.js"}  # which is no module
    assert max(needed.depth.values()) > MAX_DEPTH
    preloaded = re.findall(PRELOAD, page.request.get(f"{url(site)}live").text())
    assert sorted(preloaded) == sorted(found)


def test_the_newest_items_come_before_the_controls(live, site):
    """The controls are most of the tab's modules: a slow link brings what the first screen shows before them."""
    page = live()
    asked = requests(page)
    page.goto(f"{url(site)}live")
    wait_until_there(page)
    assert place(asked, "api/library") < place(asked, "controls/panel.js")


def test_the_picture_comes_before_all_else(live, site):
    """It is requested while most modules are on their way, and the newest items leave the link to it."""
    page = live()
    load = Load(page)
    held: list[Route] = []
    for module in ("picture/viewer.js", "page/main.js"):
        page.route(f"**/{module}", lambda route: held.append(route))  # noqa: PLW0108 (Playwright takes no built-in)
    with page.expect_response("**/images/current.jpg?*"):
        page.goto(f"{url(site)}live", wait_until="commit")
    assert page.locator("#canvas").is_hidden()
    for route in held:
        route.continue_()
    wait_until_there(page)
    assert {priority for name, priority in load.priority.items() if name.startswith("library/")} == {"Low"}


def test_the_controls_do_not_wait_for_a_slow_library(live, site):
    page = live()
    held: list[Route] = []
    page.route("**/api/library?*", lambda route: held.append(route))  # noqa: PLW0108 (Playwright takes no built-in)
    page.goto(f"{url(site)}live")
    page.wait_for_selector(".controls .view-choices")
    assert held
    assert page.locator(".recent img").count() == 0


def test_the_large_view_comes_after_the_first_thumbnail(live, site):
    """Nobody has opened an item: its modules are there then, and were not in the way before."""
    page = live()
    asked = requests(page)
    with page.expect_response("**/photos/view.js"):
        page.goto(f"{url(site)}photos")
    assert place(asked, "?thumbnail") < place(asked, "photos/view.js")


def test_a_stranger_s_page_preloads_the_picture_alone(page, site):
    load = Load(page)
    page.goto(f"{url(site)}live")
    page.wait_for_function("() => !document.querySelector('#canvas').hidden")
    assert "picture/viewer.js" in load.depth
    assert "tabs/live/tab.js" not in load.depth
    assert max(load.depth.values()) == 2


def test_only_a_page_that_begins_with_sign_in_loads_its_form(live, page, site):
    load = Load(page)
    page.goto(f"{url(site)}photos")
    page.wait_for_selector("#sign-in-panel input")
    assert load.depth["page/sign-in.js"] == 2
    owner = live()
    load = Load(owner)
    owner.goto(f"{url(site)}photos")
    owner.wait_for_selector("#photos-panel > *", state="attached")
    assert "page/sign-in.js" not in load.depth


def test_a_tab_appears_with_its_style_sheet(live, site):
    """While the style sheet is on its way the tab is empty: nobody sees it without its style."""
    page = live()
    page.goto(f"{url(site)}live")
    wait_until_there(page)
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/tabs/info/info.css", hold)
    with page.expect_response("**/tabs/info/tab.js"), page.expect_request("**/tabs/info/info.css"):
        page.get_by_role("link", name="Info").click()
    page.wait_for_selector("#info-panel:not([hidden])", state="attached")
    assert page.locator("#info-panel > *").count() == 0
    page.evaluate(FIRST_PADDING)
    held[0].continue_()
    page.wait_for_function("() => window.firstPadding")
    assert page.evaluate("window.firstPadding") != "0px"  # as it is without the sheet


def test_a_reload_asks_for_the_page_alone(live, site):
    page = live()
    page.goto(f"{url(site)}live")
    wait_until_there(page)
    load = Load(page)
    page.reload()
    wait_until_there(page)
    assert load.status == {"live": 304}
