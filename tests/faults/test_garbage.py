"""Memory of a daemon that works for months: what it does again and again leaves nothing for the garbage collector.

In a process that allocates little, a full collection comes hours later, and memory grows until then.
"""

import json
import os
import shutil
import signal
from pathlib import Path

import pytest
from capture_daemon import IdleDaemon
from serving import ROOT

MOTION = {"armed": True, "before_s": 1, "after_s": 1, "pause_s": 0}
SERIES = {"interval_s": 3600, "shots": 1}


class CountedDaemon(IdleDaemon):
    """Its collector runs on request only."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.counts = folder / "garbage.json"

    def begin(self) -> None:
        paths = os.pathsep.join([str(Path(__file__).parent / "garbage"), str(ROOT / "python")])
        self.open(PYTHONPATH=paths, FAULT_GARBAGE=str(self.counts))

    def garbage(self) -> dict[str, int]:
        """What there was since the last call, by type."""
        self.counts.unlink(missing_ok=True)
        assert self.process is not None
        self.process.send_signal(signal.SIGUSR2)
        self.until(lambda _: self.counts.exists())
        found: dict[str, int] = json.loads(self.counts.read_text())
        return found

    def do_everything(self, number: int) -> None:
        """Each use of the camera once."""
        self.settings()
        self.ask("reload")
        self.until(lambda status: status["mode"] == "snapshot")
        self.next_snapshot()
        self.take()
        self.take(kind="raw")
        self.film(1)
        self.ask("lease", seconds=30)
        self.until(lambda status: status["mode"] == "live")
        self.ask("lease", seconds=0)
        self.ask("series", do="create", definition={"name": f"Garden {number}", **SERIES})
        self.until(lambda status: not any(each["state"] == "running" for each in status["series"]))
        self.settings(motion=MOTION)
        self.ask("reload")
        self.until(lambda status: status["motion"] and status["motion"]["active"])
        self.ask("trigger", seconds=1)
        self.until(lambda status: status["motion"]["event"]["end"] and status["motion"]["event"]["item"])


@pytest.fixture
def counted(tmp_path):
    daemon = CountedDaemon(tmp_path)
    yield daemon
    daemon.kill()


@pytest.mark.skipif(not shutil.which("ffmpeg"), reason="needs ffmpeg")
def test_no_use_of_the_camera_leaves_garbage(counted):
    counted.begin()
    counted.do_everything(1)  # what is imported and made once leaves some
    counted.garbage()
    counted.do_everything(2)
    assert counted.garbage() == {}
