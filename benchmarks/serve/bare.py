"""The least that a live server can do: `bare.py VIEWERS FPS COUNT BYTES`.

It accepts all viewers on a free port, which it prints, and sends each frame to each of them by one
`sendall`, one after the other, in one thread. At the end it prints what `publisher.py` prints.
"""

import json
import socket
import sys
import time

from sample import jpeg

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=frame\r\n\r\n"


def part(data: bytes, now_s: float) -> bytes:
    """A frame as it goes to every viewer."""
    head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(data)}\r\nX-Timestamp: {now_s:.3f}\r\n\r\n"
    return head.encode() + data + b"\r\n"


def main() -> None:
    """Send at a steady pace."""
    viewers, fps, count, size = int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as listener:
        print(listener.getsockname()[1], flush=True)
        links = []
        for _ in range(viewers):
            link, _address = listener.accept()
            link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            link.recv(4096)
            link.sendall(HEAD + part(jpeg(size), time.time()))
            links.append(link)
    sys.stdin.readline()
    taken = []
    start = time.monotonic()
    for number in range(count):
        data = jpeg(size, number)
        time.sleep(max(0.0, start + number / fps - time.monotonic()))
        now_s = round(time.time(), 3)
        buffer = part(data, now_s)
        for link in links:
            link.sendall(buffer)
        taken.append(now_s)
    print(json.dumps(taken), flush=True)
    sys.stdin.readline()


if __name__ == "__main__":
    main()
