"""For every eye, hand and ear: words for each state, keys for each button, contrast, calm."""

import io

import pytest
from page_driver import wait_for_colour, wait_for_state
from PIL import Image


def test_the_canvas_tells_time_and_state(page, camera):
    page.goto(camera.url)
    wait_for_state(page, "fresh")
    canvas = page.get_by_role("img", name="The camera's picture of")
    assert canvas.get_attribute("aria-label").endswith(f"{page.inner_text('#time')}. Up to date.")
    camera.publish("blue", age_s=100)
    wait_for_state(page, "old")
    assert canvas.get_attribute("aria-label").endswith("Old picture.")


def test_the_time_is_the_viewer_s(new_page, camera):
    """UTC in names and headers, local time on the screen."""
    page = new_page(timezone_id="Pacific/Auckland", locale="en-GB")
    page.goto(camera.url)
    wait_for_state(page, "fresh")
    shown, expected = page.evaluate("""() => {
      const time = document.querySelector("#time");
      return [time.textContent, new Date(time.dateTime).toLocaleTimeString("en-GB", { timeZone: "Pacific/Auckland" })];
    }""")
    assert shown == expected


def test_only_a_change_of_state_is_announced(page, camera):
    """New frames and ticking ages are silent; a screen reader hears each state once."""
    page.clock.install()
    page.goto(camera.url)
    wait_for_state(page, "fresh")
    page.wait_for_selector("#activity [data-kind]")
    page.evaluate("""window.heard = [];
      for (const status of document.querySelectorAll("[role=status]")) {
        new MutationObserver(() => window.heard.push(status.textContent))
          .observe(status, { childList: true, characterData: true, subtree: true });
      }""")
    for colour in ("blue", "lime", "red"):
        camera.publish(colour)
        page.clock.run_for(3_000)
        wait_for_colour(page, colour)
    assert page.evaluate("window.heard") == []
    camera.fault = "error"
    page.clock.run_for(10_000)
    wait_for_state(page, "unreachable")
    heard = page.evaluate("window.heard")  # on a slow machine the picture may be old before it is known why
    assert heard[-1] == camera.complaint
    assert len(heard) == len(set(heard))


def test_every_button_is_reached_and_seen_by_keyboard(page, camera):
    page.goto(camera.url)
    wait_for_state(page, "fresh")
    page.wait_for_selector("#activity a[href]")
    for name in ("#activity a", "#live", "#small", "#download", "#full-screen"):
        page.keyboard.press("Tab")
        assert page.evaluate("(name) => document.activeElement.matches(name)", name)
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.focus("#live")
    page.keyboard.press("Space")
    assert page.get_attribute("#live", "aria-checked") == "true"


def test_shortcuts_leave_the_browser_s_own_alone(page, camera):
    page.goto(camera.url)
    wait_for_state(page, "fresh")
    page.keyboard.press("Control+l")
    page.keyboard.press("Alt+l")
    assert page.get_attribute("#live", "aria-checked") == "false"


CONTRAST = """() => {
  const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const luminance = (colour) => {
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data].map((value) => {
      const s = value / 255;
      return s <= 0.04045 ? s / 12.92 : ((s + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (node) => {
    const colour = getComputedStyle(node).backgroundColor;
    return colour === "rgba(0, 0, 0, 0)" && node.parentElement ? ground(node.parentElement) : colour;
  };
  const named = ["h1", "#activity a", "#word", "#time", "#age", "#message", "button .label"];
  return Object.fromEntries(named.map((selector) => {
    const node = document.querySelector(selector);
    const [a, b] = [luminance(getComputedStyle(node).color), luminance(ground(node))].sort((x, y) => y - x);
    return [selector, (a + 0.05) / (b + 0.05)];
  }));
}"""


@pytest.mark.parametrize("width", [320, 768, 1280, 2560])
def test_light_and_dark(new_page, camera, width):
    """Each follows the device, shows the picture, and has text of at least 7:1."""
    page = new_page(viewport={"width": width, "height": 700}, reduced_motion="reduce")
    page.goto(camera.url)
    wait_for_state(page, "fresh")
    page.wait_for_selector("#activity a")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert all(ratio >= 7 for ratio in page.evaluate(CONTRAST).values()), (scheme, page.evaluate(CONTRAST))
        shot = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
        red, green, blue = shot.split()
        corner = sum(band.getpixel((2, shot.height - 2)) for band in (red, green, blue))  # type: ignore[misc]
        assert corner > 600 if scheme == "light" else corner < 120
        colours = shot.getcolors(1 << 24) or []
        reddest = max(n for n, colour in colours if isinstance(colour, tuple) and colour[0] > 240 and colour[1] < 15)
        assert reddest > 0.15 * shot.width * shot.height


def test_nothing_moves_for_who_wants_it_so(new_page, camera):
    page = new_page(reduced_motion="reduce")
    page.goto(camera.url)
    wait_for_state(page, "fresh")
    moving = page.evaluate(
        "[...document.querySelectorAll('*')].filter(node => getComputedStyle(node).transitionDuration !== '0s').length"
    )
    assert moving == 0


def test_forced_colours_keep_the_mark_and_the_switch(new_page, camera):
    page = new_page(forced_colors="active")
    page.goto(camera.url)
    wait_for_state(page, "fresh")
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert page.evaluate("getComputedStyle(document.querySelector('.mark')).backgroundColor") != ground
