"""Somebody at the page: an account, and the form that lets them in."""

import json
import time
from pathlib import Path
from urllib.request import urlopen

from playwright.sync_api import Page

from stillcam.accounts import Accounts
from stillcam.accounts.passwords import hashed

DEADLINE_S = 60.0
NAME, PASSWORD = "Ann", "correct horse battery"


def add_owner(data: Path) -> None:
    """Make the first account, as `python -m stillcam user add` does."""
    Accounts(data).users.add(NAME, hashed(PASSWORD), "owner")


def sign_in(page: Page, url: str, tab: str = "live", name: str = NAME) -> None:
    """Open the page, sign in by its form, and go to a tab."""
    page.goto(f"{url}{tab}")
    page.fill("input[autocomplete=username]", name)
    page.fill("input[autocomplete=current-password]", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_selector(f"#tabs [aria-current=page][href$='{tab}']")


def open_tab(page: Page, url: str, tab: str, name: str = NAME) -> None:
    """Open a tab, signed in by a request."""
    signed_in(page, url, name)
    page.goto(f"{url}{tab}")
    page.wait_for_selector(f"#tabs [aria-current=page][href$='{tab}']")


def signed_in(page: Page, url: str, name: str = NAME) -> None:
    """Sign in by a request, for a test that is not about the form, unless the page has the cookie already."""
    user = page.request.get(f"{url}api/session").json()["user"]
    if user is not None and user["name"] == name:
        return
    answer = page.request.post(
        f"{url}api/session", data={"name": name, "password": PASSWORD}, headers={"Origin": url.rstrip("/")}
    )
    assert answer.ok, answer.text()


def add_owner_to(url: str, data: Path) -> None:
    """The same while the server runs: until it has noticed."""
    add_owner(data)
    deadline = time.monotonic() + DEADLINE_S
    while True:
        with urlopen(f"{url}api/session", timeout=DEADLINE_S) as answer:
            if json.load(answer)["registered"]:
                return
        assert time.monotonic() < deadline
        time.sleep(0.1)
