"""Parses the head of an HTTP/1 request strictly: a pure function of bytes.

An address may be a path, or have scheme and host before it, which then count in place of the Host
header (RFC 9112, section 3.2.2). What two programs could read in two ways is refused, since behind
a proxy that is how one request is smuggled in another (section 11.2): a bare LF, a folded line,
spaces before a colon, two lengths, a length beside a transfer coding. Paths are decoded once, here,
and never hold a control character, a backslash, an encoded slash or a dot segment.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from types import MappingProxyType
from urllib.parse import unquote_to_bytes

from stillcam.http.messages import Refused

MAX_LINE_BYTES = 8 * 1024
MAX_HEAD_BYTES = 32 * 1024
MAX_HEADERS = 64
SHORT_BYTES = 2048  # longer ones are not cached, so that clients cannot fill the memory
END = b"\r\n\r\n"

_LINE = re.compile(rb"([A-Z]{1,16}) (\S+) HTTP/(\d)\.(\d)")
_TARGET = re.compile(rb"/[!-\"$-\[\]-~]*")  # visible ASCII without # and \
_ABSOLUTE = re.compile(rb"(?i:https?)://([0-9A-Za-z.:_\[\]-]+)((?:[/?].*)?)")
_ENCODED = re.compile(rb"%(?![0-9A-Fa-f]{2})|%2[Ff]|%5[Cc]")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")
# Spaces are stripped afterwards: matching them here too made a line of 8 KiB take a third of a second.
_HEADER = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]+):([\t -~\x80-\xff]*)")
_ONCE = {"host", "content-length", "transfer-encoding", "content-type", "authorization", "origin", "range", "expect"}
_LENGTH = re.compile("[0-9]{1,15}")


@dataclass(frozen=True, slots=True)
class Fields:
    """The header lines of a request."""

    headers: Mapping[str, str]  # names in lower case; those of one name are joined by commas, cookies by semicolons
    length: int  # of the body in bytes; 0 without one, and where it comes in chunks
    chunked: bool  # the body comes in chunks
    connection: frozenset[str]  # the words of the Connection header, in lower case
    expects_continue: bool  # the client waits for `100 Continue` before it sends the body


@dataclass(frozen=True, slots=True)
class Head:
    """A request up to its body."""

    method: str
    path: str  # decoded, without its leading slash; `*` for OPTIONS of the server as a whole
    query: str
    http10: bool  # the client speaks HTTP/1.0
    keep_alive: bool  # the client wants the connection to stay open
    fields: Fields


def parse(head: bytes) -> Head:
    """Parse a head; heads that were parsed before are cached.

    Args:
        head: all from the request line to the last header line, without the empty line that ends it.

    Raises:
        Refused: it is not HTTP/1, or could be misread; the connection cannot be used any more.
    """
    return _parse_short(head) if len(head) <= SHORT_BYTES else parse_head(head)


def parse_head(head: bytes) -> Head:
    """`parse` without its cache."""
    line, _, rest = head.partition(b"\r\n")
    if len(line) > MAX_LINE_BYTES:
        raise Refused(414, f"the request line is too long: the limit is {MAX_LINE_BYTES} bytes")
    if not (match := _LINE.fullmatch(line)):
        raise Refused(400, "the first line must be a method, an address and a version, like: GET / HTTP/1.1")
    method, target, major, minor = match.groups()
    if major != b"1":
        raise Refused(505, "only HTTP/1.1 and HTTP/1.0 are supported")
    fields = _short_fields(rest) if len(rest) <= SHORT_BYTES else parse_fields(rest)
    http10 = minor == b"0"
    if not http10 and "host" not in fields.headers:
        raise Refused(400, "the Host header is missing")
    if http10 and fields.chunked:
        raise Refused(400, "HTTP/1.0 has no transfer codings")
    if absolute := _ABSOLUTE.fullmatch(target):
        fields = replace(fields, headers=MappingProxyType({**fields.headers, "host": absolute[1].decode()}))
        target = absolute[2] if absolute[2].startswith(b"/") else b"/" + absolute[2]
    if target == b"*" and method == b"OPTIONS":
        target = b"/*"
    if not _TARGET.fullmatch(target):
        raise Refused(400, "the address must be a path that begins with a slash, of visible ASCII without # and \\")
    raw_path, _, query = target.partition(b"?")
    keep_alive = "keep-alive" in fields.connection if http10 else "close" not in fields.connection
    return Head(method.decode(), parse_path(raw_path), query.decode(), http10, keep_alive, fields)


_parse_short = lru_cache(128)(parse_head)


def parse_path(raw: bytes) -> str:
    """The path, decoded, without its leading slash.

    Raises:
        Refused: it could be read in more than one way.
    """
    if _ENCODED.search(raw):
        raise Refused(400, "the address contains a % without two hexadecimal digits, or an encoded slash")
    try:
        path = unquote_to_bytes(raw).decode()
    except UnicodeDecodeError as error:
        raise Refused(400, "the address is not UTF-8") from error
    if _CONTROL.search(path):
        raise Refused(400, "the address contains a control character")
    if not {".", ".."}.isdisjoint(path.split("/")):
        raise Refused(400, "the address contains . or .. as a path segment")
    return path[1:]


def parse_fields(block: bytes) -> Fields:
    """The header lines, each without the CR LF at its end but joined by it.

    Raises:
        Refused: a line is malformed, or one that must be unique is there twice.
    """
    lines = block.split(b"\r\n") if block else []
    if len(lines) > MAX_HEADERS:
        raise Refused(431, f"too many header lines: the limit is {MAX_HEADERS}")
    headers: dict[str, str] = {}
    for line in lines:
        if len(line) > MAX_LINE_BYTES:
            raise Refused(431, f"a header line is too long: the limit is {MAX_LINE_BYTES} bytes")
        if not (match := _HEADER.fullmatch(line)):
            raise Refused(400, "a header line is malformed")
        name, value = match[1].decode().lower(), match[2].decode("latin-1").strip(" \t")
        if name in headers:
            if name in _ONCE:
                raise Refused(400, f"there are two {name} headers")
            value = f"{headers[name]}{'; ' if name == 'cookie' else ', '}{value}"
        headers[name] = value
    return Fields(
        headers=MappingProxyType(headers),
        length=_length(headers),
        chunked=_chunked(headers),
        connection=frozenset(word.strip().lower() for word in headers.get("connection", "").split(",")),
        expects_continue=_expects_continue(headers),
    )


_short_fields = lru_cache(128)(parse_fields)  # a client sends the same lines with every address


def _length(headers: Mapping[str, str]) -> int:
    length = headers.get("content-length")
    if length is not None and not _LENGTH.fullmatch(length):
        raise Refused(400, "Content-Length must be a number of bytes")
    return int(length or 0)


def _chunked(headers: Mapping[str, str]) -> bool:
    if (coding := headers.get("transfer-encoding")) is None:
        return False
    if "content-length" in headers:
        raise Refused(400, "send a Content-Length or a Transfer-Encoding, not both")
    *inner, last = (word.strip().lower() for word in coding.split(","))
    if last != "chunked" or "chunked" in inner:
        raise Refused(400, "chunked must be the last transfer coding, and be used only once")
    if inner:
        raise Refused(501, "the only supported transfer coding is chunked")
    return True


def _expects_continue(headers: Mapping[str, str]) -> bool:
    expect = headers.get("expect")
    if expect is not None and expect.lower() != "100-continue":
        raise Refused(417, "the only supported expectation is 100-continue")
    return expect is not None
