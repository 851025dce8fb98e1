"""The hot paths, each run many times in this process: for benchmarks/guard, under valgrind."""

import ctypes
import io
import os
import socket
import sys
import time
from collections.abc import Callable
from itertools import cycle
from pathlib import Path

from PIL import Image

from stillcam.camera.driver import Still
from stillcam.capture.publish_frame import FramePublisher
from stillcam.capture.status import Histogram
from stillcam.common.paths import Paths
from stillcam.frames.files import Publisher
from stillcam.http import response_cache
from stillcam.http.connection import Connection
from stillcam.http.limits import ConnectionLimits
from stillcam.http.transport import PlainTransport
from stillcam.server.camera_context import CameraContext
from stillcam.server.live.broadcast import Broadcast, Subscriber
from stillcam.server.live.cache import FrameCache
from stillcam.server.wiring import build

REPEATS = 200
WARM_UP = 20
ARRIVES_S = 60.0  # under valgrind everything is slow
SIZE = (1280, 720)
REQUEST = (
    b"GET /images/current.jpg%s HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64)\r\n"
    b"Accept: image/webp,*/*\r\nAccept-Encoding: gzip, deflate\r\nConnection: keep-alive\r\n\r\n"
)


class _NoPool:
    """Nothing in these paths may need another thread."""

    def hand_off(self, _connection: object) -> None:
        raise AssertionError("a hot path blocks")


class _Null(io.FileIO):
    """A connection that takes all."""

    def setblocking(self, _blocking: bool) -> None:
        """It never blocks."""


class _Clock:
    """A clock that only `tick` moves, or the machine's load would count.

    The head of an answer is kept for a millisecond, and its date for a second.
    """

    def __init__(self) -> None:
        self._now_s = time.time()

    def tick(self) -> None:
        """A millisecond passes."""
        self._now_s += 0.001

    def now(self) -> float:
        """Seconds since the epoch."""
        return self._now_s


def _jpeg(quality: int = 30) -> bytes:
    file = io.BytesIO()
    Image.effect_noise(SIZE, 60).convert("RGB").save(file, "JPEG", quality=quality)
    return file.getvalue()


def _frame(images: Path) -> None:
    images.mkdir(parents=True)
    path = images / ".new.jpg"
    path.write_bytes(_jpeg())
    Publisher(images).publish(path, time.time())


def _asked(folder: Path, request: Callable[[str], bytes]) -> Callable[[], None]:
    """Send a request on one connection, and have it answered."""
    paths = Paths(images=folder / "images", data=folder / "data")
    _frame(paths.images)
    context = CameraContext(paths)
    app = build([context])
    newest = context.cache.wait_for_other("", ARRIVES_S)
    assert newest is not None
    ours, theirs = socket.socketpair()
    theirs.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 << 20)
    limits = ConnectionLimits(8, 8)
    slot = limits.acquire(ours, "127.0.0.1")
    assert slot is not None
    connection = Connection(ours, "127.0.0.1", slot, app, limits, _NoPool())  # type: ignore[arg-type]
    head, buffer = request(newest.tag), bytearray(1 << 20)

    def run() -> None:
        theirs.sendall(head)
        assert connection.serve()
        while theirs.recv_into(buffer) == len(buffer):
            pass

    return run


def picture(folder: Path) -> Callable[[], None]:
    """The newest frame, for a client that has none."""
    return _asked(folder, lambda _tag: REQUEST % b"")


def not_modified(folder: Path) -> Callable[[], None]:
    """304, for a client that has it."""
    return _asked(folder, lambda tag: REQUEST.replace(b"\r\n\r\n", f"\r\nIf-None-Match: {tag}\r\n\r\n".encode()) % b"")


def live_frame(folder: Path) -> Callable[[], None]:
    """One new frame of the live view, for ten viewers."""
    images = folder / "images"
    _frame(images)
    cache = FrameCache(images)
    broadcast = Broadcast(cache, lambda: None)
    frame = cache.wait_for_other("", ARRIVES_S)
    assert frame is not None
    cache.close()  # its thread would be counted too
    viewers = [Subscriber(PlainTransport(_Null("/dev/null", "wb"), print).offer, None, 0.0) for _ in range(10)]  # type: ignore[arg-type]

    def run() -> None:
        for viewer in viewers:
            viewer.sequence = 0
        broadcast._send(frame, viewers, time.monotonic())

    return run


def publishing(folder: Path) -> Callable[[], None]:
    """One still of the camera, checked and published; each has another size than the one before, as noise makes it."""
    images = folder / "images"
    images.mkdir(parents=True)
    publisher, stills = FramePublisher(images, 0, None, Histogram()), cycle((_jpeg(30), _jpeg(31)))

    def run() -> None:
        path = images / ".still.jpg"
        path.write_bytes(next(stills))
        publisher.publish(Still(path, time.time()))

    return run


PATHS: dict[str, Callable[[Path], Callable[[], None]]] = {
    "picture": picture,
    "not modified": not_modified,
    "live frame for ten viewers": live_frame,
    "publishing a still": publishing,
}


def main(folder: Path, switch: ctypes.CDLL) -> None:
    """Run every path; `switch` has valgrind count it alone."""
    response_cache.KEPT_S = 3600.0  # or it would depend on the machine's load how many answers are made anew
    clock = _Clock()
    time.monotonic = time.time = clock.now
    for place, prepare in enumerate(PATHS.values()):
        run = prepare(folder / str(place))
        for _ in range(WARM_UP):
            run()
        switch.start()
        for _ in range(REPEATS):
            clock.tick()
            run()
        switch.stop()


if __name__ == "__main__":
    main(Path(sys.argv[1]), ctypes.CDLL(sys.argv[2]))
    sys.stdout.flush()
    os._exit(0)
