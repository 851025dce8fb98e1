"""The events of a day on the Motion tab, on a real server: timeline, clusters, filters, keys, and their commands."""

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from barriers import barriers
from pictures import picture
from playwright.sync_api import Locator, Page, expect
from real_camera import owned_camera
from serving import Site
from signed_in import add_owner, signed_in

from stillcam.common.formats import utc_text
from stillcam.library.pending import PendingItem

DAY_S = 1_795_132_800.0  # 2026-11-20, 00:00 UTC
DAY = "2026-11-20"
HOUR_S = 3600.0
SMALL = picture((320, 240))
CARDS = ".day-cards > li"
VIEWPORT = {"width": 1600, "height": 900}


def recorded(
    root: Path, start_s: float, length_s: float = 10, trigger: str = "motion", begun_s: float | None = None
) -> str:
    """A motion recording that is only a picture; `begun_s` is when it begins, within its event."""
    pending = PendingItem.create(root, "motion", start_s if begun_s is None else begun_s, "imx219")
    pending.path("jpg").write_bytes(SMALL)
    peak = {"peak": utc_text(start_s + 2), "peak_blocks": 23, "columns": 40, "rows": 23, "blocks": []}
    event = {"start": utc_text(start_s), "end": utc_text(start_s + length_s), **peak, "trigger": trigger}
    return pending.finish({"kind": "motion", "motion": event})


def filled(folder: Path) -> Path:
    """With three events on one day, and one on an earlier day."""
    root = folder / "data/library"
    recorded(root, DAY_S + 6 * HOUR_S, 4)
    recorded(root, DAY_S + 12 * HOUR_S, 75, "request")
    recorded(root, DAY_S + 18 * HOUR_S, 20, "keep")
    recorded(root, DAY_S - 2 * 24 * HOUR_S)
    add_owner(folder / "data")
    return folder


def close_together(root: Path) -> None:
    """Five events within 25 minutes."""
    for number in range(5):
        recorded(root, DAY_S + 15.25 * HOUR_S + number * 300)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """A server whose clock is UTC's, and whose events a test may change."""
    with Site(filled(tmp_path)) as site:
        yield site


@pytest.fixture(scope="module")
def looked_at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One whose events no test changes."""
    with Site(filled(tmp_path_factory.mktemp("day"))) as site:
        yield site


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The same with five events that are close together."""
    folder = filled(tmp_path_factory.mktemp("busy"))
    close_together(folder / "data/library")
    with Site(folder) as site:
        yield site


@pytest.fixture
def open_day(new_page: Callable[..., Page], same_page: Page) -> Callable[..., Page]:
    """Opens the Motion tab of the owner, at a day; a page of its own has those `options`."""

    def open_day(site: Site, day: str = DAY, size: dict[str, int] = VIEWPORT, **options: Any) -> Page:
        url = f"http://127.0.0.1:{site.port}/"
        page = new_page(**options) if options else same_page
        page.set_viewport_size(size)  # type: ignore[arg-type]
        signed_in(page, url)
        page.goto(f"{url}motion")
        page.locator(".motion-later").first.scroll_into_view_if_needed()
        expect(part(page).get_by_label("Day of the events")).not_to_have_value("")  # it has been drawn
        part(page).get_by_label("Day of the events").fill(day)
        page.locator(".day-summary", has_text=f" {int(day[8:])} ").wait_for()
        return page

    return open_day


def part(page: Page) -> Locator:
    """The events of the day, among the other parts of the tab."""
    return page.get_by_role("region", name="Events of a day")


def texts(page: Page) -> list[str]:
    return page.locator(f"{CARDS} strong").all_text_contents()


def place(page: Page, number: int) -> float:
    """Where a card begins, as a part of the timeline."""
    found: float = (
        page.locator(CARDS)
        .nth(number)
        .evaluate("""(card) => {
      const [inner, outer] = [card, card.parentElement].map((one) => one.getBoundingClientRect());
      return (inner.x - outer.x) / outer.width;
    }""")
    )
    return found


