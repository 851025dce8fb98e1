"""What a person would look for on the page, for the tests to wait for."""

from playwright.sync_api import Page

COLOURS = {"red": [255, 0, 0], "lime": [0, 255, 0], "blue": [0, 0, 255]}

# Read from a copy: reading the page's own canvas often would move it to another renderer.
_PIXEL = """([x, y]) => {
  const canvas = document.querySelector("canvas");
  if (canvas.hidden) return null;
  window.copy ??= new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  window.copy.drawImage(canvas, Math.floor(canvas.width * x), Math.floor(canvas.height * y), 1, 1, 0, 0, 1, 1);
  return [...window.copy.getImageData(0, 0, 1, 1).data.slice(0, 3)];
}"""


def pixel(page: Page, x: float = 0.5, y: float = 0.5) -> list[int] | None:
    """The canvas's colour at a fraction of its width and height; None before the first picture."""
    colour: list[int] | None = page.evaluate(_PIXEL, [x, y])
    return colour


def wait_for_colour(page: Page, colour: str) -> None:
    """Until the middle of the canvas is of `colour`, as far as JPEG keeps it."""
    page.wait_for_function(
        f"(colour) => ({_PIXEL})([0.5, 0.5])?.every((value, i) => Math.abs(value - colour[i]) < 12)",
        arg=COLOURS[colour],
    )


def wait_for_state(page: Page, state: str) -> None:
    page.wait_for_function("(state) => document.querySelector('.camera').dataset.state === state", arg=state)


def wait_for_message(page: Page, text: str) -> None:
    page.wait_for_function("(text) => document.querySelector('#message').textContent === text", arg=text)


def message(page: Page) -> str:
    return page.text_content("#message") or ""


def open_with_clock(page: Page, url: str) -> None:
    """Open a page whose picture is red, with a clock that the test may move."""
    page.clock.install()
    page.goto(url)
    wait_for_colour(page, "red")


def counted(page: Page) -> dict[str, int]:
    """Elements, listeners and bytes that the browser holds for the page, once what is garbage has been collected."""
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    session.send("HeapProfiler.collectGarbage")
    found: dict[str, int] = session.send("Memory.getDOMCounters")
    session.send("Performance.enable")
    metrics = session.send("Performance.getMetrics")["metrics"]
    found["heap"] = next(int(one["value"]) for one in metrics if one["name"] == "JSHeapUsedSize")
    session.detach()
    return found


def hide(page: Page, hidden: bool) -> None:
    """Put the page into the background, or bring it back, as far as the page can tell."""
    page.evaluate(
        """(hidden) => {
      Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
      Object.defineProperty(document, "visibilityState", { value: hidden ? "hidden" : "visible", configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    }""",
        hidden,
    )
