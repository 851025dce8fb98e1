"""Live view and small pictures: what a browser remembers, what the owner wishes, and what a slow link needs."""

import json

import pytest
from page_driver import wait_for_colour, wait_for_state

KEY = "stillcam.picture"
SAVES_DATA = """
  Object.defineProperty(navigator, "connection", { value: Object.assign(new EventTarget(), { saveData: true }) });
"""
CHOOSE = "async (wish) => (await import('./picture/feed.js')).choose(wish)"


def remembered(page):
    return json.loads(page.evaluate(f"localStorage['{KEY}'] ?? '{{}}'"))


def checked(page):
    """Whether live view and small pictures are on, as the page says."""
    return [page.get_attribute(f"#{name}", "aria-checked") == "true" for name in ("live", "small")]


def test_live_view_is_remembered_until_it_is_switched_off(page, camera):
    page.goto(camera.url)
    wait_for_colour(page, "red")
    with camera.filming():
        page.click("#live")
        wait_for_state(page, "live")
        with page.expect_request("**?after=*"):
            page.reload()
        wait_for_state(page, "live")
        assert checked(page) == [True, False]
        page.click("#live")
        wait_for_state(page, "fresh")
    page.reload()
    wait_for_state(page, "fresh")
    assert (checked(page), remembered(page)) == ([False, False], {"live": False})


def test_small_pictures_are_asked_for_and_few_of_them(page, camera):
    page.goto(camera.url)
    wait_for_colour(page, "red")
    with page.expect_request(lambda request: "?t=" in request.url and request.url.endswith("&width=640")):
        page.click("#small")
    with page.expect_request(lambda request: "after=" in request.url and request.url.endswith("&fps=5&width=640")):
        page.click("#live")
    with page.expect_request(lambda request: "?t=" in request.url and request.url.endswith("&width=640")):
        page.reload()
    assert checked(page) == [True, True]
    with page.expect_request(lambda request: "after=" in request.url and "fps" not in request.url):
        page.click("#small")


@pytest.mark.parametrize(
    ("before", "wish", "found"),
    [
        pytest.param({}, None, [False, False], id="nobody wishes anything"),
        pytest.param({}, {"auto": False}, [False, False], id="the owner does not"),
        pytest.param({}, {"auto": True}, [True, False], id="the owner does"),
        pytest.param({"live": False}, {"auto": True}, [False, False], id="this browser's choice counts more"),
        pytest.param({"live": True, "small": True}, {"auto": False}, [True, True], id="in each direction"),
    ],
)
def test_live_view_starts_by_itself_as_the_owner_wishes(page, camera, before, wish, found):
    page.add_init_script(f"localStorage['{KEY}'] = '{json.dumps(before)}'")
    page.goto(camera.url)
    wait_for_colour(page, "red")
    page.evaluate(CHOOSE, wish)
    wait_for_state(page, "live" if found[0] else "fresh")
    assert (checked(page), remembered(page)) == (found, before)


@pytest.mark.parametrize(
    ("before", "found"),
    [
        pytest.param({}, [False, True], id="the owner's wish costs this device no data"),
        pytest.param({"live": True}, [True, True], id="a choice made here does"),
        pytest.param({"live": True, "small": False}, [True, False], id="and so do large pictures"),
    ],
)
def test_a_device_that_saves_data_gets_small_pictures(page, camera, before, found):
    page.add_init_script(f"localStorage['{KEY}'] = '{json.dumps(before)}';{SAVES_DATA}")
    page.goto(camera.url)
    wait_for_colour(page, "red")
    page.evaluate(CHOOSE, {"auto": True})
    wait_for_state(page, "live" if found[0] else "fresh")
    assert checked(page) == found


def test_where_nothing_can_be_stored_live_view_still_works(page, camera):
    page.add_init_script(
        "Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('blocked'); } })"
    )
    page.goto(camera.url)
    wait_for_colour(page, "red")
    page.click("#live")
    wait_for_state(page, "live")


WORDS = """async () => {
  const { pictureState, SLOW_LIVE } = await import("./picture/state.js");
  const facts = { online: true, failures: 0, live: true, reduced: true, age_s: 0, statusAge_s: null, status: null };
  const states = [true, false].map((small) => pictureState({ ...facts, small }));
  return states.map(({ word, sentence }) => [word, sentence === SLOW_LIVE]);
}"""


def test_live_view_on_a_slow_link_is_smaller_and_says_so(page, camera):
    """The reason is another where small pictures are wanted."""
    page.goto(camera.url)
    wait_for_colour(page, "red")
    assert page.evaluate(WORDS) == [["Live, small", False], ["Live, small", True]]
    name, body, _ = camera.frame
    small = {"status": 200, "content_type": "image/jpeg", "body": body, "headers": {"ETag": f'"{name}-w640"'}}
    page.route("**?after=*", lambda route: route.fulfill(**small))
    page.click("#live")
    page.wait_for_selector("#toasts :text('The connection is slow: the pictures of live view are smaller now.')")
    page.wait_for_function("() => document.querySelector('#word').textContent === 'Live, small'")


WIDTHS = """async ([pictures, small]) => {
  const { Widths } = await import("./picture/widths.js");
  const widths = new Widths();
  if (small !== null) widths.small = small;
  return pictures.map(([times, took_ms, live]) => {
    for (let i = 0; i < times; i++) widths.took(widths.width, took_ms, live);
    return widths.width;
  });
}"""


@pytest.mark.parametrize(
    ("pictures", "small", "widths"),
    [
        pytest.param([(1, 1900, False), (1, 2100, False)], None, [0, 1280], id="a picture of over two seconds"),
        pytest.param([(1, 40_000, False)], None, [320], id="the slower, the smaller"),
        pytest.param([(100, 490, True)], None, [0], id="live: two frames a second are enough"),
        pytest.param([(3, 600, True), (1, 600, True)], None, [0, 1280], id="live: slow for more than two seconds"),
        pytest.param([(3, 600, True), (1, 100, True), (3, 600, True)], None, [0, 0, 0], id="live: single slow frames"),
        pytest.param([(1, 2500, True)], None, [640], id="live: one that takes longer than that"),
        pytest.param([(4, 600, True), (29, 20, True), (1, 20, True)], None, [1280, 1280, 0], id="live: fast again"),
        pytest.param([(4, 600, True), (500, 40, True)], None, [1280, 1280], id="live: too slow for a larger one"),
        pytest.param(
            [(4, 600, True), (30, 20, True), (4, 600, True), (59, 20, True), (1, 20, True), (4, 600, True),
             (119, 20, True)],
            None, [1280, 0, 1280, 1280, 0, 1280, 1280], id="what has proved too slow is tried less and less often",
        ),
        pytest.param([(1, 10, True), (500, 10, True)], True, [640, 640], id="small ones are wanted"),
        pytest.param([(1, 2500, False), (2, 10, False), (8, 10, False)], True, [320, 320, 640], id="small, and slow"),
        pytest.param([(1, 10, True)], False, [0], id="large ones are"),
    ],
)  # fmt: skip
def test_the_width_follows_the_link(modules, pictures, small, widths):
    assert modules.evaluate(WIDTHS, [pictures, small]) == widths