def test_the_events_of_a_day_are_along_its_hours(open_day, looked_at):
    page = open_day(looked_at)
    expect(page.locator(CARDS)).to_have_count(3)
    assert texts(page) == ["6:00:00 AM", "12:00:00 PM", "6:00:00 PM"]
    assert page.locator(f"{CARDS} .day-words > span").all_text_contents() == [
        "4 s",
        "1 min 15 s, Request",
        "20 s, Kept",
    ]
    assert [place(page, number) for number in range(3)] == pytest.approx([0.25, 0.5, 0.75], abs=0.005)
    expect(page.locator(".day-summary")).to_have_text("Friday, November 20, 2026: 3 events, 1 min 39 s in all.")
    expect(page.locator(".day-ticks li").first).to_have_text("12:00 AM")
    expect(page.locator(".day-ticks li").nth(6)).to_have_text("12:00 PM")
    page.locator(f"{CARDS} button").first.focus()
    expect(page.locator(".day-bar p")).to_have_text(
        "6:00:00 AM to 6:00:04 AM, 4 s, trigger: motion, peak at 6:00:02 AM (23 of 920 blocks)"
    )
    page.wait_for_function("() => [...document.querySelectorAll('.day-cards img')].every((one) => one.naturalWidth)")


def test_events_that_are_too_close_share_a_card_that_zooms_in(open_day, busy):
    page = open_day(busy)
    cluster = page.locator("[data-kind=cluster]")
    expect(cluster.locator("strong")).to_have_text("5 events")
    expect(cluster.locator(".day-words > span")).to_have_text("3:15 PM–3:35 PM")
    cluster.locator("button").click()
    expect(page.locator(CARDS)).to_have_count(5)
    assert texts(page)[0] == "3:15:00 PM"
    assert page.evaluate("document.activeElement === document.querySelector('.day-cards button')")
    expect(page.locator(".day-zoom")).to_contain_text("3:12:30 PM to 3:37:30 PM")
    page.keyboard.press("End")  # of the day, which is beyond what is shown
    expect(page.locator(f"{CARDS} button:focus strong")).to_have_text("6:00:00 PM")
    page.keyboard.press("Escape")
    expect(cluster).to_have_count(1)
    cluster.locator("button").click()
    part(page).get_by_role("button", name="Zoom out").click()
    expect(cluster).to_have_count(1)


@pytest.mark.parametrize(
    ("day", "noon", "hours"),
    [
        pytest.param("2026-03-29", "2026-03-29T10:00:00Z", 11 / 23, id="23 hours"),
        pytest.param("2026-10-25", "2026-10-25T11:00:00Z", 13 / 25, id="25 hours"),
    ],
)
def test_days_on_which_the_clock_is_changed_have_23_or_25_hours(open_day, tmp_path, monkeypatch, day, noon, hours):
    """Of the camera's zone, wherever the browser is."""
    monkeypatch.setenv("TZ", "Europe/Berlin")
    recorded(tmp_path / "data/library", datetime.fromisoformat(noon).timestamp())
    add_owner(tmp_path / "data")
    with Site(tmp_path) as site:
        page = open_day(site, day, timezone_id="America/New_York")
        expect(page.locator(f"{CARDS} strong")).to_have_text("12:00:00 PM")
        assert place(page, 0) == pytest.approx(hours, abs=0.005)
        expect(page.locator(".day-summary")).to_contain_text("Times are those of the camera (Europe/Berlin).")
        expect(page.locator(".day-ticks li").nth(6)).to_have_text("12:00 PM")


def test_filters_leave_out_events(open_day, looked_at):
    page = open_day(looked_at)
    part(page).get_by_label("Trigger").select_option(label="Kept")
    expect(page.locator(f"{CARDS} strong")).to_have_text(["6:00:00 PM"])
    part(page).get_by_label("Trigger").select_option(label="All triggers")
    part(page).get_by_label("Length").select_option(label="Longer than 15 s")
    expect(page.locator(f"{CARDS} strong")).to_have_text(["12:00:00 PM", "6:00:00 PM"])
    part(page).get_by_label("Favourites").check()
    expect(page.locator(".day-instead")).to_contain_text("No event of this day matches these filters.")
    part(page).get_by_role("button", name="Clear the filters").click()
    expect(page.locator(CARDS)).to_have_count(3)
    expect(page.locator(".day-instead")).to_be_empty()


