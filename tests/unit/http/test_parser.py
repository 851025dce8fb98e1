"""The request parser against strangers: what it takes, what it refuses, and that it does nothing else."""

from collections.abc import Callable
from string import ascii_letters, digits
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from stillcam.http.messages import Refused
from stillcam.http.parser import (
    MAX_HEADERS,
    MAX_LINE_BYTES,
    SHORT_BYTES,
    Head,
    parse,
    parse_fields,
    parse_head,
    parse_path,
)

HOST = b"Host: camera.local"
TOKEN = ascii_letters + digits + "!#$%&'*+-.^_`|~"
FRAGMENTS = [
    *(b"GET", b"get", b"POST", b" ", b"  ", b"\t", b"/", b"//", b"/..", b"/.", b"%2e", b"%2F", b"%5c", b"%00", b"%"),
    *(b"?", b"\\", b"#", b"\r", b"\n", b"\r\n", b"\r\n ", b"\0", b"\x80", b"\xff", b"HTTP/1.1", b"HTTP/1.0"),
    *(b"HTTP/2.0", b"HTTP/1.1\r\nHost: a\r\n", b"Host", b":", b": ", b" :", b"a", b"a@b", b"[::1]:80"),
    *(b"Content-Length", b"5", b"-1", b",", b"+5", b"Transfer-Encoding", b"chunked", b"identity", b"Expect"),
    *(b"100-continue", b"Connection", b"close"),
]  # fmt: skip


def outcome(read: Callable[[bytes], Any], raw: bytes) -> Any:
    """What `read` makes of `raw`, or the status with which it refuses it."""
    try:
        return read(raw)
    except Refused as refused:
        return refused.status


def refusal(head: bytes) -> int:
    """The status with which `head` must be refused."""
    with pytest.raises(Refused) as refused:
        parse(head)
    return refused.value.status


