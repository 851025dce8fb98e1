"""Who comes to the page: the first one, those with an account, and those without."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from barriers import barriers
from pictures import picture
from playwright.sync_api import Browser, Page
from serving import Site
from signed_in import DEADLINE_S, NAME, PASSWORD, add_owner, add_owner_to, sign_in

from stillcam.accounts import Accounts
from stillcam.accounts.passwords import hashed

SHOWS_PICTURE = "body > img"  # as browsers show one
ITEM = "library/2026-11-20/cat.jpg"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """A server where nobody has registered yet."""
    with Site(tmp_path) as site:
        yield site


@pytest.fixture(scope="module")
def owned(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A server with an owner and a viewer, who may open the library; a picture, and an item in the library."""
    folder = tmp_path_factory.mktemp("owned")
    add_owner(folder / "data")
    Accounts(folder / "data").users.add("Bob", hashed(PASSWORD), "viewer")
    item = folder / "data" / ITEM
    item.parent.mkdir(parents=True)
    item.write_bytes(picture())
    with Site(folder) as site:
        (site.images / ".still_1.jpg").write_bytes(picture())
        site.publisher.publish(site.images / ".still_1.jpg", 1.8e9)
        yield site


def url(site: Site) -> str:
    return f"http://127.0.0.1:{site.port}/"


def tabs(page: Page) -> list[str]:
    return page.locator("#tabs a").all_text_contents()