def test_keys_move_play_mark_download_and_delete(open_day, site):
    page = open_day(site)
    page.locator(f"{CARDS} button").first.focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator(f"{CARDS} button:focus strong")).to_have_text("12:00:00 PM")
    page.keyboard.press("k")
    expect(page.locator(".day-cards .star")).to_have_count(1)
    assert len(list((site.data / "library/.favourites").glob("*/*_motion_*"))) == 1
    with page.expect_download() as download:
        page.keyboard.press("d")
    assert download.value.suggested_filename.endswith("_motion_imx219.jpg")
    page.keyboard.press("Enter")
    page.wait_for_selector(".view[open] .view-stage img")
    expect(page.locator(".view dl")).to_contain_text("a command, a program or a sensor")
    page.keyboard.press("ArrowRight")  # the older one
    expect(page.locator(".view dl")).to_contain_text("motion in the picture")
    page.keyboard.press("Escape")
    expect(page.locator(f"{CARDS} button:focus strong")).to_have_text("6:00:00 AM")
    page.keyboard.press("Delete")
    expect(page.locator(f"{CARDS} button:focus strong")).to_have_text("12:00:00 PM")  # the nearest one
    expect(page.locator(CARDS)).to_have_count(2)
    page.locator(".toast button:has-text('Undo')").click()
    expect(page.locator(CARDS)).to_have_count(3)


def test_the_buttons_do_the_same_and_keep_the_focus(open_day, site):
    page = open_day(site)
    bar = page.locator(".day-bar")
    expect(bar.locator("p")).to_contain_text("6:00:00 PM")
    star = bar.get_by_role("button", name="Favourite")
    star.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".day-bar button:focus")).to_have_text("★ Favourite")
    expect(star).to_have_attribute("aria-pressed", "true")
    bar.get_by_role("button", name="Delete").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".day-bar button:focus")).to_have_text("Play")
    expect(bar.locator("p")).to_contain_text("12:00:00 PM")
    bar.get_by_role("button", name="Play").click()
    expect(page.locator(".view[open] dl")).to_contain_text("a command, a program or a sensor")
    page.locator(".view[open]").get_by_role("button", name="Delete").click()
    expect(page.locator(".view[open] dl")).to_contain_text("motion in the picture")
    page.keyboard.press("Escape")
    expect(page.locator(f"{CARDS} strong")).to_have_text(["6:00:00 AM"])
    assert page.evaluate("document.activeElement === document.querySelector('.day-cards button')")


def test_an_event_at_midnight_is_with_the_day_of_its_recording(open_day, site):
    """It begins two seconds after the day, in whose folder its recording is."""
    recorded(site.data / "library", DAY_S + 24 * HOUR_S + 2, begun_s=DAY_S + 24 * HOUR_S - 3)
    recorded(site.data / "library", DAY_S + 24 * HOUR_S - 60)
    page = open_day(site)
    page.locator("[data-kind=cluster] button").last.click()
    part(page).get_by_role("button", name="Zoom out").wait_for()
    assert texts(page)[-1] == "12:00:02 AM"


def test_what_nobody_answers_is_said_and_can_be_tried_again(open_day, looked_at):
    page = open_day(looked_at, "2026-11-18")
    page.route("**/api/library?*", lambda route: route.abort())
    part(page).get_by_label("Day of the events").fill(DAY)
    expect(page.locator(".day-instead")).to_contain_text("The camera does not answer.")
    page.unroute("**/api/library?*")
    part(page).get_by_role("button", name="Try again").click()
    expect(page.locator(CARDS)).to_have_count(3)
    expect(page.locator(".day-instead")).to_be_empty()


def test_an_event_of_several_recordings_is_one(open_day, site):
    root, start_s = site.data / "library", DAY_S + 9 * HOUR_S
    for number in range(3):
        recorded(root, start_s, 30 * (number + 1), begun_s=start_s + 30 * number)
    page = open_day(site)
    expect(page.locator(f"{CARDS} strong")).to_have_count(4)
    page.locator(f"{CARDS} button").nth(1).focus()
    expect(page.locator(".day-bar p")).to_contain_text("9:00:00 AM to 9:01:30 AM, 1 min 30 s")
    with page.expect_download() as download:
        part(page).get_by_role("button", name="Download").click()
    assert download.value.suggested_filename.endswith(".zip")
    part(page).get_by_role("button", name="Favourite", exact=False).click()
    expect(page.locator(".day-cards .star")).to_have_count(1)
    assert len(list((root / ".favourites" / DAY).iterdir())) == 3
    page.locator(".day-bar").get_by_role("button", name="Delete").click()
    expect(page.locator(CARDS)).to_have_count(3)
    expect(page.locator(".toast").last).to_contain_text("Deleted 3 items.")


