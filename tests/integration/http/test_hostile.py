"""Requests of strangers on a real server: smuggled, malformed, huge, and what the log then says."""

import re
import socket
from collections.abc import Iterator
from pathlib import Path
from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pictures import picture
from serving import Site
from strangers import all_of, connect, exchange, get, replies

SECRET = "do-not-tell"
HOST = b"Host: 127.0.0.1\r\n"
SECURITY = {
    "content-security-policy": "default-src 'self'; img-src 'self' blob: data:; base-uri 'self'; form-action 'self';"
    " frame-ancestors 'self'; object-src 'none'",
    "x-frame-options": "SAMEORIGIN",
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
}
LOG_LINE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ (INFO|WARNING) [ -~]+")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A server that logs each request; in the end its log is still one of visible lines without a bug or a secret."""
    folder: Path = tmp_path_factory.mktemp("site")
    with Site(folder, {"access": {"hosts": [f"{SECRET}.example"]}, "server": {"access_log": True}}) as site:
        site.publish(picture())
        yield site
        said = site.said()
    assert SECRET not in said
    assert "Traceback" not in said and "this is a bug" not in said
    wrong = [line for line in said.splitlines() if not LOG_LINE.fullmatch(line)]
    assert not wrong


def executed(site: Site, path: str) -> bool:
    """Whether the server has ever answered a request for `path`."""
    mark = f"/after{path}"
    exchange(site.port, get(mark))
    site.until(lambda: f" GET {mark} 404 " in site.said())
    return f" {path} " in site.said().replace(mark, "")


def smuggled(number: int) -> bytes:
    """A request that hides in another's body."""
    return get(f"/smuggled-{number}")


