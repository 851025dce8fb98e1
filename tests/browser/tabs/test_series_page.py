"""The Timelapse tab: on what a daemon has left behind, and on the real one while it takes pictures."""

import json
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from barriers import barriers
from playwright.sync_api import Page, expect
from real_camera import RealCamera, owned_camera
from series_folders import make_series
from serving import Site
from signed_in import PASSWORD, add_owner, sign_in

from stillcam.accounts import Accounts
from stillcam.accounts.passwords import hashed

TAKEN, MISSED = 190, 10


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """A server without a daemon, with a series that is over and one that was paused."""
    data = tmp_path / "data"
    add_owner(data)
    make_garden(data)
    make_series(data / "series", 5, state="paused", name="Café Süd")
    with Site(tmp_path) as site:
        yield site


def make_garden(data: Path) -> None:
    make_series(data / "series", TAKEN, state="finished", missed=MISSED, shots=TAKEN + MISSED)


@pytest.fixture
def url(site: Site) -> str:
    return f"http://127.0.0.1:{site.port}/"


@pytest.fixture
def real(tmp_path: Path) -> Iterator[RealCamera]:
    """The real daemon and server, with an owner and a series that is over."""
    make_garden(tmp_path / "data")
    with owned_camera(tmp_path) as real:
        yield real


def open_series(page: Page, url: str, name: str = "Garden") -> None:
    """Sign in, and follow a series' card to its pictures."""
    sign_in(page, url, "timelapse")
    page.click(f".series-card a:has-text('{name}')")
    page.wait_for_selector(".scrub-picture[data-quality=full]")


def wait_for_text(page: Page, selector: str, text: str) -> None:
    page.locator(selector, has_text=text).first.wait_for()


def test_the_former_address_of_a_series_leads_to_it(page, url):
    sign_in(page, url, "timelapse")
    page.goto(f"{url}series#Garden")
    page.wait_for_selector(".scrub-picture[data-quality=full]")
    assert page.url == f"{url}timelapse#Garden"
    assert page.inner_text("#tabs [aria-current=page]") == "Timelapse"


def test_all_series_are_told(page, url):
    sign_in(page, url, "timelapse")
    page.wait_for_selector(".series-card img")
    cards = page.locator(".series-card")
    assert [card.locator("h3").inner_text() for card in cards.all()] == ["Café Süd", "Garden"]
    assert "Paused" in cards.nth(0).inner_text()
    assert "190 of 200 taken · 10 missed" in cards.nth(1).inner_text()
    page.click("text=Café Süd")
    page.wait_for_selector(".scrub-picture[data-quality=full]")
    page.go_back()
    page.wait_for_selector(".series-card")
    assert page.evaluate("document.activeElement.textContent") == "Café Süd"


def test_dragging_leads_through_the_pictures(page, url):
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url.split("/shots/")[-1]))
    open_series(page, url)
    assert "No. 190" in page.inner_text(".scrub-facts")
    slider = page.locator(".scrub-bar input")
    slider.fill("42")
    wait_for_text(page, ".scrub-facts", "No. 42 ")
    page.wait_for_selector(".scrub-picture[data-quality=full][alt^='Picture 42 ']")
    of_42 = [one for one in asked if one.startswith("42?")]
    assert "thumbnail" in of_42[0] and "thumbnail" not in of_42[-1]
    slider.press("ArrowRight")
    wait_for_text(page, ".scrub-facts", "No. 43 ")
    slider.press("Home")
    wait_for_text(page, ".scrub-facts", "No. 1 ")
    page.click("button[aria-label=Later]")
    wait_for_text(page, ".scrub-facts", "No. 2 ")
    assert page.get_attribute(".scrub-bar input", "aria-valuetext").startswith("Picture 2, ")