def test_new_events_appear_and_deleted_ones_go(open_day, site):
    page = open_day(site)
    expect(page.locator(CARDS)).to_have_count(3)
    id_ = recorded(site.data / "library", DAY_S + 9 * HOUR_S)
    expect(page.locator(CARDS)).to_have_count(4)
    for file in (site.data / "library").glob(f"{id_.rpartition('.')[0]}.*"):
        file.unlink()
    expect(page.locator(CARDS)).to_have_count(3)


def test_a_day_without_events_says_what_to_do(open_day, looked_at):
    page = open_day(looked_at, "2026-11-19")
    expect(page.locator(".day-instead .empty")).to_have_text("There are no events on this day.")
    expect(page.locator(".day-near button")).to_have_text(["Wednesday, November 18, 2026", "Friday, November 20, 2026"])
    page.locator(".day-near button").first.click()
    expect(page.locator(CARDS)).to_have_count(1)
    part(page).get_by_role("button", name="Day after").click()
    expect(page.locator(".day-near button")).to_have_count(2)
    part(page).get_by_role("button", name="Today").click()
    today = datetime.now(UTC).date()
    expect(part(page).get_by_label("Day of the events")).to_have_value(today.isoformat())
    expect(page.locator(".day-instead .empty")).to_have_text(
        "There are no events on this day. Arm the camera to record some."
    )


def test_a_year_that_is_being_typed_is_no_day(open_day, looked_at):
    """Browsers report 0002, 0020 and 0202, too."""
    page = open_day(looked_at)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    field = part(page).get_by_label("Day of the events")
    field.press_sequentially("11182026")
    expect(field).to_have_value("2026-11-18")
    expect(page.locator(CARDS)).to_have_count(1)
    assert {year for url in asked for year in re.findall(r"day=(\d+)-", url)} == {"2026"}


def test_a_thousand_events_need_pages_and_no_request_each(open_day, site):
    folder = site.data / "library" / DAY
    for number in range(1000):
        time_s = DAY_S + number * 84
        stem = f"{datetime.fromtimestamp(time_s, UTC):%Y%m%dT%H%M%S}.500Z_motion_imx219"
        event = {"start": utc_text(time_s), "end": utc_text(time_s + 9), "trigger": "motion", "peak_blocks": number}
        (folder / f"{stem}.jpg").write_bytes(SMALL)
        (folder / f"{stem}.json").write_text(json.dumps({"kind": "motion", "motion": event}))
    asked: list[str] = []
    page = open_day(site, "2026-11-18")
    page.on("request", lambda request: asked.append(request.url))
    part(page).get_by_label("Day of the events").fill(DAY)
    expect(page.locator(".day-summary")).to_contain_text("1,003 events")
    expect(page.locator(".day-summary")).not_to_contain_text("More are being loaded")
    cards = page.locator(CARDS).count()
    assert 3 <= cards <= 10
    pages = [url for url in asked if "/api/library" in url]
    assert len(pages) <= 10  # 6 pages of 200, and changes
    assert not [url for url in asked if "/api/library/items/" in url]
    for _ in range(12):
        if not page.locator("[data-kind=cluster]").count():
            break
        page.locator("[data-kind=cluster] button").first.click()
    assert page.locator("[data-kind=cluster]").count() == 0
    assert page.locator(f"{CARDS} img").count() <= 10


@pytest.mark.parametrize("width", [360, 1280, 2560])
def test_there_is_nothing_to_scroll_for_sideways(open_day, busy, width):
    page = open_day(busy, size={"width": width, "height": 800})
    expect(page.locator("[data-kind=cluster]")).to_have_count(1)
    assert page.evaluate("document.documentElement.scrollWidth") == width
    inside = """() => [...document.querySelectorAll(".day-cards > li")].every((card) => {
      const [inner, outer] = [card, card.parentElement].map((one) => one.getBoundingClientRect());
      return inner.left >= outer.left - 1 && inner.right <= outer.right + 1 && inner.bottom <= outer.bottom + 1;
    })"""
    assert page.evaluate(inside)


