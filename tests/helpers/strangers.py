"""Clients that nobody should trust, and that trust nobody: whatever they send, what comes back must be HTTP."""

import contextlib
import re
import resource
import socket
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass

from serving import DEADLINE_S

_STATUS = re.compile(r"HTTP/1\.1 (\d{3}) [A-Za-z' -]+")
_FIELD = re.compile(r"([A-Za-z-]+): ([ -~]*)")


@dataclass(frozen=True)
class Reply:
    """One answer of a server; names of headers in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes


def replies(data: bytes, bare: bool = False) -> list[Reply]:
    """The answers that `data` consists of, all of it, read as strictly as RFC 9112 has it written.

    Args:
        data: what came on one connection.
        bare: they answer HEAD.
    """
    found = []
    while data:
        head, end, data = data.partition(b"\r\n\r\n")
        assert end, head
        line, *lines = head.decode("ascii").split("\r\n")
        status = _STATUS.fullmatch(line)
        assert status, line
        headers: dict[str, str] = {}
        for line in lines:
            field = _FIELD.fullmatch(line)
            assert field and field[1].lower() not in headers, line
            headers[field[1].lower()] = field[2]
        empty = status[1] in ("100", "204", "304")
        assert empty != ("content-length" in headers), head
        size = 0 if empty or bare else int(headers["content-length"])
        assert len(data) >= size, "the body is short"
        found.append(Reply(int(status[1]), headers, data[:size]))
        data = data[size:]
    return found


def connect(port: int, address: str = "127.0.0.1", receive_buffer: int | None = None) -> socket.socket:
    """A connection from an address of 127.0.0.0/8.

    Args:
        port: the server's, on 127.0.0.1.
        address: our own.
        receive_buffer: bytes that the kernel may keep for us while we do not read; None: as many as it likes.
    """
    link = socket.socket()
    link.settimeout(DEADLINE_S)
    if receive_buffer is not None:
        link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    link.bind((address, 0))
    link.connect(("127.0.0.1", port))
    return link


def slowly(receive: Callable[[int], bytes], seconds: float) -> bytes:
    """What comes within so many seconds at some 160 kB a second."""
    until_s, parts = time.monotonic() + seconds, []
    while time.monotonic() < until_s:
        parts.append(receive(8192))
        time.sleep(0.05)
    return b"".join(parts)


def all_of(link: socket.socket) -> bytes:
    """All that comes until the server ends the connection, or cuts it."""
    parts = []
    try:
        while part := link.recv(65536):
            parts.append(part)
    except ConnectionResetError:
        pass
    return b"".join(parts)


def exchange(port: int, data: bytes, bare: bool = False, address: str = "127.0.0.1") -> list[Reply]:
    """The answers to `data`, sent in one go by a client that then says that it has no more to say."""
    with connect(port, address) as link:
        with contextlib.suppress(OSError):  # the server has heard enough, and has ended it
            link.sendall(data)
            link.shutdown(socket.SHUT_WR)
        return replies(all_of(link), bare)


def get(path: str, *lines: str, host: str = "127.0.0.1", version: str = "1.1") -> bytes:
    """A request."""
    return "\r\n".join([f"GET {path} HTTP/{version}", f"Host: {host}", *lines, "", ""]).encode()


def vanish(link: socket.socket) -> None:
    """Cut a connection without a goodbye: the server is told by a reset."""
    link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    link.close()


def allow_descriptors() -> None:
    """As many open files as this user may have: each connection is one."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
