"""A capture daemon on the simulated camera, in a folder of its own, for a test to ask."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from stillcam.ipc.protocol import NoAnswer, ask

ROOT = Path(__file__).resolve().parents[2]
DEADLINE_S = 90.0


class Daemon:
    """One daemon in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.images, self.data, self.simulated = folder / "images", folder / "data", folder / "simulated"
        self.data.mkdir(exist_ok=True)
        self.simulated.mkdir()
        self.log = folder / "log"
        self.process: subprocess.Popen[bytes] | None = None
        self.prefix: list[str] = []  # before the command
        self.set(snapshot={"interval_s": 0.2, "width": 320})

    def set(self, **sections: dict[str, Any]) -> None:
        new = self.data / "settings.new"
        new.write_text(json.dumps({"version": 1, **sections}))
        new.rename(self.data / "settings.json")

    def change(self, **sections: dict[str, Any]) -> dict[str, Any]:
        """Other settings, and what the daemon says to them."""
        self.set(**sections)
        return self.ask("reload")

    def fault(self, **faults: Any) -> None:
        new = self.simulated / ".faults.new"
        new.write_text(json.dumps({"speed": 20, **faults}))
        new.rename(self.simulated / "faults.json")

    def start(self, **environ: str) -> subprocess.Popen[bytes]:
        env = os.environ | {
            "PYTHONPATH": str(ROOT / "python"),
            "STILLCAM_CAMERA": "simulated",
            "STILLCAM_IMAGES": str(self.images),
            "STILLCAM_DATA": str(self.data),
            "STILLCAM_SIMULATED_DIR": str(self.simulated),
            **environ,
        }
        with self.log.open("ab") as log:
            argv = [*self.prefix, sys.executable, "-m", "stillcam.capture"]
            self.process = subprocess.Popen(argv, env=env, stderr=log)
        return self.process

    def ask(self, command: str, **more: Any) -> dict[str, Any]:
        return ask(self.data / "run/capture.sock", {"command": command, **more}, DEADLINE_S)

    def until(self, holds: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
        """The daemon's status once `holds` is true of it."""
        deadline = time.monotonic() + DEADLINE_S
        status: dict[str, Any] = {}
        while time.monotonic() < deadline:
            try:
                status = self.ask("status")
                if holds(status):
                    return status
            except NoAnswer:
                assert self.process is not None
                assert self.process.poll() is None, self.log.read_text()
            time.sleep(0.05)
        raise AssertionError(f"not in time; last {status}\n{self.log.read_text()}")

    def frames(self, more: int = 1) -> dict[str, Any]:
        """Wait for so many more frames."""
        wanted = self.until(lambda _: True)["captures"]["ok"] + more
        return self.until(lambda status: status["captures"]["ok"] >= wanted)

    def camera_programs(self) -> list[int]:
        """Process ids of the camera programs that the daemon has started."""
        assert self.process is not None
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return [int(pid) for pid in children]

    def end(self) -> int:
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(DEADLINE_S)
