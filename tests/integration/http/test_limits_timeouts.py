"""Time-outs, bodies and faults of the HTTP server: late, stopping, stalling and vanishing clients, at test routes."""

import errno
import json
import logging
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from listening import Listening, trickle
from strangers import all_of, connect, exchange, get, replies, slowly, vanish
from waiting import until

from stillcam.common import log
from stillcam.http import connection, limits, request_reader, transport
from stillcam.http.bodies import Blob
from stillcam.http.limits import ConnectionLimits
from stillcam.http.messages import Answer, Refused
from stillcam.server.route import Request

SHORT_S = 0.3
LARGE = bytes(range(256)) * 40_000  # ten megabytes: more than the kernel keeps for a client


def echo(request: Request) -> Answer:
    """The body."""
    return Answer(200, request.body(1000))


def post(path: str, *lines: str, body: bytes = b"", length: int | None = None) -> bytes:
    """A request with a body."""
    size = len(body) if length is None else length
    return get(path, f"Content-Length: {size}", *lines).replace(b"GET", b"POST") + body


@contextmanager
def begun(data: bytes) -> Iterator[socket.socket]:
    """A client whose first bytes arrive before the server starts: no time-out is too short for them."""
    here = Listening({"POST echo": echo})
    with connect(here.port) as link:
        link.sendall(data)
        with here:
            yield link


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Short time-outs."""
    for module, name in (
        (request_reader, "HEAD_S"), (connection, "HEAD_S"), (connection, "IDLE_S"), (request_reader, "BODY_S"),
        (connection, "REFUSED_LINGER_S"),
    ):  # fmt: skip
        monkeypatch.setattr(module, name, SHORT_S)


@pytest.mark.parametrize(
    ("start", "some", "status"),
    [
        pytest.param(b"GET /", [b"a"], 408, id="a path"),
        pytest.param(b"GET / HTTP/1.1\r\n", [b"X", b":", b"y", b"\r", b"\n"], 408, id="header lines"),
        pytest.param(b"\r\n\r\n", [b"\r\n"], 400, id="empty lines"),
        pytest.param(post("/echo", length=900), [b"a"], 408, id="a body"),
    ],
)
@pytest.mark.usefixtures("short")
def test_a_trickle_of_bytes_does_not_extend_the_time_out(start, some, status):
    """However often a byte arrives: the time-out is for the whole."""
    with begun(start) as link:
        trickle(link, some)
        assert [reply.status for reply in replies(all_of(link))] == [status]


@pytest.mark.parametrize(
    ("data", "status"),
    [
        pytest.param(b"", None, id="nothing"),
        pytest.param(b"G", 408, id="one byte"),
        pytest.param(get("/echo")[:-1], 408, id="all but one byte"),
        pytest.param(post("/echo", length=1), 408, id="no body"),
        pytest.param(post("/echo", body=b"abc", length=4), 408, id="all but one byte of the body"),
    ],
)
@pytest.mark.usefixtures("short")
def test_a_client_that_stops_gets_408_and_is_disconnected(data, status):
    with begun(data) as link:
        assert [reply.status for reply in replies(all_of(link))] == ([status] if status else [])


@pytest.mark.usefixtures("short")
def test_an_idle_connection_is_closed_without_an_answer():
    with begun(post("/echo", body=b"abc")) as link:
        assert [reply.body for reply in replies(all_of(link))] == [b"abc"]


@pytest.mark.parametrize("cut", [1, 30, len(post("/echo")), len(post("/echo")) + 1])
@pytest.mark.parametrize("by_reset", [True, False])
def test_a_client_that_vanishes_is_not_logged(cut, by_reset, caplog):
    with Listening({"POST echo": echo}) as here:
        link = connect(here.port)
        link.sendall(post("/echo", length=9, body=b"abc")[:cut])
        if by_reset:
            vanish(link)
        else:
            link.close()
        assert exchange(here.port, post("/echo"))[0].status == 200  # it has been taken, for they come in order
    assert not caplog.records


@pytest.mark.parametrize("body", [LARGE, Blob(LARGE)], ids=["bytes", "a blob"])
def test_a_client_that_reads_nothing_is_dropped_and_a_slow_one_is_not(body, monkeypatch):
    monkeypatch.setattr(transport, "CLIENT_STALL_S", 1.0)
    with Listening({"GET large": lambda _: Answer(200, body)}) as here:
        with connect(here.port, receive_buffer=4096) as stalled:
            stalled.sendall(get("/large"))
            assert stalled.recv(1)
            until(lambda: len(here.limits) == 0)
            assert len(all_of(stalled)) < len(LARGE)
        monkeypatch.undo()
        with connect(here.port, receive_buffer=65536) as slow:
            slow.sendall(get("/large"))
            slow.shutdown(socket.SHUT_WR)
            assert replies(all_of(slow))[0].body == LARGE


@pytest.mark.parametrize("body", [LARGE, Blob(LARGE)], ids=["bytes", "a blob"])
def test_a_client_so_slow_that_the_kernel_reports_no_room_is_not_dropped(body, monkeypatch):
    """poll(2) reports room only once a third of a buffer of megabytes is free: on a slow link that takes minutes."""
    monkeypatch.setattr(transport, "CLIENT_STALL_S", 3.0)
    with Listening({"GET large": lambda _: Answer(200, body)}) as here, connect(here.port, receive_buffer=4096) as slow:
        slow.sendall(get("/large", "Connection: close"))
        assert replies(slowly(slow.recv, 3 * transport.CLIENT_STALL_S) + all_of(slow))[0].body == LARGE


def test_a_stream_ends_with_its_viewer():
    """Its generator is closed, whether the viewer closes or resets the connection."""
    ended = threading.Event()

    def forever():
        try:
            while True:
                yield [b"a" * 1000]
        finally:
            ended.set()

    with Listening({"GET stream": lambda _: Answer(200, stream=forever())}) as here:
        for leave in (vanish, socket.socket.close):
            link = connect(here.port)
            link.sendall(get("/stream"))
            assert link.recv(1000)
            leave(link)
            until(ended.is_set)
            ended.clear()


def test_a_head_request_does_not_start_a_stream():
    started = []

    def forever():
        started.append(True)
        yield [b"a"]

    with Listening({"GET stream": lambda _: Answer(200, stream=forever())}) as here, connect(here.port) as link:
        link.sendall(get("/stream").replace(b"GET", b"HEAD"))
        assert all_of(link).endswith(b"\r\nConnection: close\r\n\r\n")
    assert not started


def test_100_continue_is_sent_when_the_handler_reads_the_body():
    """Not before, and not at all before a refusal."""
    expecting = "Expect: 100-continue"
    with Listening({"POST echo": echo, "POST deaf": lambda _: Answer(200, b"no")}) as here:
        with connect(here.port) as link:
            link.sendall(post("/echo", expecting, length=3))
            assert link.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
            link.sendall(b"abc" + post("/echo", expecting, body=b"def"))
            link.shutdown(socket.SHUT_WR)
            assert [reply.body for reply in replies(all_of(link))] == [b"abc", b"def"]
        for path, length, status in (("/deaf", 3, 200), ("/nope", 3, 404), ("/echo", 1001, 413)):
            with connect(here.port) as link:
                link.sendall(post(path, expecting, length=length))
                link.shutdown(socket.SHUT_WR)
                (reply,) = replies(all_of(link))
                assert (reply.status, reply.headers["connection"]) == (status, "close")
        (old,) = exchange(here.port, post("/echo", expecting, body=b"abc").replace(b"HTTP/1.1", b"HTTP/1.0"))
        assert old.body == b"abc"


def chunked(path: str, *chunks: bytes, more: bytes = b"", trailer: bytes = b"") -> bytes:
    """A request with a body in chunks."""
    head = get(path, "Transfer-Encoding: chunked").replace(b"GET", b"POST")
    body = b"".join(b"%x%b\r\n%b\r\n" % (len(chunk), more, chunk) for chunk in chunks)
    return head + body + b"0" + more + b"\r\n" + trailer + b"\r\n"


@pytest.mark.parametrize(
    "request_",
    [
        pytest.param(chunked("/echo", b"abc", b"def" * 100), id="chunks"),
        pytest.param(chunked("/echo", b"abc", b"def" * 100, more=b' ; a="b;c"'), id="extensions"),
        pytest.param(chunked("/echo", b"abc", b"def" * 100, trailer=b"X-Sum: 1\r\nY:\r\n"), id="trailing fields"),
        pytest.param(chunked("/echo", *[b"%c" % byte for byte in b"abc" + b"def" * 100]), id="of one byte each"),
    ],
)
def test_a_body_in_chunks_and_what_follows_it(request_):
    """RFC 9112, 7.1, at once and in pieces."""
    whole = b"abc" + b"def" * 100
    with Listening({"POST echo": echo}) as here:
        both = exchange(here.port, request_ + request_ + post("/echo", body=b"ghi"))
        assert [reply.body for reply in both] == [whole, whole, b"ghi"]
        with connect(here.port) as link:
            for at in range(0, len(request_), 7):
                link.sendall(request_[at : at + 7])
            link.sendall(post("/echo", body=b"ghi"))
            link.shutdown(socket.SHUT_WR)
            assert [reply.body for reply in replies(all_of(link))] == [whole, b"ghi"]


def test_100_continue_is_sent_for_chunks_when_the_handler_reads_them():
    with Listening({"POST echo": echo}) as here, connect(here.port) as link:
        head, _, body = chunked("/echo", b"abc").partition(b"\r\n\r\n")
        link.sendall(head + b"\r\nExpect: 100-continue\r\n\r\n")
        assert link.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
        link.sendall(body)
        link.shutdown(socket.SHUT_WR)
        assert [reply.body for reply in replies(all_of(link))] == [b"abc"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param(b"3e9\r\n", 413, id="too large"),
        pytest.param(b"ffffffff\r\n", 413, id="four gigabytes"),
        pytest.param(b"3e8\r\n" + b"a" * 1000 + b"\r\n1\r\n", 413, id="too large by its second chunk"),
        pytest.param((b"1;" + b"a" * 1000 + b"\r\na\r\n") * 70, 413, id="extensions larger than that"),
        pytest.param(b"fffffffff\r\n", 400, id="a length of nine digits"),
        pytest.param(b"-1\r\n", 400, id="a negative length"),
        pytest.param(b"0x3\r\nabc\r\n0\r\n\r\n", 400, id="a prefix"),
        pytest.param(b"3 \r\nabc\r\n0\r\n\r\n", 400, id="a space at the end"),
        pytest.param(b"\r\n", 400, id="no length"),
        pytest.param(b"3\nabc\n0\n\n\r\n", 400, id="bare line ends"),
        pytest.param(b"3\r\nabcd\r\n0\r\n\r\n", 400, id="a chunk longer than it says"),
        pytest.param(b"3;\nabc\r\n0\r\n\r\n", 400, id="a bare line end in an extension"),
        pytest.param(b"3;" + b"a" * 9000, 400, id="a line without an end"),
        pytest.param(b"0\r\nno field\r\n\r\n", 400, id="a field that is none"),
    ],
)
def test_chunks_that_are_refused(body, status):
    """And what follows is not taken for a request."""
    start = chunked("/echo").partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
    with Listening({"POST echo": echo}) as here:
        (reply,) = exchange(here.port, start + body + post("/echo", body=b"smuggled"))
        assert (reply.status, reply.headers["connection"]) == (status, "close")


def test_a_half_closed_connection_is_not_taken_for_a_client_that_left():
    """A closed connection is noticed, without a frame that has to be sent."""
    left = threading.Event()
    answer_now = threading.Event()

    def waiting(request: Request) -> Answer:
        while not answer_now.wait(0.01):
            if request.client_gone():
                left.set()
                break
        return Answer(200, b"here")

    with Listening({"GET waiting": waiting}) as here:
        with connect(here.port) as link:
            link.sendall(get("/waiting"))
            link.shutdown(socket.SHUT_WR)
            assert link.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
            answer_now.set()
            assert [reply.body for reply in replies(all_of(link))] == [b"here"]
        assert not left.is_set()
        answer_now.clear()
        with connect(here.port) as link:
            link.sendall(get("/waiting"))
        until(left.is_set)


def test_a_body_in_pieces_and_what_follows_it():
    with Listening({"POST echo": echo}) as here, connect(here.port) as link:
        for piece in (post("/echo", length=6), b"ab", b"c", b"def" + post("/echo", body=b"ghi")[:20]):
            link.sendall(piece)
            time.sleep(0.01)  # so that they come apart
        link.sendall(post("/echo", body=b"ghi")[20:])
        link.shutdown(socket.SHUT_WR)
        assert [reply.body for reply in replies(all_of(link))] == [b"abcdef", b"ghi"]


@pytest.mark.parametrize(
    ("size", "statuses"),
    [pytest.param(1001, [413, 200], id="that came along"), pytest.param(9_000_000, [413], id="that is not read")],
)
def test_a_body_that_is_too_large(size, statuses):
    with Listening({"POST echo": echo}) as here:
        found = exchange(here.port, post("/echo", body=b"a" * size) + post("/echo", body=b"abc"))
        assert [reply.status for reply in found] == statuses


def test_a_bug_is_logged_and_answered_without_its_details(caplog):
    def faulty(_: Request) -> Answer:
        raise KeyError("the secret of /etc/shadow")

    with Listening({"GET faulty": faulty, "POST echo": echo}) as here:
        first, second = exchange(here.port, get("/faulty") + post("/echo", body=b"abc"))
    assert (first.status, second.body) == (500, b"abc")
    assert "secret" not in str(first) and "Traceback" not in str(first) and "default-src" in str(first)
    (record,) = caplog.records
    assert record.levelno == logging.ERROR and record.exc_info


@pytest.mark.parametrize(
    "short", [MemoryError(), RuntimeError("can't start new thread"), OSError(errno.ENOMEM, "Cannot allocate memory")]
)
def test_a_shortage_of_memory_is_not_logged_as_a_bug(short, caplog, monkeypatch):
    """It is logged in one line, and not again for each request."""
    monkeypatch.setattr(log, "_short_s", -log.SHORT_AGAIN_S)

    def greedy(_: Request) -> Answer:
        raise short

    with Listening({"GET greedy": greedy}) as here:
        for reply in exchange(here.port, get("/greedy") * 3):
            assert reply.status == 503
            assert int(reply.headers["retry-after"]) > 0
            assert "memory" in json.loads(reply.body)["error"]
    (record,) = caplog.records
    assert record.levelno == logging.WARNING and not record.exc_info
    assert "bug" not in record.getMessage()


def test_a_body_that_trickles_in_does_not_hold_a_slot():
    """Another connection from its address gets the slot, however often a byte arrives."""
    with Listening({"POST echo": echo}, ConnectionLimits(4, 1)) as here, connect(here.port) as slow:
        slow.sendall(post("/echo", length=900))
        status = 503
        while status == 503:
            slow.sendall(b"a")
            time.sleep(0.02)
            status = exchange(here.port, post("/echo"))[0].status
        assert status == 200
        assert [reply.status for reply in replies(all_of(slow))] == [503]


def test_the_memory_for_bodies_is_limited_per_address_and_in_total(monkeypatch):
    monkeypatch.setattr(limits, "BODY_BYTES", 3000)
    expecting = post("/echo", "Expect: 100-continue", length=1000)

    def sends(address: str, size: int = 1000) -> socket.socket:
        link = connect(here.port, address)
        link.sendall(expecting)
        assert link.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
        link.sendall(b"a" * size)
        return link

    def sent(address: str) -> int:
        with sends(address) as link:
            link.shutdown(socket.SHUT_WR)
            return replies(all_of(link))[0].status

    with Listening({"POST echo": echo}) as here:
        held = [sends("127.0.0.2", 900) for _ in range(3)]
        until(lambda: sent("127.0.0.2") == 429)
        assert sent("127.0.0.3") == 200
        for link in held:
            link.sendall(b"a" * 100)
            link.shutdown(socket.SHUT_WR)
            assert replies(all_of(link))[0].status == 200
            link.close()
        assert sent("127.0.0.2") == 200
        monkeypatch.setattr(limits, "ALL_BODIES_BYTES", 999)
        assert sent("127.0.0.2") == 503


def test_text_that_is_not_utf_8_does_not_break_an_error():
    """In Python a file name that is not UTF-8 has such half characters."""

    def refusing(_: Request) -> Answer:
        raise Refused(422, "there is no \udcff")

    with Listening({"GET x": refusing}) as here:
        (reply,) = exchange(here.port, get("/x"))
        assert (reply.status, json.loads(reply.body)["error"]) == (422, "there is no ?")


def test_a_body_that_does_not_arrive_does_not_hold_a_slot(monkeypatch):
    """Anybody may send a body to sign in: a few slow ones must not keep everybody out."""
    monkeypatch.setattr(request_reader, "BODY_S", 3600.0)
    with Listening({"POST echo": echo}, ConnectionLimits(total=2)) as here:
        late = [connect(here.port) for _ in range(2)]
        for link in late:
            link.sendall(post("/echo", length=9))
        until(lambda: exchange(here.port, post("/echo", body=b"abc"))[0].status == 200)
        for link in late:
            link.close()
