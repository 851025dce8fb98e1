"""Capture daemons on the simulated camera, each in a folder of its own."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from stillcam.common.errors import StillcamError
from stillcam.ipc.protocol import NoAnswer, Refusal, ask

ROOT = Path(__file__).resolve().parents[2]
DEADLINE_S = 90.0
LIVE = {"width": 320, "framerate": 5}  # of simulated time, which is 20 times as fast
VIDEO: dict[str, Any] = {"width": 320, "framerate": 5}
STILL = {"interval_s": 3600, "width": 320}
FIXED_LENS, AUTOFOCUS = "imx219", "imx519 imx219"


class CaptureDaemon:
    """A capture daemon on the simulated camera, in a folder of its own; it takes a snapshot every 0.2 s.

    `with` kills it at the end if it still runs; it does not start it.
    """

    def __init__(self, folder: Path) -> None:
        self.images, self.data, self.simulated = folder / "images", folder / "data", folder / "simulated"
        self.data.mkdir(exist_ok=True)
        self.simulated.mkdir()
        self.log = folder / "log"
        self.process: subprocess.Popen[bytes] | None = None
        self.prefix: list[str] = []  # before the command
        self.set(snapshot={"interval_s": 0.2, "width": 320})

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process and self.process.poll() is None:
            self.kill()

    def set(self, **sections: dict[str, Any]) -> None:
        new = self.data / "settings.new"
        new.write_text(json.dumps({"version": 1, **sections}))
        new.rename(self.data / "settings.json")

    def change(self, **sections: dict[str, Any]) -> dict[str, Any]:
        """Write other settings; the daemon's answer to the reload."""
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

    def kill(self) -> None:
        """kill -9."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()


class IdleDaemon(CaptureDaemon):
    """Takes a snapshot an hour; the starts of its camera programs are logged.

    Attributes:
        cameras: the camera modules; this one has a fixed lens, so that no picture waits for a scan.
        video: what differs from VIDEO.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.cameras = FIXED_LENS
        self.video: dict[str, Any] = {}
        (self.simulated / "starts.log").touch()
        self.fault()
        self.settings()

    def fault(self, **faults: Any) -> None:
        super().fault(**{"cameras": self.cameras, **faults})

    def attach(self, cameras: str) -> None:
        """Have other camera modules."""
        self.cameras = cameras
        self.fault()

    def settings(self, **sections: Any) -> None:
        """Write settings; small pictures where nothing else is said."""
        small = {"photo": {"width": 320}, "raw": {"width": 320}, "video": VIDEO | self.video}
        self.set(**{"snapshot": STILL, "live": LIVE, **small, **sections})

    def open(self, **environ: str) -> None:
        """Start the daemon, and wait until there is a picture, not of a lens that moves, and what the camera says."""
        self.start(**environ)
        self.until(lambda status: status["metadata"] and _lens_is_done(status))

    @property
    def library(self) -> Path:
        return self.data / "library"

    def starts(self) -> list[str]:
        """The command lines of all camera programs so far."""
        return (self.simulated / "starts.log").read_text().splitlines()

    def use(self, **sections: Any) -> None:
        """Begin another test on a daemon that runs: with these settings, and nothing that the test before has left."""
        self.fault()
        self.ask("lease", seconds=0)
        for series in self.data.glob("series/[!.]*"):
            with suppress(Refusal):  # it has been deleted, and its files are not gone yet
                self.ask("series", do="delete", name=series.name)
        self.until(lambda status: not list(self.data.glob("series/[!.]*")) and not status["recording"])
        for folder in self.library.glob("*"):
            if folder.name != ".drafts":
                shutil.rmtree(folder)
        self.until(lambda status: status["mode"] == "snapshot" and not status["reason"])
        self.settings(**sections)
        assert self.ask("reload")["in_force"] is True
        self.until(lambda status: status["mode"] == "snapshot")
        (self.simulated / "starts.log").write_text("")

    def take(self, **order: Any) -> list[Path]:
        """Take photos; their files."""
        return [self.library / item for item in self.ask("photo", **order)["items"]]

    def film(self, seconds: int = 2) -> Path:
        """Make a video; its file."""
        (item,) = self.ask("video", seconds=seconds, wait=True)["items"]
        return self.library.joinpath(item)

    def visible(self) -> list[str]:
        """The names of all files that the library shows."""
        return sorted(path.name for path in self.library.glob("2*/*"))

    def drafts(self) -> list[str]:
        """The names of what is not whole."""
        return sorted(path.name for path in self.library.glob(".drafts/*"))

    def next_snapshot(self) -> dict[str, Any]:
        """Take a snapshot; the status then."""
        frame = self.ask("snapshot")["frame"]
        return self.until(lambda status: status["frame"] >= frame and status["mode"] == "snapshot")

    def until_gone(self, pid: int) -> None:
        """Wait until a process has ended."""
        deadline = time.monotonic() + DEADLINE_S
        while Path(f"/proc/{pid}").exists():
            assert time.monotonic() < deadline
            time.sleep(0.02)


def _lens_is_done(status: dict[str, Any]) -> bool:
    """Whether the newest frame is not the first one, which does not wait for a scan (AfState 1); the next one does."""
    return bool(status["captures"]["ok"] > 1 or status["metadata"].get("AfState") != 1)


def read_sidecar(item: Path) -> dict[str, Any]:
    """An item's sidecar."""
    told: dict[str, Any] = json.loads(item.with_suffix(".json").read_text())
    return told


class BackgroundRequest(threading.Thread):
    """Sends a command in a thread of its own, and keeps the answer or the error."""

    def __init__(self, daemon: IdleDaemon, command: str, **more: Any) -> None:
        super().__init__()
        self._ask = lambda: daemon.ask(command, **more)
        self.answer: Any = None
        self.start()

    def run(self) -> None:
        try:
            self.answer = self._ask()
        except StillcamError as error:
            self.answer = error

    def wait(self) -> Any:
        self.join(DEADLINE_S)
        return self.answer
