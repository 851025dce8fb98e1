"""Who watches a Site: a viewer that takes nothing of the stream's form on trust, and a daemon that makes frames."""

import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any, Self

from serving import DEADLINE_S, ROOT, Site

from stillcam.common.formats import utc_text
from stillcam.frames.files import frame_time
from stillcam.ipc.protocol import NoAnswer, ask


class Viewer:
    """A viewer of a stream, written after RFC 2046 and what mjpg-streamer sends; it fails at anything else.

    Args:
        site: the server.
        path: of the stream.
        receive_buffer: bytes that the kernel may keep for us while we do not read; None: as many as it likes.
    """

    def __init__(self, site: Site, path: str = "/stream", receive_buffer: int | None = None) -> None:
        self._site = site
        self.link = socket.socket()
        self.link.settimeout(DEADLINE_S)
        if receive_buffer is not None:
            self.link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.link.connect(("127.0.0.1", site.port))
        self.link.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        self._unread = b""
        self.status = self._line()
        self.headers = self._fields()
        kind = re.fullmatch(r"multipart/x-mixed-replace; ?boundary=([\w-]{1,70})", self.headers["content-type"])
        assert kind, self.headers
        self._delimiter = b"--" + kind[1].encode() + b"\r\n"
        assert self._bytes(len(self._delimiter)) == self._delimiter

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Leave, whatever is still coming."""
        self.link.close()

    def part(self) -> tuple[dict[str, str], bytes]:
        """The next part: its header fields (names in lower case) and its picture."""
        fields = self._fields()
        assert fields["content-type"] == "image/jpeg"
        assert re.fullmatch("[1-9][0-9]*", fields["content-length"])
        data = self._bytes(int(fields["content-length"]))
        end = b"\r\n" + self._delimiter
        assert self._bytes(len(end)) == end
        return fields, data

    def frame(self, name: str | None = None) -> tuple[dict[str, str], bytes]:
        """The first part that is a frame (no placeholder), or the one of that name."""
        wanted = name and utc_text(frame_time(name))
        return self.until(lambda fields: fields.get("x-frame-time") == wanted if wanted else "x-frame-time" in fields)

    def until(self, holds: Callable[[dict[str, str]], object]) -> tuple[dict[str, str], bytes]:
        """The first part of whose header fields `holds` is true."""
        deadline = time.monotonic() + DEADLINE_S
        while True:
            fields, data = self.part()
            if holds(fields):
                return fields, data
            assert time.monotonic() < deadline, f"not in time; last {fields}\n{self._site.said()}"

    def _fields(self) -> dict[str, str]:
        fields: dict[str, str] = {}
        while line := self._line():
            name, colon, value = line.partition(": ")
            assert colon and re.fullmatch("[A-Za-z-]+", name) and name.lower() not in fields, line
            fields[name.lower()] = value
        return fields

    def _line(self) -> str:
        while b"\r\n" not in self._unread:
            self._receive()
        line, self._unread = self._unread.split(b"\r\n", 1)
        assert b"\n" not in line
        return line.decode("ascii")

    def _bytes(self, number: int) -> bytes:
        while len(self._unread) < number:
            self._receive()
        data, self._unread = self._unread[:number], self._unread[number:]
        return data

    def _receive(self) -> None:
        chunk = self.link.recv(1 << 20)
        assert chunk, "the stream ended"
        self._unread += chunk


class Daemon:
    """The real capture daemon of a Site, on the simulated camera; ended with the `with` block.

    Args:
        site: gets the frames; its settings should ask for small ones.
    """

    def __init__(self, site: Site) -> None:
        self._site = site
        self._simulated = site.data / "simulated"
        self._simulated.mkdir(exist_ok=True)
        (self._simulated / "faults.json").write_text(json.dumps({"speed": 20}))
        environment = os.environ | {
            "PYTHONPATH": str(ROOT / "python"),
            "STILLCAM_CAMERA": "simulated",
            "STILLCAM_IMAGES": str(site.images),
            "STILLCAM_DATA": str(site.data),
            "STILLCAM_SIMULATED_DIR": str(self._simulated),
        }
        self.log = site.data / "capture.log"
        with self.log.open("ab") as log:
            self.process = subprocess.Popen([sys.executable, "-m", "stillcam.capture"], env=environment, stderr=log)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        try:
            self.process.wait(DEADLINE_S)
        finally:
            self.kill()

    def kill(self) -> None:
        """End it as a power cut would; the kernel ends the camera program with it."""
        self.process.kill()
        self.process.wait()

    def status(self) -> dict[str, Any]:
        """What it says of itself; nothing as long as it does not listen."""
        try:
            return ask(self._site.data / "run/capture.sock", {"command": "status"}, DEADLINE_S)
        except NoAnswer:
            assert self.process.poll() is None, self.log.read_text()
            return {}

    def until(self, holds: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
        """Its status once `holds` is true of it."""
        status: dict[str, Any] = {}

        def told() -> bool:
            status.clear()
            status.update(self.status())
            return bool(status and holds(status))

        self._site.until(told)
        return status
