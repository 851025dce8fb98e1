"""Times of library and series are the camera's, day and clock, for a viewer in another time zone too."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from photos import add_photo
from pictures import picture
from playwright.sync_api import Locator, Page
from series_folders import make_series
from serving import Site
from signed_in import add_owner, open_tab

CAMERA = "Europe/Berlin"
# The night in which the camera's clock is put back from 3:00 to 2:00, an hour twice.
NIGHT = ["2026-10-24T21:58:12Z", "2026-10-24T22:10:13Z", "2026-10-25T00:30:14Z", "2026-10-25T01:30:15Z"]
VIEWERS = [
    pytest.param("America/New_York", True, id="six hours behind"),
    pytest.param("Pacific/Auckland", True, id="eleven hours ahead"),
    pytest.param("Europe/Paris", False, id="another name, the same time"),
    pytest.param("Europe/London", True, id="an hour behind, and put back the same night"),
]


@contextmanager
def in_berlin(folder: Path) -> Iterator[Site]:
    """A server of a camera there, with photos of a night, and a series of another camera's zone."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("TZ", CAMERA)
        for moment in NIGHT:
            taken_s = datetime.fromisoformat(moment).timestamp()
            add_photo(folder / "data/library", taken_s, picture((640, 480)), size=[640, 480], metadata={})
        # The first shot is taken at 21:00 in Auckland, number 181 at midnight.
        make_series(folder / "data/series", 190, state="finished", zone="Pacific/Auckland")
        add_owner(folder / "data")
        with Site(folder) as site:
            yield site


