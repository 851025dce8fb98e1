"""A camera server that does what a test tells it: late, wrong, silent, gone.

It answers the addresses that the page uses, as the server does, from the real
`web/`, under any sub-path. What cannot be brought about with the real server
at will (a torn answer, a proxy's error page, a request that hangs) is done here;
everything else is tested on the real one, in test_page_on_the_real_camera.py.
"""

import base64
import io
import itertools
import json
import threading
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from PIL import Image

WEB = Path(__file__).resolve().parents[2] / "web"
TYPES = {
    ".css": "text/css",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
}
CONTENT_SECURITY_POLICY = "default-src 'self'; img-src 'self' blob: data:"
TABS = {"", "live", "photos", "timelapse", "motion", "config", "info", "settings"}


def jpeg(colour: str, size: tuple[int, int] = (640, 360)) -> bytes:
    """A JPEG of one colour."""
    buffer = io.BytesIO()
    Image.new("RGB", size, colour).save(buffer, "JPEG", quality=95)
    return buffer.getvalue()


class StandIn:
    """The camera as the page sees it. Set an attribute; the next request meets it.

    fault: None, or how `images/current.jpg` fails: "silence" (the connection is
        closed without a word), "torn" (closed in mid-body), "garbage" (200 with bytes
        that are no JPEG), "error" (500 JSON with `complaint`), "proxy" (502 HTML), "portal" (200 HTML).
    live_fault: the same, for `?after=` alone.
    events_fault: None, or how `api/events` fails: "error" (502), "buffered" (nothing comes), "cut" (it ends);
        `listeners` counts those who have asked.
    held: while cleared, requests for a frame hang until it is set.
    asked: the query of each request for a frame, in order; `known` its
        If-None-Match, `caching` its Cache-Control.
    basic: name and password, as `name:password`, without which nothing is answered, as by a proxy in front; "": none.
    """

    def __init__(self, prefix: str = "/") -> None:
        self.prefix = prefix
        self.basic = ""
        self.fault: str | None = None
        self.live_fault: str | None = None
        self.complaint = "the disk is full: remove something from images/"
        self.held = threading.Event()
        self.held.set()
        self.events_fault: str | None = None
        self.listeners = 0
        self.ended = threading.Event()
        self.asked: list[dict[str, str]] = []
        self.known: list[str | None] = []
        self.caching: list[str | None] = []
        self.in_flight = self.most_in_flight = 0
        self.capture: dict[str, Any] = {"running": True, "mode": "snapshot", "reason": None, "interval_s": 2.0}
        self.frame: tuple[str, bytes, datetime] | None = None
        self._changed = threading.Condition()
        self._count = itertools.count()

    def publish(self, colour: str = "red", size: tuple[int, int] = (640, 360), age_s: float = 0) -> bytes:
        """Make a frame of one colour current, taken `age_s` seconds ago."""
        time = datetime.now(UTC) - timedelta(seconds=age_s)
        name = f"camera_{time:%Y%m%dT%H%M%S}.{next(self._count):03d}Z.jpg"
        body = jpeg(colour, size)
        with self._changed:
            self.frame = (name, body, time)
            self._changed.notify_all()
        return body

    @contextmanager
    def filming(self, fps: float = 20):
        """Publish a frame of another colour `fps` times a second."""
        stop = threading.Event()

        def film() -> None:
            for n in itertools.count():
                self.publish(f"hsl({n * 40 % 360}, 90%, 50%)")
                if stop.wait(1 / fps):
                    return

        thread = threading.Thread(target=film)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()

    @contextmanager
    def serving(self):
        """Serve on a free port of loopback until the block is left."""
        server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"camera": self}))
        server.daemon_threads = True
        self.url = f"http://127.0.0.1:{server.server_port}{self.prefix}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield self
        finally:
            self.held.set()
            self.ended.set()
            server.shutdown()
            thread.join()
            server.server_close()

    def status(self) -> dict[str, Any]:
        """The document of `api/status`."""
        told = {"version": "0", "now": None, "frame": None, "stale": self.capture.get("stale", False), "viewers": 0}
        return told | {"capture": self.capture}

    def frame_after(self, name: str) -> bool:
        """Wait for a frame that is not the one named `name`; 25 s at most, as the server does."""
        with self._changed:
            return self._changed.wait_for(lambda: self.frame is not None and self.frame[0] != name, 25)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    camera: StandIn

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        shown = "Basic " + base64.b64encode(self.camera.basic.encode()).decode()
        if self.camera.basic and self.headers["Authorization"] != shown:
            return self._answer(401, "text/plain", b"", {"WWW-Authenticate": 'Basic realm="proxy"'})
        if not url.path.startswith(self.camera.prefix):
            return self._error(404, "not found")
        path = url.path.removeprefix(self.camera.prefix)
        if path == "images/current.jpg":
            return self._frame({key: value[0] for key, value in parse_qs(url.query).items()})
        if path == "snapshot":
            return self._answer(200, "image/jpeg", self.camera.frame[1] if self.camera.frame else b"")
        if path == "api/status":
            return self._answer(200, "application/json", json.dumps(self.camera.status()).encode())
        if path == "api/events":
            return self._events()
        file = WEB / ("index.html" if path in TABS else path)
        if ".." in path or not file.is_file():
            return self._error(404, "not found")
        return self._answer(200, TYPES[file.suffix], file.read_bytes())

    def _events(self) -> None:
        """The status as it changes; "buffered": nothing ever comes, as through a proxy that gathers it."""
        camera = self.camera
        camera.listeners += 1
        self.close_connection = True
        if camera.events_fault == "error":
            self._error(502, "bad gateway")
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        told = None
        with suppress(OSError):  # the page has left
            while not camera.ended.wait(0.05) and camera.events_fault != "cut":
                if camera.events_fault == "buffered":
                    continue
                status = json.dumps(camera.status())
                event = "heartbeat" if status == told else "status"
                self.wfile.write(f"event: {event}\ndata: {status}\n\n".encode())
                told = status

    def _frame(self, query: dict[str, str]) -> None:
        camera = self.camera
        camera.asked.append(query)
        camera.known.append(self.headers["If-None-Match"])
        camera.caching.append(self.headers["Cache-Control"])
        camera.in_flight += 1
        camera.most_in_flight = max(camera.most_in_flight, camera.in_flight)
        camera.held.wait(30)
        if "after" in query and not camera.live_fault:
            camera.frame_after(query["after"])
        # Counted off before the answer: a client that has it may ask again at once.
        camera.in_flight -= 1
        self._answer_frame((camera.live_fault if "after" in query else None) or camera.fault)

    def _answer_frame(self, fault: str | None) -> None:
        if fault == "silence":
            self.close_connection = True
        elif fault == "error":
            self._error(500, self.camera.complaint)
        elif fault == "proxy":
            self._answer(502, "text/html", b"<h1>Bad gateway</h1>")
        elif fault == "portal":
            self._answer(200, "text/html", b"<h1>Welcome to the hotel</h1>")
        elif self.camera.frame is None:
            self._error(503, "no picture yet: the camera is starting")
        else:
            name, body, time = self.camera.frame
            etag = f'"{name}"'
            headers = {
                "ETag": etag,
                "X-Frame-Time": f"{time:%Y-%m-%dT%H:%M:%S}.{time.microsecond // 1000:03d}Z",
                "X-Frame-Age": f"{(datetime.now(UTC) - time).total_seconds():.3f}",
            }
            if self.headers["If-None-Match"] == etag and fault is None:
                self._answer(304, "image/jpeg", b"", headers)
            elif fault == "garbage":
                self._answer(200, "image/jpeg", b"\xff\xd8 torn", headers | {"ETag": '"other"'})
            elif fault == "torn":
                self._answer(200, "image/jpeg", body, headers | {"ETag": '"other"'}, cut=len(body) // 2)
                self.close_connection = True
            else:
                self._answer(200, "image/jpeg", body, headers)

    def _error(self, status: int, text: str) -> None:
        self._answer(status, "application/json", json.dumps({"error": text, "field": None}).encode())

    def _answer(
        self, status: int, type_: str, body: bytes, headers: dict[str, str] | None = None, cut: int | None = None
    ) -> None:
        self.send_response(status)
        if status != 304:
            self.send_header("Content-Type", type_)
            self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Security-Policy", CONTENT_SECURITY_POLICY)
        self.send_header("Cache-Control", "no-cache")
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        try:
            self.wfile.write(body[:cut])
        except OSError:
            self.close_connection = True  # the page has left

    def log_message(self, format: str, *args: object) -> None:
        """Quiet: what was asked is in `StandIn.asked`."""
