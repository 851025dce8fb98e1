"""Reads the requests of one connection within their time and size limits: heads, and the bodies that are wanted."""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Callable

from stillcam.http.limits import ConnectionLimits, Slot
from stillcam.http.messages import Refused
from stillcam.http.parser import END, MAX_HEAD_BYTES, Head
from stillcam.http.transport import Transport

HEAD_S = 10.0  # for a head, from the connection's start or its first byte
BODY_S = 10.0  # for a body, and a second more for each ...
BODY_BYTES_S = 16 * 1024  # ... of so many bytes
MAX_CHUNK_LINE_BYTES = 1024
MAX_FRAMING_BYTES = 64 * 1024  # of chunk sizes and trailer fields

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"

_BARE_LF = re.compile(rb"(?<!\r)\n")
_SIZE = re.compile(rb"([0-9A-Fa-f]{1,8})(?:[ \t]*;[\t -~\x80-\xff]*)?")
_TRAILER = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[\t -~\x80-\xff]*")

More = Callable[[], bytes]  # returns at least one more byte from the client, or raises


class RequestReader:
    """Reads the requests of one connection."""

    def __init__(self, transport: Transport, slot: Slot, limits: ConnectionLimits) -> None:
        self._transport = transport
        self._slot = slot
        self._limits = limits
        self.unparsed = b""  # received, and not yet used: the next requests of a client that pipelines
        self._body: _SizedBody | _ChunkedBody | None = None  # of the request that is being answered
        self._reserved: list[tuple[str, int]] = []  # memory for it, see ConnectionLimits.reserve_body
        self._expects_continue = False  # the client waits for `100 Continue`

    def receive(self, idle_s: float) -> bytes:
        """What the client sends next, mostly one whole head; empty if it sends no more, or nothing within `idle_s`."""
        if data := self.unparsed:
            self.unparsed = b""
            return data
        try:
            return self._transport.receive(idle_s)
        except TimeoutError:
            return b""

    def read_head(self, data: bytes) -> bytes | None:
        """The head that begins with `data`, without its last empty line; None if the client sends no more.

        Raises:
            Refused: it is too long, or arrives too slowly.
        """
        deadline_s = time.monotonic() + HEAD_S
        text = f"the head of the request did not arrive within {HEAD_S:g} s"
        empty_line = False
        while data:
            if not empty_line and data.startswith(b"\r\n"):  # RFC 9112, 2.2: one empty line before the request
                data, empty_line = data[2:], True
            end = data.find(END)
            if max(end, len(data) if end < 0 else 0) > MAX_HEAD_BYTES:
                raise Refused(431, f"the head of the request is too long: the limit is {MAX_HEAD_BYTES} bytes")
            if end >= 0:
                self.unparsed = data[end + len(END) :]
                return data[:end]
            if _BARE_LF.search(data):
                raise Refused(400, "lines must end in CR LF")
            chunk = self._more(deadline_s, text)
            data = data + chunk if chunk else b""
        return None

    def begin_body(self, head: Head) -> None:
        """The request of this head, which has a body, is going to be answered."""
        fields = head.fields
        self._expects_continue = fields.expects_continue and not head.http10 and not self.unparsed
        self._body = _ChunkedBody(self.unparsed) if fields.chunked else _SizedBody(self.unparsed, fields.length)
        self.unparsed = self._body.rest

    def read_body(self, max_bytes: int, address: str) -> bytes:
        """The body, of `max_bytes` at most; the memory counts against the budget of the client's address.

        Raises:
            Refused: see Request.body.
            ConnectionError: the client has left.
        """
        assert self._body is not None
        deadline_s = time.monotonic() + BODY_S

        def more() -> bytes:
            nonlocal deadline_s
            if self._expects_continue:
                self._expects_continue = False
                self._transport.send([CONTINUE])
            if self._slot.waiting_since is None:  # a body that arrives slowly must not keep a slot
                self._slot.waiting_since = time.monotonic()
            if not (some := self._more(deadline_s, "the body of the request did not arrive in time")):
                if self._slot.refused:
                    raise Refused(503, "too many connections: try again in a few seconds", headers={"Retry-After": "5"})
                raise ConnectionError
            self._reserved.append((self._limits.reserve_body(address, len(some)), len(some)))
            deadline_s += len(some) / BODY_BYTES_S
            return some

        try:
            data = self._body.read(more, max_bytes)
        except OSError as failure:
            raise ConnectionError("the client disconnected in the middle of its request") from failure
        self._slot.waiting_since = None
        if self._body.rest:
            self.unparsed = self._body.rest
        return data

    def end_body(self) -> bool:
        """The request is answered: release the body; returns whether all of it has been received."""
        while self._reserved:
            self._limits.release_body(*self._reserved.pop())
        body, self._body = self._body, None
        return body is not None and body.whole

    def _more(self, deadline_s: float, text: str) -> bytes:
        """Some more bytes of a request, before the deadline (monotonic) or it is refused; none: there are no more."""
        if (left_s := deadline_s - time.monotonic()) > 0:
            with contextlib.suppress(TimeoutError):
                return self._transport.receive(left_s)
        raise Refused(408, text)


