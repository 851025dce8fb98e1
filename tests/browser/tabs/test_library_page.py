"""The Photos tab on a real server: look through, look at, delete, bring back, take home."""

import io
import os
import re
import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from barriers import barriers
from pictures import held, picture
from playwright.sync_api import Page, Route, expect
from serving import Site
from signed_in import add_owner, open_tab

from stillcam.library.pending import PendingItem

NOON_S = 1_795_176_000.0  # 2026-11-20, 12:00 UTC
DAY_S = 86_400
COLOURS = ("red", "green", "blue", "orange")


def take(root: Path, kind: str, number: int) -> None:
    pending = PendingItem.create(root, kind, NOON_S - number * DAY_S / 4, "imx708")
    if kind != "photo":
        pending.path("dng" if kind == "raw" else "mp4").write_bytes(b"a " + kind.encode())
    pending.path("jpg").write_bytes(picture((1600, 1200), COLOURS[number % 4]))
    pending.finish({"kind": kind, "size": [1600, 1200], "metadata": {"ExposureTime": 8333, "Lux": 420.5}})


def filled(folder: Path) -> Path:
    """With 90 items on 23 days."""
    for number in range(90):
        take(folder / "data/library", "raw" if number % 10 == 3 else "video" if number % 10 == 7 else "photo", number)
    add_owner(folder / "data")
    return folder


