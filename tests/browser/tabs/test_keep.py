"""Keep the last seconds, on the Live tab of an armed camera: daemon, server, simulated camera, Chromium."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from real_camera import RealCamera, owned_camera
from signed_in import signed_in

DEADLINE_MS = 120_000
KEEP = "Keep last 10 s"
ARM = "async (armed) => (await import('./server/api.js')).send('POST', 'api/motion/arm', { armed })"


@pytest.fixture
def camera(tmp_path: Path) -> Iterator[RealCamera]:
    """A camera in whose picture nothing moves."""
    for folder in ("data", "simulated"):
        (tmp_path / folder).mkdir()
    (tmp_path / "simulated/faults.json").write_text('{"speed": 1, "no_boat": true}')
    live = {"width": 320, "framerate": 10}
    (tmp_path / "data/settings.json").write_text(json.dumps({"version": 1, "live": live}))
    with owned_camera(tmp_path, "simulated") as camera:
        yield camera


def test_the_last_seconds_are_kept_and_shown(new_page: Callable[..., Page], camera: RealCamera) -> None:
    """The button is there, and its module is loaded, only while an armed camera looks."""
    page = new_page()
    page.set_default_timeout(DEADLINE_MS)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    signed_in(page, camera.url)
    page.goto(f"{camera.url}live")
    page.wait_for_selector(".take button:has-text('Video')")
    page.wait_for_selector(".controls .view-choices", state="attached")
    assert not [url for url in asked if url.endswith("keep.js")]
    page.evaluate(ARM, True)
    button = page.get_by_role("button", name=KEEP)
    button.wait_for()
    page.wait_for_function("""async () => {
      const { capture } = await (await import("./server/api.js")).status();
      return capture.motion.held_s > 2;
    }""")
    button.click()
    kept = page.locator(".toast", has_text="The last 10 seconds are kept.")
    kept.get_by_role("button", name="Show").click()
    expect(page.locator(".view[open] dl")).to_contain_text("somebody kept the last seconds")
    page.keyboard.press("Escape")
    page.evaluate(ARM, False)
    expect(button).to_be_hidden(timeout=DEADLINE_MS)


def test_a_refusal_is_shown(new_page: Callable[..., Page], camera: RealCamera) -> None:
    page = new_page()
    page.set_default_timeout(DEADLINE_MS)
    signed_in(page, camera.url)
    page.goto(f"{camera.url}live")
    page.evaluate(ARM, True)
    button = page.get_by_role("button", name=KEEP)
    button.wait_for()
    page.evaluate("async () => (await import('./server/api.js')).send('POST', 'api/motion/trigger', { seconds: 600 })")
    button.click()
    expect(page.locator(".toast[role=alert]")).to_contain_text("An event is being recorded: these seconds are in it.")
    expect(button).to_be_enabled()
