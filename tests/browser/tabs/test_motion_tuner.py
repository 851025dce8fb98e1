"""What the detector sees, on the Motion tab: blocks over the picture, the level as a graph, and words for both."""

import itertools
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from live_driver import api
from page_driver import hide
from playwright.sync_api import Page, Route, expect
from real_camera import SMALL, RealCamera, owned_camera
from signed_in import signed_in

pytestmark = pytest.mark.timeout(300)

EMPTY = {"no_boat": True}  # nothing moves in the picture
WALK = EMPTY | {"walk_every_s": 4, "walk_s": 4}
CORNER = ["include 0,0 100,100"]
WORDS, COUNTING, MASKED, MOTION = ".tuner-words", ".blocks-counting", ".blocks-masked", ".graph-motion"
DRAWN = "(path) => Boolean(document.querySelector(path)?.getAttribute('d'))"


@pytest.fixture(scope="module")
def camera(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealCamera]:
    """A disarmed camera with an owner, for all tests: the detector learns the scene once."""
    folder = tmp_path_factory.mktemp("tuner")
    (folder / "simulated").mkdir()
    fault(folder, **EMPTY)
    with owned_camera(folder, "simulated", {"snapshot": SMALL, "live": SMALL}) as camera:
        yield camera


@pytest.fixture
def page(same_page: Page, camera: RealCamera) -> Page:
    """The tab with the usual settings, once the detector has learned the scene; nothing moves in it."""
    fault(camera.folder, **EMPTY)
    page = same_page
    signed_in(page, camera.url)
    page.goto(f"{camera.url}api/session")
    api(page, "PATCH", "settings", {"motion": None})
    page.goto(f"{camera.url}motion")
    expect(page.locator(WORDS)).to_contain_text("in the last")  # nothing, or what the test before let happen
    return page


def fault(folder: Path, **faults: Any) -> None:
    new = folder / "simulated/.faults.new"
    new.write_text(json.dumps(faults))
    new.rename(new.with_name("faults.json"))


def change(page: Page, **motion: Any) -> None:
    """Change settings as another page does."""
    api(page, "PATCH", "api/settings", {"motion": motion})


def mode(page: Page) -> str:
    answer: str = api(page, "GET", "api/status")["capture"]["mode"]
    return answer


def test_a_person_who_walks_is_seen_though_the_camera_is_disarmed(page, camera):
    fault(camera.folder, **WALK)
    page.wait_for_function(DRAWN, arg=COUNTING)
    page.wait_for_function(DRAWN, arg=MOTION)
    expect(page.locator(WORDS)).to_contain_text("Motion would have begun")
    columns, rows = (int(one) for one in page.get_attribute(".motion-blocks", "viewBox").split()[2:])
    assert columns > rows > 10
    blocks, picture = (page.locator(path).bounding_box() for path in (".motion-blocks", ".zone-picture-box canvas"))
    assert blocks == pytest.approx(picture, abs=1)
    assert not list((camera.folder / "data/library").glob("2*/*"))


def test_another_sensitivity_and_zones_show_at_once(page, camera):
    label = page.locator(".graph-label")
    expect(label).to_have_text("counts from 2 blocks")
    change(page, sensitivity=10)
    expect(label).to_have_text("counts from 1 block")
    change(page, sensitivity=1)
    expect(label).to_have_text("counts from 4 blocks")
    assert not page.evaluate(DRAWN, MASKED)
    change(page, zones=CORNER)
    page.wait_for_function(DRAWN, arg=MASKED)
    fault(camera.folder, **WALK)
    change(page, zones=[])
    page.wait_for_function(DRAWN, arg=COUNTING)


def to_tab(page: Page, name: str) -> None:
    page.click(f"#tabs a:has-text('{name}')")


@pytest.mark.parametrize(
    ("leave", "come_back"),
    [
        pytest.param(lambda page: to_tab(page, "Info"), lambda page: to_tab(page, "Motion"), id="tab"),
        pytest.param(lambda page: hide(page, True), lambda page: hide(page, False), id="page"),
    ],
)
def test_it_asks_only_while_it_is_shown(page, leave, come_back):
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "motion/level" in request.url else None)
    leave(page)
    while mode(page) != "snapshot":  # the detector and the live view end some seconds after the last question
        page.wait_for_timeout(200)
    assert len(asked) <= 2  # those under way when it was left
    with page.expect_request("**/motion/level*"):
        come_back(page)


