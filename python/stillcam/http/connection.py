"""One HTTP/1.1 connection: its requests read, answered and sent, one after the other.

It reads a head (parser.py), asks the app for the answer (app.py), and sends head and body in
as few system calls as can be (wire.py). It keeps what it may keep open, pipelined requests
included, and says nothing about what it is made of.
"""

from __future__ import annotations

import contextlib
import re
import select
import socket
import socketserver
import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from email.utils import formatdate
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Protocol

from stillcam.http.bodies import FilePart, Piece
from stillcam.http.limits import Slot
from stillcam.http.messages import Answer, PushBody, Refused, Request, error
from stillcam.http.parser import END, MAX_HEAD_BYTES, Head, parse
from stillcam.http.request_body import ChunkedBody, RequestBody, SizedBody
from stillcam.http.transport import PlainWire, TlsWire, Wire

if TYPE_CHECKING:
    from stillcam.http.listener import Server

HEAD_S = 10.0  # for a head, from the connection's start or its first byte
IDLE_S = 30.0  # between two requests
BODY_S = 10.0  # for a body, and a second more for each ...
BODY_BYTES_S = 16 * 1024  # ... of so many bytes
REFUSED_S = 2.0  # for the head of a request that will be answered with 503
PUSH_CHECK_S = 2.0  # interval between two checks whether the client of a PushBody over TLS is still there
UNHEARD_MS = 60_000  # TCP_USER_TIMEOUT of such a client: unacknowledged data ends the connection after it
LINGER_S = 2.0  # how long what a refused client still sends is read, so that it gets its answer

_START = {status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode() for status in HTTPStatus}
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_BARE_LF = re.compile(rb"(?<!\r)\n")
BUSY = error(503, "too many connections: try again in a few seconds", {"Retry-After": "5"})


class Application(Protocol):
    """What answers."""

    def answer(self, request: Request) -> Answer:
        """The answer to any request; never raises."""
        ...

    def to_https(self, request: Request) -> Answer:
        """The answer to a request that came in the clear where HTTPS is spoken; never raises."""
        ...

    def malformed(self, refused: Refused) -> Answer:
        """The answer to what is no request."""
        ...

    def ended(self, request: Request | None, answer: Answer, sent: int, seconds: float) -> None:
        """An answer has been sent, or as much of it as the client took."""
        ...