def test_the_timeline_is_drawn_and_told(page, url):
    open_series(page, url)
    wait_for_text(page, ".timeline .hint", "190 pictures taken, 10 missed")
    page.wait_for_function("""() => {
      const canvas = document.querySelector(".timeline-canvas");
      const drawn = new Set();
      const { data } = canvas.getContext("2d").getImageData(0, canvas.height / 2, canvas.width, 1);
      for (let at = 0; at < data.length; at += 4) drawn.add(data.slice(at, at + 3).join());
      const style = getComputedStyle(canvas);
      const pen = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
      return ["--accent", "--bad"].every((name) => {
        pen.fillStyle = style.getPropertyValue(name);
        pen.fillRect(0, 0, 1, 1);
        return drawn.has(pen.getImageData(0, 0, 1, 1).data.slice(0, 3).join());
      });
    }""")
    page.click(".timeline summary")
    page.wait_for_selector(".timeline-table tbody tr")
    missed = page.locator(".timeline-table tbody tr td:nth-of-type(2)").all_inner_texts()
    assert sum(int(one) for one in missed) == 10
    canvas = page.locator(".timeline-canvas")
    box = canvas.bounding_box()
    assert box
    canvas.click(position={"x": box["width"] / 2, "y": 30})  # wherever it is by now
    page.wait_for_function(
        "() => { const n = Number(document.querySelector('.scrub-bar input').value); return n > 60 && n < 130; }"
    )


def test_a_zip_of_some_pictures_is_downloaded(page, url):
    open_series(page, url)
    zips = page.locator(".series-zip")
    zips.locator("summary").click()
    wait_for_text(page, ".series-zip .hint", "190 pictures (number 1 to 190), ")
    zips.get_by_label("Pictures").select_option("numbers")
    zips.get_by_label("First number").fill("5")
    zips.get_by_label("Last number").fill("9")
    wait_for_text(page, ".series-zip .hint", "5 pictures (number 5 to 9), ")
    with page.expect_download() as download:
        zips.get_by_text("Download ZIP").click()
    with zipfile.ZipFile(download.value.path()) as read:
        assert len(read.namelist()) == 7
    zips.get_by_label("First number").fill("500")
    wait_for_text(page, ".series-zip .hint", "Garden has no shots in this range")


def test_a_series_is_made_changed_and_ended(page, real):
    sign_in(page, real.url, "timelapse")
    page.click("text=New series")
    form = page.locator(".series-form")
    form.locator("button.primary").click()
    wait_for_text(page, ".field .problem", "Name must have 1 to 60 characters")
    form.get_by_label("Name").fill("Clouds")
    expect(form.get_by_label("Name")).not_to_have_attribute("aria-invalid", "true")
    form.get_by_label("One picture every").fill("1")
    form.get_by_label("Unit of the interval").select_option("1")
    form.get_by_label("By the sun").check()
    wait_for_text(page, ".plan-wrong", "place")
    form.get_by_label("Place of the camera").fill("48.137, 11.575")
    wait_for_text(page, ".plan-sentence", "from sunrise to sunset")
    form.get_by_label("A second time of day").check()
    wait_for_text(page, ".plan-sentence", "and from 60 minutes before sunset to 60 minutes after sunset")
    form.get_by_label("Day and night").check()
    wait_for_text(page, ".plan-facts", "86,400 pictures a day")
    form.get_by_label("Ends", exact=True).select_option("count")
    wait_for_text(page, ".plan-facts", "100 pictures in all")
    form.get_by_label("Ends", exact=True).select_option("never")
    wait_for_text(page, ".plan-facts", "86,400 pictures a day")
    assert page.locator(".plan-next li").count() == 5
    wait_for_text(page, ".plan-facts", "in the camera’s time zone")
    form.locator("button.primary").click()
    page.wait_for_selector(".series-show .state-chip[data-state=running]")
    page.wait_for_selector(".scrub-picture[data-quality]:not([hidden])")
    page.wait_for_function("() => Number(document.querySelector('.series-terms dd').textContent) >= 2")
    wait_for_text(page, ".series-terms", "Time zone")

    page.click("button:text-is('Change')")
    form.get_by_label("Same for all").check()
    form.locator("button.primary").click()
    wait_for_text(page, ".series-show .plan-sentence", "exposure and colours of the first")  # the form had said so, too
    assert definition(real)["fixed"] is True

    page.click("button:text-is('Pause')")
    page.wait_for_selector(".state-chip[data-state=paused]")
    page.click("button:text-is('Resume')")
    page.wait_for_selector(".state-chip[data-state=running]")
    page.click("button:text-is('Finish')")
    page.click("dialog button.primary")
    page.wait_for_selector(".state-chip[data-state=finished]")
    page.click("button:text-is('Delete')")
    page.click("dialog button.primary")
    page.wait_for_selector(".series-card")
    assert page.locator(".series-card h3").all_inner_texts() == ["Garden"]
    assert not (real.folder / "data" / "series" / "Clouds").exists()


