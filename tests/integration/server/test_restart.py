"""`api/restart`: an owner restarts the server, and the settings that it reads at its start apply."""

import json
import re
import socket
import ssl
from typing import Any

import pytest
from own_certificate import make
from people import Client, program, register
from serving import DEADLINE_S, Site


@pytest.fixture
def site(tmp_path):
    with Site(tmp_path) as site:
        yield site


def settings(owner: Client) -> dict[str, Any]:
    status, document = owner.call("/api/settings")
    assert status == 200, document
    return dict(document)


def changed(owner: Client, **server: object) -> list[str]:
    """What waits for a restart after this change."""
    status, document = owner.call("/api/settings", "PATCH", {"server": server})
    assert status == 200, document
    return list(document["restart"])


def starts(site: Site) -> int:
    return len(re.findall("listens on", site.said()))


def test_what_the_server_reads_at_its_start_applies_after_a_restart(site):
    owner = register(site)
    assert settings(owner)["restart"] == []
    assert changed(owner, access_log=True) == []  # that applies at once
    assert changed(owner, max_connections=9) == ["server.max_connections"]
    assert changed(owner, max_connections=None) == []
    assert changed(owner, max_connections=9) == ["server.max_connections"]
    waiting = [site.connect() for _ in range(12)]  # they do not keep the server from its end
    response, body = owner.ask("/api/restart", "POST", {})
    assert (response.status, json.loads(body)) == (202, {"restart": ["server.max_connections"]})
    assert response.headers["Content-Length"] == str(len(body))  # the client knows that it has all of it
    site.until(lambda: starts(site) == 2)
    assert settings(owner)["restart"] == []  # the session holds
    assert site.process.poll() is None  # the same process
    for link in waiting:
        link.close()


def test_only_an_owner_may_restart(site):
    owner = register(site)
    assert program(owner, "control").call("/api/restart", "POST", {})[0] == 403
    assert Client(site).call("/api/restart", "POST", {})[0] == 401
    assert starts(site) == 1


def test_a_certificate_that_is_gone_keeps_the_server_running(site, tmp_path):
    certificate, key = make(tmp_path, "camera")
    owner = register(site)
    assert changed(owner, tls_certificate=str(certificate), tls_key=str(key)) == [
        "server.tls_certificate",
        "server.tls_key",
    ]
    moved = certificate.rename(tmp_path / "moved.pem")
    status, refusal = owner.call("/api/restart", "POST", {})
    assert (status, refusal["field"]) == (422, "server.tls_certificate")
    assert "cannot read" in refusal["error"]
    moved.rename(certificate)
    assert owner.call("/api/restart", "POST", {})[0] == 202
    site.until(lambda: starts(site) == 2)
    context = ssl.create_default_context(cafile=str(certificate))
    link = socket.create_connection(("127.0.0.1", site.port), DEADLINE_S)
    with context.wrap_socket(link, server_hostname="127.0.0.1") as secure:
        secure.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
        assert secure.recv(100).startswith(b"HTTP/1.1 ")
