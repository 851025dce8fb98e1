"""A web server as a process of its own on a free port, for a test to ask; frames are published as the daemon does."""

import http.client
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

from ports import port_for

from stillcam.frames.files import Publisher

ROOT = Path(__file__).resolve().parents[2]
DEADLINE_S = 90.0


def installed(folder: Path) -> Path:
    """A copy of the program and its page, for a test to update."""
    for part in ("python", "web"):
        shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


class Site:
    """A server in a folder of its own, without a daemon; ended with the `with` block.

    Args:
        folder: gets `images/` and `data/`.
        settings: sections of the settings file.
        root: where the program is, with the page.
    """

    def __init__(self, folder: Path, settings: dict[str, Any] | None = None, root: Path = ROOT) -> None:
        self._root = root
        self.images, self.data, self.log = folder / "images", folder / "data", folder / "server.log"
        self.images.mkdir(exist_ok=True)
        self.data.mkdir(exist_ok=True)
        self.publisher = Publisher(self.images)
        self.port = port_for(self)
        self.write_settings(settings or {})

    def write_settings(self, sections: dict[str, Any]) -> None:
        """Replace the settings file, as an editor does."""
        new = self.data / "settings.new"
        new.write_text(json.dumps({"version": 1, **sections}))
        new.rename(self.data / "settings.json")

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def start(self, **environ: str) -> None:
        """Start the process, always on the same port, and wait until it listens."""
        environment = os.environ | {
            "PYTHONPATH": str(self._root / "python"),
            "STILLCAM_BIND": "127.0.0.1",
            "STILLCAM_PORT": str(self.port),
            "STILLCAM_IMAGES": str(self.images),
            "STILLCAM_DATA": str(self.data),
            **environ,
        }
        already = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as log:
            self.process = subprocess.Popen([sys.executable, "-m", "stillcam.server"], env=environment, stderr=log)
        self.until(lambda: re.search(r"listens on \S+ port \d+", self.said()[already:]))

    def end(self) -> int:
        """End the process; its exit status."""
        self.process.terminate()
        try:
            return self.process.wait(DEADLINE_S)
        finally:
            self.process.kill()
            self.process.wait()

    def said(self) -> str:
        """The server's log."""
        return self.log.read_text()

    def until(self, holds: Callable[[], Any]) -> Any:
        """Wait until `holds` gives something that counts as true, and return that."""
        deadline = time.monotonic() + DEADLINE_S
        pause_s = 0.01
        while not (result := holds()):
            assert self.process.poll() is None, self.said()
            assert time.monotonic() < deadline, f"not in time\n{self.said()}"
            time.sleep(pause_s)
            pause_s = min(pause_s * 1.2, 0.05)  # what takes long is asked less often
        return result

    def publish(self, data: bytes, now_s: float | None = None, cookie: str = "") -> str:
        """Publish a frame, and wait until the server has it; its name.

        Args:
            data: the JPEG.
            now_s: when it was taken, in seconds since the epoch; None: now.
            cookie: of who may watch, where not anyone may.
        """
        still = self.images / ".still_1.jpg"
        still.write_bytes(data)
        name = self.publisher.publish(still, time.time() if now_s is None else now_s)
        self.until(lambda: self.ask("/images/current.jpg", Cookie=cookie)[0].headers["ETag"] == f'"{name}"')
        return name

    def ask(
        self, path: str, method: str = "GET", body: bytes | None = None, **headers: str
    ) -> tuple[http.client.HTTPResponse, bytes]:
        """The answer to one request on a connection of its own; `_` in a header's name stands for `-`."""
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=DEADLINE_S)
        try:
            link.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
            response = link.getresponse()
            return response, response.read()
        finally:
            link.close()

    def raw(self, data: bytes) -> bytes:
        """All that comes back for `data` on a connection of its own, until the server ends it."""
        with self.connect() as link:
            link.sendall(data)
            return b"".join(iter(lambda: link.recv(65536), b""))

    def connect(self) -> socket.socket:
        """An open connection."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=DEADLINE_S)

    def threads(self) -> int:
        """How many threads the server has."""
        return len(list(Path(f"/proc/{self.process.pid}/task").iterdir()))
