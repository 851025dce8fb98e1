"""A program that takes webhooks, as docs/integrate/webhooks.md shows one, and says what it is told to say."""

import base64
import hashlib
import hmac
import json
import queue
import threading
from collections.abc import Iterable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

DEADLINE_S = 90.0


class Receiver:
    """Listens on a free port; ended with the `with` block.

    Args:
        statuses: what it answers, one after the other; 204 when there are no more.
    """

    def __init__(self, statuses: Iterable[int] = ()) -> None:
        self.got: queue.Queue[tuple[dict[str, str], bytes]] = queue.Queue()
        left, got = iter(statuses), self.got

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                got.put(({"path": self.path} | {name.lower(): value for name, value in self.headers.items()}, body))
                status = next(left, 204)
                self.send_response(status)
                if status // 100 == 3:
                    self.send_header("Location", "/elsewhere")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/garden?x=1"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def next(self, timeout_s: float = DEADLINE_S) -> tuple[dict[str, str], bytes]:
        """Header fields (and `path`) and body of the message that comes next; raises queue.Empty."""
        return self.got.get(timeout=timeout_s)


def verified(key: str, headers: dict[str, str], body: bytes) -> Any:
    """The message, if the signature is right (Standard Webhooks 1.0, "Verifying webhook authenticity")."""
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    mac = hmac.new(base64.b64decode(key.removeprefix("whsec_")), signed, hashlib.sha256)
    assert hmac.compare_digest(headers["webhook-signature"], "v1," + base64.b64encode(mac.digest()).decode())
    return json.loads(body)
