"""A capture daemon whose library a test inspects."""

import json
import threading
import time
from pathlib import Path
from typing import Any

from capturing import DEADLINE_S, Daemon

from stillcam.common.errors import StillcamError

LIVE = {"width": 320, "framerate": 30}
STILL = {"interval_s": 3600, "width": 320}


class CameraDaemon(Daemon):
    """Takes a snapshot an hour; the starts of its camera programs are logged."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        (self.simulated / "starts.log").touch()
        self.fault()
        self.settings()

    def settings(self, **sections: Any) -> None:
        """Write settings; small pictures where nothing else is said."""
        small = {"photo": {"width": 320}, "raw": {"width": 320}, "video": {"width": 320, "framerate": 15}}
        self.set(**{"snapshot": STILL, "live": LIVE, **small, **sections})

    def open(self, **environ: str) -> None:
        """Start the daemon, and wait until there is a picture and what the camera says of it."""
        self.start(**environ)
        self.until(lambda status: status["captures"]["ok"] and status["metadata"])

    @property
    def library(self) -> Path:
        return self.data / "library"

    def starts(self) -> list[str]:
        """The command lines of all camera programs so far."""
        return (self.simulated / "starts.log").read_text().splitlines()

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

    def goes_on(self) -> dict[str, Any]:
        """Take a snapshot; the status then."""
        frame = self.ask("snapshot")["frame"]
        return self.until(lambda status: status["frame"] >= frame and status["mode"] == "snapshot")

    def until_gone(self, pid: int) -> None:
        """Wait until a process has ended."""
        deadline = time.monotonic() + DEADLINE_S
        while Path(f"/proc/{pid}").exists():
            assert time.monotonic() < deadline
            time.sleep(0.02)

    def kill(self) -> None:
        """kill -9."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()


def read_sidecar(item: Path) -> dict[str, Any]:
    """An item's sidecar."""
    told: dict[str, Any] = json.loads(item.with_suffix(".json").read_text())
    return told


class BackgroundRequest(threading.Thread):
    """Sends a command in a thread of its own, and keeps the answer or the error."""

    def __init__(self, camera_daemon: CameraDaemon, command: str, **more: Any) -> None:
        super().__init__()
        self._ask = lambda: camera_daemon.ask(command, **more)
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
