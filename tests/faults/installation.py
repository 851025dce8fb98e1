"""A camera with its web server, both real, for a test to harm."""

import json
import os
import signal
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from capture_daemon import LIVE, CaptureDaemon
from serving import Site


class Installation:
    """The daemon on the simulated camera and the server, in one folder; ended with the `with` block.

    Args:
        folder: gets images, data and logs.
        environ: more for both programs.
    """

    def __init__(self, folder: Path, **environ: str) -> None:
        self._environ = environ
        self.daemon = CaptureDaemon(folder)
        self.daemon.fault()
        self.daemon.set(snapshot={"interval_s": 0.2, "width": 160}, live=LIVE, photo={"width": 320})
        settings = (self.daemon.data / "settings.json").read_text()
        self.site = Site(folder)
        (self.daemon.data / "settings.json").write_text(settings)

    def __enter__(self) -> Self:
        self.daemon.start(**self._environ)
        self.site.start(**self._environ)
        self.pictures_come()
        return self

    def __exit__(self, *_: object) -> None:
        for process in (self.daemon.process, self.site.process):
            if process:
                with suppress(ProcessLookupError):
                    process.send_signal(signal.SIGCONT)
                process.terminate()
                try:
                    process.wait(30)
                finally:
                    process.kill()
                    process.wait()

    @property
    def camera_program(self) -> int:
        """The process id of the one that runs."""
        running: list[int] = self.site.until(self.daemon.camera_programs)
        return running[0]

    def frame(self) -> str:
        """The name of the frame that a viewer gets; empty without one."""
        response, _ = self.site.ask("/images/current.jpg")
        return response.headers["ETag"].strip('"') if response.status == 200 else ""

    def pictures_come(self) -> None:
        """Wait until a viewer gets a frame, and then another one."""
        before = self.site.until(self.frame)
        self.site.until(lambda: self.frame() not in ("", before))

    def healthy(self) -> bool:
        """What a watchdog is told."""
        return self.site.ask("/healthz")[0].status == 200

    def status(self) -> dict[str, Any]:
        """What the page is told."""
        document: dict[str, Any] = json.loads(self.site.ask("/api/status")[1])
        return document

    def logged(self) -> str:
        """The daemon's log."""
        return self.daemon.log.read_text()


def descriptors(pid: int) -> int:
    """How many files a process has open."""
    return len(os.listdir(f"/proc/{pid}/fd"))