@pytest.fixture(scope="module")
def looked_at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server whose items no test changes."""
    with Site(filled(tmp_path_factory.mktemp("library"))) as site:
        yield f"http://127.0.0.1:{site.port}/"


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Site]:
    """A server whose items a test may change."""
    with Site(filled(tmp_path)) as site:
        yield site


@pytest.fixture
def url(library: Site) -> str:
    return f"http://127.0.0.1:{library.port}/"


def tiles(page: Page) -> int:
    return page.locator(".tile").count()


def wait_for_tiles(page: Page, count: int) -> None:
    page.wait_for_function("(count) => document.querySelectorAll('.tile').length === count", arg=count)


def test_scrolling_brings_all_of_it_by_day(same_page, looked_at):
    open_tab(same_page, looked_at, "photos")
    same_page.wait_for_selector(".tile")
    while tiles(same_page) < 90:
        before = tiles(same_page)
        same_page.locator(".tile").last.scroll_into_view_if_needed()
        same_page.wait_for_function("(before) => document.querySelectorAll('.tile').length > before", arg=before)
    wait_for_tiles(same_page, 90)
    days = same_page.locator(".library section").evaluate_all("(all) => all.map((one) => one.dataset.day)")
    assert days == sorted(set(days), reverse=True)
    assert same_page.locator(".tile img").first.evaluate("(img) => img.decode().then(() => img.naturalWidth)") == 320


def test_an_empty_library_shows_no_sign_of_loading(tmp_path, page):
    """Once it is known that there are no items."""
    add_owner(tmp_path / "data")
    with Site(tmp_path) as site:
        open_tab(page, f"http://127.0.0.1:{site.port}/", "photos")
        expect(page.locator(".library-end")).to_contain_text("There are no photos or videos yet.")
        assert page.locator(".library").evaluate("(wall) => getComputedStyle(wall, '::before').content") == "none"


def test_filters_narrow_it_down(same_page, looked_at):
    open_tab(same_page, looked_at, "photos")
    same_page.select_option("select[aria-label=Kind]", "raw")
    wait_for_tiles(same_page, 9)
    assert same_page.locator(".badge").all_text_contents() == ["RAW"] * 9
    same_page.select_option("select[aria-label=Kind]", "")
    same_page.click(".year summary")
    same_page.click("button.day >> nth=-1")
    same_page.wait_for_function("() => document.querySelectorAll('.library section').length === 1")
    same_page.wait_for_selector("button.day[aria-pressed=true]")
    same_page.click("button.day[aria-pressed=true]")
    same_page.wait_for_function("() => document.querySelectorAll('.library section').length > 1")


def test_the_calendar_counts_what_the_filters_leave(page, url, library):
    """With another filter it is drawn again; a day in it has such items."""
    pending = PendingItem.create(library.data / "library", "motion", NOON_S, "imx219")
    pending.path("jpg").write_bytes(picture((640, 480)))
    pending.finish({"kind": "motion"})
    open_tab(page, url, "photos")
    page.click(".year summary")
    expect(page.locator("button.day")).to_have_count(23)
    page.get_by_label("Kind").select_option(label="Motion recordings")
    expect(page.locator("button.day")).to_have_count(1)
    day = page.get_by_role("button", name="Friday, November 20, 2026: 1 motion recording")
    day.click()
    expect(page.locator(".tile .badge")).to_have_text(["MOTION"])
    page.select_option("select[aria-label=Kind]", "raw")
    expect(page.locator("button.day")).to_have_count(9)
    page.get_by_label("Kind").select_option(label="Other files")
    expect(page.locator(".year-map")).to_have_text("No item of 2026 matches these filters.")


def test_one_is_seen_large_by_keyboard_and_told_about(same_page, looked_at):
    open_tab(same_page, looked_at, "photos")
    same_page.locator(".tile .open").first.focus()
    same_page.keyboard.press("Enter")
    same_page.wait_for_selector(".view dl")
    facts = same_page.inner_text(".view dl")
    assert "1600 × 1200" in facts
    assert "1/120 s" in facts
    assert "8333" in (same_page.text_content(".view details dl") or "")
    same_page.wait_for_function("() => document.querySelectorAll('.view .histogram path[d]').length === 4")
    first = same_page.get_attribute(".view-stage img", "src")
    same_page.keyboard.press("ArrowRight")
    same_page.wait_for_function("(first) => document.querySelector('.view-stage img').src !== first", arg=first)
    same_page.keyboard.press("ArrowLeft")
    same_page.wait_for_function("(first) => document.querySelector('.view-stage img').src === first", arg=first)
    same_page.keyboard.press("+")
    assert same_page.get_attribute(".view-zoom", "data-enlarged") == "true"
    same_page.keyboard.press("Escape")
    same_page.wait_for_selector(".view", state="hidden")
    assert same_page.evaluate("document.activeElement.closest('.tile') === document.querySelector('.tile')")


def test_what_a_person_should_know_of_a_video_is_told(page, url, library):
    pending = PendingItem.create(library.data / "library", "video", NOON_S + DAY_S, "imx219")
    pending.path("mp4").write_bytes(b"a video")
    pending.path("jpg").write_bytes(picture((1600, 1200)))
    pending.finish({"kind": "video", "interrupted": True, "notices": ["no sound: libav is missing", "it was killed"]})
    open_tab(page, url, "photos")
    page.locator(".tile .open").first.click()
    page.wait_for_selector(".view dl")
    assert "no sound: libav is missing\nit was killed" in page.inner_text(".view dl")


@pytest.mark.skipif(not shutil.which("ffmpeg"), reason="needs ffmpeg")
def test_an_event_of_motion_plays_and_says_when_and_why_it_was_recorded(page, url, library):
    """Also one that is only a picture. Their filter, their names and their mark are their own."""
    root = library.data / "library"
    video = PendingItem.create(root, "motion", NOON_S + DAY_S, "imx219")
    made = ["-f", "lavfi", "-i", "testsrc=duration=3:size=320x180:rate=5", "-pix_fmt", "yuv420p"]
    subprocess.run(["ffmpeg", "-v", "error", *made, str(video.path("mp4"))], check=True)
    video.path("jpg").write_bytes(picture((1600, 1200)))
    event = {"start": "2026-11-21T12:00:05.000Z", "end": "2026-11-21T12:00:12.500Z", "trigger": "motion"}
    gaps = [{"start": "2026-11-21T12:00:08.000Z", "seconds": 1.5}]
    video.finish({"kind": "motion", "duration_s": 3.0, "motion": {**event, "part": 2, "gaps": gaps}})
    alone = PendingItem.create(root, "motion", NOON_S + DAY_S + 60, "imx219")
    alone.path("jpg").write_bytes(picture((1600, 1200), "red"))
    id_ = alone.finish({"kind": "motion", "motion": {"start": event["start"], "end": None, "trigger": "request"}})
    open_tab(page, url, "photos")
    page.get_by_label("Kind").select_option(label="Motion recordings")
    expect(page.locator(".tile")).to_have_count(2)
    expect(page.locator(".tile .badge")).to_have_text(["MOTION", "MOTION"])
    page.get_by_role("button", name=re.compile("^Motion recording, ")).first.click()
    page.wait_for_selector(".view dl")
    picture_of_it = page.locator(".view-stage img")
    assert picture_of_it.get_attribute("src") == f"{url}library/{id_}"
    expect(page.locator(".view .histogram")).to_be_visible()
    assert "Event ended\nnot known\nTrigger\na command, a program or a sensor" in page.inner_text(".view dl")
    page.get_by_role("button", name="Older").click()
    page.wait_for_function("() => document.querySelector('.view-stage video')?.duration === 3")
    expect(page.locator(".view dl")).to_contain_text("Trigger")
    text = page.inner_text(".view dl")
    assert re.search(r"Event began\n.*:05.*\nEvent ended\n.*:12.*\nTrigger\nmotion in the picture\n", text)
    assert re.search(r"Part\n2 of the event\nGaps\n.*:08.*, 1.5 s: the camera was needed for something else\n", text)
    expect(page.locator(".view .histogram")).to_be_hidden()
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(page.locator(".tile")).to_have_count(1)
    page.keyboard.press("Escape")
    page.locator(".trash summary").click()
    expect(page.locator(".trash-list li").first).to_contain_text("1 motion recording, deleted")


def test_whatever_is_copied_in_can_be_seen_or_taken_home(page, url, library):
    """A photo of a phone that was held upright, a video that no browser plays, a page that is not ours."""
    day = library.data / "library" / "2030-01-01"
    day.mkdir()
    phone, noon_s = held(6, (600, 800)), 1_893_499_200
    files = {
        "IMG_1.JPG": phone,
        "IMG_1.MOV": b"no video",
        "x.avi": b"no video",
        "page.html": b"<script>alert(1)</script>",
    }
    for number, (name, data) in enumerate(files.items()):
        (day / name).write_bytes(data)
        os.utime(day / name, (noon_s - number, noon_s - number))
    open_tab(page, url, "photos")
    page.wait_for_selector(".tile")
    tiles = page.locator("section[data-day='2030-01-01'] .tile")
    assert tiles.locator(".badge").all_text_contents() == ["▶", "▶", "HTML"]
    page.wait_for_function("() => document.querySelectorAll(\"[data-day='2030-01-01'] .no-thumbnail\").length === 3")
    assert tiles.locator(".no-thumbnail").all_text_contents() == ["IMG_1.MOV", "x.avi", "page.html"]
    tiles.locator(".open").first.click()
    page.wait_for_function("() => document.querySelector('.view-stage img')?.naturalWidth")
    size = page.locator(".view-stage img").evaluate("(img) => [img.naturalWidth, img.naturalHeight]")
    assert size == [600, 800]
    page.wait_for_function("() => document.querySelectorAll('.view .histogram path[d]').length === 4")
    page.keyboard.press("Escape")
    tiles.locator(".open").last.click()
    page.wait_for_selector(".view .no-thumbnail")
    assert "download it" in page.inner_text(".view-stage")
    with page.expect_download() as download:
        page.click(".view a:has-text('Download')")
    assert download.value.suggested_filename == "page.html"
    with page.expect_download() as opened:  # nor does its own address show it
        page.evaluate("() => { location.href = 'library/2030-01-01/page.html'; }")
    assert opened.value.path().read_bytes() == files["page.html"]
    page.keyboard.press("Escape")
    page.select_option("select[aria-label=Kind]", "file")
    wait_for_tiles(page, 1)


def test_wheel_and_drag_zoom_and_pan(same_page, looked_at):
    open_tab(same_page, looked_at, "photos")
    same_page.click(".tile .open >> nth=0")
    same_page.wait_for_selector(".view dl")
    box = same_page.locator(".view-zoom").bounding_box()
    assert box
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    same_page.mouse.move(*middle)
    same_page.mouse.wheel(0, -600)
    moved = "() => document.querySelector('.view-zoom > *').style.transform"
    enlarged = same_page.evaluate(moved)
    same_page.mouse.down()
    same_page.mouse.move(middle[0] + 80, middle[1] + 40, steps=4)
    same_page.mouse.up()
    assert enlarged != same_page.evaluate(moved) != ""
    same_page.mouse.dblclick(*middle)
    assert same_page.get_attribute(".view-zoom", "data-enlarged") == "false"


def test_a_favourite_with_a_title_stays_one(page, url):
    """A title that is being typed outlives the details, which come late."""
    open_tab(page, url, "photos")
    details: list[Route] = []

    def hold(route: Route) -> None:
        details.append(route)

    page.route("**/api/library/items/**", hold, times=1)
    page.click(".tile .open >> nth=0")
    page.fill(".view input[name=title]", "Fox <b>& friends</b>")
    while not details:
        page.wait_for_timeout(50)
    details[0].continue_()
    page.wait_for_selector(".view dl")
    page.keyboard.press("Enter")
    page.wait_for_function("() => document.querySelector('.view h2').textContent === 'Fox <b>& friends</b>' ||"
                           " document.querySelector('.view .problem')")  # fmt: skip
    assert "slash" in page.inner_text(".view .problem")  # the tag's: no file can be called so
    page.fill(".view input[name=title]", "Fox & friends")
    page.keyboard.press("Enter")
    page.wait_for_function("() => document.querySelector('.view h2').textContent === 'Fox & friends'")
    page.click(".view button:has-text('Favourite')")
    page.wait_for_selector(".view button[aria-pressed=true]")
    page.keyboard.press("Escape")
    page.reload()
    page.wait_for_selector(".tile .star")
    page.click("label:has-text('Favourites')")
    wait_for_tiles(page, 1)


def test_what_is_deleted_can_be_brought_back(page, url, library):
    open_tab(page, url, "photos")
    page.wait_for_selector(".tile")
    for number in range(3):
        page.locator(".tile input").nth(number).check(force=True)
    assert "3 selected" in page.inner_text(".selection")
    page.click(".selection button:has-text('Delete')")
    page.wait_for_selector(".toast")
    assert len(list((library.data / "library").glob("2026-*/*.jpg"))) == 87
    page.click(".toast button:has-text('Undo')")
    library.until(lambda: len(list((library.data / "library").glob("2026-*/*.jpg"))) == 90)


def test_a_zip_of_those_chosen_is_taken_home(same_page, looked_at):
    open_tab(same_page, looked_at, "photos")
    same_page.wait_for_selector(".tile")
    for number in range(2):
        same_page.locator(".tile input").nth(number).check(force=True)
    with same_page.expect_download() as download:
        same_page.click(".selection button:has-text('ZIP')")
    with zipfile.ZipFile(io.BytesIO(download.value.path().read_bytes())) as archive:
        assert archive.testzip() is None
        assert len([name for name in archive.namelist() if name.endswith(".jpg")]) == 2


@pytest.mark.parametrize("width", [360, 768, 1280, 2560])
def test_there_is_nothing_to_scroll_for_sideways(same_page, looked_at, width):
    page = same_page
    page.set_viewport_size({"width": width, "height": 800})
    open_tab(page, looked_at, "photos")
    page.wait_for_selector(".tile")
    assert page.evaluate("document.documentElement.scrollWidth") == width
    page.click(".tile .open >> nth=0")
    page.wait_for_selector(".view dl")
    assert page.evaluate("document.querySelector('.view').scrollWidth") == width


def test_nothing_keeps_anybody_from_using_it(new_page, url):
    """By axe-core's rules: calendar, trash, wall with some chosen, and one photo large."""
    page = new_page(bypass_csp=True)
    open_tab(page, url, "photos")
    page.wait_for_selector(".tile")
    page.click(".year summary")
    page.wait_for_selector("button.day")
    page.locator(".tile input").nth(0).check(force=True)
    page.click(".selection button:has-text('Delete')")
    page.wait_for_selector(".toast")
    page.click(".trash summary")
    page.wait_for_selector(".trash-list button")
    page.locator(".tile input").nth(0).check(force=True)
    found = {"wall": barriers(page)}
    page.click(".tile .open >> nth=0")
    page.wait_for_function("() => document.querySelectorAll('.view[open] .histogram path[d]').length === 4")
    page.wait_for_selector(".view[open] details summary")
    page.click(".view[open] details summary")
    found["view"] = barriers(page)
    assert found == {"wall": [], "view": []}


