"""Somebody at the page: an account, and the form that lets them in."""

from pathlib import Path

from playwright.sync_api import Page

from stillcam.accounts import Accounts
from stillcam.accounts.passwords import hashed

NAME, PASSWORD = "Ann", "correct horse battery"


def add_owner(data: Path) -> None:
    """Make the first account, as `python -m stillcam user add` does."""
    Accounts(data).users.add(NAME, hashed(PASSWORD), "owner")


def sign_in(page: Page, url: str, tab: str = "live") -> None:
    """Open the page, sign in by its form, and go to a tab."""
    page.goto(f"{url}{tab}")
    page.fill("input[autocomplete=username]", NAME)
    page.fill("input[autocomplete=current-password]", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_selector(f"#tabs [aria-current=page][href$='{tab}']")
