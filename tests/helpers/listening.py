"""The server's listener and app in this process, with routes of a test: for what ours never do, and short time-outs."""

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Callable, Sequence
from typing import Self

from serving import DEADLINE_S
from waiting import until

from stillcam.http.limits import ConnectionLimits
from stillcam.http.listener import Listener
from stillcam.http.messages import Answer
from stillcam.server.app import App
from stillcam.server.route import Access, Request, Route
from stillcam.settings.schema import Settings


def admit_all(_request: Request, _route: Route) -> None:
    """Everybody may."""


def count_none(_route: str, _status: int) -> Callable[[int], None]:
    """Nothing is counted."""
    return lambda _sent_bytes: None


class Listening:
    """A server on a free port, ended with the `with` block when all its connections have ended.

    Args:
        handlers: by method and path, like `POST echo`.
        limits: to the connections.
        tls: gives the certificate; None: plain HTTP.
    """

    def __init__(
        self,
        handlers: dict[str, Callable[[Request], Answer]],
        limits: ConnectionLimits | None = None,
        tls: Callable[[], ssl.SSLContext] | None = None,
    ) -> None:
        routes = []
        for name, handler in handlers.items():
            method, path = name.split(" ")
            routes.append(Route(method, path, Access.OPEN, handler))
        self.limits = ConnectionLimits() if limits is None else limits
        self._server = Listener(("127.0.0.1", 0), App(routes, Settings, admit_all, count_none), self.limits, tls)
        self.port: int = self._server.address[1]
        self._thread = threading.Thread(target=self._server.serve_forever)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def end_before_it_serves(self) -> None:
        """What a signal does that arrives before it accepts; then have it serve, which is over at once."""
        self._server.end()
        self._server.serve_forever()
        self._server.close()
        threading.stack_size(0)

    def __exit__(self, *_: object) -> None:
        until(lambda: len(self.limits) == 0)
        self._server.end()
        self._thread.join()
        self._server.close()
        threading.stack_size(0)  # the listener has made it small


def trickle(link: socket.socket, some: Sequence[bytes]) -> None:
    """Send one after the other, a millisecond apart, again and again, until the server has something to say."""
    link.setblocking(False)
    with contextlib.suppress(BlockingIOError, ConnectionError):
        while True:
            for each in some:
                link.send(each)
                time.sleep(0.001)
                with contextlib.suppress(BlockingIOError):
                    link.recv(1, socket.MSG_PEEK)
                    link.settimeout(DEADLINE_S)
                    return
    link.settimeout(DEADLINE_S)
