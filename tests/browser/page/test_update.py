"""The server is updated while a page is open: the page offers to reload, and no tab breaks."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pictures import picture
from playwright.sync_api import Page, expect
from serving import Site, installed
from signed_in import add_owner, sign_in

OFFER = "#toasts button:has-text('Reload')"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """A server with an owner, run from a copy of the program."""
    add_owner(tmp_path / "data")
    with Site(tmp_path, {"access": {"watch": "anyone"}}, installed(tmp_path / "program")) as site:
        site.publish(picture())
        yield site


def url(site: Site) -> str:
    return f"http://127.0.0.1:{site.port}/"


def version(page: Page) -> str:
    """The version that the page is of."""
    found = page.get_attribute("script[type=module]", "src")
    assert found
    return found.split("/")[1]


def update(site: Site, folder: Path) -> None:
    """Put another version there, and start it."""
    with (folder / "program/web/tabs/info/tab.js").open("a") as module:
        module.write("// updated\n")
    site.end()
    site.start()


def test_an_open_page_offers_to_reload(page, site, tmp_path):
    page.goto(url(site))
    page.wait_for_function("() => !document.querySelector('#canvas').hidden")
    old = version(page)
    update(site, tmp_path)
    page.click(OFFER)
    page.wait_for_function("(old) => !document.querySelector('script[type=module]')?.src.includes(old)", arg=old)
    page.wait_for_function("() => !document.querySelector('#canvas').hidden")
    assert version(page) != old


def test_the_page_of_all_cameras_offers_it_too(page, site, tmp_path):
    page.goto(f"{url(site)}cameras")
    page.wait_for_function("() => document.querySelector('canvas')?.hidden === false")
    old = version(page)
    update(site, tmp_path)
    page.click(OFFER)
    page.wait_for_function("(old) => !document.querySelector('script[type=module]')?.src.includes(old)", arg=old)


def test_a_tab_that_was_not_open_yet_opens(failing_page, site, tmp_path):
    left = failing_page
    sign_in(left, url(site), "settings")
    left.wait_for_selector("[data-setting]")
    old = version(left)
    update(site, tmp_path)
    left.click("#tabs a:has-text('Info')")
    left.wait_for_selector(".info h2")
    assert version(left) != old
    assert left.url.endswith("/info")


def test_a_part_that_is_missing_for_another_reason_is_told(page, site):
    sign_in(page, url(site), "settings")
    page.wait_for_selector("[data-setting]")
    page.route("**/tabs/info/tab.js", lambda route: route.abort())
    page.click("#tabs a:has-text('Info')")
    expect(page.locator("#toasts")).to_contain_text("Info cannot be shown.")


def test_it_is_offered_once_a_version(page, site):
    page.goto(url(site))
    page.wait_for_function("() => !document.querySelector('#canvas').hidden")
    module = f"./assets/{version(page)}/page/update.js"
    offer_reload = f"""async (pages) => {{
      const {{ offerReload }} = await import("{module}");
      for (const page of pages) offerReload({{ page }});
    }}"""
    page.evaluate(offer_reload, [version(page), None, ""])
    assert page.locator(OFFER).count() == 0
    page.evaluate(offer_reload, ["another", "another"])
    assert page.locator(OFFER).count() == 1
    page.click("#toasts [aria-label=Dismiss]")
    page.evaluate(offer_reload, ["another"])
    assert page.locator(OFFER).count() == 0