def definition(real: RealCamera) -> Any:
    return json.loads((real.folder / "data" / "series" / "Clouds" / "series.json").read_text())["definition"]


def test_films_are_made_played_and_deleted(page, real):
    open_series(page, real.url)
    form = page.locator(".film-form")
    wait_for_text(page, ".film-form .hint", "190 pictures make 8 s")
    form.get_by_label("Size").select_option("640")
    form.locator("button.primary").click()
    page.wait_for_selector(".film video")
    page.wait_for_function("() => document.querySelector('.film video').duration > 5")
    form.get_by_label("Contact sheet").check()
    form.locator("button.primary").click()
    page.wait_for_selector(".film img")
    page.wait_for_function("() => document.querySelector('.film img').naturalWidth > 0")
    while count := page.locator(".film").count():
        page.locator(".film button.danger").first.click()
        page.click("dialog button.primary")
        page.wait_for_function("(count) => document.querySelectorAll('.film').length < count", arg=count)


def test_a_film_waits_for_the_one_before_and_is_cancelled(page, real):
    open_series(page, real.url)
    form = page.locator(".film-form")
    form.get_by_label("Size").select_option("3840")
    form.locator("button.primary").click()
    page.wait_for_selector(".film progress:not([hidden])")
    form.get_by_label("Keogram").check()
    form.get_by_label("Pictures").select_option("part")
    form.locator("button.primary").click()
    wait_for_text(page, ".film-words", "Waiting for its turn.")
    page.locator(".film:has(h4:text-is('Film')) button:text-is('Cancel')").click()
    picture = page.locator(".film img")
    picture.wait_for()
    assert page.locator(".film h4").all_inner_texts() == ["Keogram"]
    assert picture.evaluate("async (image) => { await image.decode(); return image.naturalWidth; }") == 20 * TAKEN


def test_a_viewer_looks_and_changes_nothing(page, url, site):
    Accounts(site.data).users.add("Bob", hashed(PASSWORD), "viewer")
    sign_in(page, url, "timelapse", "Bob")
    page.click(".series-card a:has-text('Garden')")
    page.wait_for_selector(".scrub-picture[data-quality=full]")
    assert page.locator(".series .actions button").all_inner_texts() == ["Play"]
    assert page.locator(".film-form").count() == 0


def test_there_is_no_barrier_and_nothing_to_scroll_for_sideways(new_page: Callable[..., Page], url):
    """A list, a series, and the form with all of it open; under the path of a proxy."""
    page = new_page(viewport={"width": 360, "height": 740}, bypass_csp=True)
    page.route(
        "**/cam1/**", lambda route: route.fulfill(response=route.fetch(url=route.request.url.replace("/cam1/", "/")))
    )
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    found: dict[str, Any] = {}

    def look(where: str) -> None:
        found[where] = barriers(page)
        for width in (320, 360, 1280):
            page.set_viewport_size({"width": width, "height": 740})
            if (wide := page.evaluate("document.documentElement.scrollWidth")) > width:
                found[where].append(f"{wide} of {width}")

    sign_in(page, f"{url}cam1/", "timelapse")
    page.wait_for_selector(".series-card img")
    look("list")
    page.click(".series-card a:has-text('Garden')")
    page.wait_for_selector(".scrub-picture[data-quality=full]")
    wait_for_text(page, ".timeline .hint", "190 pictures")
    page.click(".timeline summary")
    page.wait_for_selector(".timeline-table tr")
    look("series")
    page.click("text=All series")
    page.click("text=New series")
    page.click(".form-more summary")
    page.get_by_label("By the sun").check()
    page.get_by_label("What changes").select_option("focus")
    look("form")
    page.unroute_all(behavior="ignoreErrors")  # or what is still being asked for fails the next test
    assert found == {"list": [], "series": [], "form": []}
    assert [one for one in asked if "/cam1/" not in one and not one.startswith(("blob:", "data:"))] == []
