"""A 1-second series while the capture daemon, the camera program and the web server are killed at random."""

import os
import random
import signal
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from report import Row, measured, percentile, print_table

from stillcam.frames.files import current_name, frame_time
from stillcam.frames.jpeg import check_jpeg
from stillcam.ipc.protocol import NoAnswer, ask
from stillcam.series import reader
from stillcam.series.manifest import text_to_ms
from stillcam.series.manifest_search import gaps, lines_from

ROOT = Path(__file__).resolve().parents[2]
INTERVAL_MS = 1000
NAME = "Garden"
PAUSE_S = (10.0, 40.0)  # from one kill to the next
RESTART_S = 1.0  # as systemd has it in deploy/systemd
SETTINGS = '{"version": 1, "snapshot": {"width": 640}, "photo": {"width": 640}}'


@dataclass
class Outage:
    """What was killed, and from when to when (ms since the epoch) there was no new picture."""

    what: str
    from_ms: int
    to_ms: int = 0


class Installation:
    """Daemon and server in a folder of their own."""

    def __init__(self, folder: Path) -> None:
        self.data, self.images = folder / "data", folder / "images"
        self.data.mkdir()
        (self.data / "settings.json").write_text(SETTINGS)
        self._log = (folder / "log").open("ab")
        self._env = os.environ | {
            "PYTHONPATH": str(ROOT / "python"), "STILLCAM_CAMERA": "simulated", "STILLCAM_IMAGES": str(self.images),
            "STILLCAM_DATA": str(self.data), "STILLCAM_BIND": "127.0.0.1", "STILLCAM_PORT": "0",
        }  # fmt: skip
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, what: str) -> None:
        argv = [sys.executable, "-m", f"stillcam.{what}"]
        self.processes[what] = subprocess.Popen(argv, env=self._env, stderr=self._log)

    def kill(self, what: str) -> None:
        """kill -9."""
        if what == "camera":
            daemon = self.processes["capture"].pid
            for pid in Path(f"/proc/{daemon}/task/{daemon}/children").read_text().split():
                os.kill(int(pid), signal.SIGKILL)
            return
        self.processes[what].kill()
        self.processes[what].wait()
        time.sleep(RESTART_S)
        self.start(what)

    def ask(self, do: str, **message: object) -> None:
        ask(self.data / "run/capture.sock", {"command": "series", "do": do, **message})

    def frame_ms(self) -> int:
        """When the newest frame was taken."""
        name = current_name(self.images)
        return round(frame_time(name) * 1000) if name else 0

    def end(self) -> None:
        for process in self.processes.values():
            process.terminate()
            process.wait()


def run(folder: Path, minutes: float, seed: int) -> None:
    """Do it, and print what came of it."""
    rng = random.Random(seed)
    installation = Installation(folder)
    installation.start("server")
    installation.start("capture")
    try:
        _until(lambda: installation.frame_ms() > 0)
        installation.ask("create", definition={"name": NAME, "interval_s": INTERVAL_MS / 1000})
        _until(lambda: bool(reader.summary(installation.data / "series", NAME, 0)["taken"]))
        outages = _harm(installation, rng, time.monotonic() + 60 * minutes)
        installation.ask("finish", name=NAME)
    finally:
        installation.end()
    _report(installation.data / "series", outages, seed)


def _harm(installation: Installation, rng: random.Random, until_s: float) -> list[Outage]:
    outages = []
    while time.monotonic() < until_s:
        time.sleep(rng.uniform(*PAUSE_S))
        outage = Outage(rng.choice(("capture", "camera", "server")), _now_ms())
        installation.kill(outage.what)
        if outage.what != "server":
            begun = outage.from_ms
            _until(lambda begun=begun: installation.frame_ms() > begun)  # type: ignore[misc]
        outage.to_ms = _now_ms()
        outages.append(outage)
    return outages


def _report(root: Path, outages: list[Outage], seed: int) -> None:
    folder = root / NAME
    shots = [line for line, _ in lines_from(folder, 0) if "n" in line]
    dues = [text_to_ms(line["due"]) for line in shots]
    late = [text_to_ms(line["time"]) - due for line, due in zip(shots, dues, strict=True)]
    missed = [moment for gap in gaps(folder) for moment in range(gap.from_ms, gap.to_ms + 1, INTERVAL_MS)]
    missed = [moment for moment in missed if moment > dues[0]]  # before, the camera program had to be started
    moments = set(range(dues[0], max([*dues, *missed]) + 1, INTERVAL_MS))
    away = [outage for outage in outages if outage.what != "server"]
    outside = [moment for moment in missed if not any(one.from_ms - 500 <= moment <= one.to_ms for one in away)]
    for line in shots:
        check_jpeg((folder / "frames" / line["files"][0]).read_bytes())
    kinds = Counter(outage.what for outage in outages)
    lengths = [(outage.to_ms - outage.from_ms) / 1000 for outage in away]
    taken, nowhere = len(set(dues) | set(missed)), len(moments - set(dues) - set(missed))
    twice = len(dues) + len(missed) - taken
    drift_ms = 1000 * statistics.linear_regression(range(len(late)), late).slope
    why = ", ".join(f"{why} {count}" for why, count in sorted(Counter(gap.why for gap in gaps(folder)).items()))
    killed = ", ".join(f"{what} {count}" for what, count in sorted(kinds.items()))
    print_table(
        [
            Row(f"shots, each whole, while these were killed: {killed}", f"{len(shots)}"),
            measured("outages of the camera: median length", statistics.median(lengths), "{:.1f} s"),
            measured("outages of the camera: the longest", max(lengths), "{:.1f} s"),
            Row(f"missed moments that the manifest records; gaps: {why}", f"{len(missed)}"),
            Row("missed moments outside outages", f"{len(outside)}"),
            Row("moments that are neither a shot nor recorded", f"{nowhere}", target="none", met=not nowhere),
            Row("moments that come twice", f"{twice}", target="none", met=not twice),
            *(measured(f"delay of a shot, p{percent}", percentile(late, percent), "{:.0f} ms") for percent in (50, 99)),
            measured("delay of a shot, at most", max(late), "{:.0f} ms"),
            measured("drift over 1,000 shots", drift_ms, "{:+.1f} ms"),
        ]
    )
    print(f"seed {seed}", file=sys.stderr)


def _until(holds: Callable[[], bool], seconds: float = 120.0) -> None:
    until_s = time.monotonic() + seconds
    while time.monotonic() < until_s:
        try:
            if holds():
                return
        except (NoAnswer, LookupError):
            pass
        time.sleep(0.05)
    raise SystemExit("no picture came in time: see the log")


def _now_ms() -> int:
    return int(time.time() * 1000)