class Connection(socketserver.BaseRequestHandler):
    """One connection, from its first request to its end."""

    server: Server

    def __init__(
        self, request: socket.socket, address: str, server: Server, slot: Slot, *, to_https: bool = False
    ) -> None:
        self._slot = slot
        self._served = False  # whether a request has been answered
        self._over_s = 0.0  # its last answer has been sent, and what it still sends is read until then (monotonic)
        self._rest = b""  # received, and not yet used
        self._body: RequestBody | None = None  # of the request that is being answered
        self._asked: Request | None = None  # the one that is being answered, if it has a body
        self._held: list[tuple[str, int]] = []  # what has been received of its body, see ConnectionLimits.reserve_body
        self._waits = False  # the client sends its body when it is told to
        self._probe = b""  # what may be sent once to see whether the client is still there
        self._sent = 0  # bytes of the answer's body
        self._idle_s = REFUSED_S if slot.refused else HEAD_S  # for the first byte of the next request
        self._push: PushBody | None = None  # writes to the connection until its end
        self._followed: Callable[[], None] = _nothing  # called after the end of the PushBody
        # BaseRequestHandler would answer here and now; our connections wait for their turn.
        self.request, self.client_address, self.server = request, address, server
        self._secure = server.tls is not None
        self._answer = server.app.to_https if to_https else server.app.answer
        self.setup()

    def setup(self) -> None:
        """Set the connection up."""
        tls = isinstance(self.request, ssl.SSLSocket)
        self._wire: Wire = TlsWire(self.request) if tls else PlainWire(self.request, self._step_aside)

    def fileno(self) -> int:
        """The socket's descriptor."""
        return int(self.request.fileno())

    def overdue(self, now_s: float) -> bool:
        """Whether the client should have said something by now."""
        if self._over_s:
            return now_s > self._over_s
        if self._push:
            return False
        since_s = self._slot.waiting_since
        return since_s is not None and now_s - since_s > self._idle_s

    def turn(self) -> bool:
        """Answer the request that has come, and those that came with it; whether more may follow."""
        try:
            if self._over_s:
                return self._hear_out()
            if self._push:
                return self._serve_push(self._push)
            if self._slot.refused:
                return self._turn_away()
            keep = self._handle_one()
            while keep and self._rest and not self._push:
                self._step_aside()  # who sends many at once may send for ever
                keep = self._handle_one()
        except Exception as failure:  # noqa: BLE001 - the last place that can tell of it
            self.server.failed(failure, self.client_address)
            return False
        return keep

    def leave(self) -> None:
        """It is over."""
        self.finish()
        vars(self).pop("_wire", None)  # which refers to this connection: only the collector of garbage would find both
        self.server.left(self.request, self._slot)

    def finish(self) -> None:
        """Nothing more is sent."""
        if self._push:
            self._push.end()
            self._push = None
            self._followed()
            self._followed = _nothing

    def _serve_push(self, push: PushBody) -> bool:
        """Send what is pending over TLS; a plain connection becomes readable only when its client ends it or errs."""
        if not isinstance(self._wire, TlsWire):
            return False
        pieces = push.wait(PUSH_CHECK_S)
        if pieces:
            self._wire.send(pieces)
            self._sent += sum(map(len, pieces))
        return pieces is not None and not self._gone()

    def _handle_one(self) -> bool:
        """Answer the next request; whether another may follow."""
        try:
            head = self._read_head(self._idle_s)
            if head is None:
                return self._slot.refused and self._turn_away()
            parsed = parse(head)
        except Refused as refused:
            return self._refuse(self.server.app.malformed(refused))
        if self._slot.refused:
            return self._refuse(BUSY)
        self._slot.waiting_since = None
        keep = self._respond(parsed)
        self._slot.waiting_since = time.monotonic()
        self._idle_s, self._served = IDLE_S, True
        return keep

    def _step_aside(self) -> None:
        """See Request.step_aside."""
        self.server.step_aside(self)

    def _turn_away(self) -> bool:
        """Answer 503 because no slot is free; a connection that is idle between two requests is only closed."""
        if self._served:
            return False
        with contextlib.suppress(TimeoutError):
            self._wire.receive(REFUSED_S)
        return self._refuse(BUSY)

    def _refuse(self, answer: Answer) -> bool:
        """Answer what is no request, or has no slot; no other may follow."""
        self._sent = 0
        try:
            self._send(answer, keep=False)
        finally:
            self.server.app.ended(None, answer, self._sent, 0.0)
        return self._linger()

    def _respond(self, head: Head) -> bool:
        began = time.monotonic()
        fields, bare = head.fields, head.method == "HEAD"
        if fields.length or fields.chunked:
            self._waits = fields.waits and not head.old and not self._rest
            self._body = ChunkedBody(self._rest) if fields.chunked else SizedBody(self._rest, fields.length)
            self._rest = self._body.rest
        self._probe = b"" if head.old else CONTINUE
        self._sent = 0
        request = Request(
            "GET" if bare else head.method,
            head.path,
            head.query,
            _without_range(fields.headers) if bare else fields.headers,
            self.client_address,
            self._secure,
            self._read_body,
            self._gone,
            self._step_aside,
            self._offer,
            self._hang_up,
        )
        if self._body is None:
            answer = self._answer(request)
        else:
            self._asked = request
            try:
                answer = self._answer(request)
            finally:
                self._asked = None  # or only the collector of garbage would find both
                while self._held:
                    self.server.limits.release_body(*self._held.pop())
        body, self._body = self._body, None
        unread = body is not None and not body.whole
        keep = head.keeps and not unread and answer.stream is None and answer.push is None
        self._probe = answer.probe
        ended = partial(self._ended, request, answer, began)
        try:
            self._send(answer, keep, bare=bare, old=head.old)
        finally:
            if answer.stream is not None:
                answer.stream.close()
            if self._push:
                self._followed = ended
            else:
                ended()
        return self._linger() if unread else keep or self._push is not None

    def _ended(self, request: Request, answer: Answer, began_s: float) -> None:
        self.server.app.ended(request, answer, self._sent, time.monotonic() - began_s)

    def _read_head(self, idle_s: float) -> bytes | None:
        """The next head without its last empty line; None when the client has nothing more to say.

        Args:
            idle_s: how long its first byte may take.

        Raises:
            Refused: it is too long, or comes too slowly.
        """
        data = self._rest or self._first(idle_s)
        if data.endswith(END) and data.find(END) == len(data) - len(END) and not data.startswith(b"\r\n"):
            self._rest = b""
            return data[: -len(END)]  # as nearly every request comes
        deadline = time.monotonic() + HEAD_S
        text = f"the head of the request did not come within {HEAD_S:g} s"
        led = False
        while data:
            if not led and data.startswith(b"\r\n"):  # RFC 9112, 2.2: one empty line before the request
                data, led = data[2:], True
            end = data.find(END)
            if max(end, len(data) if end < 0 else 0) > MAX_HEAD_BYTES:
                raise Refused(431, f"the head is too long: it may have {MAX_HEAD_BYTES} bytes")
            if end >= 0:
                self._rest = data[end + len(END) :]
                return data[:end]
            if _BARE_LF.search(data):
                raise Refused(400, "lines must end in CR LF")
            chunk = self._more(deadline, text)
            data = data + chunk if chunk else b""
        return None

    def _first(self, idle_s: float) -> bytes:
        """The first bytes of a request; none when there is no further one."""
        try:
            return self._wire.receive(idle_s)
        except TimeoutError:
            return b""

    def _more(self, deadline: float, text: str) -> bytes:
        """Some more bytes of a request; none when the client sends no more.

        Raises:
            Refused: nothing came before `deadline`, by the monotonic clock; says `text`.
        """
        if (left := deadline - time.monotonic()) > 0:
            with contextlib.suppress(TimeoutError):
                return self._wire.receive(left)
        raise Refused(408, text)

    def _read_body(self, max_bytes: int) -> bytes:
        """See Request.body."""
        if (body := self._body) is None:
            return b""
        assert self._asked is not None
        address, deadline = self._asked.address, time.monotonic() + BODY_S

        def more() -> bytes:
            nonlocal deadline
            if self._waits:
                self._waits = False
                self._wire.send([CONTINUE])
            if self._slot.waiting_since is None:  # a body that arrives slowly may be closed for another
                self._slot.waiting_since = time.monotonic()
            if not (some := self._more(deadline, "the body of the request did not arrive in time")):
                if self._slot.refused:
                    raise Refused(503, "too many connections: try again in a few seconds", headers={"Retry-After": "5"})
                raise ConnectionError
            self._held.append((self.server.limits.reserve_body(address, len(some)), len(some)))
            deadline += len(some) / BODY_BYTES_S
            return some

        try:
            data = body.read(more, max_bytes)
        except OSError as failure:
            raise ConnectionError("the client left in the middle of its request") from failure
        self._slot.waiting_since = None
        if body.rest:
            self._rest = body.rest
        return data

    def _send(self, answer: Answer, keep: bool, *, bare: bool = False, old: bool = False) -> None:
        """Send an answer.

        Args:
            keep: the connection goes on afterwards.
            bare: the head alone.
            old: the client speaks HTTP/1.0.
        """
        head = head_of(answer, keep, old)
        if bare or not answer.body:
            self._wire.send([head])
        else:
            if isinstance(answer.body, FilePart):
                self._wire.send_file(head, answer.body)
            else:
                self._wire.send([head, answer.body])
            self._sent = len(answer.body)
        if answer.push is not None and not bare:
            self._wire.keep_backlog_small()
            self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNHEARD_MS)
            self._push = answer.push
            self._push.begin()
        if answer.stream is not None and not bare:
            self._step_aside()
            self._wire.keep_backlog_small()
            for pieces in answer.stream:
                self._wire.send(pieces)
                self._sent += sum(map(len, pieces))
                del pieces  # or a slow stream would hold its last frame in memory until its next one

    def _offer(self, pieces: Sequence[Piece]) -> Sequence[Piece]:
        """See Request.offer."""
        left = self._wire.offer(pieces)
        self._sent += sum(map(len, pieces)) - sum(map(len, left))
        return left

    def _gone(self) -> bool:
        """Whether the client has left.

        A client that has only closed its sending side still wants the answer. A probe tells the two apart: a client
        that has left resets the connection.
        """
        poller = select.poll()
        poller.register(self.request, select.POLLRDHUP)
        [(_, events)] = poller.poll(0) or [(0, 0)]
        if events & (select.POLLERR | select.POLLHUP) or (events and isinstance(self._wire, TlsWire)):
            return True
        if events and self._probe:
            probe, self._probe = self._probe, b""
            try:
                self._wire.send([probe])
            except OSError:
                return True
        return False

    def _hang_up(self) -> None:
        """See Request.hang_up. What has been sent arrives before the end."""
        with contextlib.suppress(OSError):  # it has gone
            # Not SSLSocket's method: after that its thread would send in the clear.
            socket.socket.shutdown(self.request, socket.SHUT_RDWR)

    def _linger(self) -> bool:
        """Close the sending side after the last answer; returns whether to read what the client still sends."""
        try:
            self._wire.finish()
        except OSError:
            return False  # it did not want its answer
        self._rest = b""
        self._over_s = time.monotonic() + LINGER_S
        return True

    def _hear_out(self) -> bool:
        """Read what is still being sent: closing at once would reset the connection, and lose the answer."""
        try:
            left = self._over_s - time.monotonic()
            return left > 0 and bool(self._wire.receive(left))
        except OSError:
            return False