@pytest.fixture(scope="module")
def looked_at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One that no test changes."""
    with in_berlin(tmp_path_factory.mktemp("berlin")) as site:
        yield site


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """One that a test may change."""
    with in_berlin(tmp_path) as site:
        yield site


@pytest.fixture
def look(kept_page: Callable[..., Page], looked_at: Site) -> Callable[..., Page]:
    """Opens a tab as somebody in a time zone does, who reads British English."""

    def look(zone: str, tab: str, site: Site = looked_at) -> Page:
        page = kept_page(timezone_id=zone, locale="en-GB")
        open_tab(page, f"http://127.0.0.1:{site.port}/", tab)
        return page

    return look


def labels(day: Locator) -> list[str]:
    """What the items of a day are called."""
    return [one.get_attribute("aria-label") or "" for one in day.locator(".open").all()]


def plain(text: str) -> str:
    """Browsers do not agree on where a date has commas."""
    return text.replace(",", "")


@pytest.mark.parametrize(("zone", "named"), VIEWERS)
def test_photos_have_the_day_and_the_time_of_their_camera(look, zone, named):
    page = look(zone, "photos")
    page.wait_for_selector(".tile")
    days = page.locator(".library section")
    assert [plain(day.locator("h2").inner_text()) for day in days.all()] == [
        "Sunday 25 October 2026", "Saturday 24 October 2026",
    ]  # fmt: skip
    assert labels(days.nth(0)) == ["Photo, 02:30", "Photo, 02:30", "Photo, 00:10"]
    assert labels(days.nth(1)) == ["Photo, 23:58"]
    hint = page.locator(".library-zone")
    assert hint.is_visible() == named
    assert not named or CAMERA in hint.inner_text()
    page.locator(".tile .open").nth(2).click()
    page.wait_for_selector(".view[open] dl")
    when = "Sunday 25 October 2026 00:10:13" + (f" ({CAMERA})" if named else "")
    assert plain(page.inner_text(".view h2")) == when
    assert plain(page.inner_text(".view[open] dd >> nth=0")) == when


def test_the_last_items_and_those_compared_have_the_cameras_time(look):
    page = look("America/New_York", "live")
    page.wait_for_selector(".recent .tile")
    assert page.get_attribute(".recent .open >> nth=2", "aria-label") == "photo, 00:10:13"
    page.locator(".recent-facts", has_text=f"02:30:15 ({CAMERA})").wait_for()
    page.locator(".recent .tile").nth(3).hover()
    page.locator(".recent .compare-add").nth(3).click()
    page.locator(".compare td", has_text=f"24 Oct 2026, 23:58:12 ({CAMERA})").wait_for()


def test_the_trash_has_the_cameras_time(look, site):
    page = look("Pacific/Auckland", "photos", site)
    page.locator(".tile input").first.check(force=True)
    page.click(".selection button:has-text('Delete')")
    page.wait_for_selector(".toast")
    page.click(".trash summary")
    deleted = page.locator(".trash-list li >> nth=0")
    deleted.wait_for()
    (folder,) = (site.data / "library/.trash").iterdir()
    stamp = datetime.strptime(folder.name, "%Y%m%dT%H%M%S%z").astimezone(ZoneInfo(CAMERA))
    assert f"{stamp:%H:%M} ({CAMERA})" in deleted.inner_text()


def test_a_series_has_the_time_of_its_camera(look):
    """The series went by Auckland's clock; what is new goes by the camera's of today."""
    page = look("America/New_York", "timelapse")
    page.click(".series-card a")
    page.wait_for_selector(".scrub-picture[data-quality=full]")
    assert page.inner_text(".scrub-facts strong") == "21 Nov 2026, 00:09:00 (Pacific/Auckland)"
    page.locator(".timeline .hint", has_text="20 Nov 2026, 21:00 to").wait_for()
    assert "(Pacific/Auckland)" in page.inner_text(".timeline .hint")
    page.click(".timeline summary")
    assert page.inner_text(".timeline-table tbody th >> nth=0") == "21:00"
    page.locator(".film-form").get_by_label("Pictures").select_option("part")
    assert page.input_value(".film-form input[aria-label=From]") == "2026-11-20T21:00"
    page.fill(".film-form input[aria-label=To]", "2026-11-21T00:01")
    with page.expect_request("**/api/films") as asked:
        page.click(".film-form button.primary")
    assert (asked.value.post_data_json["from"], asked.value.post_data_json["to"]) == (
        "2026-11-20T08:00:00.000Z", "2026-11-20T11:01:00.000Z",
    )  # fmt: skip


def test_the_pictures_of_a_series_among_the_photos_have_the_days_of_its_camera(look):
    page = look("America/New_York", "photos")
    page.select_option("select[aria-label=Series]", "Garden")
    days = page.locator(".library h2")
    days.filter(has_text="21 November 2026").wait_for()
    page.locator(".library section[data-day='2026-11-20']").wait_for()
    assert labels(page.locator(".library section[data-day='2026-11-21']"))[-1] == "Photo, 00:00"


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        pytest.param("2027-03-01T08:30", "2027-03-01T07:30:00.000Z", id="winter"),
        pytest.param("2027-07-01T00:15", "2027-06-30T22:15:00.000Z", id="summer, after midnight"),
        pytest.param("2027-10-31T02:30", "2027-10-31T00:30:00.000Z", id="twice that night: the first"),
        pytest.param(
            "2027-03-28T02:30", "2027-03-28T01:00:00.000Z", id="skipped that night: when the clock is put forward"
        ),
    ],
)
def test_a_new_series_is_planned_by_the_cameras_clock(look, typed, meant):
    page = look("America/New_York", "timelapse")
    page.click("text=New series")
    form = page.locator(".series-form")
    clock = form.get_by_text("By the camera’s clock")
    assert clock.count() == 0  # it begins now, and ends when somebody finishes it
    form.get_by_label("Begins").select_option("at")
    assert clock.count() == 1
    start = form.get_by_label("Start")
    offered = datetime.fromisoformat(start.input_value()).replace(tzinfo=ZoneInfo(CAMERA))
    assert abs((offered - datetime.now(UTC)).total_seconds()) < 7200
    assert CAMERA in form.inner_text()
    with page.expect_request(lambda one: typed_in(one, meant)):
        start.fill(typed)
    page.locator(".plan-next time").first.wait_for()
    page.wait_for_function(
        "(meant) => document.querySelector('.plan-next time').getAttribute('datetime') === meant", arg=meant
    )
    hour = datetime.fromisoformat(meant).astimezone(ZoneInfo(CAMERA)).strftime("%H:%M")
    assert page.inner_text(".plan-next time >> nth=0").endswith(hour)
    assert f" {hour} on" in page.inner_text(".plan-sentence")


def typed_in(request, meant: str) -> bool:
    return "/api/series/check" in request.url and json.loads(request.post_data)["start"] == meant


def test_a_zone_that_the_browser_does_not_know_is_told_in_utc(look, site):
    """As POSIX writes rules: a browser knows only names."""
    site.end()
    site.start(TZ="XYZ-3:17")
    page = look("America/New_York", "photos", site)
    page.locator(".tile .open").nth(2).click()
    page.wait_for_selector(".view[open] dl")
    assert plain(page.inner_text(".view h2")) == "Saturday 24 October 2026 22:10:13 (UTC)"
