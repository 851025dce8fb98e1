"""Two real daemons on two simulated cameras, side by side, and the one server that shows both."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from serving import DEADLINE_S, ROOT, Site
from watching import Viewer

from stillcam.common.paths import Paths
from stillcam.ipc.protocol import NoAnswer, ask

CAMERAS = {"STILLCAM_CAMERAS": "0 1"}
SMALL = {"snapshot": {"interval_s": 0.5, "width": 160}, "live": {"width": 160, "framerate": 5}}


class Pair:
    """A server with cameras 0 and 1, and their daemons, which start when they are asked to."""

    def __init__(self, folder: Path, closing_time: ExitStack) -> None:
        self.site = Site(folder, SMALL)
        self.first = Paths(self.site.images, self.site.data)
        self._closing_time = closing_time
        self._started: list[subprocess.Popen[bytes]] = []
        self.log = folder / "capture.log"
        (self.first.run / "simulated").mkdir(parents=True)
        (self.first.run / "simulated/faults.json").write_text('{"speed": 50}')
        closing_time.callback(self.site.end)
        self.site.start(**CAMERAS)

    def start(self, number: int) -> subprocess.Popen[bytes]:
        """Start the daemon of a camera; ended with the test."""
        environment = os.environ | CAMERAS | {
            "PYTHONPATH": str(ROOT / "python"),
            "STILLCAM_CAMERA": "simulated",
            "STILLCAM_IMAGES": str(self.site.images),
            "STILLCAM_DATA": str(self.site.data),
            "STILLCAM_NUMBER": str(number),
        }  # fmt: skip
        with self.log.open("ab") as log:
            process = subprocess.Popen([sys.executable, "-m", "stillcam.capture"], env=environment, stderr=log)
        self._started.append(process)
        self._closing_time.callback(process.wait, DEADLINE_S)
        self._closing_time.callback(process.terminate)
        return process

    def set_second(self, index: int) -> None:
        """Write camera 1's settings, as by hand."""
        paths = self.first.of(1)
        paths.data.mkdir(parents=True, exist_ok=True)
        new = paths.data / "settings.new"
        new.write_text(json.dumps({"version": 1, "camera": {"index": index}, **SMALL}))
        new.rename(paths.settings)

    def status(self, number: int) -> dict[str, Any]:
        """What a daemon says of itself; empty as long as it does not listen."""
        try:
            return ask(self.first.of(number).socket, {"command": "status"}, DEADLINE_S)
        except NoAnswer:
            return {}

    def until(self, holds: Callable[[], Any]) -> Any:
        """Wait until `holds` gives something that counts as true; a daemon that has failed is shown at once."""

        def looked() -> Any:
            failed = [process.pid for process in self._started if (process.poll() or 0) > 0]
            assert not failed, self.log.read_text()
            return holds()

        return self.site.until(looked)

    def get(self, path: str) -> tuple[int, Any]:
        """Status and JSON of an answer."""
        response, body = self.site.ask(path)
        return response.status, json.loads(body)

    def well(self, path: str = "/healthz") -> bool:
        return self.get(path)[0] == 200


@pytest.fixture
def pair(tmp_path) -> Iterator[Pair]:
    with ExitStack() as closing_time:
        yield Pair(tmp_path, closing_time)


def newer(site: Site, path: str, tag: str) -> bool:
    """Whether there is another whole frame than the one with this tag."""
    response, body = site.ask(path)
    return response.status == 200 and response.headers["ETag"] != tag and body.endswith(b"\xff\xd9")


def models(pair: Pair) -> list[tuple[Any, ...]]:
    """Number and model of each camera, and whether its picture is stale."""
    return [(one["number"], one["model"], one["stale"]) for one in pair.get("/api/overview")[1]["cameras"]]


def next_snapshot(pair: Pair, below: str) -> None:
    """Wait for a frame that a camera takes from now on."""
    path = f"/{below}images/current.jpg"
    tag = pair.site.ask(path)[0].headers["ETag"]
    pair.until(lambda: newer(pair.site, path, tag))


def test_two_daemons_side_by_side(pair):
    """Each has its camera, its folders and its mode; the second one begins with its own number."""
    for number in (0, 1):
        pair.start(number)
    pair.until(pair.well)
    # What the server knows of a daemon may be half a second old.
    pair.until(lambda: models(pair) == [(0, "imx519", False), (1, "imx219", False)])
    assert json.loads(pair.first.of(1).settings.read_text())["camera"] == {"index": 1}
    for number, below in ((0, ""), (1, "camera/1/")):
        assert pair.first.of(number).current.is_symlink()
        next_snapshot(pair, below)
    first, second = (pair.site.ask(f"/camera/{number}/snapshot")[1] for number in (0, 1))
    assert first != second
    # Who watches one of them live leaves the other alone.
    pair.set_second(1)
    ask(pair.first.of(1).socket, {"command": "reload"}, DEADLINE_S)
    with Viewer(pair.site, "/camera/1/stream") as viewer:
        viewer.frame()
        pair.until(lambda: pair.status(1).get("mode") == "live")
        assert pair.status(0).get("mode") != "live"
        assert pair.get("/camera/1/api/status")[1]["viewers"] == 1
        assert pair.get("/api/status")[1]["viewers"] == 0
        viewer.frame()
    pair.until(lambda: pair.status(1).get("mode") == "snapshot")


def test_a_daemon_that_dies_takes_no_other_with_it(pair):
    pair.set_second(1)
    processes = [pair.start(number) for number in (0, 1)]
    pair.until(pair.well)
    processes[1].kill()
    pair.until(lambda: not pair.well("/camera/1/healthz"))
    next_snapshot(pair, "")
    assert pair.well("/camera/0/healthz")
    status, told = pair.get("/healthz")
    assert (status, told["cameras"]["0"]["status"]) == (503, "ok")
    assert told["reason"].startswith("camera 1: the newest picture is ")
    pair.start(1)
    pair.until(pair.well)


def test_a_camera_belongs_to_one_daemon(pair):
    """Two daemons that were told the same index by hand: one has it, the other says why not, and takes another."""
    pair.set_second(0)
    pair.start(0)
    pair.until(lambda: pair.well("/camera/0/healthz"))
    pair.start(1)
    told = pair.until(lambda: (status := pair.status(1)).get("mode") == "no camera" and status)
    assert told["reason"]
    next_snapshot(pair, "")
    pair.set_second(1)
    ask(pair.first.of(1).socket, {"command": "reload"}, DEADLINE_S)
    pair.until(pair.well)
