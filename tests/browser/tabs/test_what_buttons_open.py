"""What a button opens is seen at once: it is brought into view, and the focus goes where it helps."""

from collections.abc import Callable, Iterator

import pytest
from photos import add_photo
from pictures import picture
from playwright.sync_api import Page, ViewportSize, expect
from real_camera import SMALL, RealCamera, owned_camera
from signed_in import signed_in

NOON_S = 1_795_176_000.0  # 2026-11-20, 12:00 UTC
DESK, PHONE = ViewportSize(width=1280, height=800), ViewportSize(width=360, height=740)
both_screens = pytest.mark.parametrize("screen", [pytest.param(DESK, id="1280"), pytest.param(PHONE, id="360")])


@pytest.fixture(scope="module")
def camera(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealCamera]:
    """A camera with an owner and four photos; no test changes them."""
    folder = tmp_path_factory.mktemp("opened")
    for number, colour in enumerate(("red", "green", "blue", "orange")):
        told, data = {"ExposureTime": 8333 + number}, picture((1600, 1200), colour)
        add_photo(folder / "data/library", NOON_S + number, data, size=[1600, 1200], metadata=told)
    with owned_camera(folder, "simulated", {"snapshot": SMALL}) as real:
        yield real


@pytest.fixture
def opened(same_page: Page, camera: RealCamera) -> Callable[..., Page]:
    def opened(tab: str, ready: str, screen: ViewportSize) -> Page:
        page = same_page
        page.set_viewport_size(screen)
        signed_in(page, camera.url)
        page.goto(camera.url + tab)
        page.wait_for_selector(ready)
        return page

    return opened


@both_screens
def test_a_comparison_is_seen_where_it_was_asked_for(opened, screen):
    """It lay below the fold, in a strip of 17 rem."""
    page = opened("live", ".recent .tile img", screen)
    first = page.get_by_role("button", name="Compare").first
    assert first.inner_text() == "Compare"
    first.click()
    comparison = page.get_by_role("dialog", name="Compare")
    expect(comparison.locator(".compare-stage img")).to_be_in_viewport(ratio=0.99)
    assert comparison.evaluate("(dialog) => dialog.contains(document.activeElement)")
    expect(comparison.get_by_text("Choose another photo to compare with this one:")).to_be_in_viewport()
    comparison.get_by_role("button", name="Add ").first.click()
    comparison.locator("label", has_text="Side by side").click()
    for shown in comparison.locator(".compare-stage img").all():
        expect(shown).to_be_in_viewport(ratio=0.99)
    assert comparison.locator("[data-differs=true]").count() > 0
    assert comparison.evaluate("(dialog) => dialog.scrollWidth <= dialog.clientWidth")
    page.keyboard.press("Escape")
    expect(comparison).to_be_hidden()
    expect(first).to_be_focused()
    first.click()  # the photos are still there
    expect(comparison.get_by_text(" of 2")).to_be_visible()


@pytest.mark.parametrize(
    ("tab", "ready", "summary", "content"),
    [
        pytest.param("live", ".groups .control", "This frame", ".metadata", id="a group of controls"),
        pytest.param("photos", ".library .tile", "Calendar", ".months > li >> nth=0", id="the calendar"),
    ],
)
def test_a_section_that_opens_comes_into_view(opened, tab, ready, summary, content):
    page = opened(tab, ready, ViewportSize(width=360, height=560))
    head = page.locator("summary", has_text=summary)
    head.scroll_into_view_if_needed()
    head.click()
    expect(page.locator(content)).to_be_in_viewport()
    expect(head).to_be_in_viewport()
    expect(head).to_be_focused()


@pytest.mark.parametrize(("motion", "behaviour"), [("reduce", "instant"), ("no-preference", "smooth")])
def test_nothing_glides_for_people_who_prefer_less_motion(opened, motion, behaviour):
    page = opened("photos", ".library .tile", PHONE)
    page.emulate_media(reduced_motion=motion)
    page.evaluate("""() => {
      window.behaviours = [];
      Element.prototype.scrollIntoView = (how) => window.behaviours.push(how.behavior);
    }""")
    page.locator("summary", has_text="Trash").click()
    page.wait_for_function("() => window.behaviours.length")
    assert set(page.evaluate("window.behaviours")) == {behaviour}


@both_screens
@pytest.mark.parametrize(
    ("tab", "ready"),
    [
        ("live", ".recent .tile img"),
        ("photos", ".library .tile"),
        ("timelapse", ".series-head"),
        ("config", "#config-panel .settings-card"),
        ("info", ".info-scroll"),
        ("settings", "#settings-panel .settings-card"),
    ],
)
def test_a_button_has_a_word_or_a_tooltip(opened, tab, ready, screen):
    """A sign alone explains nothing."""
    page = opened(tab, ready, screen)
    unexplained: list[str] = page.locator("button:visible").evaluate_all(
        """(buttons) => buttons.filter((button) => {
      const words = [button, ...button.querySelectorAll("*")].some((part) => part.offsetWidth > 1
        && [...part.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && /\\p{L}/u.test(node.data)));
      return !words && !button.title && !button.querySelector("img");
    }).map((button) => button.outerHTML.slice(0, 120))"""
    )
    assert unexplained == []
