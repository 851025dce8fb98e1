"""Two Stillcams on one host, and one browser that is signed in to both."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import own_certificate
import pytest
from front import running_nginx
from pictures import picture
from playwright.sync_api import Page
from ports import kept_port
from serving import Site
from signed_in import add_owner, sign_in

SERVER = """\
server {{
  listen 127.0.0.1:{port}{tls};
  proxy_set_header Host $http_host;
  proxy_set_header X-Forwarded-Proto $scheme;
  proxy_set_header X-Forwarded-For $remote_addr;
  location /garden/ {{ proxy_pass http://127.0.0.1:{garden}/; }}
  location /shed/ {{ proxy_pass http://127.0.0.1:{shed}/; }}
}}
"""
TLS = " ssl; ssl_certificate {}; ssl_certificate_key {}"


@pytest.fixture
def sites(tmp_path: Path) -> Iterator[list[Site]]:
    """Two servers, each with an owner and a picture."""
    folders = [tmp_path / name for name in ("garden", "shed")]
    for folder in folders:
        folder.mkdir()
        add_owner(folder / "data")
    settings = {"access": {"proxies": ["127.0.0.1"]}}
    with Site(folders[0], settings) as garden, Site(folders[1], settings) as shed:
        for site in (garden, shed):
            still = site.images / ".still_1.jpg"
            still.write_bytes(picture())
            site.publisher.publish(still, 1.8e9)
        yield [garden, shed]


@contextmanager
def proxy(folder: Path, sites: list[Site], scheme: str) -> Iterator[str]:
    """nginx before both; its address."""
    with kept_port() as port:
        tls = TLS.format(*own_certificate.make(folder, "localhost")) if scheme == "https" else ""
        with running_nginx(folder, SERVER.format(port=port, garden=sites[0].port, shed=sites[1].port, tls=tls), port):
            yield f"{scheme}://127.0.0.1:{port}/"


def name_at(page: Page, url: str) -> str | None:
    """Who is signed in there, by the page's own word."""
    page.goto(f"{url}settings")
    page.wait_for_selector("#account :is(summary, button)")
    return page.text_content("#account summary .label") if page.query_selector("#account summary") else None


def signed_in_to_both(page: Page, first: str, second: str) -> None:
    """Signing in to the second one leaves the first one's session as it is, and so does signing out."""
    sign_in(page, first, "settings")
    sign_in(page, second, "settings")
    assert [name_at(page, url) for url in (first, second, first)] == ["Ann"] * 3
    page.click("#account summary")
    page.click("#account button:has-text('Sign out') >> nth=0")
    page.wait_for_selector("input[autocomplete=current-password]")
    assert [name_at(page, url) for url in (first, second)] == [None, "Ann"]


def test_at_two_ports(page, sites):
    signed_in_to_both(page, *(f"http://127.0.0.1:{site.port}/" for site in sites))


@pytest.mark.parametrize(("scheme", "prefix"), [("http", ""), ("https", "__Secure-")])
def test_behind_one_proxy_at_two_paths(new_page, sites, tmp_path, scheme, prefix):
    page = new_page(ignore_https_errors=True)
    with proxy(tmp_path, sites, scheme) as url:
        signed_in_to_both(page, f"{url}garden/", f"{url}shed/")
        sign_in(page, f"{url}garden/", "settings")
        cookies = page.context.cookies()
        assert {cookie["path"] for cookie in cookies} == {"/garden/", "/shed/"}
        assert all(re.fullmatch(f"{prefix}stillcam_[0-9a-f]{{8}}(_device)?", cookie["name"]) for cookie in cookies)
        assert len({cookie["name"] for cookie in cookies}) == len(cookies) == 4
