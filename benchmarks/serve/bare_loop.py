"""The most that Python can do: `bare_loop.py PORT PICTURE`.

One thread takes whatever has arrived on a connection for one request, and answers it with a prepared head and the
picture: by one `sendmsg`, or by `sendfile` where Stillcam does so. It reads no HTTP.
"""

import contextlib
import os
import select
import socket
import sys
from pathlib import Path

SENDFILE_BYTES = 64 * 1024  # as in python/stillcam/http/transport.py


def main() -> None:
    """Serve until the process is ended."""
    port, path = int(sys.argv[1]), Path(sys.argv[2])
    data, file = path.read_bytes(), os.open(path, os.O_RDONLY)
    head = f"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nContent-Length: {len(data)}\r\n\r\n".encode()
    listener = socket.create_server(("127.0.0.1", port), backlog=1024)
    links: dict[int, socket.socket] = {}
    epoll = select.epoll()
    epoll.register(listener, select.EPOLLIN)
    while True:
        for fd, _ in epoll.poll():
            if fd == listener.fileno():
                link, _address = listener.accept()
                link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                links[link.fileno()] = link
                epoll.register(link, select.EPOLLIN)
                continue
            link = links[fd]
            with contextlib.suppress(ConnectionError):
                if link.recv(8192):
                    if len(data) < SENDFILE_BYTES:
                        link.sendmsg((head, data))
                    else:
                        link.send(head, socket.MSG_MORE)
                        sent = 0
                        while sent < len(data):
                            sent += os.sendfile(fd, file, sent, len(data) - sent)
                    continue
            links.pop(fd).close()  # epoll forgets it


if __name__ == "__main__":
    main()
