"""One HTTP/1.1 connection: reads its requests, has them answered and sends the answers, one after the other.

It stays open between requests, and supports pipelining.
"""

from __future__ import annotations

import contextlib
import errno
import select
import socket
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Protocol

from stillcam.common import log
from stillcam.http.bodies import FilePart
from stillcam.http.connection_pool import ConnectionPool
from stillcam.http.limits import ConnectionLimits, Slot
from stillcam.http.messages import Answer, PushBody, Refused, Request, ResponseHead, error, no_body, response_head
from stillcam.http.parser import END, Head, parse
from stillcam.http.request_reader import CONTINUE, HEAD_S, RequestReader
from stillcam.http.response_cache import CachedResponse, ResponseCache
from stillcam.http.transport import PlainTransport, TlsTransport, Transport

IDLE_S = 30.0  # between two requests
REFUSED_S = 2.0  # for the head of a request that will be answered with 503
PUSH_CHECK_S = 2.0  # interval between two checks whether the client of a PushBody over TLS is still there
PUSH_TIMEOUT_MS = 60_000  # TCP_USER_TIMEOUT of such a client: unacknowledged data ends the connection after it
REFUSED_LINGER_S = 2.0  # how long what a refused client still sends is read, so that it gets its answer

BUSY = error(503, "too many connections: try again in a few seconds", {"Retry-After": "5"})

_DISCONNECTED = (errno.EBADF, errno.ENOTCONN, errno.EHOSTUNREACH, errno.ENETUNREACH)


class Application(Protocol):
    """Answers requests."""

    request_type: type[Any]  # of the requests: Request, or a class of its own that adds attributes
    security: bytes  # header lines of every answer that has none of its own, such as Content-Security-Policy
    cache: ResponseCache  # the answers that may be sent again

    def answer(self, request: Any) -> Answer:
        """The answer to any request; never raises."""
        ...

    def to_https(self, request: Any) -> Answer:
        """The answer to a plain HTTP request on a port for HTTPS; never raises."""
        ...

    def ended(self, request: Any, answer: Answer, sent: int, seconds: float) -> None:
        """An answer has been sent, or as much of it as the client took."""
        ...


