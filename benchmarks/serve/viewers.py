"""Many viewers of `/stream` in one process: `viewers.py PORT VIEWERS UNREAD`.

UNREAD more of them ask and never read. It prints `ready` once each viewer has a frame, reads on until a line
comes on stdin, and prints in JSON, for each frame's time (ms since the epoch), the ages at which
viewers had the whole of it (ms).
"""

import json
import select
import socket
import sys
import time
from collections import defaultdict

SMALL_BYTES = 4096  # of receive buffer for who never reads
REQUEST = b"GET /stream HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
END = b"\r\n\r\n"
HEAD_BYTES = 4096  # none is longer

Ages = defaultdict[int, list[float]]


class Viewer:
    """Follows one multipart answer and notes when each frame is complete."""

    def __init__(self, link: socket.socket, ages: Ages) -> None:
        self.link = link
        self.frames = 0
        self._ages = ages
        self._head = b""
        self._left = 0  # bytes of the frame that are still to come
        self._taken_s = self._noted_s = 0.0

    def receive(self, buffer: memoryview) -> bool:
        """Take what has come; whether the answer goes on.

        The kernel drops pictures unread (tcp(7), MSG_TRUNC): viewers elsewhere would not take this machine's time.
        """
        if self._left:
            got = self.link.recv_into(buffer, min(self._left, len(buffer)), socket.MSG_TRUNC)
        else:
            got = self.link.recv_into(buffer, HEAD_BYTES)
        self.take(buffer[:got])
        return got > 0

    def take(self, data: memoryview) -> None:
        """The next bytes of the answer."""
        at = 0
        while at < len(data):
            if self._left:
                step = min(self._left, len(data) - at)
                self._left -= step
                if not self._left:
                    self._note()
            else:
                step = self._take_head(bytes(data[at : at + HEAD_BYTES]))
            at += step

    def _note(self) -> None:
        if self._taken_s != self._noted_s:  # not the same frame again, sent lest somebody times out
            self._noted_s = self._taken_s
            self.frames += 1
            self._ages[round(self._taken_s * 1000)].append((time.time() - self._taken_s) * 1000)

    def _take_head(self, data: bytes) -> int:
        """Some of a head: of the answer, or of a part; how much of `data` belongs to it."""
        before = len(self._head)
        self._head += data
        end = self._head.find(END)
        if end < 0:
            if len(self._head) > HEAD_BYTES:
                raise ValueError(f"this is no head: {self._head[:200]!r}")
            return len(data)
        lines = self._head[:end].decode("latin-1").split("\r\n")
        fields = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        if lines[0].startswith("HTTP/") and (" 200 " not in lines[0] or "transfer-encoding" in fields):
            raise ValueError(f"no stream: {lines}")
        if "content-length" in fields:  # of a part, not of the answer
            self._left, self._taken_s = int(fields["content-length"]), float(fields["x-timestamp"])
        self._head = b""
        return end + len(END) - before


def main() -> None:
    """Watch."""
    port, count, unread = map(int, sys.argv[1:])
    ages: Ages = defaultdict(list)
    links = [_ask(port, SMALL_BYTES) for _ in range(unread)]  # held, or they would be closed
    viewers = {}
    epoll = select.epoll()
    for _ in range(count):
        link = _ask(port, None)
        links.append(link)
        viewers[link.fileno()] = Viewer(link, ages)
        epoll.register(link, select.EPOLLIN)
    epoll.register(sys.stdin, select.EPOLLIN)
    buffer = memoryview(bytearray(1 << 18))
    waiting = set(viewers)
    while True:
        for fd, _ in epoll.poll():
            if fd == sys.stdin.fileno():
                print(json.dumps(ages), flush=True)
                return
            viewer = viewers[fd]
            if not viewer.receive(buffer):
                raise EOFError("the server ended a stream")
            if viewer.frames and fd in waiting:
                waiting.remove(fd)
                if not waiting:
                    print("ready", flush=True)


def _ask(port: int, receive_bytes: int | None) -> socket.socket:
    link = socket.socket()
    if receive_bytes:
        link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
    link.connect(("127.0.0.1", port))
    link.sendall(REQUEST)
    return link


if __name__ == "__main__":
    main()
