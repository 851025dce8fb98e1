"""A slow link: a relay of TCP that lets pictures through only as far as a test allows; all else passes."""

import contextlib
import socket
import threading
from typing import Self


class SlowLink:
    """A relay on a free port of loopback, for as long as the `with` block lasts.

    Args:
        port: of the server behind it.
    """

    def __init__(self, port: int) -> None:
        self._behind = port
        self._allowed: int | None = 0  # bytes of pictures; None: any number
        self._changed = threading.Condition()
        self._ended = False
        self._links: list[socket.socket] = []
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}/"

    def allow(self, number: int | None) -> None:
        """Let so many bytes more through, and then no more; None: all from here on."""
        with self._changed:
            self._allowed = None if number is None else (self._allowed or 0) + number
            self._changed.notify_all()

    def __enter__(self) -> Self:
        threading.Thread(target=self._listen, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        with self._changed:
            self._ended = True
            self._changed.notify_all()
        _end(self._listening, *self._links)

    def _listen(self) -> None:
        with contextlib.suppress(OSError):  # the end
            while True:
                browser, _ = self._listening.accept()
                server = socket.create_connection(("127.0.0.1", self._behind))
                self._links += [browser, server]
                slow = threading.Event()  # what comes back now is a picture
                threading.Thread(target=self._ask, args=(browser, server, slow), daemon=True).start()
                threading.Thread(target=self._answer, args=(server, browser, slow), daemon=True).start()

    def _ask(self, browser: socket.socket, server: socket.socket, slow: threading.Event) -> None:
        with contextlib.suppress(OSError):  # one of the two has left
            while data := browser.recv(16_384):
                if b"GET /images/current.jpg" in data:
                    slow.set()
                else:
                    slow.clear()
                server.sendall(data)
        _end(browser, server)

    def _answer(self, server: socket.socket, browser: socket.socket, slow: threading.Event) -> None:
        with contextlib.suppress(OSError):
            while (data := server.recv(4_096)) and (not slow.is_set() or self._may_pass(len(data))):
                browser.sendall(data)
        _end(server, browser)

    def _may_pass(self, number: int) -> bool:
        """Wait until so many bytes are allowed; False: it is over."""
        with self._changed:
            self._changed.wait_for(lambda: self._ended or self._allowed is None or self._allowed >= number)
            if self._allowed is not None:
                self._allowed -= number
            return not self._ended


def _end(*links: socket.socket) -> None:
    for link in links:
        with contextlib.suppress(OSError):
            link.shutdown(socket.SHUT_RDWR)
        link.close()