class _SizedBody:
    """A body with a Content-Length.

    Args:
        begun: what came after the head.
        length: of the body, in bytes.

    Attributes:
        whole: all of it has been received.
        rest: bytes received after it, which belong to the next request; empty until the body is whole.
    """

    def __init__(self, begun: bytes, length: int) -> None:
        self._body, self.rest = begun[:length], begun[length:]
        self._length = length
        self.whole = len(self._body) == length

    def read(self, more: More, max_bytes: int) -> bytes:
        """The whole body, received with `more`; Refused if it is larger than `max_bytes` or malformed."""
        if self._length > max_bytes:
            raise _too_large(max_bytes)
        if not self.whole:
            parts, left = [self._body], self._length - len(self._body)
            while left > 0:
                parts.append(more())
                left -= len(parts[-1])
            last = parts[-1]
            parts[-1], self.rest = last[: len(last) + left], last[len(last) + left :]
            self._body, self.whole = b"".join(parts), True
        return self._body


class _ChunkedBody:
    """A chunked body; as `_SizedBody`. Chunk extensions and trailer fields are ignored."""

    def __init__(self, begun: bytes) -> None:
        self._raw = bytearray(begun)
        self._framing_bytes = 0
        self.whole = False
        self.rest = b""

    def read(self, more: More, max_bytes: int) -> bytes:
        """As `_SizedBody.read`; `max_bytes` does not count the framing of chunks."""
        body = bytearray()
        while size := self._size(more):
            if len(body) + size > max_bytes:
                raise _too_large(max_bytes)
            while len(self._raw) < size + 2:
                self._raw += more()
            if self._raw[size : size + 2] != b"\r\n":
                raise Refused(400, "a chunk of the body is longer than its size line says")
            body += memoryview(self._raw)[:size]
            del self._raw[: size + 2]
        while line := self._line(more):
            if not _TRAILER.fullmatch(line):
                raise Refused(400, "a trailer field after the body is malformed")
        self.whole, self.rest = True, bytes(self._raw)
        return bytes(body)

    def _size(self, more: More) -> int:
        if not (match := _SIZE.fullmatch(self._line(more))):
            raise Refused(400, "malformed chunk: each must begin with a line that contains its length in hexadecimal")
        return int(match[1], 16)

    def _line(self, more: More) -> bytes:
        while (end := self._raw.find(b"\r\n")) < 0:
            if len(self._raw) > MAX_CHUNK_LINE_BYTES:
                raise Refused(400, f"a line between chunks is longer than {MAX_CHUNK_LINE_BYTES} bytes")
            self._raw += more()
        line = bytes(self._raw[:end])
        del self._raw[: end + 2]
        self._framing_bytes += end + 4  # the chunk itself ends in two more
        if self._framing_bytes > MAX_FRAMING_BYTES:
            raise Refused(413, "the body has too many chunks: send larger ones, or a Content-Length")
        return line


def _too_large(max_bytes: int) -> Refused:
    return Refused(413, f"the body is too large: the limit is {max_bytes} bytes")
