"""Where the server listens, and what a browser is told."""

import re

import pytest

from stillcam.common.errors import StillcamError
from stillcam.server import own_address
from stillcam.server.own_address import listening_address, urls


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        pytest.param({}, ("::", 8080), id="every address, IPv4 and IPv6"),
        pytest.param({"STILLCAM_BIND": "", "STILLCAM_PORT": ""}, ("::", 8080), id="empty is unset"),
        pytest.param({"STILLCAM_BIND": "127.0.0.1", "STILLCAM_PORT": "80"}, ("127.0.0.1", 80), id="as told"),
        pytest.param({"STILLCAM_BIND": "fe80::1", "STILLCAM_PORT": "65535"}, ("fe80::1", 65535), id="IPv6"),
        pytest.param({"STILLCAM_PORT": "0"}, ("::", 0), id="a free port"),
    ],
)
def test_the_environment_says_where_to_listen(environ, expected):
    assert listening_address(environ) == expected


@pytest.mark.parametrize(
    ("name", "value"),
    [
        pytest.param("STILLCAM_BIND", "localhost", id="a name"),
        pytest.param("STILLCAM_BIND", "300.0.0.1", id="no byte"),
        pytest.param("STILLCAM_BIND", "127.0.0.1:80", id="address and port"),
        pytest.param("STILLCAM_PORT", "65536", id="too high"),
        pytest.param("STILLCAM_PORT", "-1", id="negative"),
        pytest.param("STILLCAM_PORT", "http", id="a service's name"),
        pytest.param("STILLCAM_PORT", "８０", id="digits that are not ASCII"),
    ],
)
def test_what_is_no_address_or_port_is_told_by_name_and_value(name, value):
    with pytest.raises(StillcamError, match=f"{name} must be .*{re.escape(repr(value))}"):
        listening_address({name: value})


@pytest.mark.parametrize(
    ("bind", "expected"),
    [
        pytest.param("127.0.0.1", ["http://127.0.0.1:8080/"], id="one address"),
        pytest.param("::1", ["http://[::1]:8080/"], id="one IPv6 address"),
        pytest.param("0.0.0.0", ["http://pi.local:8080/", "http://192.0.2.7:8080/"], id="every IPv4 address"),
        pytest.param("", ["http://pi.local:8080/", "http://192.0.2.7:8080/"], id="every address"),
    ],
)
@pytest.mark.parametrize("name", [pytest.param("pi", id="short"), pytest.param("pi.local", id="long")])
def test_a_browser_is_told_the_name_first(monkeypatch, bind, expected, name):
    monkeypatch.setattr("socket.gethostname", lambda: name)
    monkeypatch.setattr(own_address, "_own_address", lambda: "192.0.2.7")
    assert urls({"STILLCAM_BIND": bind}) == expected


def test_without_a_network_the_name_remains(monkeypatch):
    monkeypatch.setattr("socket.gethostname", lambda: "pi")
    monkeypatch.setattr(own_address, "_own_address", lambda: None)
    assert urls({}) == ["http://pi.local:8080/"]


def test_a_server_that_speaks_tls_is_found_by_https():
    assert urls({"STILLCAM_BIND": "127.0.0.1"}, tls=True) == ["https://127.0.0.1:8080/"]