@pytest.mark.parametrize("width", [360, 1280])
def test_nothing_keeps_anybody_from_using_it(open_day, site, width):
    close_together(site.data / "library")
    page = open_day(site, bypass_csp=True, size={"width": width, "height": 800})
    page.locator(f"{CARDS} button").first.focus()
    page.keyboard.press("k")
    expect(page.locator(".day-cards .star")).to_have_count(1)
    assert barriers(page) == []
    page.locator("[data-kind=cluster] button").click()
    part(page).get_by_role("button", name="Zoom out").wait_for()
    assert barriers(page) == []


def test_an_event_that_lasts_is_there_at_once(new_page, tmp_path):
    """And a recording once it has been saved."""
    (tmp_path / "data").mkdir()
    motion = {"after_s": 1, "record": "picture"}
    (tmp_path / "data/settings.json").write_text(json.dumps({"version": 1, "motion": motion}))
    with owned_camera(tmp_path, "simulated") as camera:
        page = new_page(viewport=VIEWPORT)
        page.set_default_timeout(120_000)
        signed_in(page, camera.url)
        page.goto(f"{camera.url}motion")
        page.locator(".motion-later").first.scroll_into_view_if_needed()
        page.locator(".day-instead", has_text="There are no events on this day.").wait_for()
        trigger = "async (seconds) => (await import('./server/api.js')).send('POST', 'api/motion/trigger', { seconds })"
        page.evaluate(trigger, 1)
        page.wait_for_selector("[data-kind=event] img")
        expect(page.locator(".day-instead")).to_be_empty()
        page.evaluate(trigger, 3600)
        page.locator("[data-kind=now]", has_text="Event now").locator("button").focus()
        expect(page.locator(".day-bar p")).to_contain_text("An event has been running since", timeout=90_000)
        expect(page.locator(CARDS)).to_have_count(2)


NEWEST = """async ({ newest, recorded }) => {
  const { eventsOf, withNewest } = await import("./tabs/motion/day-events.js");
  const day = { from: Date.parse("2026-11-20T00:00:00Z"), to: Date.parse("2026-11-21T00:00:00Z") };
  const item = { id: "x", time: "2026-11-20T12:00:00.000Z", favourite: false };
  const facts = { start: "2026-11-20T12:00:05.000Z", end: "2026-11-20T12:00:09.000Z", trigger: "motion" };
  const events = eventsOf(recorded ? [{ ...item, event: facts }] : []);
  return withNewest(events, newest, day).map(({ items, end, lasts }) => [items.length, end !== null, lasts]);
}"""
EVENT = {"start": "2026-11-20T12:00:05.000Z", "end": None, "trigger": "motion", "item": None}
ENDED = {"end": "2026-11-20T12:00:09.000Z"}


@pytest.mark.parametrize(
    ("newest", "recorded", "events"),
    [
        pytest.param(None, True, [[1, True, False]], id="disarmed"),
        pytest.param(EVENT, False, [[0, False, True]], id="lasts"),
        pytest.param({"start": EVENT["start"], "trigger": "keep"}, False, [[0, False, True]], id="lasts, by a patch"),
        pytest.param(EVENT | {"item": "x"}, True, [[1, False, True]], id="lasts, with its first photo"),
        pytest.param(EVENT | ENDED, False, [[0, True, False]], id="is being saved"),
        pytest.param(EVENT | ENDED | {"item": "x"}, True, [[1, True, False]], id="saved"),
        pytest.param(EVENT | ENDED | {"item": "x"}, False, [], id="deleted"),
        pytest.param(EVENT | {"start": "2026-11-21T00:00:00.000Z"}, False, [], id="of another day"),
    ],
)
def test_the_newest_event_is_one_of_the_day_s_events(modules, newest, recorded, events):
    assert modules.evaluate(NEWEST, {"newest": newest, "recorded": recorded}) == events
