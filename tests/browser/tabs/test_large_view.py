"""One item large: what has been deleted leaves the view, what could not be stays in it, and Undo is within reach."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route
from serving import Site
from signed_in import add_owner, sign_in
from test_library_page import take, wait_for_tiles

TAKEN = 4


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """A server with a few photos."""
    for number in range(TAKEN):
        take(tmp_path / "data/library", "photo", number)
    add_owner(tmp_path / "data")
    with Site(tmp_path) as site:
        yield site


@pytest.fixture(params=["photos", "live"])
def opened(request, page: Page, site: Site) -> Page:
    """The newest photo, opened from the grid, or from the strip of the last items."""
    sign_in(page, f"http://127.0.0.1:{site.port}/", request.param)
    page.locator(".tile .open").first.click()
    page.wait_for_selector(".view[open] dl")
    return page


def kept(site: Site) -> int:
    return len(list((site.data / "library").glob("2026-*/*.jpg")))


def shown(page: Page) -> str:
    return page.get_attribute(".view[open] .view-stage img", "src") or ""


def have_deletions_fail(site: Site) -> None:
    """Have a file where the folder of the trash would be: no item can be moved there."""
    (site.data / "library/.trash").write_bytes(b"")


def test_undo_is_within_reach_of_the_pointer_in_the_large_view(page, site):
    sign_in(page, f"http://127.0.0.1:{site.port}/", "photos")
    page.locator(".tile .open").first.click()
    first = shown(page)
    page.click(".view[open] button:has-text('Delete')")
    page.wait_for_function("(first) => document.querySelector('.view[open] img')?.src !== first", arg=first)
    assert kept(site) == TAKEN - 1
    page.click(".toast button:has-text('Undo')", timeout=20_000)
    site.until(lambda: kept(site) == TAKEN)
    assert page.locator(".view[open]").count() == 1
    page.keyboard.press("Escape")
    wait_for_tiles(page, TAKEN)


def test_undo_is_within_reach_of_the_keyboard_in_the_large_view(page, site):
    sign_in(page, f"http://127.0.0.1:{site.port}/", "photos")
    page.locator(".tile .open").first.click()
    page.wait_for_selector(".view[open] dl")
    page.keyboard.press("Delete")
    page.wait_for_selector(".toast")
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent") == "Undo":
            break
    page.keyboard.press("Enter")
    site.until(lambda: kept(site) == TAKEN)


def test_a_message_is_not_left_behind_by_a_dialog_that_opens_or_closes(page, site):
    """Undo of what was deleted in the grid, while a photo is opened, closed, and another is opened."""
    sign_in(page, f"http://127.0.0.1:{site.port}/", "photos")
    page.locator(".tile input").first.check(force=True)
    page.click(".selection button:has-text('Delete')")
    undo = page.locator(".toast button:has-text('Undo')")
    undo.hover()  # it stays as long as it is pointed at
    page.locator(".tile .open").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_selector(".view[open] dl")
    undo.click(trial=True, timeout=20_000)
    page.keyboard.press("Escape")
    page.wait_for_selector(".view", state="hidden")
    undo.click()
    site.until(lambda: kept(site) == TAKEN)


def test_back_closes_the_view_and_not_the_tab(opened):
    """As people on a phone expect."""
    tab = opened.url
    opened.go_back()
    opened.wait_for_selector(".view", state="hidden")
    assert opened.url == tab
    for leave in ("Escape", "✕"):
        opened.locator(".tile .open").first.click()
        opened.wait_for_selector(".view[open] dl")
        if leave == "Escape":
            opened.keyboard.press(leave)
        else:
            opened.click(f".view[open] button:has-text('{leave}')")
        opened.wait_for_selector(".view", state="hidden")
    opened.wait_for_function("() => !history.state?.dialog")


def test_back_leaves_the_tab_that_had_a_view(page, site):
    """Nothing of the view stays in the history: whether it was closed, or left with the tab."""
    sign_in(page, f"http://127.0.0.1:{site.port}/", "photos")
    page.click("#tabs a:has-text('Info')")
    page.click("#tabs a:has-text('Photos')")
    page.locator(".tile .open").first.click()
    page.wait_for_selector(".view[open] dl")
    page.keyboard.press("Escape")
    page.wait_for_function("() => !history.state?.dialog")
    page.locator(".tile .open").first.click()
    page.wait_for_selector(".view[open] dl")
    page.evaluate("document.querySelector('#tabs a[href$=settings]').click()")
    page.wait_for_selector("#settings-panel .settings-card")
    assert page.locator(".view[open]").count() == 0
    page.go_back()
    page.wait_for_selector("#tabs [aria-current=page][href$=photos]")
    page.wait_for_function("() => !history.state?.dialog")
    assert page.locator(".view[open]").count() == 0
    page.go_back()
    page.wait_for_selector("#tabs [aria-current=page][href$=info]")


def test_back_closes_one_dialog_after_the_other(page, site):
    sign_in(page, f"http://127.0.0.1:{site.port}/", "settings")
    page.wait_for_selector("#settings-panel .settings-card")
    tab = page.url
    open_three(page)
    for left in (["First", "Second"], ["First"], []):
        page.go_back()
        page.wait_for_function("(n) => document.querySelectorAll('dialog[open]').length === n", arg=len(left))
        assert page.locator("dialog[open] h2").all_inner_texts() == left
    assert page.url == tab
    open_three(page)
    page.evaluate("document.querySelectorAll('dialog[open]').forEach((each) => each.close())")
    page.wait_for_function("() => !history.state?.dialog")
    assert page.url == tab


def open_three(page: Page) -> None:
    page.evaluate("""async () => {
        const { dialog } = await import(document.querySelector("link[href$='base/dialogs.js']").href);
        for (const title of ["First", "Second", "Third"]) {
            const heading = document.createElement("h2");
            heading.textContent = title;
            dialog(heading);
        }
    }""")


def test_what_cannot_be_deleted_stays_in_view_and_the_reason_is_told(opened, site):
    have_deletions_fail(site)
    first = shown(opened)
    opened.click(".view[open] button:has-text('Delete')")
    toast = opened.locator(".toast[role=alert]")
    toast.wait_for()
    assert toast.locator("p").inner_text() == "The library cannot be changed (Not a directory): check the disk with df."
    assert toast.locator("button:has-text('Undo')").count() == 0
    assert shown(opened) == first
    toast.locator("button[aria-label=Dismiss]").click(timeout=20_000)
    assert kept(site) == TAKEN
    (site.data / "library/.trash").unlink()
    opened.click(".view[open] button:has-text('Delete')")
    opened.locator(".toast button:has-text('Undo')").wait_for()
    assert kept(site) == TAKEN - 1


def test_what_nobody_answers_stays_in_view(opened, site):
    first = shown(opened)
    opened.route("**/api/library/delete", lambda route: route.abort())
    opened.click(".view[open] button:has-text('Delete')")
    opened.locator(".toast[role=alert]", has_text="does not answer").wait_for()
    assert shown(opened) == first
    opened.wait_for_selector(".view[open] button.danger:enabled")  # once the strip has been asked for, too


def test_a_photo_that_is_looked_at_meanwhile_stays(page, site):
    """The next one is shown only to who still looks at the one that was deleted."""
    sign_in(page, f"http://127.0.0.1:{site.port}/", "photos")
    page.locator(".tile .open").first.click()
    page.wait_for_selector(".view[open] dl")
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/api/library/delete", hold)
    page.keyboard.press("Delete")
    page.wait_for_function("() => document.querySelector('.view[open] button.danger').disabled")
    for _ in range(2):
        page.click(".view[open] button[aria-label=Older]")
    third = shown(page)
    held[0].continue_()
    page.wait_for_selector(".toast")
    assert shown(page) == third


def test_a_message_is_seen_in_full_screen(page, site):
    sign_in(page, f"http://127.0.0.1:{site.port}/", "live")
    page.click("#full-screen")
    page.wait_for_function("() => document.fullscreenElement")
    page.evaluate("import('./base/toasts.js').then(({ say }) => say('A message', { error: true }))")
    page.click(".toast button[aria-label=Dismiss]", timeout=20_000)
    page.keyboard.press("Escape")