def lines(*more: bytes, first: bytes = b"GET / HTTP/1.1", host: bytes = HOST) -> bytes:
    """A head of these lines."""
    return b"\r\n".join([first, host, *more])


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"GET", id="a method alone"),
        pytest.param(b"GET /", id="HTTP 0.9"),
        pytest.param(b"GET HTTP/1.1", id="no address"),
        pytest.param(b"get / HTTP/1.1", id="a method in lower case"),
        pytest.param(b"GET/ HTTP/1.1", id="no space"),
        pytest.param(b" GET / HTTP/1.1", id="a space before the method"),
        pytest.param(b"GET  / HTTP/1.1", id="two spaces"),
        pytest.param(b"GET\t/ HTTP/1.1", id="a tab for a space"),
        pytest.param(b"GET /\tHTTP/1.1", id="a tab before the version"),
        pytest.param(b"GET / HTTP/1.1 ", id="a space at the end"),
        pytest.param(b"GET / HTTP/1.1\r", id="a bare CR at the end"),
        pytest.param(b"GET /a\rb HTTP/1.1", id="a bare CR in the address"),
        pytest.param(b"GET /\nHost: evil HTTP/1.1", id="a bare LF in the address"),
        pytest.param(b"GET / /x HTTP/1.1", id="a space in the address"),
        pytest.param(b"GET /\x0b HTTP/1.1", id="a vertical tab"),
        pytest.param(b"GET /\x00 HTTP/1.1", id="a null byte"),
        pytest.param(b"GET /\x7f HTTP/1.1", id="a delete character"),
        pytest.param(b"GET /caf\xe9 HTTP/1.1", id="Latin-1 in the address"),
        pytest.param("GET /café HTTP/1.1".encode(), id="UTF-8 that is not encoded"),
        pytest.param(b"GET / http/1.1", id="a version in lower case"),
        pytest.param(b"GET / HTTP/1", id="half a version"),
        pytest.param(b"GET / HTTP/1.10", id="a version of two digits"),
        pytest.param(b"GET / HTTP/11.1", id="a major version of two digits"),
        pytest.param(b"GET / HTTP/-1.1", id="a negative version"),
        pytest.param("GET / HTTP/1.\u0661".encode(), id="a digit that is not ASCII"),
        pytest.param(b"GET / HTTPS/1.1", id="another protocol"),
        pytest.param(b"GETGETGETGETGETGE / HTTP/1.1", id="a method of 17 letters"),
        pytest.param(b"GE(T / HTTP/1.1", id="a method that is no word"),
        pytest.param(b"GET * HTTP/1.1", id="an asterisk"),
        pytest.param(b"GET camera HTTP/1.1", id="an address without a slash"),
        pytest.param(b"GET http:// HTTP/1.1", id="an absolute address without a host"),
        pytest.param(b"GET http:///a HTTP/1.1", id="an absolute address with an empty host"),
        pytest.param(b"GET http://me@camera.local/ HTTP/1.1", id="an absolute address with a user"),
        pytest.param(b"GET http://camera.local\\@evil/ HTTP/1.1", id="an absolute address with a backslash"),
        pytest.param(b"GET http://camera.local/../x HTTP/1.1", id="an absolute address with two dots"),
        pytest.param(b"GET ftp://camera.local/ HTTP/1.1", id="an absolute address of another protocol"),
        pytest.param(b"GET ?action=snapshot HTTP/1.1", id="a query without a path"),
        pytest.param(b"CONNECT camera.local:80 HTTP/1.1", id="an authority"),
        pytest.param(b"GET /#top HTTP/1.1", id="a fragment"),
        pytest.param(b"GET /images\\current.jpg HTTP/1.1", id="a backslash"),
        pytest.param(b"GET /?a\\b HTTP/1.1", id="a backslash in the query"),
        pytest.param(b"GET /.. HTTP/1.1", id="two dots"),
        pytest.param(b"GET /../data/settings.json HTTP/1.1", id="two dots first"),
        pytest.param(b"GET /images/../data HTTP/1.1", id="two dots in the middle"),
        pytest.param(b"GET /images/. HTTP/1.1", id="one dot"),
        pytest.param(b"GET /./ HTTP/1.1", id="one dot and a slash"),
        pytest.param(b"GET /%2e%2e/data HTTP/1.1", id="two encoded dots"),
        pytest.param(b"GET /.%2E/data HTTP/1.1", id="a dot and an encoded one"),
        pytest.param(b"GET /images%2fcurrent.jpg HTTP/1.1", id="an encoded slash"),
        pytest.param(b"GET /images%2Fcurrent.jpg HTTP/1.1", id="an encoded slash in capitals"),
        pytest.param(b"GET /images%5ccurrent.jpg HTTP/1.1", id="an encoded backslash"),
        pytest.param(b"GET /%00 HTTP/1.1", id="an encoded null byte"),
        pytest.param(b"GET /a%0d%0aSet-Cookie:x HTTP/1.1", id="an encoded line end"),
        pytest.param(b"GET /%1b[31m HTTP/1.1", id="an encoded escape"),
        pytest.param(b"GET /%7f HTTP/1.1", id="an encoded delete character"),
        pytest.param(b"GET /%c2%85 HTTP/1.1", id="an encoded NEL"),
        pytest.param(b"GET /%c0%ae%c0%ae/ HTTP/1.1", id="overlong dots"),
        pytest.param(b"GET /%c0%af HTTP/1.1", id="an overlong slash"),
        pytest.param(b"GET /%e0%80%af HTTP/1.1", id="a slash overlong by two bytes"),
        pytest.param(b"GET /%ed%a0%80 HTTP/1.1", id="a surrogate"),
        pytest.param(b"GET /%f4%90%80%80 HTTP/1.1", id="beyond Unicode"),
        pytest.param(b"GET /%ff HTTP/1.1", id="not UTF-8"),
        pytest.param(b"GET /% HTTP/1.1", id="a percent sign"),
        pytest.param(b"GET /%2 HTTP/1.1", id="a percent sign and one digit"),
        pytest.param(b"GET /%zz HTTP/1.1", id="a percent sign and letters"),
        pytest.param(b"GET /%u002e HTTP/1.1", id="a percent sign and u"),
    ],
)
def test_a_first_line_that_is_refused(line):
    assert refusal(lines(first=line)) == 400