def _nothing() -> None:
    pass


def head_of(answer: Answer, keep: bool, old: bool = False) -> bytes:
    """The head of an answer.

    Args:
        answer: its status, headers, and the length of its body.
        keep: the connection stays open afterwards.
        old: the client speaks HTTP/1.0.
    """
    lines = [_START[answer.status], answer.security, _date(), answer.head]
    if answer.headers:
        lines.append("".join([f"{name}: {value}\r\n" for name, value in answer.headers.items()]).encode("latin-1"))
    if answer.stream is None and answer.push is None and answer.status not in (204, 304):
        lines.append(b"Content-Length: %d\r\n" % len(answer.body))
    if not keep:
        lines.append(b"Connection: close\r\n")
    elif old:
        lines.append(b"Connection: keep-alive\r\n")
    lines.append(b"\r\n")
    return b"".join(lines)


def _without_range(headers: Mapping[str, str]) -> Mapping[str, str]:
    """Parts are for GET alone (RFC 9110, 14.2)."""
    return {name: value for name, value in headers.items() if name != "range"}


_now: tuple[int, bytes] = (0, b"")


def _date() -> bytes:
    """The Date header, made once a second."""
    global _now  # noqa: PLW0603 - replaced whole, so threads need no lock
    second, line = _now
    if (now := int(time.time())) != second:
        line = f"Date: {formatdate(now, usegmt=True)}\r\n".encode()
        _now = (now, line)
    return line
