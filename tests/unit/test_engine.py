"""The server on its port, with an app of a few lines."""

import socket
import threading

import pytest
from serving import DEADLINE_S

from stillcam.http import idle_pool, listener
from stillcam.http.limits import ConnectionLimits
from stillcam.http.listener import Server
from stillcam.http.messages import Answer


class App:
    """Says `here`; at `/die` its thread ends without a word, as one that finds no memory."""

    def __init__(self):
        self.dies = threading.Event()

    def answer(self, request):
        if request.path == "die":
            self.dies.set()
            raise SystemExit
        return Answer(200, b"here")

    def to_https(self, request):
        raise AssertionError(request)

    def malformed(self, refused):
        raise AssertionError(refused)

    def ended(self, request, answer, sent, seconds):
        pass


@pytest.fixture
def server():
    server = Server(("127.0.0.1", 0), App(), ConnectionLimits(), None)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.end()
    thread.join()
    server.server_close()


def ask(link, path):
    link.sendall(f"GET /{path} HTTP/1.1\r\nHost: camera\r\n\r\n".encode())


def test_who_is_there_is_answered_when_nobody_comes_after_the_attendant_has_died(monkeypatch, request):
    monkeypatch.setattr(listener, "LOOK_S", 0.05)
    monkeypatch.setattr(idle_pool, "DEAD_S", 0.2)
    server = request.getfixturevalue("server")
    address = server.server_address[:2]
    with (
        socket.create_connection(address, timeout=DEADLINE_S) as before,
        socket.create_connection(address, timeout=DEADLINE_S) as victim,
    ):
        ask(before, "")
        assert before.recv(4096).endswith(b"here")
        ask(victim, "die")
        assert server.app.dies.wait(DEADLINE_S)
        ask(before, "")
        assert before.recv(4096).endswith(b"here")
