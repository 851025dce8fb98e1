"""The bug report of a real server and daemon, whose settings, accounts and logs are full of what nobody may read."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from people import PASSWORD, Client, program, register, viewer
from serving import Site

SECRETS = {
    "access": {
        "hosts": ["garden.mueller.example"],
        "proxies": ["127.0.0.1", "203.0.113.7"],
        "embed": ["https://home.mueller.example"],
    },
    "webhooks": {"urls": ["http://127.0.0.1:9/hook-4711-secret"]},
    "hooks": {"item": ["/home/lieselotte/upload", "--key", "hunter2-hunter2"]},
    "camera": {"tuning_file": "/home/lieselotte/imx519.json"},
    "snapshot": {"interval_s": 3.5},
    "controls": {"Contrast": 1.25},
}
HIDDEN = ("mueller", "203.0.113.7", "198.51.100.23", "4711", "hunter2", "lieselotte", "Wilhelmine", "Ottokar", "scrypt",
          "stillcam_", "whsec_")  # fmt: skip


@pytest.fixture
def owner(tmp_path, daemon):
    """An owner at a server that has logged a stranger's public address, with a daemon that finds no camera."""
    daemon.fault(cameras="")
    with Site(tmp_path, SECRETS) as site:
        daemon.start(STILLCAM_PORT=str(site.port))
        owner = register(site, "Wilhelmine")
        site.until(lambda: "no picture (absent)" in daemon.log.read_text())
        yield owner


def report(client: Client) -> str:
    response, body = client.ask("/api/report")
    assert response.status == 200, body
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
    return body.decode()


def keys(database: Path) -> list[str]:
    """All hashes and identifiers among the accounts, as text and in hexadecimal digits."""
    with closing(sqlite3.connect(database)) as accounts:
        tables = [name for (name,) in accounts.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        values = [value for table in tables for row in accounts.execute(f"SELECT * FROM {table}") for value in row]
    found = [value.hex() if isinstance(value, bytes) else value for value in values if isinstance(value, str | bytes)]
    return [key for key in found if len(key) > 20]


def test_it_has_what_helps_and_nothing_that_identifies_anybody(owner):
    site = owner.site
    token = program(owner, "library").headers["Authorization"].removeprefix("Bearer ")
    viewer(owner, "Ottokar")
    login = {"name": "Ottokar", "password": "wrong" + PASSWORD}
    Client(site).call("/api/session", "POST", login, X_Forwarded_For="198.51.100.23")
    site.until(lambda: "198.51.100.23" in site.said())
    text = report(owner)
    for title in ("Camera server", "Board", "System", "Software", "Cameras"):
        assert f"## {title}\n" in text
    assert "snapshot.interval_s: 3.5\n" in text
    assert 'controls: {"Contrast": 1.25}\n' in text
    assert "access.hosts: 1 (hidden)\n" in text
    assert "camera.tuning_file: imx519.json\n" in text
    assert "fault: cameras: " in text
    assert "WARNING a sign-in from (address) failed" in text
    assert "ERROR no picture (absent)" in text
    for secret in (*HIDDEN, PASSWORD, token):
        assert secret.lower() not in text.lower(), secret
    hashes = keys(site.data / "accounts.db")
    assert len(hashes) >= 4  # of two passwords, a session and a token
    assert not [one for one in hashes if one in text]


def test_viewers_and_strangers_get_none(owner):
    assert viewer(owner, "Bob").ask("/api/report")[0].status == 403
    assert Client(owner.site).ask("/api/report")[0].status == 401
