"""Reading request bodies, with a Content-Length or chunked (RFC 9112, sections 6 and 7.1)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Protocol

from stillcam.http.messages import Refused

MAX_CHUNK_LINE_BYTES = 1024
MAX_FRAMING_BYTES = 64 * 1024  # of chunk sizes and trailer fields

_SIZE = re.compile(rb"([0-9A-Fa-f]{1,8})(?:[ \t]*;[\t -~\x80-\xff]*)?")
_TRAILER = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[\t -~\x80-\xff]*")

More = Callable[[], bytes]  # returns at least one more byte from the client, or raises


class RequestBody(Protocol):
    """Reads the body of one request.

    Attributes:
        whole: all of it has been received.
        rest: bytes received after it, which belong to the next request; empty until the body is whole.
    """

    whole: bool
    rest: bytes

    def read(self, more: More, max_bytes: int) -> bytes:
        """Read the whole body.

        Args:
            more: receives further bytes.
            max_bytes: limit of the body, without the framing of chunks.

        Raises:
            Refused: it is larger (413), or malformed (400).
        """
        ...


class SizedBody:
    """A body with a Content-Length.

    Args:
        begun: what came after the head.
        length: of the body, in bytes.
    """

    def __init__(self, begun: bytes, length: int) -> None:
        self._body, self.rest = begun[:length], begun[length:]
        self._length = length
        self.whole = len(self._body) == length

    def read(self, more: More, max_bytes: int) -> bytes:
        """See RequestBody."""
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


class ChunkedBody:
    """A chunked body. Chunk extensions and trailer fields are ignored.

    Args:
        begun: what came after the head.
    """

    def __init__(self, begun: bytes) -> None:
        self._raw = bytearray(begun)
        self._framing_bytes = 0
        self.whole = False
        self.rest = b""

    def read(self, more: More, max_bytes: int) -> bytes:
        """See RequestBody."""
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
            raise Refused(400, "malformed chunk: each must begin with a line that holds its length in hexadecimal")
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
    return Refused(413, f"the body is too large: it may have {max_bytes} bytes")