@pytest.mark.parametrize("version", [b"0.9", b"2.0", b"3.0", b"9.9"])
def test_another_major_version_is_505(version):
    assert refusal(lines(first=b"GET / HTTP/" + version)) == 505


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(b"X-A : b", id="a space before the colon"),
        pytest.param(b"X-A\t: b", id="a tab before the colon"),
        pytest.param(b" X-A: b", id="a folded line"),
        pytest.param(b"\tX-A: b", id="a line folded by a tab"),
        pytest.param(b" ", id="a line of a space"),
        pytest.param(b"X-A", id="no colon"),
        pytest.param(b": b", id="no name"),
        pytest.param(b"X A: b", id="a space in the name"),
        pytest.param(b"X(A): b", id="a bracket in the name"),
        pytest.param(b"X\x00A: b", id="a null byte in the name"),
        pytest.param("X-É: b".encode(), id="a name that is not ASCII"),
        pytest.param(b"X-A: b\x00c", id="a null byte in the value"),
        pytest.param(b"X-A: b\rX-B: c", id="a bare CR"),
        pytest.param(b"X-A: b\nX-B: c", id="a bare LF"),
        pytest.param(b"X-A: b\n", id="a bare LF at the end"),
        pytest.param(b"X-A: b\x0bc", id="a vertical tab"),
        pytest.param(b"X-A: \x1b[31m", id="an escape"),
        pytest.param(b"X-A: b\x7f", id="a delete character"),
        pytest.param(b"Host: camera.local", id="the same host twice"),
        pytest.param(b"HOST: evil.example", id="two hosts"),
        pytest.param(b"Content-Length: 5\r\nContent-Length: 5", id="the same length twice"),
        pytest.param(b"Content-Length: 5\r\ncontent-length: 6", id="two lengths"),
        pytest.param(b"Content-Length: 5, 5", id="a list of lengths"),
        pytest.param(b"Content-Length: 5,5", id="a list of lengths without a space"),
        pytest.param(b"Content-Length: +5", id="a length with a sign"),
        pytest.param(b"Content-Length: -1", id="a negative length"),
        pytest.param(b"Content-Length: 0x5", id="a hexadecimal length"),
        pytest.param(b"Content-Length: 5.0", id="a length with a point"),
        pytest.param(b"Content-Length: 1_0", id="a length with an underscore"),
        pytest.param(b"Content-Length: 1 0", id="a length with a space"),
        pytest.param(b"Content-Length: \xb2", id="a superscript digit"),
        pytest.param(b"Content-Length:", id="an empty length"),
        pytest.param(b"Content-Length: 9999999999999999", id="a length of 16 digits"),
        pytest.param(b"Content-Length: " + b"9" * 5000, id="a length of 5000 digits"),
        pytest.param(b"Content-Length: 5\r\nTransfer-Encoding: chunked", id="a length, then a coding"),
        pytest.param(b"Transfer-Encoding: chunked\r\nContent-Length: 5", id="a coding, then a length"),
        pytest.param(b"Content-Length: 0\r\nTransfer-Encoding: identity", id="no length and no coding"),
        pytest.param(b"Transfer-Encoding : chunked", id="a coding with a space before the colon"),
        pytest.param(b"Transfer-Encoding\x0b: chunked", id="a coding with a vertical tab before the colon"),
        pytest.param(b"Transfer-Encoding:\x0bchunked", id="a coding after a vertical tab"),
        pytest.param(b"Transfer-Encoding: chunked\r\nTransfer-Encoding: x", id="two codings"),
        pytest.param(b"X: y\nTransfer-Encoding: chunked", id="a coding behind a bare LF"),
        pytest.param(b"Authorization: Bearer a\r\nAuthorization: Bearer b", id="two credentials"),
        pytest.param(b"Origin: http://a\r\nOrigin: http://b", id="two origins"),
        pytest.param(b"Content-Type: text/plain\r\nContent-Type: application/json", id="two types"),
        pytest.param(b"Range: bytes=0-1\r\nRange: bytes=0-2", id="two ranges"),
        pytest.param(b"\r\nX-A: b", id="an empty line"),
    ],
)  # fmt: skip
def test_header_lines_that_are_refused(line):
    assert refusal(lines(line)) == 400


@pytest.mark.parametrize(
    ("coding", "status"),
    [
        *(("xchunked", 400), ("identity", 400), ("chunked, identity", 400), ("chunked, chunked", 400)),
        *(('"chunked"', 400), ("chunked;a=b", 400), ("", 400), ("gzip", 400)),
        *(("gzip, chunked", 501), ("deflate,Chunked", 501)),
    ],
)
def test_every_other_transfer_coding_is_refused(coding, status):
    """RFC 9112, 6.1 and 6.3: unless the last one is chunked, nobody knows where the body ends."""
    assert refusal(lines(b"Transfer-Encoding: " + coding.encode())) == status


@pytest.mark.parametrize("coding", [b"chunked", b"Chunked", b"\tchunked", b"chunked\t "])
def test_chunks_are_accepted_from_http_1_1_only(coding):
    fields = parse(lines(b"Transfer-Encoding: " + coding)).fields
    assert (fields.chunked, fields.length) == (True, 0)
    assert refusal(lines(b"Transfer-Encoding: " + coding, first=b"POST / HTTP/1.0")) == 400


