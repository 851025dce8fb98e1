"""Caddy in front, as docs/integrate/https-and-proxies.md shows it: a sub-path, TLS, a stream that is not held back."""

import os
import re
import subprocess

import pytest
from front import NAME, SETTINGS, Front
from pictures import picture
from ports import kept_port, listens
from programs import certificate, filming, running
from serving import ROOT, Site

DOCUMENT = ROOT / "docs/integrate/https-and-proxies.md"


@pytest.fixture
def site(tmp_path):
    """A server with a picture, which knows of the proxy."""
    with Site(tmp_path, SETTINGS) as site:
        site.publish(picture())
        yield site


@pytest.fixture
def front(site, tmp_path):
    """Caddy before it, which would get its certificate by itself."""
    example = re.search(rf"```text\n({re.escape(NAME)} {{.*?\n}})\n```", DOCUMENT.read_text(), re.DOTALL)
    assert example
    folder = tmp_path / "caddy"
    folder.mkdir()
    pem, authority = certificate(folder, NAME)
    with kept_port() as https:
        text = example[1].replace("127.0.0.1:8080", f"127.0.0.1:{site.port}")
        text = text.replace(f"{NAME} {{", f"{NAME} {{\n    bind 127.0.0.1\n    tls {pem} {pem}\n", 1)
        options = f"{{\n    admin off\n    https_port {https}\n    auto_https disable_redirects\n}}\n"
        (folder / "Caddyfile").write_text(options + text + "\n")
        argv = ["caddy", "run", "--config", folder / "Caddyfile", "--adapter", "caddyfile"]
        environ = os.environ | {"HOME": str(folder), "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
        with running(argv, folder / "caddy.log", environ) as caddy:
            caddy.until(lambda: listens(https))
            yield Front(https, 0, authority)


def test_the_page_and_the_picture(front):
    status, headers = front.get("")
    assert status == 200
    assert headers["Content-Security-Policy"].startswith("default-src 'self'")
    assert [front.get(path)[0] for path in ("picture/viewer.js", "base/base.css", "live", "api/status")] == [200] * 4
    assert front.picture("images/current.jpg?t=1") == front.picture("?action=snapshot") == picture()
    status, headers = front.get("../webcam", "--path-as-is")
    assert (status, headers["Location"]) == (302, "/webcam/")


def test_the_client_is_known_by_its_address(front, site):
    front.get("snapshot", "--header", "X-Forwarded-For: 203.0.113.9")
    site.until(lambda: "GET /snapshot 200" in site.said())
    assert "203.0.113.9" not in site.said()


def test_a_stream_comes_frame_by_frame(front, site):
    with (
        filming(site),
        subprocess.Popen(front.argv("--no-buffer", front.url + "stream"), stdout=subprocess.PIPE) as curl,
    ):
        assert curl.stdout
        heads = 0
        while heads < 10:
            line = curl.stdout.readline()
            assert line, "the stream has ended"
            heads += line.startswith(b"Content-Type: image/jpeg")
        curl.kill()
