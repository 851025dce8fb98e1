"""Whose page a write comes from, as a proxy says what the page asked for."""

import pytest

from stillcam.http.messages import Refused
from stillcam.server.route import Request
from stillcam.server.security.cross_origin import check_origin


def refusal(origin, host, *, scheme="", proxied=False, method="POST", kind="application/json", **headers):
    """Why a write from a page of `origin` is refused; empty when it is not."""
    lines = {"origin": origin, "host": host, "content-type": kind, **headers}
    request = Request(method, "api/session", headers=lines)
    request.scheme, request.proxied = scheme, proxied
    try:
        check_origin(request)
    except Refused as refused:
        return refused.text
    return ""


@pytest.mark.parametrize(
    ("origin", "host", "about"),
    [
        pytest.param("http://cam.lan:8080", "cam.lan:8080", {}, id="asked directly"),
        pytest.param("http://cam.lan", "cam.lan:80", {}, id="the default port, said"),
        pytest.param("https://cam.lan", "cam.lan:443", {"scheme": "https"}, id="the default port of TLS, said"),
        pytest.param("https://cam.lan:8443", "cam.lan:8443", {}, id="TLS by a proxy that is not trusted"),
        pytest.param("http://[2001:db8::1]:81", "[2001:DB8::1]:81", {}, id="IPv6"),
        pytest.param("http://cam.lan:8081", "cam.lan", {"proxied": True}, id="a trusted proxy that leaves it out"),
        pytest.param("http://cam.lan:8081", "cam.lan", {"via": "1.1 x"}, id="another proxy that leaves it out"),
        pytest.param("http://cam.lan:8081", "cam.lan", {"proxied": True, "method": "DELETE", "kind": ""},
                     id="no form can delete"),
    ],
)  # fmt: skip
def test_ok__a_page_of_this_server(origin, host, about):
    assert refusal(origin, host, **about) == ""


@pytest.mark.parametrize(
    ("origin", "host", "about"),
    [
        pytest.param("http://evil.example", "cam.lan", {"proxied": True}, id="another host"),
        pytest.param("http://cam.lan:8081", "cam.lan", {}, id="another port, asked directly"),
        pytest.param("http://cam.lan:8081", "cam.lan:8080", {"proxied": True}, id="another port, by the proxy's word"),
        pytest.param("http://cam.lan", "cam.lan", {"scheme": "https", "proxied": True}, id="another scheme"),
        pytest.param("https://cam.lan", "cam.lan", {"scheme": "http", "proxied": True}, id="the other way round"),
        pytest.param("http://cam.lan:8081", "cam.lan", {"proxied": True, "kind": "text/plain"}, id="of a form"),
        pytest.param("http://cam.lan:8081", "cam.lan", {"proxied": True, "kind": ""}, id="without a body"),
        pytest.param("null", "cam.lan", {"proxied": True}, id="a page without an origin"),
        pytest.param("http://cam.lan@evil.example", "cam.lan", {"proxied": True}, id="a user's name"),
        pytest.param("http://cam.lan:", "cam.lan", {"proxied": True}, id="an empty port"),
    ],
)
def test_fail__a_page_of_another_server(origin, host, about):
    said = refusal(origin, host, **about)
    assert f"at {origin}," in said and f"{about.get('scheme') or 'http'}://{host}." in said
    assert "$http_host" in said and "access.proxies" in said


def test_a_header_of_any_length_makes_no_long_message():
    assert len(refusal("http://" + "x" * 8000, "cam.lan")) < 600
