"""To sign in through nginx and Caddy, in plain HTTP at a port that is not 80, however they are set up."""

import json
import os
from contextlib import contextmanager

import pytest
from front import running_nginx
from people import PASSWORD
from ports import kept_port, listens
from programs import run, running
from serving import Site

from stillcam.accounts import Accounts
from stillcam.accounts.passwords import hashed

NAME = "camera.local"
TRUSTED = {"access": {"proxies": ["127.0.0.1"]}, "server": {"access_log": True}}
BLOCK = "server {{ listen 127.0.0.1:{port}; location / {{ proxy_pass http://127.0.0.1:{camera}; {headers} }} }}\n"

HOST_WITHOUT_PORT = "proxy_set_header Host $host; proxy_set_header X-Forwarded-For $remote_addr;"
SAID_BESIDE = "proxy_set_header X-Forwarded-Host $http_host; proxy_set_header X-Forwarded-Proto $scheme;"


@contextmanager
def camera(folder, settings):
    """A server with an owner."""
    Accounts(folder / "data").users.add("Ann", hashed(PASSWORD), "owner")
    with Site(folder, settings) as site:
        yield site


@contextmanager
def nginx(site, folder, headers):
    """nginx before it; its port."""
    folder.mkdir()
    with (
        kept_port() as port,
        running_nginx(folder, BLOCK.format(port=port, camera=site.port, headers=headers), port),
    ):
        yield port


def curl(port, path, *options, name=NAME):
    """Status and document of an answer."""
    resolved = ["--resolve", f"{name}:{port}:127.0.0.1"]
    said = run("curl", "--silent", *resolved, *options, "--write-out", "\n%{http_code}", f"http://{name}:{port}{path}")
    body, _, status = said.rpartition("\n")
    return int(status), json.loads(body) if body else None


def sign_in(port, origin, kind="application/json"):
    """The answer to the form of a page of `origin`."""
    fields = json.dumps({"name": "Ann", "password": PASSWORD})
    return curl(
        port, "/api/session", "--header", f"Origin: {origin}", "--header", f"Content-Type: {kind}", "-d", fields
    )


@pytest.mark.parametrize(
    ("settings", "headers"),
    [
        pytest.param({}, HOST_WITHOUT_PORT, id="Host without port, by a proxy that the camera does not know"),
        pytest.param(TRUSTED, HOST_WITHOUT_PORT, id="Host without port"),
        pytest.param(TRUSTED, "proxy_set_header Host $host;", id="Host without port, and nothing else"),
        pytest.param(TRUSTED, "proxy_set_header Host $host; proxy_set_header X-Forwarded-Port $server_port;",
                     id="Host and port apart"),
        pytest.param(TRUSTED, SAID_BESIDE, id="nginx's own Host, and what was asked for beside it"),
        pytest.param(TRUSTED, "proxy_set_header Forwarded 'for=$remote_addr;host=\"$http_host\";proto=$scheme';",
                     id="RFC 7239"),
        pytest.param({}, "proxy_set_header Host $http_host;", id="Host as it came"),
    ],
)  # fmt: skip
def test_nginx_lets_people_sign_in(tmp_path, settings, headers):
    with camera(tmp_path, settings) as site, nginx(site, tmp_path / "nginx", headers) as port:
        status, document = sign_in(port, f"http://{NAME}:{port}")
        assert (status, document.get("user")) == (200, {"name": "Ann", "role": "owner"})
        for origin in ("http://evil.example", f"http://evil.example:{port}", "null"):
            assert sign_in(port, origin)[0] == 403
        assert sign_in(port, f"http://{NAME}:{port - 1}", "text/plain")[0] in (403, 415)


def test_chromium_signs_in_and_out_where_it_sends_no_word_of_its_own(tmp_path, playwright):
    """In plain HTTP at a name it leaves Sec-Fetch-Site out, so that Origin and Host decide."""
    with camera(tmp_path, {}) as site, nginx(site, tmp_path / "nginx", HOST_WITHOUT_PORT) as port:
        flags = ["--no-sandbox", "--disable-gpu", f"--host-resolver-rules=MAP {NAME} 127.0.0.1"]
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=flags)
        page = browser.new_page()
        page.set_default_timeout(60_000)
        page.goto(f"http://{NAME}:{port}/")
        page.fill("input[autocomplete=username]", "Ann")
        page.fill("input[autocomplete=current-password]", PASSWORD)
        with page.expect_response("**/api/session") as answered:
            page.keyboard.press("Enter")
        assert answered.value.status == 200
        assert "sec-fetch-site" not in answered.value.request.all_headers()
        page.wait_for_selector("#tabs a:has-text('Settings')")
        page.click("#account summary")
        page.click("#account button:has-text('Sign out') >> nth=0")
        page.wait_for_selector("input[autocomplete=username]")
        browser.close()


def test_a_refusal_names_both_addresses_and_what_to_set(tmp_path):
    """nginx's default passes its own idea of Host."""
    with camera(tmp_path, {}) as site, nginx(site, tmp_path / "nginx", "") as port:
        status, document = sign_in(port, f"http://{NAME}:{port}")
        assert status == 403
        for part in (
            f"http://{NAME}:{port}",
            f"http://127.0.0.1:{site.port}",
            "proxy_set_header Host",
            "access.proxies",
        ):
            assert part in document["error"]


def test_a_name_that_is_not_ours_is_refused_wherever_a_client_says_it(tmp_path):
    """A stranger's page that has its name lead here could set X-Forwarded-Host; its own name is in Host."""
    with (
        camera(tmp_path, TRUSTED) as site,
        nginx(site, tmp_path / "nginx", "proxy_set_header Host $http_host;") as port,
    ):
        assert curl(port, "/api/session")[0] == 200
        assert curl(port, "/api/session", "--header", f"X-Forwarded-Host: {NAME}", name="evil.example")[0] == 421
        assert curl(port, "/api/session", "--header", "X-Forwarded-Host: evil.example")[0] == 421


def test_a_client_s_address_may_come_with_its_port(tmp_path):
    headers = "proxy_set_header Host $http_host; proxy_set_header X-Forwarded-For $remote_addr:$remote_port;"
    with camera(tmp_path, TRUSTED) as site, nginx(site, tmp_path / "nginx", headers) as port:
        curl(port, "/api/session", "--interface", "127.0.0.2")
        site.until(lambda: " 127.0.0.2 GET /api/session 200 " in site.said())


@pytest.mark.parametrize("settings", [{}, TRUSTED])
def test_caddy_lets_people_sign_in(tmp_path, settings):
    with camera(tmp_path, settings) as site, kept_port() as port:
        text = (
            "{{\n admin off\n auto_https off\n}}\nhttp://{}:{} {{\n bind 127.0.0.1\n reverse_proxy 127.0.0.1:{}\n}}\n"
        )
        (tmp_path / "Caddyfile").write_text(text.format(NAME, port, site.port))
        environ = os.environ | dict.fromkeys(("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"), str(tmp_path))
        argv = ["caddy", "run", "--config", tmp_path / "Caddyfile", "--adapter", "caddyfile"]
        with running(argv, tmp_path / "caddy.log", environ) as caddy:
            caddy.until(lambda: listens(port))
            assert sign_in(port, f"http://{NAME}:{port}")[0] == 200
            assert sign_in(port, f"http://{NAME}:{port + 1}")[0] == 403
            assert sign_in(port, "http://evil.example")[0] == 403
