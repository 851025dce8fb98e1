"""Nothing moves while the page loads: on every tab, narrow and wide, for strangers, viewers and the owner.

Each answer that the page waits for is held until what is there has been painted, as on a slow link: what came with it
and moved something counts as a shift, on a fast machine too.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from photos import add_photo
from pictures import picture
from playwright.sync_api import Page, Route
from real_camera import SMALL, RealCamera, owned_camera
from series_on_disk import START_MS, created, shoot
from signed_in import PASSWORD, signed_in

from stillcam.accounts import Accounts
from stillcam.accounts.passwords import hashed

NOON_S = 1_795_176_000.0  # 2026-11-20, 12:00 UTC
VIEWER = "Vera"
MOST = 0.005
READY = {
    "live": ".live-rest .groups .control",
    "config": "#config-panel .settings-card",
    "info": ".info-scroll",
    "photos": ".library .tile",
    "timelapse": ".series-card",
    "motion": "#motion-panel .motion-arm",
    "settings": "#settings-panel .entries li",
}
HELD = ("/page/main.js", "/tab.js", "/api/", "current.jpg", "?thumbnail")
WATCH = """
  if (!window.shifts) {
    window.shifts = [];
    const name = (node) => node?.tagName ? `${node.tagName}#${node.id}.${node.className}` : String(node?.nodeName);
    const place = ({ x, y, width, height }) => [x, y, width, height].map(Math.round).join(" ");
    new PerformanceObserver((list) => {
      for (const { value, sources } of list.getEntries()) {
        window.shifts.push([value, sources.map(({ node, previousRect, currentRect }) =>
          `${name(node)}: ${place(previousRect)} to ${place(currentRect)}`)]);
      }
    }).observe({ type: "layout-shift", buffered: true });
  }
"""
PAINTED = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


@pytest.fixture(scope="module")
def camera(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealCamera]:
    """A camera that anyone may watch, with an owner, a viewer and photos."""
    folder: Path = tmp_path_factory.mktemp("shift")
    for number in range(40):
        sensor = "imx708" if number % 2 else "imx477"
        add_photo(folder / "data/library", NOON_S + number, picture((640, 480)), sensor, size=[640, 480])
    shoot(created(folder / "data/series"), START_MS)
    settings = {"access": {"watch": "anyone"}, "snapshot": SMALL, "live": SMALL}
    with owned_camera(folder, "simulated", settings) as camera:
        Accounts(folder / "data").users.add(VIEWER, hashed(PASSWORD), "viewer")
        yield camera


def shifts(page: Page, url: str, ready: str, state: str = "fresh") -> list[tuple[float, list[str]]]:
    """What moves until the tab is there and has been for a while: how much, and which elements."""

    def hold(route: Route) -> None:
        page.evaluate(PAINTED)
        route.continue_()

    page.add_init_script(WATCH)
    page.route(lambda address: any(part in address for part in HELD) and "/api/events" not in address, hold)
    page.goto(url)
    page.wait_for_selector(ready, state="attached")
    page.wait_for_function(f"() => document.querySelector('#live-panel[hidden], #camera[data-state={state}]')")
    page.wait_for_load_state("load")
    page.wait_for_timeout(1_500)  # what else comes
    page.evaluate(PAINTED)
    found: list[tuple[float, list[str]]] = page.evaluate("window.shifts")
    page.unroute_all(behavior="ignoreErrors")  # a live picture is always being asked for
    return found


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize(("tab", "ready"), READY.items(), ids=READY)
def test_nothing_moves_for_the_owner(same_page, camera, tab, ready, width):
    page = same_page
    page.set_viewport_size({"width": width, "height": 740})
    signed_in(page, camera.url)
    found = shifts(page, camera.url + tab, ready)
    assert sum(value for value, _ in found) <= MOST, found


def test_the_thumbnails_of_series_move_nothing_on_a_wide_screen(same_page, camera):
    """They are in proportion to their cards."""
    page = same_page
    page.set_viewport_size({"width": 2560, "height": 1440})
    signed_in(page, camera.url)
    assert shifts(page, f"{camera.url}timelapse", ".series-card img") == []


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("tab", ["live", "info", "photos", "timelapse"])
def test_nothing_moves_for_a_viewer(new_page, camera, tab, width):
    page = new_page(viewport={"width": width, "height": 740})
    signed_in(page, camera.url, VIEWER)
    found = shifts(page, camera.url + tab, "canvas:not([hidden])" if tab == "live" else READY[tab])
    assert sum(value for value, _ in found) <= MOST, found


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize(
    ("tab", "ready"), [("live", "canvas:not([hidden])"), ("photos", "#sign-in-panel input")], ids=["live", "sign-in"]
)
def test_nothing_moves_for_a_stranger(new_page, camera, tab, ready, width):
    found = shifts(new_page(viewport={"width": width, "height": 740}), camera.url + tab, ready)
    assert sum(value for value, _ in found) <= MOST, found


def test_the_picture_of_a_phone_s_owner_is_as_wide_as_its_screen(new_page, camera):
    """The room that is kept for it has its shape, 4:3 here."""
    page = new_page(viewport={"width": 360, "height": 740})
    signed_in(page, camera.url)
    page.goto(camera.url)
    page.wait_for_selector("canvas:not([hidden])")
    stage, shown = page.locator(".stage").bounding_box(), page.locator("#canvas").bounding_box()
    assert shown["width"] == pytest.approx(stage["width"], abs=2)
    assert stage["height"] == pytest.approx(shown["height"], abs=2)


@pytest.mark.parametrize("width", [360, 1280])
def test_nothing_moves_where_live_view_starts_by_itself(new_page, camera, width):
    """The first thing after the newest picture is a live frame."""
    page = new_page(viewport={"width": width, "height": 740})
    signed_in(page, camera.url)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "current.jpg" in request.url else None)
    try:
        owner_sets(page, camera.url, {"live": {"auto": True}})
        while page.request.get(f"{camera.url}healthz").status != 200:  # an old picture has a message that goes
            page.wait_for_timeout(50)
        found = shifts(page, f"{camera.url}live", READY["live"], "live")
    finally:
        owner_sets(page, camera.url, {"live": {"auto": None}})
    assert sum(value for value, _ in found) <= MOST, found
    assert ["after=" in url for url in asked[:2]] == [False, True]
    assert page.get_attribute("#live", "aria-checked") == "true"


def owner_sets(page: Page, url: str, changes: dict[str, object]) -> None:
    """Change settings as the owner."""
    answer = page.request.patch(f"{url}api/settings", data=changes, headers={"Origin": url.rstrip("/")})
    assert answer.ok, answer.text()