def test_a_slow_link_is_asked_less_often(page):
    asked: list[float] = []

    def slowly(route: Route) -> None:
        asked.append(time.monotonic())
        time.sleep(0.5)
        route.continue_()

    page.route("**/motion/level*", slowly)
    while len(asked) < 4:
        page.wait_for_timeout(100)
    pauses = [after - before for before, after in itertools.pairwise(asked)]
    assert min(pauses) > 0.5 + 2 * 0.5  # the link takes half a second


def test_a_camera_that_is_used_says_for_what(page):
    page.evaluate("async () => (await import('./server/api.js')).send('POST', 'api/video', { seconds: 3600 })")
    expect(page.locator(WORDS)).to_contain_text("a video is being recorded")
    assert not page.evaluate(DRAWN, COUNTING)
    api(page, "DELETE", "api/video")


def look(age_s: float, level: int = 0, ignored: str = "", *, motion: bool = False) -> dict[str, Any]:
    return {"age": 1000 * age_s, "level": level, "ignored": ignored, "motion": motion}


QUIET = [look(age_s) for age_s in range(59, 0, -1)]
TWICE = [look(59), look(40, 9, motion=True), look(38, 9, motion=True), look(20, 9, motion=True), look(1)]
ODD = "Some changes were strong enough, but too short, too small or too large, or they stayed in one place."
SAID: dict[str, tuple[list[dict[str, Any]], dict[str, Any], str]] = {
    "nothing yet": ([], {}, "The detector is starting."),
    "nothing to see": ([], {"reason": "a photo is being taken"}, "The detector sees nothing: a photo is being taken."),
    "used while it learns": ([look(0, 5, "settling")], {"reason": "a photo is being taken"},
        "The detector sees nothing: a photo is being taken."),
    "quiet": (QUIET, {}, "Nothing counted as motion in the last minute."),
    "a few seconds": (QUIET[-3:], {}, "Nothing counted as motion in the last 3 seconds."),
    "settles": ([*QUIET, look(0, 5, "settling")], {},
        "The detector learns what the scene looks like. That takes 5 seconds."),
    "light": ([*QUIET, look(0, 500, "light")], {},
        "The light has changed. The detector waits until the picture is steady."),
    "disarmed": (TWICE, {}, "Motion would have begun twice in the last minute."),
    "armed": (TWICE[2:], {"active": True}, "Motion began twice in the last 38 seconds."),
    "too weak": ([look(59, 4), *QUIET], {"threshold": 6},
        "Nothing counted as motion in the last minute. The strongest change that was not enough: 4 of 6 blocks."),
    "too short": ([look(59, 7), *QUIET], {"threshold": 6}, f"Nothing counted as motion in the last minute. {ODD}"),
    "used meanwhile": (QUIET, {"reason": "a photo is being taken"},
        "Nothing counted as motion in the last minute. The detector sees nothing now: a photo is being taken."),
}  # fmt: skip


@pytest.mark.parametrize("case", SAID)
def test_what_is_seen_has_words(modules, case):
    looks, levels, words = SAID[case]
    levels = {"active": False, "reason": None, "threshold": 2} | levels
    said = "async ([looks, levels]) => (await import('./tabs/motion/levels.js')).summary(looks, levels, 5)"
    assert modules.evaluate(said, [looks, levels]) == words


def test_looks_of_another_run_of_the_daemon_replace_those_before(modules):
    kept = """async () => {
      const { History } = await import("./tabs/motion/levels.js");
      const history = new History();
      const look = (number, seconds) => ({ number, time: new Date(1e12 + 1000 * seconds).toISOString(), level: 1 });
      history.add([look(1, 0), look(2, 30), look(3, 61)]);
      const minute = history.aged().map(({ number }) => number);
      history.add([look(1, 62)]);
      return [minute, history.aged().map(({ number }) => number)];
    }"""
    assert modules.evaluate(kept) == [[2, 3], [1]]