def test_a_swipe_leads_on(new_page, looked_at):
    page = new_page(viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True)
    open_tab(page, looked_at, "photos")
    page.tap(".tile .open >> nth=0")
    page.wait_for_selector(".view-stage img")
    first = page.get_attribute(".view-stage img", "src")
    box = page.locator(".view-zoom").bounding_box()
    assert box
    touch = page.context.new_cdp_session(page)
    y = box["y"] + box["height"] / 2
    for kind, x in (("touchStart", 300), ("touchMove", 200), ("touchMove", 60), ("touchEnd", None)):
        points = [] if x is None else [{"x": x, "y": y}]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    page.wait_for_function("(first) => document.querySelector('.view-stage img')?.src !== first", arg=first)


def test_the_cameras_and_the_system_are_told(same_page, looked_at):
    open_tab(same_page, looked_at, "info")
    same_page.wait_for_selector(".info-card")
    assert "Python" in same_page.inner_text(".info")


def test_what_is_new_appears_while_older_items_load(page, library, url):
    loading: list[Route] = []

    def hold(route: Route) -> None:
        loading.append(route)

    page.route("**/api/library?*start=*", hold)
    open_tab(page, url, "photos")
    page.wait_for_selector(".tile")
    page.locator(".tile").last.scroll_into_view_if_needed()
    while not loading:
        page.wait_for_timeout(50)
    before = tiles(page)
    take(library.data / "library", "photo", -1)
    wait_for_tiles(page, before + 1)
    loading[0].continue_()
    wait_for_tiles(page, 91)