class Connection:
    """One connection; see connection_pool.PooledConnection.

    Args:
        connection: the socket; over TLS after the handshake.
        address: the client's IP address.
        slot: of `limits`; released when the connection is closed.
        secure: the server speaks HTTPS.
        redirect: the client speaks plain HTTP on a port for HTTPS.
    """

    def __init__(
        self,
        connection: socket.socket,
        address: str,
        slot: Slot,
        app: Application,
        limits: ConnectionLimits,
        pool: ConnectionPool,
        *,
        secure: bool = False,
        redirect: bool = False,
    ) -> None:
        self._socket = connection
        self._address = address
        self._slot = slot
        self._app = app
        self._limits = limits
        self._pool = pool
        self._secure = secure
        self._answer = app.to_https if redirect else app.answer
        self._cache = ResponseCache() if redirect else app.cache
        self._transport: Transport = (
            PlainTransport(connection, self._hand_off)
            if type(connection) is socket.socket
            else TlsTransport(connection)
        )
        self._reader = RequestReader(self._transport, slot, limits)
        self._answered = False  # whether a request has been answered
        self._idle_s = REFUSED_S if slot.refused else HEAD_S  # for the first byte of the next request
        self._linger_until_s = 0.0  # monotonic; the last answer has been sent, and input is read and ignored until then
        self._probe = b""  # what may be sent once to see whether the client is still there
        self._sent = 0  # bytes of the answer's body
        self._push: PushBody | None = None  # writes to the connection until its end
        self._after_push: Callable[[], None] = _do_nothing

    def fileno(self) -> int:
        """The socket's descriptor."""
        return self._socket.fileno()

    def overdue(self, now_s: float) -> bool:
        """Whether the client should have sent something by now."""
        if self._linger_until_s:
            return now_s > self._linger_until_s
        if self._push:
            return False
        since_s = self._slot.waiting_since
        return since_s is not None and now_s - since_s > self._idle_s

    def serve(self) -> bool:
        """Answer the request that has arrived, and those that arrived with it; whether to keep the connection open."""
        try:
            if self._linger_until_s:
                return self._drain()
            if self._push:
                return self._serve_push(self._push)
            if self._slot.refused:
                return self._refuse_busy()
            keep = self._serve_request()
            while keep and self._reader.unparsed and not self._push:
                self._hand_off()  # pipelined requests may go on for ever
                keep = self._serve_request()
        except Exception as failure:  # noqa: BLE001 - it is logged
            log_failure(failure, self._address)
            return False
        return keep

    def close(self) -> None:
        """Close the connection, and release its slot."""
        push, self._push = self._push, None
        try:
            if push:
                push.end()
                self._after_push()
        except Exception as failure:  # noqa: BLE001 - it is logged; the slot must become free all the same
            log_failure(failure, self._address)
        del self._transport, self._reader  # the transport refers to this connection: both are freed at once
        self._limits.release(self._slot)
        close_socket(self._socket)

    def _hand_off(self) -> None:
        self._pool.hand_off(self)

    def _serve_push(self, push: PushBody) -> bool:
        """Send what is pending over TLS; a plain connection becomes readable only when its client ends it or errs."""
        if not isinstance(self._transport, TlsTransport):
            return False
        piece = push.wait(PUSH_CHECK_S)
        if piece:
            self._transport.send([piece])
            self._sent += len(piece)
        return piece is not None and not self._client_gone()

    def _serve_request(self) -> bool:
        """Answer the next request; whether another may follow."""
        try:
            data, now_s = self._reader.receive(self._idle_s), time.monotonic()
            if (kept := self._cache.find(data, now_s)) and not self._slot.refused:
                return self._send_cached(kept, now_s)
            head = self._reader.read_head(data)
            if head is None:
                return self._slot.refused and self._refuse_busy()
            parsed = parse(head)
        except Refused as refused:
            return self._refuse(refused.answer())
        if self._slot.refused:
            return self._refuse(BUSY)
        self._slot.waiting_since = None
        keep = self._respond(parsed, head)
        self._slot.waiting_since = time.monotonic()
        self._idle_s, self._answered = IDLE_S, True
        return keep

    def _send_cached(self, kept: CachedResponse, now_s: float) -> bool:
        """Send an answer again."""
        slot, body, sent = self._slot, kept.body, 0
        slot.waiting_since = None
        try:
            self._transport.send_blob(kept.head.text(now_s), body)
            sent = body.size
        finally:
            kept.ended(sent)
        self._idle_s, self._answered = IDLE_S, True
        slot.waiting_since = time.monotonic()
        return True

    def _refuse_busy(self) -> bool:
        """Answer 503 because no slot is free; a connection that is idle between two requests is only closed."""
        if self._answered:
            return False
        with contextlib.suppress(TimeoutError):
            self._transport.receive(REFUSED_S)
        return self._refuse(BUSY)

    def _refuse(self, answer: Answer) -> bool:
        """Answer a request that is malformed or has no slot; then only read what the client still sends."""
        self._sent = 0
        try:
            self._send(answer, keep=False)
        finally:
            self._app.ended(None, answer, self._sent, 0.0)
        return self._linger()

    def _respond(self, head: Head, raw: bytes) -> bool:
        """Answer a request with this head, also as it came; whether another may follow."""
        began_s = time.monotonic()
        bare, has_body = head.method == "HEAD", head.fields.length or head.fields.chunked
        if has_body:
            self._reader.begin_body(head)
        self._probe = b"" if head.http10 else CONTINUE
        self._sent = 0
        request = self._app.request_type(
            "GET" if bare else head.method,
            head.path,
            head.query,
            _without_range(head.fields.headers) if bare else head.fields.headers,
            self._address,
            self._secure,
            self._reader.read_body if has_body else no_body,
            self._client_gone,
            self._hand_off,
            self._transport.offer,
            self._hang_up,
        )
        unread = False
        try:
            answer = self._answer(request)
        finally:
            if has_body:
                unread = not self._reader.end_body()
        keep = head.keep_alive and not unread and answer.stream is None and answer.push is None
        self._probe = answer.probe
        try:
            text = self._send(answer, keep, bare=bare, http10=head.http10)
            if answer.cache and keep and not bare and not has_body:
                self._cache.keep(raw + END, text, answer)
        finally:
            if answer.stream is not None:
                answer.stream.close()
            if self._push:
                self._after_push = partial(self._ended, request, answer, began_s)
            else:
                self._ended(request, answer, began_s)
        return self._linger() if unread else keep or self._push is not None

    def _ended(self, request: Request, answer: Answer, began_s: float) -> None:
        self._app.ended(request, answer, self._sent + self._transport.offered, time.monotonic() - began_s)

    def _send(self, answer: Answer, keep: bool, *, bare: bool = False, http10: bool = False) -> ResponseHead:
        """Send an answer; of one to HEAD (`bare`) only the head. `keep`: the connection stays open afterwards."""
        text = response_head(answer, self._app.security, keep, http10)
        head = text.text(time.monotonic())
        if bare or not answer.body:
            self._transport.send([head])
        else:
            if isinstance(answer.body, FilePart):
                self._transport.send_file(head, answer.body)
            else:
                self._transport.send([head, answer.body])
            self._sent = len(answer.body)
        if answer.push is not None and not bare:
            self._transport.keep_backlog_small()
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, PUSH_TIMEOUT_MS)
            self._push = answer.push
            self._push.begin()
        if answer.stream is not None and not bare:
            self._hand_off()
            self._transport.keep_backlog_small()
            for pieces in answer.stream:
                self._transport.send(pieces)
                self._sent += sum(map(len, pieces))
                del pieces  # or a slow stream would hold its last frame in memory until its next one
        return text

    def _client_gone(self) -> bool:
        """Whether the client has left.

        A client that has only closed its sending side still wants the answer. A probe tells the two apart: a client
        that has left resets the connection.
        """
        poller = select.poll()
        poller.register(self._socket, select.POLLRDHUP)
        [(_, events)] = poller.poll(0) or [(0, 0)]
        if events & (select.POLLERR | select.POLLHUP) or (events and isinstance(self._transport, TlsTransport)):
            return True
        if events and self._probe:
            probe, self._probe = self._probe, b""
            try:
                self._transport.send([probe])
            except OSError:
                return True
        return False

    def _hang_up(self) -> None:
        """See Request.hang_up. What has been sent arrives before the end."""
        with contextlib.suppress(OSError):  # it has ended
            # Not SSLSocket's method: after that its thread would send in the clear.
            socket.socket.shutdown(self._socket, socket.SHUT_RDWR)

    def _linger(self) -> bool:
        """Close the sending side after the last answer; returns whether to read what the client still sends."""
        try:
            self._transport.finish()
        except OSError:
            return False  # the client has left
        self._reader.unparsed = b""
        self._linger_until_s = time.monotonic() + REFUSED_LINGER_S
        return True

    def _drain(self) -> bool:
        """Read what is still being sent: closing at once would reset the connection, and lose the answer."""
        try:
            left_s = self._linger_until_s - time.monotonic()
            return left_s > 0 and bool(self._transport.receive(left_s))
        except OSError:
            return False


def close_socket(connection: socket.socket) -> None:
    """Close a socket; what has been sent arrives before the end."""
    with contextlib.suppress(OSError):  # the client has left
        connection.shutdown(socket.SHUT_WR)
    connection.close()


def log_failure(failure: Exception, address: str) -> None:
    """Log why a connection ended, unless its client left or stalled."""
    if isinstance(failure, OSError):
        if isinstance(failure, (ConnectionError, TimeoutError)) or failure.errno in _DISCONNECTED:
            return
        import ssl

        if isinstance(failure, ssl.SSLError):
            return
    log.fault(f"answering {address}", failure)


def _do_nothing() -> None:
    pass


def _without_range(headers: Mapping[str, str]) -> Mapping[str, str]:
    """Ranges are for GET only (RFC 9110, 14.2)."""
    return {name: value for name, value in headers.items() if name != "range"}
