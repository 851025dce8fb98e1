"""A client of `api/events`, and a capture daemon whose status a test sets."""

import json
import socket
import ssl
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

from serving import DEADLINE_S, Site
from standin import StandIn

Event = tuple[str, dict[str, Any]]
STATUS = {
    "running": True,
    "mode": "snapshot",
    "reason": None,
    "interval_s": 2.0,
    "frame": None,
    "captures": {"ok": 1, "failed": 0},
    "metadata": {"ExposureTime": 8000, "Lux": 400.0},
    "library": {"free_bytes": 10**9, "waits": None},
    "taking": None,
    "recording": None,
}


class EventDaemon(StandIn):
    """A capture daemon whose status is `STATUS` until the test changes it."""

    def __init__(self, site: Site) -> None:
        super().__init__(site.data / "run" / "capture.sock")
        self.status = dict(STATUS)


class EventClient:
    """Reads one event stream, strictly in the format of the HTML standard (server-sent events).

    Attributes:
        state: the status as of the last event, with each change merged into it (RFC 7396).
        head: of the answer.
        bytes: received in events so far.
    """

    def __init__(self, site: Site, headers: dict[str, str] | None = None, certificate: Path | None = None) -> None:
        plain = socket.create_connection(("127.0.0.1", site.port), timeout=DEADLINE_S)
        if certificate:
            context = ssl.create_default_context(cafile=str(certificate))
            self.link: socket.socket = context.wrap_socket(plain, server_hostname="127.0.0.1")
        else:
            self.link = plain
        lines = [f"{name.replace('_', '-')}: {value}\r\n" for name, value in (headers or {}).items()]
        self.link.sendall(f"GET /api/events HTTP/1.1\r\nHost: 127.0.0.1\r\n{''.join(lines)}\r\n".encode())
        self._unread = b""
        self.bytes = 0
        self.state: dict[str, Any] = {}
        self.head = self._until(b"\r\n\r\n").decode()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.link.close()

    def event(self) -> Event | None:
        """The next one; None: the stream has ended."""
        block = self._until(b"\n\n")
        if not block:
            return None
        self.bytes += len(block)
        lines = [line.split(b": ", 1) for line in block.rstrip(b"\n").split(b"\n")]
        fields = {name.decode(): value.decode() for name, value in lines}
        assert fields.keys() <= {"event", "data", "retry"}, block
        name, document = fields["event"], json.loads(fields["data"])
        if name == "status":
            self.state = document
        elif name == "change":
            assert self.state
            self.state = merged(self.state, document)
        return name, document

    def until(self, holds: Callable[[Event], object]) -> Event:
        """The first event of which `holds` is true."""
        deadline = time.monotonic() + DEADLINE_S
        while event := self.event():
            if holds(event):
                return event
            assert time.monotonic() < deadline, f"not in time; last {event}"
        raise AssertionError("the stream has ended")

    def until_state(self, holds: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
        """The state, once `holds` is true of it."""
        while not (self.state and holds(self.state)):
            assert self.event() is not None, "the stream has ended"
        return self.state

    def until_end(self) -> list[Event]:
        """All further events."""
        events = []
        while event := self.event():
            events.append(event)
        return events

    def _until(self, mark: bytes) -> bytes:
        while mark not in self._unread:
            chunk = self.link.recv(65536)
            if not chunk:
                return b""
            self._unread += chunk
        block, _, self._unread = self._unread.partition(mark)
        return block + mark


def merged(old: Any, patch: Any) -> Any:
    """A merge patch applied, word by word after RFC 7396, section 2."""
    if not isinstance(patch, dict):
        return patch
    result = dict(old) if isinstance(old, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merged(result.get(name), value)
    return result
