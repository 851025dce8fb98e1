"""Receivers of notifications in Settings: a test shows its result; an address is entered apart, and not shown again."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from barriers import barriers
from playwright.sync_api import expect
from real_camera import RealCamera, owned_camera
from receiving import Receiver
from signed_in import sign_in

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def owned(tmp_path: Path) -> Iterator[RealCamera]:
    with owned_camera(tmp_path) as real:
        yield real


def test_a_webhook_is_tested_and_the_result_is_shown(new_page, owned):
    page = new_page(bypass_csp=True)  # for axe-core
    with Receiver([204, 500]) as receiver:
        sign_in(page, owned.url, "settings")
        row = page.locator("[data-setting='webhooks.urls']")
        row.get_by_role("textbox").fill(f"{receiver.url} motion.* quiet=22:00-07:00")
        row.get_by_role("button", name="Add to Webhooks").click()
        expect(row.get_by_role("listitem")).to_contain_text("No message sent since the server started.")
        row.get_by_role("button", name="Test ").click()
        expect(row.get_by_role("listitem")).to_contain_text("Test message accepted")
        assert json.loads(receiver.next()[1])["type"] == "test"
        row.get_by_role("button", name="Test ").click()
        expect(row.get_by_role("listitem")).to_contain_text("it answered 500.")
        assert barriers(page) == []
        page.reload()
        expect(row.get_by_role("listitem")).to_contain_text("it answered 500.")


def test_an_address_is_entered_in_a_dialog_and_is_not_shown_again(page, owned):
    sign_in(page, owned.url, "settings")
    row = page.locator("[data-setting='notifications.receivers']")
    row.get_by_role("textbox").fill("mailto://ann:secret@example.org")
    row.get_by_role("button", name="Add to Receivers").click()
    expect(row.get_by_role("alert")).to_contain_text("must begin with a name of small letters and digits, like phone")
    row.get_by_role("textbox").fill("phone picture.*")
    row.get_by_role("button", name="Add to Receivers").click()
    expect(row.get_by_role("listitem")).to_contain_text("It has no address yet: enter one")
    row.get_by_role("button", name="Address of phone").click()
    box = page.get_by_role("dialog", name="Address of phone")
    box.get_by_label("Address").fill("no address")
    box.get_by_role("button", name="Save").click()
    expect(box).to_contain_text("must be an address of Apprise")
    box.get_by_label("Address").fill("json://127.0.0.1:9/secret")
    box.get_by_role("button", name="Save").click()
    expect(box).to_be_hidden()
    expect(row.get_by_role("listitem")).not_to_contain_text("It has no address yet")
    addresses = json.loads((owned.folder / "data/receiver-addresses.json").read_text())
    assert addresses == {"phone": "json://127.0.0.1:9/secret"}
    assert "secret" not in page.content()