def test_a_video_appears_in_its_place_once_its_mp4_is_made(modules):
    """Photos and days that came while it was encoded are there already; the order is that of the times."""
    script = """async ([before, newest]) => {
      const { Grid } = await import('./tabs/photos/grid.js');
      const item = (id) => ({
        id, day: id.slice(0, 10), title: '', name: id, kind: 'file', time: `${id}:00Z`, zone: 'UTC', favourite: false,
      });
      const [root, library] = [document.createElement('div'), { address: () => '' }];
      const grid = new Grid(root, library, { open: () => {}, choose: () => {} });
      grid.append(before.map(item));
      const known = grid.renew(newest.map(item));
      const days = [...root.children].map((day) => [day.dataset.day, day.querySelectorAll('.tile').length]);
      const names = [...root.querySelectorAll('.no-thumbnail')].map((name) => name.textContent);
      return [known, grid.items.map(({ id }) => id), names, days];
    }"""
    before = ["2026-12-02T10:00", "2026-11-30T12:00", "2026-11-30T11:00"]
    newest = [
        "2026-12-02T11:00", before[0], "2026-12-02T09:00", "2026-12-01T09:00", "2026-11-30T13:00", before[1],
        "2026-11-30T11:30", before[2], "2026-11-29T09:00",
    ]  # fmt: skip
    days = [["2026-12-02", 3], ["2026-12-01", 1], ["2026-11-30", 4], ["2026-11-29", 1]]
    assert modules.evaluate(script, [before, newest]) == [True, newest, newest, days]


def test_videos_without_an_mp4_are_listed_with_its_progress(modules):
    script = """async ([videos, filters]) => {
      const { Unfinished } = await import('./tabs/photos/unfinished.js');
      const shown = new Unfinished();
      return filters.map((filter) => {
        shown.show(videos, filter);
        const words = (tile) => [...tile.children].map((part) => part.textContent.split(',')[0]);
        return shown.element.hidden ? null : [...shown.element.querySelectorAll('li')].map(words);
      });
    }"""
    videos = [
        {"kind": "video", "time": "2026-11-30T12:00:00.000Z", "progress": 0.409},
        {"kind": "motion", "time": None, "progress": None},
    ]
    listed = [["Video", "Creating the MP4: 40\u00a0%"], ["Motion recording", "Waiting for its MP4"]]
    found = modules.evaluate(script, [videos, [{}, {"kind": "motion"}, {"kind": "photo"}, {"day": "2026-11-30"}]])
    assert found == [listed, listed[1:], None, None]
