"""Notifications by the real Apprise, in the versions of Debian 12 and 13, with the picture; no secret is shown."""

import base64
import io
import json
import os
import queue
import re
import socket
import socketserver
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

import pytest
from guests import python_of
from people import Client, program, register, viewer
from pictures import picture
from PIL import Image
from serving import DEADLINE_S, ROOT, Site

SECRET = "hunter2-hunter2"
RETRIED_S = 200.0  # a message that was not accepted comes again after 5 s, 30 s and 2 min
PATIENT = "cto=40&rto=40"  # seconds: a busy machine is no reason to try again


class Service:
    """Takes what Apprise sends over HTTP, and answers 403 below `/refuses`; ended with the `with` block."""

    def __init__(self) -> None:
        self.got: queue.Queue[tuple[str, Any, bytes]] = queue.Queue()
        got = self.got

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                got.put((self.path, self.headers, body))
                self.send_response(403 if "refuses" in self.path else 200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_port

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def next(self) -> tuple[str, Any, bytes]:
        """Path, headers and body of the request that comes next."""
        return self.got.get(timeout=RETRIED_S)


class MailServer:
    """Takes one mail after the other, and its first recipient; ended with the `with` block."""

    def __init__(self) -> None:
        self.got: queue.Queue[str] = queue.Queue()
        got = self.got

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                self.wfile.write(b"220 here\r\n")
                while line := self.rfile.readline():
                    if line.upper().startswith(b"DATA"):
                        self.wfile.write(b"354 go on\r\n")
                        lines = list(iter(self.rfile.readline, b".\r\n"))
                        got.put(b"".join(lines).decode())
                    self.wfile.write(b"250 ok\r\n")
                    if line.upper().startswith(b"QUIT"):
                        return

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture(params=["debian12", "debian13"])
def debian(request, monkeypatch):
    """The server runs with the packages of this Debian."""
    monkeypatch.setattr(sys, "executable", str(python_of(request.param)))
    return request.param


@pytest.fixture
def site(debian, tmp_path) -> Iterator[Site]:
    """A server with a receiver `phone` that has no address yet."""
    with Site(tmp_path, {"notifications": {"receivers": ["phone disk.low"]}}) as site:
        yield site


@pytest.fixture(scope="module", params=["debian12", "debian13"])
def shared(request, tmp_path_factory) -> Iterator[tuple[Site, Client]]:
    """As `site`, with its owner, for tests that change nothing but the address."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "executable", str(python_of(request.param)))
        settings = {"notifications": {"receivers": ["phone disk.low"]}}
        with Site(tmp_path_factory.mktemp(request.param), settings) as site:
            yield site, register(site)


def address(owner: Client, text: str, name: str = "phone") -> None:
    assert owner.call(f"/api/notifications/addresses/{name}", "POST", {"address": text})[0] == 204


def tried(owner: Client, row: str = "phone disk.low") -> dict[str, Any]:
    """The last attempt, which is a test."""
    status, document = owner.call("/api/notifications/test", "POST", {"row": row})
    assert status == 200, document
    last: dict[str, Any] = document["last"]
    assert last["type"] == "test"
    return last


def test_a_test_message_comes_with_the_newest_picture(site):
    with Service() as service:
        site.publish(picture((640, 360)))
        owner = register(site)
        assert "it has no address yet" in owner.call("/api/notifications")[1]["receivers"][0]["problem"]
        address(owner, f"json://127.0.0.1:{service.port}/{SECRET}?{PATIENT}")
        assert owner.call("/api/notifications")[1]["receivers"][0]["problem"] is None
        assert tried(owner)["error"] is None
        path, _, body = service.next()
        document = json.loads(body)
        assert path == f"/{SECRET}"
        assert document["title"].endswith(": test")
        assert document["message"] == "This camera can reach you: phone."
        [attached] = document["attachments"]
        assert (attached["mimetype"], attached["filename"]) == ("image/jpeg", "picture.jpg")
        assert Image.open(io.BytesIO(base64.b64decode(attached["base64"]))).size == (640, 360)
        assert owner.call("/api/notifications")[1]["receivers"][0]["last"]["error"] is None


def test_an_event_comes_to_ntfy_and_by_mail_while_another_service_hangs(debian, tmp_path):
    rows = ["hangs disk.low", "phone disk.low", "mail disk.low every=0"]
    with Service() as service, MailServer() as mails, socket.create_server(("127.0.0.1", 0)) as hanging:
        data = tmp_path / "data"
        data.mkdir()
        (data / "receiver-addresses.json").write_text(json.dumps({  # as somebody writes it by hand
            "hangs": f"json://127.0.0.1:{hanging.getsockname()[1]}/",
            "phone": f"ntfy://ann:{SECRET}@127.0.0.1:{service.port}/garden?{PATIENT}",
            "mail": f"mailto://127.0.0.1:{mails.port}?from=camera@example.org&to=ann@example.org&{PATIENT}",
        }))  # fmt: skip
        settings = {"notifications": {"receivers": rows}, "files": {"floor_mb": 10_000_000}}
        with Site(tmp_path, settings) as site:
            path, headers, body = service.next()
            mail = mails.got.get(timeout=RETRIED_S)
            said = site.said()
        assert headers["Authorization"].startswith("Basic ")
        text = f"{path} {headers.get('X-Title')} {body.decode(errors='replace')}"
        assert "garden" in text
        assert "disk nearly full" in text.replace("+", " ").replace("%20", " ")
        assert "Subject: " in mail
        assert "ann@example.org" in mail
        assert SECRET not in said


@pytest.mark.parametrize(
    ("service_address", "error"),
    [
        pytest.param(
            f"json://ann:{SECRET}@127.0.0.1:{{port}}/refuses?{PATIENT}", "the service answered 403", id="it refuses"
        ),
        pytest.param(f"json://ann:{SECRET}@127.0.0.1:9/", "the service cannot be reached", id="nobody is there"),
        pytest.param(f"nonsense://{SECRET}", "Apprise knows no address of this form", id="no service"),
        pytest.param(f"tgram://{SECRET}/1", "Apprise knows no address of this form", id="no token of Telegram"),
    ],
)
def test_what_goes_wrong_is_shown_without_the_address(shared, service_address, error):
    site, owner = shared
    with Service() as service:
        address(owner, service_address.format(port=service.port))
        last = tried(owner)
        assert error in last["error"]
        assert SECRET not in json.dumps(last)
        assert SECRET not in site.said()


def test_an_address_is_shown_to_nobody(site):
    owner = register(site)
    others = [viewer(owner), program(owner, "control"), Client(site)]
    for client in others:
        assert client.call("/api/notifications/addresses/phone", "POST", {"address": "json://x"})[0] in (401, 403)
        assert client.call("/api/notifications/test", "POST", {"row": "phone disk.low"})[0] in (401, 403)
        assert client.call("/api/notifications")[0] in (401, 403)
    address(owner, f"json://ann:{SECRET}@127.0.0.1:9/")
    tried(owner)
    owner.call("/api/backups", "POST", {"name": "now"})
    paths = ("notifications", "settings", "backup", "report", "status", "info")
    for client in (owner, *others):
        for path in (*(f"/api/{name}" for name in paths), "/metrics", "/receiver-addresses.json"):
            assert SECRET not in client.ask(path)[1].decode(errors="replace"), path
    kept = [path for path in site.data.rglob("*") if path.is_file() and SECRET in path.read_text(errors="replace")]
    assert [(path.name, path.stat().st_mode & 0o777) for path in kept] == [("receiver-addresses.json", 0o600)]
    assert SECRET not in site.said()
    assert owner.call("/api/notifications/addresses/phone", "DELETE")[0] == 204
    assert SECRET not in kept[0].read_text()


def command(site: Site, *arguments: str, typed: str = "") -> subprocess.CompletedProcess[str]:
    """The command line, by the same interpreter."""
    environ = os.environ | {
        "PYTHONPATH": str(ROOT / "python"), "STILLCAM_IMAGES": str(site.images), "STILLCAM_DATA": str(site.data)
    }  # fmt: skip
    return subprocess.run(
        [sys.executable, "-m", "stillcam", *arguments],
        env=environ, input=typed, capture_output=True, text=True, check=False, timeout=DEADLINE_S,
    )  # fmt: skip


def test_the_command_line_sets_an_address_and_sends_a_test(site):
    with Service() as service:
        site.publish(picture())
        typed = f"json://127.0.0.1:{service.port}/{SECRET}?{PATIENT}\n"
        done = command(site, "receiver", "address", "phone", typed=typed)
        assert (done.returncode, done.stdout) == (0, "phone has an address: `stillcam receiver test phone`\n"), (
            done.stderr
        )
        done = command(site, "receiver", "test", "phone")
        assert (done.returncode, done.stdout) == (0, "the receiver has accepted the message\n"), done.stderr
        assert json.loads(service.next()[2])["attachments"]
        refused = command(site, "receiver", "address", "phone", typed=f"{SECRET}\n")
        assert (refused.returncode, SECRET in refused.stderr) == (1, False)
        assert "must be an address of Apprise" in refused.stderr


def test_a_machine_without_apprise_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "executable", str(python_of("lowest")))
    with Site(tmp_path, {"notifications": {"receivers": ["phone disk.low"]}}) as site:
        owner = register(site)
        address(owner, f"json://127.0.0.1:9/{SECRET}")
        missing = "Apprise is not installed: sudo apt install -y apprise"
        assert owner.call("/api/notifications")[1]["receivers"][0]["problem"] == missing
        assert tried(owner)["error"] == missing
        found = re.sub(r" +", " ", command(site, "doctor").stdout)
        assert "warning receivers phone: Apprise is not installed\n -> sudo apt install -y apprise\n" in found
        assert missing in command(site, "receiver", "list").stdout
