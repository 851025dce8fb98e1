"""Whatever goes wrong, the last picture stays, the page says what it is, and comes back by itself."""

import pytest
from page_driver import (
    message,
    open_with_clock,
    pixel,
    wait_for_colour,
    wait_for_message,
    wait_for_state,
)
from waiting import until

FAULTS = [
    pytest.param("silence", "unreachable", "The camera does not answer", id="nobody answers"),
    pytest.param("torn", "unreachable", "The camera does not answer", id="the connection breaks in mid-picture"),
    pytest.param("garbage", "unreachable", "damaged", id="the picture is damaged"),
    pytest.param("error", "unreachable", "the disk is full", id="the server says why it cannot"),
    pytest.param("proxy", "unreachable", "error (502)", id="a proxy answers in its place"),
    pytest.param("portal", "unreachable", "is the address right?", id="something else answers"),
]


@pytest.mark.parametrize(("fault", "state", "words"), FAULTS)
def test_the_last_picture_stays_until_the_fault_is_over(page, camera, fault, state, words):
    page.goto(camera.url)
    wait_for_colour(page, "red")
    camera.publish("blue")
    camera.fault = fault
    wait_for_state(page, state)
    assert words in message(page)
    assert pixel(page) == pytest.approx([255, 0, 0], abs=12)
    assert page.is_enabled("#download")
    camera.fault = None
    wait_for_colour(page, "blue")
    wait_for_state(page, "fresh")


def test_one_lost_request_is_not_worth_a_word(page, camera):
    page.goto(camera.url)
    wait_for_colour(page, "red")
    page.evaluate("""window.states = new Set();
      new MutationObserver(() => window.states.add(document.querySelector('.camera').dataset.state))
        .observe(document.querySelector('.camera'), { attributes: true })""")
    camera.publish("blue")
    page.route("**/current.jpg?*", lambda route: route.abort(), times=1)
    wait_for_colour(page, "blue")
    assert page.evaluate("[...window.states]") == ["fresh"]


def test_without_a_network_it_says_so_and_is_back_with_it(page, camera):
    page.goto(camera.url)
    wait_for_colour(page, "red")
    page.context.set_offline(True)
    wait_for_state(page, "offline")
    assert "no network" in message(page)
    camera.publish("blue")
    page.context.set_offline(False)
    wait_for_colour(page, "blue")


def test_the_network_s_return_ends_the_back_off(page, camera):
    """With all timers stopped, only the `online` event can bring the picture."""
    open_with_clock(page, camera.url)
    page.context.set_offline(True)
    page.clock.run_for(30_000)
    wait_for_state(page, "offline")
    page.clock.pause_at(page.evaluate("Date.now()") + 1_000)
    camera.publish("blue")
    page.context.set_offline(False)
    wait_for_colour(page, "blue")


@pytest.mark.parametrize(
    "event",
    [
        pytest.param("navigator.connection.dispatchEvent(new Event('change'))", id="another network"),
        pytest.param("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))", id="back to the page"),
    ],
)
def test_what_was_asked_before_is_not_waited_for(page, camera, event):
    """With all timers stopped, only the event can bring the picture."""
    open_with_clock(page, camera.url)
    camera.held.clear()
    asked = len(camera.asked)
    page.clock.run_for(5_000)
    until(lambda: len(camera.asked) == asked + 1)
    page.clock.pause_at(page.evaluate("Date.now()") + 1_000)
    page.evaluate(event)
    until(lambda: len(camera.asked) == asked + 2)
    camera.publish("blue")
    camera.held.set()
    wait_for_colour(page, "blue")


def test_asking_slows_down_to_every_ten_seconds(page, camera):
    camera.frame, camera.fault = None, "error"
    page.clock.install(time=0)
    page.clock.pause_at(1_000)
    page.goto(camera.url)
    for wait_s in (1, 2, 4, 8, 10, 10, 10):
        wait_for_message(page, camera.complaint)  # the page has its answer, and waits
        asked = len(camera.asked)
        page.clock.run_for(wait_s * 1000 - 100)
        assert len(camera.asked) == asked, f"asked again before {wait_s} s"
        camera.complaint = f"complaint after {wait_s} s, the request after {asked}"
        page.clock.run_for(200)


def test_a_lost_camera_is_told_with_the_server_s_reason(page, camera):
    reason = "No camera was found: check the ribbon cable."
    camera.publish("red", age_s=60)
    camera.capture.update(mode="no camera", reason=reason)
    page.goto(camera.url)
    wait_for_state(page, "lost")
    assert message(page) == reason
    assert pixel(page) == pytest.approx([255, 0, 0], abs=12)
    camera.capture.update(mode="snapshot", reason=None)
    camera.publish("blue")
    wait_for_colour(page, "blue")
    wait_for_state(page, "fresh")


def test_a_capture_program_that_died_is_a_lost_camera(page, camera):
    camera.publish("red", age_s=60)
    camera.capture = {"running": False, "reason": "The capture program does not answer."}
    page.goto(camera.url)
    wait_for_state(page, "lost")
    assert message(page) == "The capture program does not answer."


def test_an_old_picture_says_how_old(page, camera):
    camera.publish("red", age_s=3 * 60 + 5)
    page.goto(camera.url)
    wait_for_state(page, "old")
    assert page.inner_text("#age") == "3 min ago"
    assert page.title() == "Old picture – Stillcam"


def test_a_long_interval_does_not_make_a_picture_old(page, camera):
    """A camera that is to take one a minute is well with a picture of 100 seconds ago."""
    camera.capture["interval_s"] = 60
    camera.publish("red", age_s=100)
    page.goto(camera.url)
    wait_for_state(page, "fresh")
    assert page.inner_text("#age") == "1 min ago"


def test_the_first_picture_is_awaited_in_the_server_s_words(page, camera):
    camera.frame = None
    page.goto(camera.url)
    wait_for_message(page, "no picture yet: the camera is starting")
    assert pixel(page) is None
    assert page.is_disabled("#download")
    camera.publish("blue")
    wait_for_colour(page, "blue")


def test_a_clock_that_differs_does_not_make_a_picture_old(page, camera):
    """The viewer's clock may be years off: ages come from the server, and tick here."""
    page.clock.set_system_time("2020-01-01T12:00:00Z")
    page.goto(camera.url)
    wait_for_state(page, "fresh")
    assert page.inner_text("#age") in ("now", "1 s ago", "2 s ago", "3 s ago")
