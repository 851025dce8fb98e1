"""What keeps somebody from using a page, by axe-core's rules."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page


def barriers(page: Page) -> list[str]:
    """The breaches at the impacts that axe-core calls serious or critical; needs a context with `bypass_csp`."""
    violations = Axe().run(page).response["violations"]
    return [
        f"{one['id']}: {node['html'][:200]}"
        for one in violations
        if one["impact"] in ("serious", "critical")
        for node in one["nodes"]
    ]