# Each hides what smuggled() gives; RFC 9112 sections 6.3, 11.2 and the corpora of PortSwigger's "HTTP desync attacks".
SMUGGLERS = [
    pytest.param(b"Content-Length: %d\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, id="CL.TE"),
    pytest.param(b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n5c\r\n", 400, id="TE.CL"),
    pytest.param(b"Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n0\r\n\r\n", 400, id="TE.TE"),
    pytest.param(b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 405, id="TE alone"),
    pytest.param(b"Transfer-Encoding: identity\r\n\r\n", 400, id="TE identity"),
    pytest.param(b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n", 400, id="TE, space before the colon"),
    pytest.param(b"Transfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n", 400, id="TE, vertical tab"),
    pytest.param(b"Content-Length: %d\r\nX: y\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, id="TE after LF"),
    pytest.param(b"Content-Length: %d\r\n Transfer-Encoding: chunked\r\n\r\n", 400, id="TE in a folded line"),
    pytest.param(b"Content-Length: 0\r\nContent-Length: %d\r\n\r\n", 400, id="CL.CL"),
    pytest.param(b"Content-Length: 0, %d\r\n\r\n", 400, id="CL list"),
    pytest.param(b"Content-Length: +%d\r\n\r\n", 400, id="CL with a sign"),
    pytest.param(b"Content-Length: %d \x00\r\n\r\n", 400, id="CL with a null byte"),
    pytest.param(b"X: y\rContent-Length: %d\r\n\r\n", 400, id="CL after CR"),
    pytest.param(b"Content-Length: %d\r\n\r\n", 405, id="a body that nobody reads"),
    pytest.param(b"Content-Length: %d\r\nExpect: 100-continue\r\n\r\n", 405, id="a body that was not waited for"),
    pytest.param(b"Content-Length: 60000\r\n\r\n", 405, id="a body that is not all there"),
    pytest.param(b"Content-Length: %d\r\nConnection: close\r\n\r\n", 405, id="a body before the end"),
]


@pytest.mark.parametrize("version", ["1.1", "1.0"])
@pytest.mark.parametrize(("rest", "status"), SMUGGLERS)
def test_no_request_is_read_out_of_a_body(site, rest, status, version):
    number = crc32(rest + version.encode())
    inner = smuggled(number)
    if b"%d" in rest:
        rest = rest % len(inner)
    start = f"POST /api/status HTTP/{version}\r\n".encode() + HOST
    if rest.startswith(b"Transfer-Encoding: chunked\r\n") and version == "1.0":
        status = 400
    assert [reply.status for reply in exchange(site.port, start + rest + inner)] == [status]
    assert not executed(site, f"/smuggled-{number}")


def test_a_get_with_a_body_is_one_request(site):
    """Its body is skipped, and what follows that is the next request."""
    inner = smuggled(1)
    first = get("/api/status", f"Content-Length: {len(inner)}")
    assert [reply.status for reply in exchange(site.port, first + inner + get("/nope"))] == [200, 404]
    assert not executed(site, "/smuggled-1")


def test_a_body_that_comes_after_the_answer_is_no_request(site):
    with connect(site.port) as link:
        link.sendall(get("/api/status", f"Content-Length: {len(smuggled(2))}"))
        data = link.recv(65536)
        assert b"\r\nConnection: close\r\n" in data
        link.sendall(smuggled(2))
        link.shutdown(socket.SHUT_WR)
        data += all_of(link)
    assert [reply.status for reply in replies(data)] == [200]
    assert not executed(site, "/smuggled-2")


@pytest.mark.parametrize(
    "path",
    [
        *("/../data/settings.json", "/images/../../data/settings.json", "/%2e%2e/data/settings.json"),
        *("/..%2fdata/settings.json", "/..%5cdata/settings.json", "/..\\data\\settings.json", "/.%00./data"),
        *("/%c0%ae%c0%ae/data/settings.json", "/%252e%252e/data/settings.json", "/....//data/settings.json"),
        *("/data/settings.json", "//data/settings.json", "/data/", "/data", "/./data/settings.json"),
        *("/python/stillcam/server/app.py", "/.git/config", "/.env", "/server.log", "/etc/passwd", "//etc/passwd"),
        *(
            "/web/picture/viewer.js",
            "/web/../data/settings.json",
            "/images/",
            "/images/.",
            "/images/..",
            "/images/.current.jpg",
        ),
        *(
            "/images/current.jpg/",
            "/images/current.jpg%00.png",
            "/picture/viewer.js/",
            "/picture/viewer.js%00",
            "/picture/viewer.js/../x",
        ),
        *(
            "/index.html%20",
            "/INDEX.HTML",
            "/con",
            "/~root",
            "/webcam/../data",
            "/webcam/data",
            "/;/data/settings.json",
        ),
        *("file:///etc/passwd", "http://127.0.0.1/data/settings.json", "*", "data/settings.json"),
    ],
)
def test_no_path_leads_out_of_the_routes(site, path):
    (reply,) = exchange(site.port, get(path))
    assert reply.status in (400, 404)
    assert SECRET.encode() not in reply.body and b"root:" not in reply.body


@pytest.mark.parametrize(
    ("data", "status"),
    [
        pytest.param(b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\n" + HOST + b"\r\n", 414, id="a line of 9000 bytes"),
        pytest.param(b"GET /" + b"a" * 2_000_000, 431, id="a line of two megabytes without an end"),
        pytest.param(b"\0" * 2_000_000, 431, id="null bytes"),
        pytest.param(b"GET / HTTP/1.1\r\nX: " + b"a" * 9000 + b"\r\n\r\n", 431, id="a header of 9000 bytes"),
        pytest.param(b"GET / HTTP/1.1\r\n" + b"X-A: b\r\n" * 100 + b"\r\n", 431, id="100 header lines"),
        pytest.param(b"GET / HTTP/1.1\r\n" + b"X-A: b\r\n" * 100_000, 431, id="header lines without an end"),
        pytest.param(b"GET / HTTP/1.1\r\n" + (b"X: " + b"a" * 8000 + b"\r\n") * 5 + b"\r\n", 431, id="40 kB in all"),
        pytest.param(b"\r\n" * 100_000, 400, id="empty lines without an end"),
        pytest.param(b"GET / HTTP/1.1\n" + HOST + b"\r\n", 400, id="a bare LF"),
        pytest.param(b"GET / HTTP/1.1\nHost: a\n\n", 400, id="nothing but bare LF"),
        pytest.param(b"GET /\r\n\r\n", 400, id="HTTP 0.9"),
        pytest.param(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, id="HTTP 2"),
        pytest.param(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400, id="TLS"),
        pytest.param(b"SSH-2.0-OpenSSH_9.2\r\n\r\n", 400, id="SSH"),
        pytest.param(b"GET / HTTP/1.1\r\n\r\n", 400, id="no host"),
        pytest.param(get("/").replace(b"Host", b"host") + b"", 200, id="a header in lower case"),
        pytest.param(b"\r\n" + get("/"), 200, id="an empty line first"),
        pytest.param(get("/?a=" + "a" * 7000), 200, id="a long query"),
        pytest.param(get("/", "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABk"), 200,
                     id="an upgrade to HTTP 2"),
        pytest.param(get("/", "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Key: AA=="), 200,
                     id="an upgrade to a socket"),
        pytest.param(get("/snapshot?" + "a&" * 4000), 400, id="a query of 4000 values"),
        pytest.param(get("/" + "a/" * 4000), 404, id="4000 slashes"),
        pytest.param(get("/snapshot?max_age=1e999"), 400, id="an infinite number"),
        pytest.param(get("/snapshot?max_age=%d9%a1"), 400, id="a digit that is not ASCII"),
        pytest.param(get("/stream?fps=nan"), 400, id="no number"),
        pytest.param(b"POST /api/status HTTP/1.1\r\n" + HOST + b"Content-Length: 999999999999999\r\n\r\n",
                     405, id="a body of a petabyte"),
        pytest.param(b"POST /api/status HTTP/1.1\r\n" + HOST + b"Content-Length: 9000000\r\n\r\n" + b"a" * 9_000_000,
                     405, id="a body of nine megabytes"),
    ],
)  # fmt: skip
def test_each_is_answered_once_and_clearly(site, data, status):
    (reply,) = exchange(site.port, data)
    assert reply.status == status
    assert SECURITY.items() <= reply.headers.items()
    if status != 200:
        assert reply.headers["content-type"] == "application/json"
        assert re.fullmatch(rb'\{"error": "[^"\\]+", "field": (null|"[a-z_]+")\}\n', reply.body)


def test_every_answer_has_the_security_headers_and_hides_what_answers(site):
    tag = exchange(site.port, get("/"))[0].headers["etag"]
    asked = {
        200: get("/"),
        206: get("/", "Range: bytes=0-3"),
        304: get("/", f"If-None-Match: {tag}"),
        400: get("/?action=x"),
        404: get("/nope"),
        405: get("/").replace(b"GET", b"TRACE"),
        416: get("/", "Range: bytes=9999999-"),
        421: get("/", host="evil.example"),
    }
    for status, request in asked.items():
        (reply,) = exchange(site.port, request)
        assert reply.status == status
        assert SECURITY.items() <= reply.headers.items()
        assert not {"server", "x-powered-by", "via"} & set(reply.headers)
        assert status < 400 or not re.search(rb"Traceback|File \"|\.py|[Pp]ython", reply.body)


FRAGMENTS = [
    *(b"GET ", b"HEAD ", b"POST ", b"/", b"/snapshot", b"?action=snapshot", b" HTTP/1.1\r\n", b" HTTP/1.0\r\n"),
    *(HOST, b"Content-Length: 5\r\n", b"Range: bytes=0-\r\n", b"Expect: 100-continue\r\n", b"\r\n\r\n", b"\r\n"),
    *(b"Connection: keep-alive\r\n", b"Transfer-Encoding: chunked\r\n", b"If-None-Match: *\r\n"),
    *(b"%", b"\xff", b":", b"\n", b"\0"),
]
heads = st.lists(st.sampled_from(FRAGMENTS) | st.binary(max_size=4), max_size=25).map(b"".join)


@given(data=heads)
def test_whatever_comes_the_answers_are_http_and_the_server_stays(site, data):
    with connect(site.port) as link:
        link.sendall(data)
        link.shutdown(socket.SHUT_WR)
        answer = all_of(link)
    assert not answer or answer.startswith(b"HTTP/1.1 ")
    assert exchange(site.port, get("/healthz"))[0].status in (200, 503)


def test_nothing_from_a_request_forges_a_line_of_the_log(site):
    """A log is read in a terminal, and line by line."""
    for path in ("/a%0a2026-01-01T00:00:00Z%20INFO%20forged", "/a%1b]0;forged%07", "/%e2%80%aeforged%e2%80%a8x"):
        exchange(site.port, get(path))
    exchange(site.port, get("/forged?a\x1b[31m\nb"))
    exchange(
        site.port, get("/snapshot", f"Authorization: Bearer {SECRET}", f"Cookie: stillcam={SECRET}", "User-Agent: \x1b")
    )
    exchange(site.port, get("/snapshot", f"Authorization: Bearer {SECRET}", f"Cookie: stillcam={SECRET}"))
    exchange(site.port, f"POST /api/status HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 11\r\n\r\n{SECRET}".encode())
    assert not executed(site, "/forged")
    assert " GET /%E2%80%AEforged%E2%80%A8x 404 " in site.said()
