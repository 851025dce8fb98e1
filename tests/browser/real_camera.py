"""The real capture daemon and server with the simulated camera, for a test to start, kill and stop.

With TEST_DRIVER=picamera2 the tests of the page run on that driver, with the stand-in for its library.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self
from urllib.error import URLError
from urllib.request import urlopen

from ports import port_for
from signed_in import add_owner_to

ROOT = Path(__file__).resolve().parents[2]
DEADLINE_S = 90.0
SMALL = {"width": 640, "height": 480}  # of pictures, for tests that need no larger ones: a quarter of the usual work


class RealCamera:
    """Both processes, each with its own log; `url` is where the page is.

    Args:
        folder: for all their files.
        driver: `simulated` (rpicam's, on the simulated programs) or `picamera2`; empty: as the environment says.
        settings: sections of the settings file; None: as it is.
    """

    def __init__(self, folder: Path, driver: str = "", settings: dict[str, Any] | None = None) -> None:
        self.folder = folder
        self.driver = driver or os.environ.get("TEST_DRIVER", "simulated")
        self.port = port_for(self)
        self.url = f"http://127.0.0.1:{self.port}/"
        self._programs: dict[str, subprocess.Popen[bytes]] = {}
        if settings is not None:
            (folder / "data").mkdir(exist_ok=True)
            (folder / "data/settings.json").write_text(json.dumps({"version": 1, **settings}))

    def __enter__(self) -> Self:
        try:
            self.start("capture")
            self.start("server")
            self.wait_for_picture()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for name in list(self._programs):
            self.end(name)

    def start(self, name: str, **more: str) -> None:
        """Start `capture` or `server`; `more` is added to its environment, with a number for a further camera."""
        environ = os.environ | {
            "PYTHONPATH": os.pathsep.join(map(str, (ROOT / "python", ROOT / "tests/standin"))),
            "STILLCAM_CAMERA": self.driver,
            "STILLCAM_BIND": "127.0.0.1",
            "STILLCAM_PORT": str(self.port),
            "STILLCAM_IMAGES": str(self.folder / "images"),
            "STILLCAM_DATA": str(self.folder / "data"),
            "STILLCAM_SIMULATED_DIR": str(self.folder / "simulated"),
            **more,
        }
        (self.folder / "simulated").mkdir(exist_ok=True)
        which = name + more.get("STILLCAM_NUMBER", "")
        with self._log(which).open("ab") as log:
            self._programs[which] = subprocess.Popen(
                [sys.executable, "-m", f"stillcam.{name}"], cwd=ROOT, env=environ, stderr=log
            )

    def end(self, name: str) -> None:
        """Stop `capture` or `server`, as its owner would; kill it if it does not listen."""
        program = self._programs.pop(name)
        program.send_signal(signal.SIGTERM)
        try:
            program.wait(5)
        except subprocess.TimeoutExpired:
            program.kill()
            program.wait()

    def wait_for_picture(self) -> None:
        """Until the page's first request would succeed; what they logged if one of them died."""
        deadline = time.monotonic() + DEADLINE_S
        while not self._answers():
            dead = [name for name, program in self._programs.items() if program.poll() is not None]
            if dead or time.monotonic() > deadline:
                logs = "\n".join(f"{name}:\n{self._log(name).read_text()}" for name in self._programs)
                raise RuntimeError(f"{'died: ' + ', '.join(dead) if dead else 'no picture in time'}\n{logs}")
            time.sleep(0.05)

    def _answers(self) -> bool:
        try:
            with urlopen(f"{self.url}images/current.jpg", timeout=2) as response:
                return bool(response.status == 200)
        except (URLError, TimeoutError, ConnectionError):
            return False

    def _log(self, name: str) -> Path:
        return self.folder / f"{name}.log"


@contextmanager
def owned_camera(folder: Path, driver: str = "", settings: dict[str, Any] | None = None) -> Iterator[RealCamera]:
    """A RealCamera with an owner: from now on only people who sign in may watch, unless the settings say otherwise."""
    with RealCamera(folder, driver, settings) as camera:
        add_owner_to(camera.url, folder / "data")
        yield camera
