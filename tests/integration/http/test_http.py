"""HTTP as RFC 9110 and 9112 have it, on a real server: connections, parts, conditions, and who is meant."""

import socket
from collections.abc import Iterator

import pytest
from pictures import picture
from serving import DEADLINE_S, Site
from strangers import Reply, all_of, exchange, get, replies
from watching import Viewer

LISTED = "camera.example"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A server with a frame and a name."""
    settings = {"access": {"hosts": [LISTED]}, "server": {"access_log": True}}
    with Site(tmp_path_factory.mktemp("site"), settings) as site:
        site.publish(picture())
        yield site


def answered(site: Site, *requests: bytes, bare: bool = False) -> list[Reply]:
    """The answers on one connection."""
    return exchange(site.port, b"".join(requests), bare)


def test_a_hundred_pipelined_requests_are_answered_in_order(site):
    names = ["/picture/viewer.js", "/base/base.css", "/icon.svg", "/nope", "/images/current.jpg"]
    alone = {name: answered(site, get(name))[0].body for name in names}
    assert len(set(alone.values())) == len(names)
    together = answered(site, *[get(names[number % len(names)]) for number in range(100)])
    assert [reply.body for reply in together] == [alone[names[number % len(names)]] for number in range(100)]


def test_head_has_every_header_of_get_and_no_body(site):
    for path in ("/", "/images/current.jpg", "/nope", "/api/status"):
        (whole,) = answered(site, get(path))
        first, second = answered(site, *[get(path).replace(b"GET", b"HEAD")] * 2, bare=True)
        changing = {"date", "x-frame-age", "content-length"} if path == "/api/status" else {"date", "x-frame-age"}
        for reply in (first, second):
            assert reply.status == whole.status
            assert {**reply.headers, **dict.fromkeys(changing)} == {**whole.headers, **dict.fromkeys(changing)}


@pytest.mark.parametrize(
    ("version", "line", "count", "connection"),
    [
        pytest.param("1.1", "X: y", 2, None, id="1.1 goes on"),
        pytest.param("1.1", "Connection: close", 1, "close", id="1.1 ends when asked"),
        pytest.param("1.0", "X: y", 1, "close", id="1.0 ends"),
        pytest.param("1.0", "Connection: Keep-Alive", 2, "keep-alive", id="1.0 goes on when asked"),
    ],
)
def test_when_a_connection_is_closed(site, version, line, count, connection):
    found = answered(site, *[get("/healthz", line, version=version)] * 2)
    assert [reply.headers.get("connection") for reply in found] == [connection] * count


def test_http_1_0_without_a_host_is_answered(site):
    assert answered(site, b"GET / HTTP/1.0\r\n\r\n")[0].status == 200


@pytest.mark.parametrize(
    ("asked", "first", "end"),
    [
        pytest.param("0-0", 0, 1, id="the first byte"),
        pytest.param("0-3", 0, 4, id="the first bytes"),
        pytest.param("5-", 5, None, id="from a byte on"),
        pytest.param("-1", -1, None, id="the last byte"),
        pytest.param("-9999999", 0, None, id="more than all from the end"),
        pytest.param("2-9999999", 2, None, id="beyond the end"),
    ],
)
def test_a_range_of_a_file_and_of_a_frame(site, asked, first, end):
    for path in ("/picture/viewer.js", "/images/current.jpg"):
        (whole,) = answered(site, get(path))
        part, after = answered(site, get(path, f"Range: bytes={asked}"), get("/nope"))
        size = len(whole.body)
        start, stop, _ = slice(first, end).indices(size)
        assert (part.status, part.body, after.status) == (206, whole.body[first:end], 404)
        assert part.headers["content-range"] == f"bytes {start}-{stop - 1}/{size}"
        assert part.headers["etag"] == whole.headers["etag"]
        assert answered(site, get(path, f"Range: bytes={asked}", 'If-Range: "old"'))[0].body == whole.body
        same = get(path, f"Range: bytes={asked}", f"If-Range: {whole.headers['etag']}")
        assert answered(site, same)[0].status == 206


@pytest.mark.parametrize("asked", ["bytes=9999999-", "bytes=-0"])
def test_a_range_beyond_the_end_is_416(site, asked):
    (whole,) = answered(site, get("/picture/viewer.js"))
    (reply,) = answered(site, get("/picture/viewer.js", f"Range: {asked}"))
    assert (reply.status, reply.headers["content-range"]) == (416, f"bytes */{len(whole.body)}")


@pytest.mark.parametrize(
    "asked",
    ["bytes=0-1,3-4", "bytes=" + "0-," * 1000, "bytes=3-1", "bytes=-", "bytes= -", "bytes=a-b", "lines=0-1", "0-1"],
)
def test_an_unsupported_range_is_answered_with_the_whole_body(site, asked):
    assert answered(site, get("/picture/viewer.js", f"Range: {asked}"))[0].status == 200


@pytest.mark.parametrize("form", ["{}", "W/{}", '"x", {}', 'W/"x" , W/{}', "*"])
@pytest.mark.parametrize("path", ["/", "/picture/viewer.js", "/images/current.jpg"])
def test_an_unchanged_body_is_answered_with_304(site, path, form):
    (whole,) = answered(site, get(path))
    tag = whole.headers["etag"]
    known, other = answered(site, get(path, f"If-None-Match: {form.format(tag)}"), get(path, 'If-None-Match: "x"'))
    assert (known.status, known.headers["etag"], known.body) == (304, tag, b"")
    assert (other.status, other.body) == (200, whole.body)


@pytest.mark.parametrize("path", ["/picture/viewer.js", "/images/current.jpg"])
def test_a_head_request_ignores_the_range(site, path):
    (whole,) = answered(site, get(path))
    (head,) = answered(site, get(path, "Range: bytes=0-3").replace(b"GET", b"HEAD"), bare=True)
    assert (head.status, head.headers["content-length"]) == (200, str(len(whole.body)))


def test_the_host_of_an_absolute_address_counts(site):
    """RFC 9112, 3.2.2: as some clients send it, and all that believe to speak to a proxy."""
    absolute = f"http://127.0.0.1:{site.port}/images/current.jpg"
    assert answered(site, get(absolute, host="evil.example"))[0].body == picture()
    assert answered(site, get("http://evil.example/images/current.jpg"))[0].status == 421
    assert answered(site, b"GET http://127.0.0.1 HTTP/1.0\r\n\r\n")[0].status == 200


def test_options_of_the_server_lists_its_methods(site):
    first, second = answered(site, get("*").replace(b"GET", b"OPTIONS"), get("/nope"))
    assert (first.status, second.status) == (204, 404)
    assert {"GET", "HEAD", "OPTIONS", "POST"} <= set(first.headers["allow"].split(", "))
    assert answered(site, get("*"))[0].status == 400


def test_a_half_closed_client_still_gets_its_answer(site):
    """It has closed its side only: the next picture, and a stream."""
    name = site.publish(picture())
    with socket.create_connection(("127.0.0.1", site.port), timeout=DEADLINE_S) as waiting:
        waiting.sendall(get(f"/images/current.jpg?after={name}"))
        waiting.shutdown(socket.SHUT_WR)
        interim = b"HTTP/1.1 100 Continue\r\n\r\n"
        assert waiting.recv(len(interim), socket.MSG_WAITALL) == interim  # it has been asked if it is there still
        site.publish(picture())
        assert [reply.body for reply in replies(all_of(waiting))] == [picture()]
    with Viewer(site) as watching:
        watching.link.shutdown(socket.SHUT_WR)
        for _ in range(3):
            watching.frame(site.publish(picture()))


@pytest.mark.parametrize(
    ("host", "status"),
    [
        *(("127.0.0.1", 200), ("127.0.0.1:8080", 200), ("[::1]:8080", 200), ("localhost", 200), ("camera.local", 200)),
        *((LISTED, 200), ("evil.example", 421), ("127.0.0.1.evil.example", 421), ("local", 421)),
        *(("localhost@evil.example", 400), ("user:pw@127.0.0.1", 400), ("[::1", 400), ("[evil.example]", 400)),
        *(("127.0.0.1, evil.example", 400), ("127.0.0.1/evil", 400), ("evil.example:x", 400), ("a b", 400)),
    ],
)
def test_only_requests_for_our_own_names_are_answered(site, host, status):
    assert answered(site, get("/", host=host))[0].status == status


def test_the_suffixes_of_home_networks_and_of_the_resolver_are_accepted(tmp_path):
    """Other names below the same suffixes are not ours: they may lead anywhere."""
    own = socket.gethostname().partition(".")[0]
    site = Site(tmp_path)
    site.start(LOCALDOMAIN="garden.example.org corp.example")
    try:
        suffixes = (
            "fritz.box",
            "lan",
            "localdomain",
            "home.arpa",
            "local",
            "internal",
            "garden.example.org",
            "corp.example",
        )
        for suffix in suffixes:
            assert answered(site, get("/", host=f"{own}.{suffix}:8080"))[0].status == 200, suffix
        for name in (
            "evil.fritz.box",
            "evil.garden.example.org",
            "garden.example.org",
            "corp.example",
            f"{own}.example",
        ):
            assert answered(site, get("/", host=name))[0].status == 421, name
    finally:
        site.end()


def test_forwarded_headers_count_only_from_a_trusted_proxy(site, tmp_path):
    request = get("/seen", "X-Forwarded-For: 203.0.113.9, 198.51.100.7", "X-Forwarded-Proto: https")
    exchange(site.port, request)
    site.until(lambda: " 127.0.0.1 GET /seen 404 " in site.said())
    with Site(tmp_path, {"access": {"proxies": ["127.0.0.1"]}, "server": {"access_log": True}}) as trusting:
        exchange(trusting.port, request)
        exchange(trusting.port, request, address="127.0.0.2")
        trusting.until(lambda: " 127.0.0.2 GET /seen 404 " in trusting.said())
        assert " 198.51.100.7 GET /seen 404 " in trusting.said()
        assert "203.0.113.9" not in trusting.said()


def test_ipv4_and_ipv6_clients_have_their_own_addresses(tmp_path):
    """An IPv4 client of a socket for both is known by its IPv4 address, so that limits and proxies are its own."""
    site = Site(tmp_path, {"server": {"access_log": True}})
    site.start(STILLCAM_BIND="::")
    try:
        assert exchange(site.port, get("/four"), address="127.0.0.2")[0].status == 404
        site.until(lambda: " 127.0.0.2 GET /four 404 " in site.said())
        if not has_ipv6():
            return
        with socket.create_connection(("::1", site.port), timeout=DEADLINE_S) as link:
            link.sendall(get("/six", "Connection: close", host=f"[::1]:{site.port}"))
            assert [reply.status for reply in replies(all_of(link))] == [404]
        site.until(lambda: " ::1 GET /six 404 " in site.said())
    finally:
        site.end()


def has_ipv6() -> bool:
    """Whether this machine has it at all: containers often have not."""
    try:
        with socket.socket(socket.AF_INET6) as own:
            own.bind(("::1", 0))
    except OSError:
        return False
    return True
