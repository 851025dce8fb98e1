"""The whole thing: capture daemon, server, simulated camera, Chromium."""

import pytest
from page_driver import hide, wait_for_state

pytestmark = pytest.mark.timeout(120)

on_both_drivers = pytest.mark.parametrize("camera_server", ["simulated", "picamera2"], indirect=True)

FINGERPRINT = "document.querySelector('canvas').toDataURL()"


@on_both_drivers
def test_the_picture_renews_itself(page, camera_server):
    page.goto(camera_server.url)
    wait_for_state(page, "fresh")
    before = page.evaluate(FINGERPRINT)
    page.wait_for_function(f"(before) => {FINGERPRINT} !== before", arg=before)


def test_it_outlives_the_server(page, camera_server):
    """Killed and started again under an open page: the picture stays, and goes on by itself."""
    page.goto(camera_server.url)
    wait_for_state(page, "fresh")
    camera_server.end("server")
    wait_for_state(page, "unreachable")
    assert page.is_visible("canvas")
    camera_server.start("server")
    wait_for_state(page, "fresh")


def test_it_says_that_the_capture_program_is_gone(page, camera_server):
    page.goto(camera_server.url)
    wait_for_state(page, "fresh")
    camera_server.end("capture")
    page.set_default_timeout(60_000)
    wait_for_state(page, "lost")
    assert page.is_visible("canvas")
    camera_server.start("capture")
    wait_for_state(page, "fresh")


@on_both_drivers
def test_live_is_more_than_ten_times_the_frames(page, camera_server):
    """In the time of one poll, live shows at least ten frames."""
    page.goto(camera_server.url)
    wait_for_state(page, "fresh")
    page.click("#live")
    wait_for_state(page, "live")
    page.set_default_timeout(60_000)
    page.wait_for_function(
        f"""() => {{
      window.seen ??= [];
      const now = performance.now(), picture = {FINGERPRINT};
      if (window.seen.at(-1)?.picture !== picture) window.seen.push({{ now, picture }});
      window.seen = window.seen.filter((one) => now - one.now < 2000);
      return window.seen.length >= 10;
    }}""",
        polling=30,
    )
    hide(page, True)
