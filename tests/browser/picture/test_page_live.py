"""The Live switch: every frame as it comes, and the two-second picture where that breaks."""

from page_driver import hide, message, open_with_clock, wait_for_colour, wait_for_state

COUNT_DRAWN = """
  window.drawn = 0;
  const draw = CanvasRenderingContext2D.prototype.drawImage;
  CanvasRenderingContext2D.prototype.drawImage = function (...args) { window.drawn++; return draw.apply(this, args); };
"""


COUNT_IN_FLIGHT = """
  window.inFlight = window.mostInFlight = 0;
  const fetch = window.fetch;
  window.fetch = async (url, init) => {
    if (!String(url).includes("current.jpg")) return fetch(url, init);
    window.mostInFlight = Math.max(window.mostInFlight, ++window.inFlight);
    try { return await fetch(url, init); } finally { window.inFlight--; }
  };
"""


def test_live_shows_what_polling_misses(page, camera):
    """Thirty frames in less than two polls' time: the page's clock stands still, so none can be a poll's."""
    page.add_init_script(COUNT_DRAWN)
    open_with_clock(page, camera.url)
    page.clock.pause_at(page.evaluate("Date.now()") + 100)
    with camera.filming():
        page.keyboard.press("l")
        for _ in range(30):
            drawn = page.evaluate("window.drawn")
            page.clock.run_for(10)
            page.wait_for_function("(drawn) => window.drawn > drawn", arg=drawn)
    assert page.get_attribute("#live", "aria-checked") == "true"
    assert page.get_attribute(".camera", "data-state") == "live"


def test_live_asks_for_one_frame_at_a_time(page, camera):
    page.add_init_script(COUNT_DRAWN + COUNT_IN_FLIGHT)
    page.goto(camera.url)
    wait_for_colour(page, "red")
    with camera.filming():
        page.click("#live")
        page.wait_for_function("() => window.drawn > 20")
    assert page.evaluate("window.mostInFlight") == 1


def test_a_damaged_live_frame_leaves_no_request_behind(page, camera):
    """The next frame is asked for while one is decoded; if that fails, the asking ends too."""
    page.add_init_script(COUNT_IN_FLIGHT)
    page.goto(camera.url)
    wait_for_colour(page, "red")
    page.route(
        "**?after=*",
        lambda route: route.fulfill(status=200, content_type="image/jpeg", body=b"torn", headers={"ETag": '"torn"'}),
        times=1,
    )
    camera.held.clear()
    with page.expect_request("**?t=*"):
        page.click("#live")
    assert page.evaluate("window.mostInFlight") == 1


def test_live_frames_stay_out_of_the_browser_s_cache(page, camera):
    """Fifteen a second would fill a phone's disk. `no-store` shows on the wire as `no-cache`."""
    page.goto(camera.url)
    wait_for_colour(page, "red")
    with camera.filming(), page.expect_response("**?after=*"):
        page.click("#live")
    assert set(camera.caching) == {"no-cache"}


def test_live_pauses_while_hidden(page, camera):
    page.goto(camera.url)
    wait_for_colour(page, "red")
    with camera.filming():
        with page.expect_request("**?after=*"):
            page.click("#live")
        hide(page, True)
        asked = len(camera.asked)
        page.evaluate("new Promise((done) => setTimeout(done, 500))")  # ten frames long
        assert len(camera.asked) <= asked + 1  # one may have been on its way
        with page.expect_response("**?after=*"):
            hide(page, False)
        wait_for_state(page, "live")


def test_a_page_that_hides_lets_go_of_the_camera(page, camera):
    """A request left waiting would keep the camera filming for nobody."""
    open_with_clock(page, camera.url)
    page.clock.pause_at(page.evaluate("Date.now()") + 100)  # so that no time-out ends it
    with page.expect_request("**?after=*"):
        page.click("#live")
    with page.expect_event("requestfailed", lambda request: "after=" in request.url):
        hide(page, True)


def test_live_that_breaks_falls_back_to_polling_and_returns(page, camera):
    open_with_clock(page, camera.url)
    page.click("#live")
    wait_for_state(page, "live")
    camera.live_fault = "silence"
    camera.publish("lime")
    wait_for_state(page, "interrupted")
    wait_for_colour(page, "lime")
    assert "a picture every 2 seconds" in message(page)
    camera.publish("blue")
    page.clock.run_for(2_500)
    wait_for_colour(page, "blue")
    assert page.get_attribute("#live", "aria-checked") == "true"
    camera.live_fault = None
    with camera.filming():
        page.clock.run_for(6_000)
        wait_for_state(page, "live")


def test_live_that_says_nothing_is_given_up(page, camera):
    """A network that swallows a connection must not freeze the picture for half a minute."""
    open_with_clock(page, camera.url)
    with page.expect_request("**?after=*"):
        page.click("#live")
    camera.held.clear()
    camera.publish("blue")
    with page.expect_request("**?t=*"):
        page.clock.run_for(10_500)
    camera.held.set()
    wait_for_colour(page, "blue")


def test_switched_off_it_polls_at_once(page, camera):
    page.goto(camera.url)
    wait_for_colour(page, "red")
    with page.expect_request("**?after=*"):
        page.keyboard.press("l")
    with page.expect_request("**?t=*"):
        page.keyboard.press("l")
    assert page.get_attribute("#live", "aria-checked") == "false"
    wait_for_state(page, "fresh")


def test_something_that_answers_at_once_is_not_asked_without_end(page, camera):
    """A proxy that drops the query gives the same frame again and again: then live is as slow as polling."""
    page.route(
        "**?after=*",
        lambda route: route.fulfill(
            status=200, content_type="image/jpeg", body=camera.frame[1], headers={"ETag": f'"{camera.frame[0]}"'}
        ),
    )
    open_with_clock(page, camera.url)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "after=" in request.url else None)
    page.clock.pause_at(page.evaluate("Date.now()") + 100)
    with page.expect_response("**?after=*"):
        page.click("#live")
    for _ in range(3):
        page.clock.run_for(500)
    assert len(asked) == 1
