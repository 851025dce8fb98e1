"""The Live tab's controls as a person uses them, and what the picture shows of them."""

import json
from typing import Any

from playwright.sync_api import Locator, Page
from real_camera import SMALL
from signed_in import signed_in

# Of the picture on the canvas: means of luminance and chroma, the spread of luminance, red by blue, and how
# much neighbouring pixels differ in the middle of the chart.
_MEASURE = """() => {
  const canvas = document.querySelector("#canvas");
  if (canvas.hidden) return null;
  const { width, height } = canvas;
  window.copy ??= new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const read = (x, y, w, h, to_w, to_h) => {
    Object.assign(window.copy.canvas, { width: to_w, height: to_h });
    window.copy.drawImage(canvas, x * width, y * height, w * width, h * height, 0, 0, to_w, to_h);
    return window.copy.getImageData(0, 0, to_w, to_h).data;
  };
  const all = read(0, 0, 1, 0.9, 64, 36);
  const sums = { luma: 0, square: 0, chroma: 0, red: 0, blue: 0 };
  for (let i = 0; i < all.length; i += 4) {
    const [r, g, b] = all.slice(i, i + 3);
    const luma = 0.299 * r + 0.587 * g + 0.114 * b;
    sums.luma += luma;
    sums.square += luma * luma;
    sums.chroma += Math.max(r, g, b) - Math.min(r, g, b);
    sums.red += r;
    sums.blue += b;
  }
  const count = all.length / 4;
  const luma = sums.luma / count;
  const [w, h] = [Math.round(0.14 * width), Math.round(0.25 * height)];
  const chart = read(0.41, 0.44, 0.14, 0.25, w, h);
  let detail = 0;
  for (let i = 4; i < chart.length; i += 4) detail += Math.abs(chart[i] - chart[i - 4]);
  return {
    luma, spread: Math.sqrt(sums.square / count - luma * luma), chroma: sums.chroma / count,
    warmth: sums.red / Math.max(1, sums.blue), detail: detail / (w * h),
  };
}"""


def measured(page: Page) -> dict[str, float]:
    """The picture on the canvas, once there is one."""
    page.wait_for_function(f"() => ({_MEASURE})() !== null")
    found: dict[str, float] = page.evaluate(_MEASURE)
    return found


def wait_for_measure(page: Page, name: str, low: float, high: float) -> None:
    """Until the picture shows so much of it."""
    page.wait_for_function(
        f"""([name, low, high]) => {{
          const found = ({_MEASURE})();
          return found && found[name] >= low && found[name] <= high;
        }}""",
        arg=[name, low, high],
    )


def control(page: Page, name: str) -> Locator:
    """A control's row."""
    return page.locator(f".control[data-name={name}]")


def enter(page: Page, name: str, text: str, which: int = 0) -> None:
    """Type into a control's number field."""
    field = control(page, name).locator("input.number").nth(which)
    field.fill(text)
    field.press("Enter")


def api(page: Page, method: str, path: str, document: Any = None) -> Any:
    """Ask the server as whoever is signed in on the page."""
    address = page.evaluate("(path) => new URL(path, document.baseURI.replace(/[^/]*$/, '')).href", path)
    headers = {"Origin": page.evaluate("location.origin"), "Content-Type": "application/json"}
    data = None if document is None else json.dumps(document)
    response = page.request.fetch(address, method=method, headers=headers, data=data, timeout=60_000)
    assert response.ok, response.text()
    return response.json()


def controls_set(page: Page) -> dict[str, Any]:
    """The controls that the server has as set."""
    found: dict[str, Any] = api(page, "GET", "api/settings")["settings"]["controls"]
    return found


def wait_until_set(page: Page, name: str) -> Any:
    """The value of a control that is set, once the server has it and the page knows."""
    page.wait_for_selector(f".control[data-name={name}][data-set]:not([aria-busy])", state="attached")
    return controls_set(page)[name]


def open_as_at_first(page: Page, url: str) -> None:
    """Leave all controls to the camera, turn the picture as it lies, and open the Live tab, signed in."""
    signed_in(page, url)
    controls = page.request.get(f"{url}api/settings").json()["settings"]["controls"]
    answer = page.request.patch(
        f"{url}api/settings",
        data={
            "controls": dict.fromkeys(controls),
            "camera": None,
            "live": SMALL,
            "snapshot": SMALL | {"interval_s": 1},
        },
        headers={"Origin": url.rstrip("/")},
    )
    assert answer.ok, answer.text()
    page.goto(f"{url}live")
    wait_for_controls(page)


def wait_for_controls(page: Page) -> None:
    """Until the Live tab has its controls, all groups open, and a picture."""
    page.wait_for_selector(".groups .control", state="attached")
    page.evaluate("document.querySelectorAll('.group').forEach((group) => (group.open = true))")
    page.wait_for_function("() => !document.querySelector('#canvas').hidden")
