"""Each tab in the DOM: targets are large enough, headings leave out no level, regions have names of their own."""

import json

import pytest
from playwright.sync_api import Page
from signed_in import signed_in
from test_layout_shift import READY, camera  # noqa: F401 - the fixture

LEAST = 24  # px, WCAG 2.2, 2.5.8
# A field's label is pressed in its place; a link in a sentence is exempt.
SMALL = """(least) => [...document.querySelectorAll("a[href], button, input, select, textarea, summary")]
  .filter((one) => one.checkVisibility() && !one.disabled && getComputedStyle(one).display !== "inline")
  .map((one) => [one, ...[one, ...(one.labels ?? [])].map((each) => each.getBoundingClientRect())])
  .filter(([, ...areas]) => areas.every(({ width, height }) => width < least || height < least))
  .filter(([, { width, height }]) => width && height)
  .map(([one, { width, height }]) => `${width.toFixed(1)} × ${height.toFixed(1)}: ${one.outerHTML.slice(0, 120)}`)"""
GAPS = """() => [...document.querySelectorAll("h1, h2, h3, h4, h5, h6")]
  .filter((one) => one.checkVisibility())
  .map((one, at, all) => [one, Number(one.tagName[1]), Number(all[at - 1]?.tagName[1] ?? 0)])
  .filter(([, level, before]) => level > before + 1)
  .map(([one, level, before]) => `h${level} after h${before}: ${one.textContent}`)"""
# Landmarks as HTML-AAM has them: a section or a form is one if it has a name.
SAME_NAMES = """() => {
  const roles = { nav: "navigation", aside: "complementary", section: "region", form: "form", main: "main" };
  const found = [...document.querySelectorAll("nav, aside, section, form, main, [role=region]")]
    .filter((one) => one.checkVisibility())
    .map((one) => [one.getAttribute("role") ?? roles[one.localName], one.getAttribute("aria-label") ?? ""])
    .filter(([role, name]) => name || !["region", "form"].includes(role))
    .map((each) => each.join(": "));
  return found.filter((one, at) => found.indexOf(one) < at || one === "navigation: ");
}"""


def faults(page: Page) -> dict[str, list[str]]:
    """What is wrong with what the page shows now."""
    found = {"small": page.evaluate(SMALL, LEAST), "gaps": page.evaluate(GAPS), "same names": page.evaluate(SAME_NAMES)}
    return {kind: all_ for kind, all_ in found.items() if all_}


@pytest.mark.parametrize("width", [360, 1280])
def test_targets_headings_and_regions_of_each_tab(new_page, camera, width):  # noqa: F811
    page = new_page(viewport={"width": width, "height": 740})
    signed_in(page, camera.url)
    told = {}
    for tab, ready in READY.items():
        page.goto(camera.url + tab)
        page.wait_for_selector(ready, state="attached")
        told[tab] = faults(page)
        page.evaluate("document.querySelectorAll('.panel:not([hidden]) details').forEach((each) => (each.open = true))")
        page.wait_for_function("() => !document.querySelector('.year[open]') || document.querySelector('button.day')")
        told[f"{tab}, all open"] = faults(page)
    wrong = {place: found for place, found in told.items() if found}
    assert not wrong, json.dumps(wrong, indent=1)


@pytest.mark.parametrize("width", [360, 1280])
def test_targets_headings_and_regions_of_sign_in(new_page, camera, width):  # noqa: F811
    page = new_page(viewport={"width": width, "height": 740})
    page.goto(f"{camera.url}photos")
    page.wait_for_selector("#sign-in-panel input")
    assert faults(page) == {}
