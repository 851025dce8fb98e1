"""What an application works with: requests, answers, and refusals."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from http import HTTPStatus
from typing import Any, Protocol
from urllib.parse import parse_qs

from stillcam.common.safe_read import parse_json
from stillcam.http.bodies import FilePart, Piece

MAX_JSON_BYTES = 64 * 1024
MAX_VALUES = 64  # in a query
ANSWER_S = 25.0  # longest wait of a handler: proxies cut an answer that takes 30 s or more

_STATUS_LINES = {status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode() for status in HTTPStatus}
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_TAG = re.compile(r'(?:W/)?("[^"]*")')


def no_body(_max_bytes: int, _address: str) -> bytes:
    """Read the body of a request that has none."""
    return b""


def _never() -> bool:
    return False


def _do_nothing() -> None:
    pass


def _count_nothing(_sent: int) -> None:
    pass


def _take_nothing(_piece: Piece) -> int:
    return 0


@dataclass(slots=True, eq=False, repr=False)
class Request:
    """One request; at the end what the application finds out about it."""

    method: str  # GET (for HEAD too), POST, PUT, PATCH, DELETE
    path: str  # decoded, without the leading slash
    query: str = ""  # as it came, without the question mark
    headers: Mapping[str, str] = field(default_factory=dict)  # names in lower case
    address: str = "127.0.0.1"  # the client's IP address
    secure: bool = False  # the server speaks HTTPS
    # Reads the body, at most so many bytes, for this client address; called at most once.
    read_body: Callable[[int, str], bytes] = no_body
    client_gone: Callable[[], bool] = _never  # whether the client has left
    hand_off: Callable[[], None] = _do_nothing  # called before anything that may block
    # Sends at once what the connection takes of a piece; returns the number of bytes.
    offer: Callable[[Piece], int] = _take_nothing
    hang_up: Callable[[], None] = _do_nothing  # closes the connection, from any thread

    host: str = field(init=False)  # the name or address, and port, under which the client knows this server
    scheme: str = field(init=False)  # `http` or `https` as the client uses it; empty: unknown (a proxy may speak TLS)
    depth: int = field(init=False)  # the number of slashes in the path as the client sent it
    proxied: bool = field(init=False, default=False)  # a trusted proxy forwarded it
    route: str = field(init=False, default="")  # the path of its route; empty: none was found
    variable: str = field(init=False, default="")  # the variable part of the path, for a route with one
    rest: str = field(init=False, default="")  # what follows the path of a route that ends in a slash

    def __post_init__(self) -> None:
        self.host = self.headers.get("host", "")
        self.scheme = "https" if self.secure else ""
        self.depth = self.path.count("/")

    def value(self, name: str) -> str | None:
        """The value of a query parameter, the last one if there are several; None without one.

        Raises:
            Refused: it has more than `MAX_VALUES` values.
        """
        if not self.query:
            return None
        try:
            values = _query_values(self.query)
        except ValueError as error:
            raise Refused(400, f"the query has more than {MAX_VALUES} values") from error
        return values.get(name, [None])[-1]

    @property
    def media_type(self) -> str:
        """Of the body, in lower case, without parameters; empty: none."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    def has_version(self, tag: str) -> bool:
        """Whether the client has the version with this entity tag, in quotes (If-None-Match, by weak comparison)."""
        known = self.headers.get("if-none-match")
        return known is not None and (known in (tag, "*") or tag in _TAG.findall(known))

    def body(self, max_bytes: int = MAX_JSON_BYTES) -> bytes:
        """The body.

        Raises:
            Refused: it is larger (413), malformed (400), arrives too slowly (408), or exceeds a budget (429, 503).
        """
        return self.read_body(max_bytes, self.address)

    def json(self, max_bytes: int = MAX_JSON_BYTES) -> dict[str, Any]:
        """The body as a JSON object.

        Raises:
            Refused: it is something else (415, 400), or as for `body`.
        """
        if self.media_type != "application/json":
            raise Refused(415, "send JSON, with Content-Type: application/json")
        try:
            document = parse_json(self.body(max_bytes))
            # Python accepts more: NaN, infinite numbers, and half characters that no file can hold.
            json.dumps(document, ensure_ascii=False, allow_nan=False).encode()
        except ValueError as error:
            raise Refused(400, f"this is not JSON: {error}") from error
        if not isinstance(document, dict):
            raise Refused(400, 'send a JSON object, like {"name": "value"}')
        return document


class PushBody(Protocol):
    """A body that other threads write after the head of an answer, for as long as the connection lasts.

    Those threads call `Request.offer`. What the connection does not take at once, over TLS that is everything,
    is fetched by the connection's own thread with `wait`.
    """

    def begin(self) -> None:
        """The head has been sent."""
        ...

    def end(self) -> None:
        """The connection is over; may be called again, and without `begin`."""
        ...

    def wait(self, timeout_s: float) -> Piece | None:
        """Wait at most `timeout_s` seconds for something to send; empty: there is nothing; None: close."""
        ...


@lru_cache(64)  # a request asks for several
def _query_values(query: str) -> dict[str, list[str]]:
    return parse_qs(query, keep_blank_values=True, max_num_fields=MAX_VALUES)