@pytest.mark.parametrize(
    ("target", "host", "path", "query"),
    [
        ("http://other:81/a%20b?c=d", "other:81", "a b", "c=d"),
        ("HTTPS://[::1]:81/", "[::1]:81", "", ""),
        ("http://other", "other", "", ""),
        ("http://other?c", "other", "", "c"),
    ],
)
def test_an_absolute_address_replaces_the_host(target, host, path, query):
    """RFC 9112, 3.2.2: whatever the Host header says."""
    head = parse(lines(first=f"GET {target} HTTP/1.1".encode()))
    assert (head.fields.headers["host"], head.path, head.query) == (host, path, query)
    assert refusal(f"GET {target} HTTP/1.1".encode()) == 400  # which must be there all the same
    assert parse(lines(first=b"GET / HTTP/1.1")).fields.headers["host"] == "camera.local"


@pytest.mark.parametrize("expectation", ["200-ok", "100-continue, x", "100-continue;q=1", "x", ""])
def test_every_other_expectation_is_refused(expectation):
    assert refusal(lines(b"Expect: " + expectation.encode())) == 417


def test_http_1_1_needs_a_host_and_http_1_0_does_not():
    assert refusal(b"GET / HTTP/1.1") == 400
    assert refusal(b"GET / HTTP/1.1\r\nAccept: */*") == 400
    assert parse(b"GET / HTTP/1.0").fields.headers == {}


def test_the_limits_are_exact():
    """Up to the limit everything is taken, and a byte or a line beyond it nothing."""
    most = MAX_LINE_BYTES - len(b"GET / HTTP/1.1")
    assert len(parse(lines(first=b"GET /" + b"a" * most + b" HTTP/1.1")).path) == most
    assert refusal(lines(first=b"GET /" + b"a" * (most + 1) + b" HTTP/1.1")) == 414
    value = b"a" * (MAX_LINE_BYTES - len(b"X-A: "))
    assert parse(lines(b"X-A: " + value)).fields.headers["x-a"] == value.decode()
    assert refusal(lines(b"X-A: " + value + b"a")) == 431
    assert len(parse(lines(*[b"X-%d: y" % i for i in range(MAX_HEADERS - 1)])).fields.headers) == MAX_HEADERS
    assert refusal(lines(*[b"X-%d: y" % i for i in range(MAX_HEADERS)])) == 431


@pytest.mark.parametrize(
    ("target", "path", "query"),
    [
        pytest.param("/", "", "", id="the root"),
        pytest.param("/?", "", "", id="an empty query"),
        pytest.param("/images/current.jpg?t=1", "images/current.jpg", "t=1", id="a query"),
        pytest.param("/a?b?c=/../d", "a", "b?c=/../d", id="a query is not a path"),
        pytest.param("/a%20b%C3%A9", "a bé", "", id="encoded UTF-8"),
        pytest.param("/%61", "a", "", id="an encoded letter"),
        pytest.param("/%252e%252e%252f", "%2e%2e%2f", "", id="decoded once only"),
        pytest.param("/%3Fa", "?a", "", id="an encoded question mark"),
        pytest.param("/...", "...", "", id="three dots are a name"),
        pytest.param("/..a/b..", "..a/b..", "", id="two dots in a name"),
        pytest.param("//evil.example/", "/evil.example/", "", id="two slashes are a path"),
        pytest.param("/a;b=c@d:e!$&'()*+,=~_-", "a;b=c@d:e!$&'()*+,=~_-", "", id="all that needs no encoding"),
        pytest.param("/a+b?c+d=%00", "a+b", "c+d=%00", id="a query stays as it came"),
    ],
)
def test_an_address_that_is_accepted(target, path, query):
    head = parse(lines(first=f"GET {target} HTTP/1.1".encode()))
    assert (head.method, head.path, head.query) == ("GET", path, query)


@pytest.mark.parametrize(
    ("version", "connection", "http10", "keep_alive"),
    [
        pytest.param("1.1", None, False, True, id="1.1 keeps"),
        pytest.param("1.1", "close", False, False, id="1.1 closes when asked"),
        pytest.param("1.1", "Keep-Alive, CLOSE", False, False, id="close wins, in any case"),
        pytest.param("1.1", "closed", False, True, id="another word is no close"),
        pytest.param("1.2", None, False, True, id="1.2 is 1.1"),
        pytest.param("1.0", None, True, False, id="1.0 closes"),
        pytest.param("1.0", "x, Keep-Alive", True, True, id="1.0 keeps when asked"),
    ],
)
def test_whether_a_connection_is_kept(version, connection, http10, keep_alive):
    more = [b"Connection: " + connection.encode()] if connection else []
    head = parse(lines(*more, first=f"GET / HTTP/{version}".encode()))
    assert (head.http10, head.keep_alive) == (http10, keep_alive)


