"""A whole installation to harm: start_camera_server.sh with both programs, in folders of a few megabytes in memory."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType
from typing import Any, Self, TypeVar

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = ("capture.sh", "server.sh", "start_camera_server.sh")
DAEMON, SERVER, CAMERA = "stillcam.capture", "stillcam.server", "stillcam.camera.simulated"
INTERVAL_S = 0.5
SPEED = 10  # of the simulated camera, so many times that of a real one
FRAMERATE = 10.0  # live
PATIENCE_S = 100.0  # what has not come by then will not come
IMAGES, DATA, SMALL = "size=16m", "size=48m", "size=8m"  # options of each tmpfs
SETTINGS: dict[str, Any] = {
    "access": {"watch": "anyone"},
    "snapshot": {"interval_s": INTERVAL_S, "width": 640},
    "live": {"width": 640, "framerate": FRAMERATE / SPEED},
}

Result = TypeVar("Result")


class NeverCame(Exception):
    """What was waited for."""


class Installation:
    """One installation below `folder`, on the simulated camera; to be entered in a mount namespace of its own.

    Args:
        folder: an empty one.
        port: where the server is to listen.
        settings: those that differ from the defaults.
        camera: how the simulated camera always does.
        disk: options of the file system with the library.
    """

    def __init__(
        self,
        folder: Path,
        port: int,
        settings: dict[str, Any] = SETTINGS,
        camera: Mapping[str, Any] = MappingProxyType({"speed": SPEED}),
        disk: str = DATA,
    ) -> None:
        self.settings = settings_text(settings)
        self._behaviour = camera
        self.home, self.port = folder / "home", port
        self.images, self.data, self.camera = folder / "images", folder / "data", folder / "camera"
        self.log = folder / "start.log"
        self._clock = folder / "clock"
        # Files in logs and run are always open for writing, and would keep data from becoming read-only.
        self._disks = (
            (self.images, IMAGES), (self.data, disk), (self.data / "logs", SMALL), (self.data / "run", SMALL),
        )  # fmt: skip

    def __enter__(self) -> Self:
        for path, options in self._disks:
            path.mkdir()
            mount(path, options)
        self.camera.mkdir()
        # Copies of the scripts, so that Python finds a clock that can be set beside the real programs.
        (self.home / "python").mkdir(parents=True)
        for name in SCRIPTS:
            (self.home / name).write_bytes((ROOT / name).read_bytes())
            (self.home / name).chmod(0o755)
        (self.home / ".venv").mkdir()
        names = ["web", "python/stillcam", "python/check_interpreter.py"]
        # Each entry of .venv is a link, as set-up deletes what is in a .venv that it finds unfit.
        for name in (*names, *(f".venv/{path.name}" for path in (ROOT / ".venv").iterdir())):
            (self.home / name).symlink_to(ROOT / name)
        (self.home / "python/sitecustomize.py").symlink_to(ROOT / "tests/faults/clock/sitecustomize.py")
        self.jump(0)
        self.misbehave()
        replace(self.data / "settings.json", self.settings)
        environ = os.environ | {
            "STILLCAM_CAMERA": "simulated", "STILLCAM_SIMULATED_DIR": str(self.camera),
            "STILLCAM_IMAGES": str(self.images), "STILLCAM_DATA": str(self.data),
            "STILLCAM_BIND": "", "STILLCAM_PORT": str(self.port), "FAULT_CLOCK": str(self._clock),
        }  # fmt: skip
        with self.log.open("ab") as log:
            self._start = subprocess.Popen(
                [self.home / "start_camera_server.sh"], env=environ, stdout=log, stderr=log, start_new_session=True
            )
        return self

    def __exit__(self, *_: object) -> None:
        for name in (DAEMON, SERVER):
            with suppress(NeverCame, ProcessLookupError):
                os.kill(self.pid(name, 1.0), signal.SIGCONT)
        self._start.terminate()
        self._start.wait()
        for path, _options in reversed(self._disks):
            while path.is_mount():
                subprocess.run(["umount", "--lazy", path], check=True)

    def pid(self, name: str, patience_s: float = PATIENCE_S) -> int:
        """The process of ours whose command line names it.

        Raises:
            NeverCame: there is none.
        """
        return self.until(lambda: self._find(name), f"a process {name}", patience_s)

    def _find(self, name: str) -> int | None:
        mark, found = f"STILLCAM_DATA={self.data}".encode(), []
        for entry in Path("/proc").iterdir():
            with suppress(OSError, ValueError):
                said, environ = ((entry / file).read_bytes().split(b"\0") for file in ("cmdline", "environ"))
                if name.encode() in said and mark in environ:
                    found.append(int(entry.name))
        return min(found, default=None)  # a child that is just being made looks like its parent

    def until(self, holds: Callable[[], Result | None], what: str, patience_s: float = PATIENCE_S) -> Result:
        """Wait until `holds` gives something that counts as true.

        Raises:
            NeverCame: it does not.
        """
        deadline_s = time.monotonic() + patience_s
        while not (result := holds()):
            if self._start.poll() is not None or time.monotonic() > deadline_s:
                raise NeverCame(f"{what}\n{self.said()}")
            time.sleep(0.05)
        return result

    def said(self, lines: int = 30) -> str:
        """The last lines of all logs."""
        logs = [self.log, *(self.data / "logs").glob("*.log")]
        return "\n".join(f"--- {log}\n" + "\n".join(log.read_text().splitlines()[-lines:]) for log in logs)

    def get(self, path: str, host: str = "127.0.0.1") -> tuple[int, http.client.HTTPMessage, bytes]:
        """Status, header and body of an answer.

        Raises:
            OSError, HTTPException: there is none.
        """
        link = http.client.HTTPConnection(host, self.port, timeout=40)
        try:
            link.request("GET", path)
            answer = link.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            link.close()

    def well(self) -> bool:
        """Whether a watchdog is told so, and the daemon answers; False when nobody does."""
        with suppress(OSError, http.client.HTTPException):
            status, _, said = self.get("/api/status")
            running = status == 200 and json.loads(said)["capture"]["running"]
            return bool(running) and self.get("/healthz")[0] == 200
        return False

    def misbehave(self, **faults: Any) -> None:
        """How the simulated camera does from now on; without faults, as always."""
        replace(self.camera / "faults.json", json.dumps({**self._behaviour, **faults}))

    def jump(self, seconds: float) -> None:
        """Set the clock of all programs, so far from the right time."""
        replace(self._clock, f"{seconds} synchronised\n")

    def change(self, settings: dict[str, Any]) -> None:
        """Use these settings from now on, unless they are the current ones."""
        if (text := settings_text(settings)) != self.settings:
            self.settings = text
            self.write_settings(text)

    def write_settings(self, text: str) -> None:
        """Replace the settings file, and have it read."""
        replace(self.data / "settings.json", text)
        with suppress(NeverCame, ProcessLookupError):
            os.kill(self.pid(DAEMON, 0.0), signal.SIGHUP)


def settings_text(settings: dict[str, Any]) -> str:
    """What the settings file contains."""
    return json.dumps({"version": 1, **settings})


def mount(path: Path, options: str) -> None:
    """Put a new tmpfs over a folder, or change the one that is there (`remount,…`)."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "none", path], check=True)


def replace(path: Path, text: str) -> None:
    """Write a file in one step."""
    new = path.with_name(f".{path.name}.soak")
    new.write_text(text)
    new.rename(path)
