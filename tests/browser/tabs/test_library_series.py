"""The Photos tab shows the pictures of a series where its name is chosen: to look at, not to change."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from series_folders import make_series, thin
from serving import Site
from signed_in import add_owner, sign_in
from test_library_page import take, wait_for_tiles


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    """A library with one photo, a series with 100 pictures of which 70 are left, and one of raw photos."""
    series = tmp_path / "data" / "series"
    take(tmp_path / "data" / "library", "photo", 0)
    thin(make_series(series, 100), *range(20, 50))
    make_series(series, 2, name="Höhe 2", kind="raw", state="finished")
    make_series(series, 0, name="Not yet", state="planned")
    add_owner(tmp_path / "data")
    with Site(tmp_path) as site:
        yield f"http://127.0.0.1:{site.port}/"


@pytest.mark.parametrize("width", [360, 1280])
def test_the_pictures_of_a_series_are_looked_through(new_page, url, width):
    page = new_page(viewport={"width": width, "height": 800})
    sign_in(page, url, "photos")
    wait_for_tiles(page, 1)
    page.wait_for_selector("select[aria-label=Series]")
    assert page.locator("select[aria-label=Series] option").all_text_contents() == ["Series…", "Garden", "Höhe 2"]
    page.select_option("select[aria-label=Series]", "Garden")
    page.wait_for_function("() => document.querySelectorAll('.tile').length > 1")
    while (before := page.locator(".tile").count()) < 70:
        page.locator(".library-end").scroll_into_view_if_needed()
        page.wait_for_function("(before) => document.querySelectorAll('.tile').length > before", arg=before)
    wait_for_tiles(page, 70)
    assert page.locator(".tile input").count() == 0
    assert page.is_disabled("select[aria-label=Kind]")
    assert page.evaluate("document.documentElement.scrollWidth") == width
    page.click(".tile .open >> nth=0")
    page.wait_for_function("() => document.querySelectorAll('.view[open] .histogram path[d]').length === 4")
    assert "Garden" in page.inner_text(".view[open] dl")
    assert "1/100 s" in page.inner_text(".view[open] dl")
    assert page.locator(".view[open] button:has-text('Delete')").count() == 0
    first = page.get_attribute(".view[open] img", "src")
    page.keyboard.press("ArrowRight")
    page.wait_for_function("(first) => document.querySelector('.view[open] img').src !== first", arg=first)
    page.keyboard.press("Escape")
    page.select_option("select[aria-label=Series]", "Höhe 2")
    wait_for_tiles(page, 2)
    page.click(".tile .open >> nth=0")
    page.wait_for_selector(".view[open] dl")
    with page.expect_download() as download:
        page.click(".view[open] a:has-text('Download')")
    assert download.value.path().read_bytes().startswith(b"II*\0")
    page.keyboard.press("Escape")
    page.select_option("select[aria-label=Series]", "")
    wait_for_tiles(page, 1)
    assert page.is_enabled("select[aria-label=Kind]")
