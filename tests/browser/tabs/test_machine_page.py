"""The section This machine in Settings, on a real server with root's helper and a stand-in for systemctl."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect
from serving import installed
from signed_in import PASSWORD, add_owner, signed_in
from system_site import SystemSite

pytestmark = pytest.mark.timeout(300)

# In the place of the unit that checks for a new version, and installs it.
UNIT = r"""
report() {
  printf '{"verb": "%s", "state": "%s", "text": "%s", "started_s": %s, "found": %s}' "$@" "$(date +%s)" \
    '{"version": "9.9.9", "changed_s": 1796000000, "changes": 12}' >$RUNTIME_DIRECTORY/new
  mv $RUNTIME_DIRECTORY/new $RUNTIME_DIRECTORY/status.json
}
case "$*" in
  *@check*) (sleep 0.5; report check done 'Version 9.9.9 is available.') & ;;
  *@update*)
    (
      report update running 'Waiting for a picture, for at most 60 s.'
      while [ ! -e $RUNTIME_DIRECTORY/go ]; do sleep 0.1; done
      report update failed 'the new version shows no picture; rolled back to the previous one'
    ) &
    ;;
esac >/dev/null 2>&1
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SystemSite]:
    """With system control on, in a version that was installed from a clone."""
    root = installed(tmp_path_factory.mktemp("version"))
    (root / "source").write_text("/nowhere\nabc\n")
    folder = tmp_path_factory.mktemp("machine")
    add_owner(folder / "data")
    with SystemSite(folder, UNIT, root) as site:
        yield site


@pytest.fixture(autouse=True)
def no_limits(site: SystemSite) -> None:
    """The limits of the test before do not count."""
    for file in site.run.glob("last-*"):
        file.unlink()


def opened(page: Page, site: SystemSite) -> Locator:
    """The section, for an owner."""
    url = f"http://127.0.0.1:{site.port}/"
    signed_in(page, url)
    page.goto(f"{url}settings")
    section = page.get_by_label("This machine", exact=True)
    expect(section.get_by_text("Stillcam 0.")).to_be_visible()
    return section


def confirmed(page: Page, password: str = PASSWORD) -> None:
    """Enter the password in the dialog, by the keyboard."""
    page.get_by_role("dialog").get_by_label("Your password").fill(password)
    page.keyboard.press("Enter")


def test_a_restart_is_followed_until_the_server_is_back(page, site):
    section = opened(page, site)
    section.get_by_role("button", name="Restart Stillcam").click()
    dialog = page.get_by_role("dialog", name="Restart Stillcam?")
    expect(dialog.get_by_text("There are no pictures for some seconds.")).to_be_visible()
    confirmed(page, "wrong")
    expect(dialog.get_by_text("Your password is wrong.")).to_be_visible()
    expect(dialog.get_by_role("textbox", name="Your password")).to_have_attribute("aria-invalid", "true")
    confirmed(page)
    expect(dialog).to_be_hidden()
    site.until(lambda: "restart stillcam.target" in site.asked())
    expect(section.get_by_role("button", name="Reboot")).to_be_disabled()
    site.end()
    expect(section.get_by_role("status")).to_have_text("Stillcam is restarting; the server does not answer yet.")
    site.start(STILLCAM_SYSTEM=str(site.run))
    expect(section.get_by_role("status")).to_have_text("Stillcam has been restarted.")
    expect(section.get_by_role("button", name="Reboot")).to_be_enabled()


def test_an_update_is_found_and_followed_even_by_a_page_that_was_opened_later(page, site):
    section = opened(page, site)
    expect(section.get_by_role("button", name="Shut down")).to_be_visible()
    expect(section.get_by_role("button", name="Update to")).to_have_count(0)
    section.get_by_role("button", name="Check for a new version").click()
    confirmed(page)
    update = section.get_by_role("button", name="Update to 9.9.9")
    update.click(timeout=20_000)
    for file in site.run.glob("last-*"):
        file.unlink()
    confirmed(page)
    expect(section.get_by_role("status")).to_have_text("Waiting for a picture, for at most 60 s.")
    page.reload()
    expect(section.get_by_role("status")).to_have_text("Waiting for a picture, for at most 60 s.")
    expect(section.get_by_role("progressbar")).to_be_visible()
    (site.run / "go").touch()
    expect(section.get_by_role("alert")).to_have_text(
        "The update failed: the new version shows no picture; rolled back to the previous one."
    )
    expect(section.get_by_role("progressbar")).to_be_hidden()


def test_what_is_off_says_how_to_turn_it_on(page, site):
    site.turn_off()
    try:
        section = opened(page, site)
        hint = "To turn it on, run on the Pi: sudo stillcam settings set system.control true."
        expect(section.get_by_text(hint)).to_be_visible()
        assert section.get_by_role("button").all_inner_texts() == ["Restart the web server"]
        section.get_by_role("button").click()
        confirmed(page)
        expect(section.get_by_role("status")).to_have_text("The web server has been restarted.")
    finally:
        site.turn_on()
