"""HTTP/1.1 on the standard library's classes: a thread a connection, time-outs, explicit routes.

It answers GET and HEAD only, sends head and body in one go, and says nothing about what
it is made of.
"""

from __future__ import annotations

import logging
import re
import select
import socket
import sys
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from stillcam.server.app import Answer, App, Request, error

IDLE_TIMEOUT_S = 30.0
SECURITY_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' blob: data:; base-uri 'self'; form-action 'self';"
    " frame-ancestors 'self'; object-src 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
_PLAIN = re.compile(r"[!-~]+")  # no spaces, no control characters


class Server(ThreadingHTTPServer):
    """Listens; each connection has a thread that ends with it."""

    daemon_threads = True
    request_queue_size = 512
    allow_reuse_address = True

    def __init__(self, address: tuple[str, int], app: App) -> None:
        self.app = app
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        super().__init__(address, Handler)

    def server_bind(self) -> None:
        """Bind without asking the name service for our own name, as HTTPServer does."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no event; anything else is a bug, and shows its traceback."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            logging.error("answering %s failed: this is a bug", client_address[0], exc_info=sys.exception())


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    timeout = IDLE_TIMEOUT_S
    disable_nagle_algorithm = True
    wbufsize = 0
    server: Server

    def do_GET(self) -> None:
        """Answer by the routes."""
        self._send(self._answer())

    do_HEAD = do_GET  # noqa: N815 - the base class looks for it

    def __getattr__(self, name: str) -> Any:
        """Any other method has no routes; BaseHTTPRequestHandler looks for `do_METHOD`."""
        if name.startswith("do_"):
            return self._refuse_method
        raise AttributeError(name)

    def _refuse_method(self) -> None:
        self.close_connection = True  # its body has not been read
        self._send(error(405, "only GET and HEAD are answered here", Allow="GET, HEAD"))

    def _answer(self) -> Answer:
        path, _, query = self.path.partition("?")
        if not path.startswith("/") or not _PLAIN.fullmatch(self.path):
            self.close_connection = True
            return error(400, "the address must be a path that begins with /")
        if self.headers.get("Content-Length", "0") != "0" or "Transfer-Encoding" in self.headers:
            self.close_connection = True  # a body that nobody reads must not become the next request
        headers = {name.lower(): value for name, value in self.headers.items()}
        return self.server.app.answer(Request(path[1:], query, headers, self._gone))

    def _gone(self) -> bool:
        poller = select.poll()
        poller.register(self.connection, select.POLLRDHUP)
        return bool(poller.poll(0))

    def _send(self, answer: Answer) -> None:
        head = [f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}", f"Date: {self.date_time_string()}"]
        head += [f"{name}: {value}" for name, value in (SECURITY_HEADERS | answer.headers).items()]
        if answer.status not in (204, 304):
            head.append(f"Content-Length: {len(answer.body)}")
        if self.close_connection:
            head.append("Connection: close")
        elif self.request_version == "HTTP/1.0":
            head.append("Connection: keep-alive")
        start = "\r\n".join(head).encode("latin-1") + b"\r\n\r\n"
        if self.command == "HEAD" or not answer.body:
            self.connection.sendall(start)
            return
        sent = self.connection.sendmsg([start, answer.body])
        if sent < len(start):
            self.connection.sendall(start[sent:])
            sent = len(start)
        if sent < len(start) + len(answer.body):
            self.connection.sendall(memoryview(answer.body)[sent - len(start) :])

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """What the base class finds wrong with a request, in our one form."""
        del message, explain
        self.close_connection = True
        if not hasattr(self, "command") or self.command is None:
            self.command = ""
        self._send(error(code, f"this request cannot be answered: {HTTPStatus(code).phrase}"))

    def log_message(self, format: str, *args: Any) -> None:
        """No line for each request."""
