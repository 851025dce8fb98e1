"""Who is meant by a Host header, and whose word on the client is taken."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillcam.http.messages import Refused
from stillcam.server.route import Request
from stillcam.server.security.forwarded import apply_forwarded_headers
from stillcam.server.security.host_check import check_host

OWN = frozenset({"localhost", "raspberry", "raspberry.lan", "raspberry.home.arpa", "raspberry.fritz.box"})
LISTED = ("camera.example.org", "*.Home.Example")


def refusal(host: str) -> int | None:
    """The status with which `host` is refused; None when it is one of ours."""
    try:
        check_host(host, OWN, LISTED)
    except Refused as refused:
        return refused.status
    return None


@pytest.mark.parametrize(
    "host",
    [
        *(
            "",
            "127.0.0.1",
            "127.0.0.1:8080",
            "192.168.1.20",
            "[::1]",
            "[::1]:8080",
            "[fe80::1]",
            "[::ffff:10.0.0.1]:80",
        ),
        *(
            "localhost",
            "LOCALHOST:8080",
            "localhost.",
            "camera.localhost",
            "raspberry",
            "RASPBERRY.",
            "raspberry.local",
        ),
        *("anything.local:80", "raspberry.lan", "raspberry.home.arpa", "Raspberry.Fritz.Box:80", "camera.example.org"),
        *("Camera.Example.ORG.:443", "a.home.example", "a.b.home.example"),
    ],
)
def test_ok__a_name_that_no_stranger_can_own(host):
    assert refusal(host) is None


@pytest.mark.parametrize(
    "host",
    [
        *("evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "raspberry.evil.example", "local", "lan"),
        *(
            "notlocalhost",
            "evil.lan",
            "evil.fritz.box",
            "raspberry.example",
            "home.example",
            "evilhome.example",
            "a.camera.example.org",
        ),
        *("0x7f.1", "2130706433", "127.1", "1.2.3.4.5", "evil.local.example", "raspberry.local.evil.example", "_", "-"),
    ],
)
def test_fail__a_name_that_a_stranger_can_own(host):
    assert refusal(host) == 421


@pytest.mark.parametrize(
    "host",
    [
        *("user@127.0.0.1", "localhost@evil.example", "user:pw@localhost", "localhost:80@evil.example", "a b", " "),
        *("[::1", "::1", "[evil.example]", "[::1]x", "[fe80::1%25eth0]", "[12345::]", "[]", "127.0.0.1:", ":80"),
        *("127.0.0.1:123456", "127.0.0.1:-1", "localhost:８０", "localhost, evil.example", "localhost/", "http://localhost"),
        *("localhost?x", "localhost#x", "locälhost", "local\thost", "localhost\x00"),
    ],
)  # fmt: skip
def test_fail__what_is_no_host(host):
    assert refusal(host) == 400


@given(st.text(max_size=40) | st.text("[]:.@%/0123456789abcdefilostx*-_", max_size=40))
def test_a_host_is_ours_or_refused(host):
    assert refusal(host) in (None, 400, 421)


def asked(address: str, proxies: tuple[str, ...] = ("10.0.0.0/8", "fd00::1"), **headers: str) -> Request:
    """A request, after what proxies say of it has been looked at."""
    lines = {name.replace("_", "-"): value for name, value in headers.items()}
    request = Request("GET", "", headers=lines, address=address)
    apply_forwarded_headers(request, proxies)
    return request


@pytest.mark.parametrize(
    ("address", "forwarded", "client"),
    [
        pytest.param("10.0.0.1", "203.0.113.9", "203.0.113.9", id="a proxy's word"),
        pytest.param("fd00::1", "2001:db8::9", "2001:db8::9", id="by IPv6"),
        pytest.param("10.0.0.1", "1.1.1.1, 203.0.113.9, 10.0.0.2", "203.0.113.9", id="the last that is no proxy"),
        pytest.param("10.0.0.1", "10.0.0.3,10.0.0.2", "10.0.0.3", id="nothing but proxies"),
        pytest.param("10.0.0.1", "", "10.0.0.1", id="nothing said"),
        pytest.param("10.0.0.1", "203.0.113.9, unknown", "10.0.0.1", id="no address last"),
        pytest.param("10.0.0.1", "unknown, 203.0.113.9", "203.0.113.9", id="no address before"),
        pytest.param("10.0.0.1", "203.0.113.9:1234", "203.0.113.9", id="with a port"),
        pytest.param("10.0.0.1", "1.1.1.1:80, [2001:db8::9]:1234, 10.0.0.2:5", "2001:db8::9", id="IPv6 with a port"),
        pytest.param("10.0.0.1", "[2001:db8::9]", "2001:db8::9", id="in brackets"),
        pytest.param("10.0.0.1", "::ffff:203.0.113.9", "203.0.113.9", id="IPv4 as IPv6"),
        pytest.param("10.0.0.1", "203.0.113.9:", "10.0.0.1", id="a colon without a port"),
        pytest.param("10.0.0.1", "203.0.113.9:1:2", "10.0.0.1", id="two ports"),
        pytest.param("10.0.0.1", "1" * 8000, "10.0.0.1", id="long"),
        pytest.param("192.168.1.5", "203.0.113.9", "192.168.1.5", id="not a proxy"),
        pytest.param("fd00::2", "203.0.113.9", "fd00::2", id="beside the proxy"),
    ],
)
def test_the_client_behind_a_proxy(address, forwarded, client):
    assert asked(address, x_forwarded_for=forwarded).address == client


@pytest.mark.parametrize(
    ("address", "said", "secure"),
    [
        pytest.param("10.0.0.1", "https", True, id="a proxy's word"),
        pytest.param("10.0.0.1", "HTTPS ", True, id="in capitals"),
        pytest.param("10.0.0.1", "http", False, id="in the clear"),
        pytest.param("10.0.0.1", "https, http", False, id="two words"),
        pytest.param("192.168.1.5", "https", False, id="not a proxy"),
    ],
)
def test_tls_at_a_proxy(address, said, secure):
    assert asked(address, x_forwarded_proto=said).secure is secure


@pytest.mark.parametrize(
    ("headers", "scheme", "host"),
    [
        pytest.param({}, "", "inner:8080", id="nothing said"),
        pytest.param({"x_forwarded_host": "cam.example:8443", "x_forwarded_proto": "https"}, "https",
                     "cam.example:8443", id="host and scheme"),
        pytest.param({"x_forwarded_host": "evil.example, cam.example"}, "", "cam.example", id="the last host counts"),
        pytest.param({"x_forwarded_host": "cam.example", "x_forwarded_port": "8443"}, "", "cam.example:8443",
                     id="the port beside the host"),
        pytest.param({"x_forwarded_host": "cam.example:1", "x_forwarded_port": "2"}, "", "cam.example:1",
                     id="the host's own port counts"),
        pytest.param({"x_forwarded_host": "[2001:db8::1]", "x_forwarded_port": "81"}, "", "[2001:db8::1]:81",
                     id="IPv6 and a port"),
        pytest.param({"host": "cam.example", "x_forwarded_port": "8443"}, "", "cam.example:8443", id="the port alone"),
        pytest.param({"x_forwarded_port": "x"}, "", "inner:8080", id="no port"),
        pytest.param({"x_forwarded_proto": "ftp"}, "", "inner:8080", id="another scheme"),
        pytest.param({"forwarded": 'for=1.2.3.4;host="cam.example:8443";proto=https'}, "https", "cam.example:8443",
                     id="RFC 7239"),
        pytest.param({"forwarded": "proto=https;host=a.example, host=b.example"}, "", "b.example", id="the last"),
        pytest.param({"forwarded": "host=evil.example", "x_forwarded_for": "1.2.3.4"}, "", "inner:8080",
                     id="not beside X-Forwarded-For"),
        pytest.param({"forwarded": 'host="evil.example'}, "", "inner:8080", id="malformed"),
    ],
)  # fmt: skip
def test_what_the_client_asked_for_behind_a_proxy(headers, scheme, host):
    for address, expected in (("10.0.0.1", (scheme, host)), ("192.168.1.5", ("", headers.get("host", "inner:8080")))):
        request = asked(address, **{"host": "inner:8080"} | headers)
        assert (request.scheme, request.host) == expected


@pytest.mark.parametrize(
    ("forwarded", "client"),
    [
        pytest.param("for=203.0.113.9", "203.0.113.9", id="an address"),
        pytest.param('For="[2001:db8::9]:4711"', "2001:db8::9", id="IPv6 and a port"),
        pytest.param('for=1.1.1.1, for="203.0.113.9:80";by=_x, for=10.0.0.2', "203.0.113.9", id="a chain"),
        pytest.param("for=unknown", "10.0.0.1", id="unknown"),
        pytest.param("for=_hidden, for=10.0.0.2", "10.0.0.2", id="hidden"),
        pytest.param("for=203.0.113.9, proto=https", "10.0.0.1", id="an element without a client"),
        pytest.param("for=203.0.113.9,,", "10.0.0.1", id="malformed"),
        pytest.param('for=", for=203.0.113.9', "203.0.113.9", id="a client's quote that has no end"),
        pytest.param('for=1.1.1.1;x=", for="[2001:db8::9]:1"', "2001:db8::9", id="one that the proxy's would end"),
        pytest.param("@, for=203.0.113.9;proto=https", "203.0.113.9", id="malformed before"),
    ],
)
def test_the_client_by_rfc_7239(forwarded, client):
    assert asked("10.0.0.1", forwarded=forwarded).address == client


def test_nobody_is_believed_where_no_proxy_is_trusted():
    request = asked("10.0.0.1", (), x_forwarded_for="203.0.113.9", x_forwarded_proto="https")
    assert (request.address, request.secure) == ("10.0.0.1", False)


@given(st.text(max_size=60) | st.text("0123456789.:, afx%", max_size=60), st.text(max_size=20))
def test_whatever_a_proxy_says_it_is_no_fault(forwarded, said):
    asked("10.0.0.1", forwarded=forwarded, host=said)
    asked("10.0.0.1", x_forwarded_host=forwarded, x_forwarded_port=said)
    asked("10.0.0.1", x_forwarded_for=forwarded, x_forwarded_proto=said)