@dataclass(slots=True)
class Answer:
    """Status, body and headers."""

    status: int
    body: Piece | FilePart = b""  # a FilePart costs no memory however large it is
    headers: dict[str, str] = field(default_factory=dict)  # encodable as Latin-1, without line ends
    head: bytes = b""  # prepared header lines, each ending in CR LF
    # Instead of a body: lists of pieces, each sent in one go; then the connection ends. Closed if the client leaves.
    stream: Generator[Sequence[Piece], None, None] | None = None
    push: PushBody | None = None  # instead of a body: writes to the client until either side closes the connection
    # May be sent once between two lists of a stream's pieces, to detect a client that has left.
    probe: bytes = b""
    security: bytes | None = None  # header lines that limit what a page may do; None: those of the application
    elapsed: tuple[str, float] | None = None  # name of a header that counts the seconds since a moment (monotonic)
    cache: CachePermission | None = None  # it may be sent again for a request of the same bytes; None: it may not


@dataclass(frozen=True, slots=True)
class CachePermission:
    """Permission to send an answer again, see response_cache.py."""

    holds: Callable[[], bool]  # whether the application would give the same answer now; never blocks or raises
    ended: Callable[[int], None] = _count_nothing  # called with the bytes of the body that were sent each time


class Refused(Exception):
    """The request is answered with an error.

    Args:
        status: 4xx or 5xx.
        text: what is wrong and what to do, as a sentence.
        field: the name of the value that is wrong; None: it concerns no value.
        headers: of the answer, for example `Retry-After`.
    """

    def __init__(self, status: int, text: str, field: str | None = None, headers: dict[str, str] | None = None) -> None:
        super().__init__(text)
        self.status = status
        self.text = text
        self.field = field
        self.headers = headers or {}

    def answer(self) -> Answer:
        """The error as JSON."""
        return as_json(self.status, {"error": self.text, "field": self.field}, self.headers)


def as_json(status: int, document: Any, headers: dict[str, str] | None = None) -> Answer:
    """A JSON answer, which no cache stores."""
    body = json.dumps(document, ensure_ascii=False).encode(errors="replace") + b"\n"
    return Answer(status, body, {"Content-Type": "application/json", "Cache-Control": "no-store", **(headers or {})})


def error(status: int, text: str, headers: dict[str, str] | None = None) -> Answer:
    """An error answer, with a sentence for a person."""
    return Refused(status, text, None, headers).answer()


class ResponseHead:
    """The head of an answer, but for what changes with time."""

    __slots__ = ("_after", "_before", "_newest", "_since_s")

    def __init__(self, before: bytes, after: bytes, elapsed: tuple[str, float] | None) -> None:
        self._before = before
        self._since_s = None if elapsed is None else elapsed[1]
        self._after = after + (b"\r\n" if elapsed is None else f"{elapsed[0]}: ".encode())
        self._newest = -1, b""  # the text of this age in ms: one tuple, so threads need no lock

    def text(self, now_s: float) -> bytes:
        """All of it, now (monotonic). Its age is in whole milliseconds, so a text holds as long as one."""
        if self._since_s is None:
            return self._before + _date() + self._after
        age_ms = int((now_s - self._since_s) * 1000)
        made_ms, text = self._newest
        if made_ms != age_ms:
            text = b"%b%b%b%.3f\r\n\r\n" % (self._before, _date(), self._after, max(0, age_ms) / 1000)
            self._newest = age_ms, text
        return text


def response_head(answer: Answer, security: bytes, keep: bool, http10: bool = False) -> ResponseHead:
    """The head of an answer.

    Args:
        security: header lines of the application, for an answer without its own.
        keep: the connection stays open afterwards.
        http10: the client speaks HTTP/1.0.
    """
    before = _STATUS_LINES[answer.status] + (security if answer.security is None else answer.security)
    lines = [answer.head]
    if answer.headers:
        lines.append("".join([f"{name}: {value}\r\n" for name, value in answer.headers.items()]).encode("latin-1"))
    if answer.stream is None and answer.push is None and answer.status not in (204, 304):
        lines.append(b"Content-Length: %d\r\n" % len(answer.body))
    if not keep:
        lines.append(b"Connection: close\r\n")
    elif http10:
        lines.append(b"Connection: keep-alive\r\n")
    return ResponseHead(before, b"".join(lines), answer.elapsed)


_now: tuple[int, bytes] = (0, b"")


def _date() -> bytes:
    """The Date header, made once a second."""
    global _now  # noqa: PLW0603 - replaced whole, so threads need no lock
    second, line = _now
    if (now := int(time.time())) != second:
        line = f"Date: {_http_date(now)}\r\n".encode()
        _now = (now, line)
    return line


def _http_date(time_s: int) -> str:
    """A time (seconds since the epoch) as in RFC 9110, 5.6.7; email.utils.formatdate takes 0.3 MB of memory."""
    year, month, day, hour, minute, second, weekday, *_ = time.gmtime(time_s)
    return f"{_WEEKDAYS[weekday]}, {day:02} {_MONTHS[month - 1]} {year} {hour:02}:{minute:02}:{second:02} GMT"