def test_the_first_one_registers_with_the_code(page, site):
    site.publish(picture())
    page.goto(url(site))
    page.click("#account button")
    page.fill("input[name=code]", "WRONG-CODE-0000")
    page.fill("input[autocomplete=username]", "Ann")
    page.fill("input[autocomplete=new-password]", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_selector(".problem:has-text('code')")
    page.fill("input[name=code]", (site.data / "setup-code").read_text().strip().lower())
    page.keyboard.press("Enter")
    page.wait_for_selector("#tabs a:has-text('Settings')")
    assert not (site.data / "setup-code").exists()
    page.reload()
    page.wait_for_selector("#tabs a:has-text('Settings')")


def test_a_wrong_password_is_told_and_a_right_one_lets_in(page, owned):
    page.goto(f"{url(owned)}settings")
    page.fill("input[autocomplete=username]", NAME)
    page.fill("input[autocomplete=current-password]", "not that one")
    page.keyboard.press("Enter")
    page.wait_for_selector(".problem:has-text('wrong')")
    page.fill("input[autocomplete=current-password]", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_selector("[data-setting]")


def test_each_sees_the_tabs_that_are_theirs(new_page, owned):
    page = new_page()
    sign_in(page, url(owned))
    assert tabs(page) == ["Live", "Photos", "Timelapse", "Motion", "Config", "Info", "Settings"]
    page.click("#account summary")
    page.click("#account button:has-text('Sign out') >> nth=0")
    page.wait_for_selector("input[autocomplete=username]")
    page.fill("input[autocomplete=username]", "bob")
    page.fill("input[autocomplete=current-password]", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_selector("#tabs a")
    assert tabs(page) == ["Live", "Photos", "Timelapse", "Info"]


def test_who_is_signed_out_elsewhere_is_asked_again(new_page, owned):
    first, second = new_page(), new_page()
    for page in (first, second):
        sign_in(page, url(owned), "settings")
    first.click("#account summary")
    first.click("#account button:has-text('all devices')")
    second.wait_for_selector("input[autocomplete=current-password]")


def test_it_works_under_a_path_of_a_proxy(page, owned):
    """Every address is relative: what a proxy strips from the front is not missed."""

    def stripped(route):
        response = route.fetch(url=route.request.url.replace("/cam1/", "/"))
        route.fulfill(response=response)

    page.route("**/cam1/**", stripped)
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    sign_in(page, f"{url(owned)}cam1/", "info")
    page.wait_for_selector(".info-card")
    page.click("#tabs a:has-text('Settings')")
    page.wait_for_selector("[data-setting]")
    page.unroute_all(behavior="ignoreErrors")  # or what is still being asked for fails the next test
    assert [one for one in asked if "/cam1/" not in one and not one.startswith(("blob:", "data:"))] == []


def test_no_tab_has_a_serious_barrier(new_page, site):
    """By axe-core's rules, at the impacts that it calls serious or critical."""
    page = new_page(bypass_csp=True)
    site.publish(picture((640, 480), "green"))
    add_owner_to(url(site), site.data)
    page.goto(url(site))
    page.wait_for_selector("input[autocomplete=username]")
    found = {"sign-in": barriers(page)}
    sign_in(page, url(site))
    for tab in ("live", "photos", "timelapse", "motion", "config", "info", "settings"):
        page.click(f"#tabs a[href$={tab}]")
        page.wait_for_selector(f"#{tab}-panel:not([hidden])")
        page.wait_for_load_state("networkidle")
        found[tab] = barriers(page)
    assert {tab: one for tab, one in found.items() if one} == {}


@pytest.fixture
def bare_page(browser: Browser) -> Iterator[Page]:
    """A page that shows pictures alone: Chromium complains of its own style there."""
    with browser.new_context() as context:
        page = context.new_page()
        page.set_default_timeout(DEADLINE_S * 1000)
        yield page


def test_a_token_as_the_password_in_an_address_shows_pictures(bare_page, owned):
    """A kiosk browser shows the stream so; the browser sends the token once it is asked for Basic authentication."""
    token = Accounts(owned.data).tokens.add("kiosk", "view")[1]
    for path in ("stream", "metrics"):
        address = f"http://any:{token}@127.0.0.1:{owned.port}/{path}"
        owned.until(lambda address=address: bare_page.goto(address, wait_until="commit").status == 200)


def test_a_token_in_an_address_shows_pictures(bare_page, owned):
    token = Accounts(owned.data).tokens.add("tablet", "view")[1]
    # Chromium shows no page for a token that the server does not know yet.
    owned.until(lambda: owned.ask(f"/snapshot?token={token}")[0].status == 200)
    for path in ("stream", "snapshot"):
        assert bare_page.goto(f"{url(owned)}{path}?token={token}", wait_until="commit").status == 200


@pytest.mark.parametrize("tab", ["live", "cameras"])
def test_nothing_makes_the_browser_ask_a_stranger_for_a_password(page, owned, tab):
    """By a dialog of its own, in which nobody can sign in."""
    challenges = []
    page.on("response", lambda answer: challenges.append((answer.url, answer.headers.get("www-authenticate", ""))))
    page.goto(url(owned) + tab)
    page.wait_for_selector("input[autocomplete=current-password]")
    page.fill("input[autocomplete=username]", NAME)
    page.fill("input[autocomplete=current-password]", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_selector("#account summary")
    Accounts(owned.data).sessions.end_all(NAME)  # the picture is asked for until the page has noticed
    page.wait_for_selector("input[autocomplete=current-password]")
    assert [one for one in challenges if one[1].startswith("Basic")] == []


@pytest.mark.parametrize("path", [ITEM, f"camera/0/{ITEM}?file=item", "snapshot", "?action=snapshot"])
def test_who_opens_a_picture_signs_in_and_lands_there(bare_page, owned, path):
    answer = bare_page.goto(url(owned) + path, wait_until="commit")
    assert (answer.status, answer.headers["content-type"]) == (401, "text/html; charset=utf-8")
    assert not answer.headers["www-authenticate"].startswith("Basic")
    bare_page.fill("input[autocomplete=username]", NAME)
    assert not bare_page.is_visible("#live-panel")
    bare_page.fill("input[autocomplete=current-password]", PASSWORD)
    bare_page.keyboard.press("Enter")
    bare_page.wait_for_selector(SHOWS_PICTURE)
    assert bare_page.url == url(owned) + path


@pytest.mark.parametrize("path", [ITEM, f"camera/0/{ITEM}"])
def test_a_viewer_without_the_library_who_opens_an_item_sees_the_reason_on_the_page(page, owned, path):
    sign_in(page, url(owned), name="Bob")
    Accounts(owned.data).users.change("Bob", library=False)
    owned.until(lambda: page.request.get(url(owned) + path).status == 403)
    assert page.goto(url(owned) + path).status == 403
    page.wait_for_selector(".toast[role=alert]:has-text('you may not open the library')")
    page.wait_for_selector("#account summary:has-text('Bob')")
    page.wait_for_url(f"{url(owned)}live")
    Accounts(owned.data).users.change("Bob", library=True)
    page.evaluate("history.replaceState(null, '', '/any/other/path/of/more/folders/')")
    assert page.evaluate("document.querySelector('link[rel=stylesheet]').href").startswith(f"{url(owned)}assets/")


def test_a_link_on_another_site_leads_somebody_who_is_signed_in_to_the_picture(bare_page, owned):
    """In a mail, or on a dashboard; a browser sends cookies that are SameSite=Lax along then."""
    link = f'<a href="{url(owned)}{ITEM}">A photo</a>'
    bare_page.route("http://mail.example/", lambda route: route.fulfill(content_type="text/html", body=link))
    sign_in(bare_page, url(owned))
    bare_page.goto("http://mail.example/", wait_until="commit")
    bare_page.click("a")
    bare_page.wait_for_selector(SHOWS_PICTURE)