def test_header_lines_that_are_accepted():
    fields = parse(
        lines(
            *(b"x-a:b", b"X-Empty:", b"X-Tab:\t b\tc \t", b"X-Latin: \xe9", b"Cookie: a=1", b"COOKIE: b=2"),
            *(b"X-Forwarded-For: 1.2.3.4", b"X-Forwarded-For: 5.6.7.8"),
            *(b"Content-Length: 007", b"Expect: 100-Continue"),
        )
    ).fields
    assert fields.headers == {
        "host": "camera.local",
        "x-a": "b",
        "x-empty": "",
        "x-tab": "b\tc",
        "x-latin": "é",
        "cookie": "a=1; b=2",
        "x-forwarded-for": "1.2.3.4, 5.6.7.8",
        "content-length": "007",
        "expect": "100-Continue",
    }
    assert (fields.length, fields.expects_continue) == (7, True)


def test_a_line_of_spaces_is_parsed_fast():
    """A pattern that tries every way to share out the spaces would take a third of a second for each of these."""
    for fill in (b" ", b"\t", b" \t"):
        line = b"X-A:" + (fill * MAX_LINE_BYTES)[: MAX_LINE_BYTES - 5] + b"\x01"
        for _ in range(300):
            assert refusal(lines(line)) == 400


heads = st.binary(max_size=300) | st.lists(st.sampled_from(FRAGMENTS) | st.binary(max_size=3)).map(b"".join)


@given(heads, st.booleans())
@example(b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: \xb2", False)
def test_any_bytes_are_accepted_or_refused(data, begins_well):
    """No other exception, and the memory of short heads gives the same."""
    head = lines(data) if begins_well else data
    parsed = outcome(parse_head, head)
    assert outcome(parse, head) == parsed
    if isinstance(parsed, Head):
        assert parsed.fields.length >= 0
        assert not parsed.fields.length or "transfer-encoding" not in parsed.fields.headers
        assert head.count(b"\n") == head.count(b"\r") == head.count(b"\r\n")


@given(st.lists(st.sampled_from([b"%", b"2", b"e", b"E", b"f", b"c", b"0", b"a", b".", b"/", b"5", b"8"])).map(b"".join)
       | st.binary(max_size=60))  # fmt: skip
def test_an_accepted_path_cannot_escape(raw):
    """The slashes are the client's; no part leads up, is hidden by a null byte, or moves a terminal's cursor."""
    path = outcome(parse_path, b"/" + raw)
    if path != 400:
        assert path.count("/") == raw.count(b"/")
        assert not {".", ".."} & set(path.split("/"))
        assert "\\" not in path or b"\\" in raw  # parse_head has refused it
        assert not any(ord(c) < 32 or 127 <= ord(c) < 160 for c in path)


safe_text = st.text(st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="/\\"), min_size=1, max_size=20)


@given(st.lists(safe_text.filter(lambda part: part not in (".", "..")), max_size=5))
def test_every_valid_path_is_decoded(parts):
    path = "/".join(parts)
    assert parse(lines(first=f"GET /{quote(path)} HTTP/1.1".encode())).path == path


names = st.text(st.sampled_from(TOKEN), min_size=1, max_size=12).map(str.lower).map("x-".__add__)
values = st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_categories=["Cc"]), max_size=40)


@given(st.dictionaries(names, values.map(lambda value: value.strip(" \t")), max_size=MAX_HEADERS))
def test_every_valid_header_is_parsed(headers):
    block = "\r\n".join(f"{name}:  {value}\t" for name, value in headers.items())
    assert parse_fields(block.encode("latin-1")).headers == headers


@pytest.mark.parametrize("size", [10, SHORT_BYTES, SHORT_BYTES * 2])
def test_cached_heads_are_immutable(size):
    """Equal heads share what was read of them."""
    head = lines(b"X-A: " + b"a" * size)
    headers = parse(head).fields.headers
    with pytest.raises(TypeError):
        headers["x-a"] = "b"  # type: ignore[index]
    assert parse(head).fields.headers["x-a"] == "a" * size
