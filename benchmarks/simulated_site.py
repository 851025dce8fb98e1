"""A daemon and a server on the simulated camera, with its real timing, in a folder of their own."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from stillcam.ipc.protocol import NoAnswer, ask

ROOT = Path(__file__).resolve().parents[1]
LIMIT_S = 60.0
STEP_S = 0.002


@contextmanager
def running(*argv: str, environ: dict[str, str] | None = None) -> Iterator[subprocess.Popen[bytes]]:
    """A Python process, ended with the block; what it logs is thrown away."""
    child = subprocess.Popen([sys.executable, *argv], env=environ, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        yield child
    finally:
        child.terminate()
        child.wait()


class Site:
    """The folders and the environment of an installation.

    Args:
        folder: for all of it.
        camera: the model of the camera module.
        settings: sections that differ from the defaults.
    """

    def __init__(self, folder: Path, camera: str, **settings: dict[str, Any]) -> None:
        self.images, self.data, self._simulated = folder / "frames", folder / "data", folder / "simulated"
        for each in (self.images, self.data, self._simulated):
            each.mkdir(parents=True)
        self.behave(cameras=camera)
        (self.data / "settings.json").write_text(json.dumps({"version": 1, **settings}))
        self.environ = os.environ | {
            "PYTHONPATH": str(ROOT / "python"),
            "PYTHONDONTWRITEBYTECODE": "",
            "STILLCAM_CAMERA": "simulated",
            "STILLCAM_IMAGES": str(self.images),
            "STILLCAM_DATA": str(self.data),
            "STILLCAM_SIMULATED_DIR": str(self._simulated),
            "STILLCAM_BIND": "127.0.0.1",
            "STILLCAM_PORT": "0",
        }

    def behave(self, **faults: Any) -> None:
        """How the simulated camera does; before a daemon starts."""
        (self._simulated / "faults.json").write_text(json.dumps(faults))

    def compile(self) -> None:
        """Compile everything, as the installer does; Debian has compiled Python's own modules."""
        argv = [sys.executable, "-m", "compileall", "-q", str(ROOT / "python")]
        subprocess.run(argv, env=self.environ, check=True)

    @contextmanager
    def daemon(self) -> Iterator[subprocess.Popen[bytes]]:
        """The capture daemon, without a picture of the one before."""
        for path in self.images.iterdir():
            path.unlink()
        with running("-m", "stillcam.capture", environ=self.environ) as child:
            yield child

    def bare_s(self, *options: str) -> float:
        """How long the camera program takes for one still, from its start to its end."""
        still = ["rpicam-still", "--nopreview", "--width", "1280", "--height", "720", "--output", "bare.jpg", *options]
        call = [sys.executable, "-m", "stillcam.camera.simulated", *still]
        began_s = time.monotonic()
        subprocess.run(call, env=self.environ, cwd=self.data, check=True, stderr=subprocess.DEVNULL)
        return time.monotonic() - began_s

    def newest(self) -> str:
        """The name of the newest frame; empty before the first."""
        try:
            return os.readlink(self.images / "current.jpg")
        except FileNotFoundError:
            return ""

    def next_frame(self, than: str = "") -> float:
        """Wait for another frame, and return when it came (monotonic)."""
        until_s = time.monotonic() + LIMIT_S
        while self.newest() == than:
            if time.monotonic() > until_s:
                raise RuntimeError(f"no frame within {LIMIT_S:g} s")
            time.sleep(STEP_S)
        return time.monotonic()

    def ask(self, command: str, **more: object) -> dict[str, Any]:
        """The daemon's answer to a command."""
        return ask(self.data / "run/capture.sock", {"command": command, **more}, LIMIT_S)

    def status(self, **wanted: object) -> dict[str, Any]:
        """The daemon's status, once it has these members."""
        until_s = time.monotonic() + LIMIT_S
        while time.monotonic() < until_s:
            try:
                status = self.ask("status")
            except NoAnswer:
                status = {}
            if status and wanted.items() <= status.items():
                return status
            time.sleep(STEP_S)
        raise RuntimeError(f"not {wanted} within {LIMIT_S:g} s")
