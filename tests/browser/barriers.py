"""What keeps somebody from using a page, by axe-core's rules."""

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

COLOURS = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}  # the rules that a scheme can break


def barriers(page: Page) -> list[str]:
    """The breaches at the impacts that axe-core calls serious or critical, in the light scheme and in the dark one.

    It needs a context with `bypass_csp`.
    """
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")  # no colour on its way to another one
    dark = _breaches(page, runOnly=COLOURS)
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    return [*_breaches(page), *(f"dark: {one}" for one in dark)]


def _breaches(page: Page, **options: Any) -> list[str]:
    violations = Axe().run(page, options={"resultTypes": ["violations"], **options}).response["violations"]
    return [
        f"{one['id']}: {node['html'][:200]}"
        for one in violations
        if one["impact"] in ("serious", "critical")
        for node in one["nodes"]
    ]
