"""Changes of use of the camera, and where their time goes: in Stillcam, or in the camera programs.

A traced daemon (traced_daemon.py) notes each step. What passes before one of the steps in OURS is Stillcam's own time;
the rest is the camera program's, which loads, opens the camera, configures it and exposes.
"""

import statistics
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from report import Row
from simulated_site import LIMIT_S, STEP_S, Site, running

CHANGE_S = 1.0  # from one use of the camera to a picture of the next
FIXED, BY_PHASE, BY_CONTRAST = "imx219", "imx708", "imx519"
SNAPSHOT = ("--timeout", "1", "--width", "1280", "--height", "960")
PHOTO = ("--timeout", "1")
STREAM = ("--width", "1280", "--height", "720", "--codec", "mjpeg", "--timeout", "0", "--output", "-", "--flush")
CARD_MB_PER_S = 10.0  # the least that the SD association's class 10 promises
LEASE_S, WATCHED_S = 1.0, 8.0
VIDEO_S = 2.5
OURS = ("told", "begun", "published", "stored")
TRACED_DAEMON = str(Path(__file__).with_name("traced_daemon.py"))


@dataclass
class Change:
    """The times of one change of use, in seconds: one of each round."""

    totals: list[float] = field(default_factory=list)
    steps: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def row(self, work: str, bare: list[float], at_most_s: float | None = None) -> Row:
        """Its medians beside those of the camera program alone."""
        our_s, bare_s = statistics.median(self.totals), statistics.median(bare)
        shares = {
            step: statistics.median(times) for step, times in self.steps.items() if len(times) == len(self.totals)
        }
        own_s = sum(shares.get(step, 0.0) for step in OURS)
        named = ", ".join(f"{step} {taken_s * 1000:.0f}" for step, taken_s in shares.items())
        target, met = (f"≤ {at_most_s:g} s", our_s <= at_most_s) if at_most_s else ("", None)
        return Row(work, f"{our_s:.2f} s: own {own_s * 1000:.0f} ms ({named})", f"{bare_s:.2f} s",
                   f"{our_s / bare_s:.2f} ×", target, met)  # fmt: skip


class TracedSite:
    """A site whose daemon is traced while `daemon` lasts.

    Args:
        folder: for all of it.
        camera: the model of the camera module.
        mb_per_s: how fast the library's disk is; empty: as it is.
        settings: sections that differ from the defaults.
    """

    def __init__(self, folder: Path, camera: str, mb_per_s: str = "", **settings: dict[str, Any]) -> None:
        self.site = Site(folder, camera, **settings)
        self._trace, self._mb_per_s = folder / "trace", mb_per_s

    @contextmanager
    def daemon(self) -> Iterator[None]:
        """The capture daemon, once it takes snapshots."""
        argv = [TRACED_DAEMON, str(self._trace), *filter(None, [self._mb_per_s])]
        with running(*argv, environ=self.site.environ):
            self.site.status(mode="snapshot")
            self.site.next_frame()
            yield

    def settle(self) -> float:
        """Wait for the next snapshot, just after which a change begins; the time then (monotonic)."""
        self.site.status(mode="snapshot")
        return self.site.next_frame(self.site.newest())

    def until(self, step: str, since_s: float, nth: int = 1) -> float:
        """Wait until a step has been taken so often since then; when it was (monotonic)."""
        until_s = time.monotonic() + LIMIT_S
        while time.monotonic() < until_s:
            if len(times := [at for at, name in self.steps() if name == step and at >= since_s]) >= nth:
                return times[nth - 1]
            time.sleep(STEP_S)
        raise RuntimeError(f"no step {step} within {LIMIT_S:g} s")

    def add(self, change: Change, began_s: float, ended_s: float) -> None:
        """Record a change between these times: each step took what has passed since the one before."""
        change.totals.append(ended_s - began_s)
        taken: defaultdict[str, float] = defaultdict(float)
        before = began_s
        for at, step in sorted(self.steps()):
            if began_s < at <= ended_s:
                taken[step] += at - before
                before = at
        for step, seconds in taken.items():
            change.steps[step].append(seconds)

    def steps(self) -> list[tuple[float, str]]:
        """All steps so far: when, and which."""
        lines = (line.split("\t") for line in self._trace.read_text().splitlines() if line.count("\t") == 1)
        return [(float(at), step) for at, step in lines]


def changes_of_use(folder: Path, rounds: int) -> Iterator[Row]:
    """Each change, beside a start of the camera program that it needs, in turn."""
    changes: defaultdict[str, Change] = defaultdict(Change)
    bare: defaultdict[str, list[float]] = defaultdict(list)
    site = TracedSite(folder / "changes", FIXED)
    with site.daemon():
        for _ in range(rounds):
            _photos(site, changes, "photo", {})
            _photos(site, changes, "raw photo", {"kind": "raw"})
            _photos(site, changes, "third photo of a burst", {"count": 3})
            _live(site, changes)
            _video(site, changes)
            _bare(site.site, bare)
    for name, like, at_most_s in (
        ("photo", "photo", None),
        ("first picture after a photo", "snapshot", CHANGE_S),
        ("raw photo", "photo", None),
        ("first picture after a raw photo", "snapshot", CHANGE_S),
        ("third photo of a burst", "photo", None),
        ("first picture of live", "live", CHANGE_S),
        ("photo during live", "photo", None),
        ("live again after a photo", "live", CHANGE_S),
        ("first picture after live", "snapshot", CHANGE_S),
        ("first picture of a video", "video", CHANGE_S),
        ("first picture after a video", "snapshot", CHANGE_S),
    ):
        yield changes[name].row(f"{name}, {PROGRAMS[like]}", bare[like], at_most_s)
    yield from _slow_card(folder, rounds, bare)
    yield from _variants(folder, rounds, bare)


PROGRAMS = {
    "photo": "rpicam-still of all pixels", "snapshot": "rpicam-still", "live": "rpicam-vid, 15 fps",
    "video": "rpicam-vid, 30 fps",
}  # fmt: skip


def _slow_card(folder: Path, rounds: int, bare: dict[str, list[float]]) -> Iterator[Row]:
    """The same with a card that takes its time to sync a photo."""
    site, changes = TracedSite(folder / "card", FIXED, str(CARD_MB_PER_S)), defaultdict[str, Change](Change)
    with site.daemon():
        for _ in range(rounds):
            _photos(site, changes, "raw photo", {"kind": "raw"})
            _photos(site, changes, "third photo of a burst", {"count": 3})
    card = f"on a card of {CARD_MB_PER_S:g} MB/s"
    yield changes["first picture after a raw photo"].row(
        f"first picture after a raw photo {card}, {PROGRAMS['snapshot']}", bare["snapshot"], CHANGE_S
    )
    yield changes["third photo of a burst"].row(f"third photo of a burst {card}, {PROGRAMS['photo']}", bare["photo"])


def _variants(folder: Path, rounds: int, bare: dict[str, list[float]]) -> Iterator[Row]:
    """Snapshots and photos with zero shutter lag; and a lens that moves: its second picture waits for the scan."""
    for name, camera, sections in (
        ("snapshot.zsl", FIXED, {"snapshot": {"zsl": True}}),
        ("a photo.sensor_mode of the viewfinder", FIXED, {"photo": {"sensor_mode": "1640:1232:10"}}),
        ("autofocus", BY_PHASE, {}),
        ("autofocus by contrast", BY_CONTRAST, {}),
    ):
        site, changes = TracedSite(folder / name, camera, **sections), defaultdict[str, Change](Change)
        with site.daemon():
            for _ in range(rounds):
                _photos(site, changes, "photo", {})
                if camera != FIXED:
                    _second_picture(site, changes)
        yield changes["photo"].row(f"photo with {name}, {PROGRAMS['photo']}", bare["photo"])
        yield changes["first picture after a photo"].row(
            f"first picture after a photo with {name}, {PROGRAMS['snapshot']}", bare["snapshot"], CHANGE_S
        )
        if camera != FIXED:
            yield changes["second picture"].row(f"the picture after that, {PROGRAMS['snapshot']}", bare["snapshot"])


def _photos(site: TracedSite, changes: dict[str, Change], name: str, order: dict[str, object]) -> None:
    """From the command to the file that the camera has closed; and from that file to the next snapshot.

    In a burst: from one file to the next.
    """
    began_s, count = site.settle(), int(str(order.get("count", 1)))
    site.site.ask("photo", **order)
    done_s = site.until("captured", began_s, count)
    if count > 1:
        began_s = site.until("captured", began_s, count - 1)
    site.add(changes[name], began_s, done_s)
    site.add(changes[f"first picture after a {name}"], done_s, site.until("published", done_s))


def _second_picture(site: TracedSite, changes: dict[str, Change]) -> None:
    """From the first snapshot after a photo to the next one."""
    began_s = max(at for at, step in site.steps() if step == "published")
    site.add(changes["second picture"], began_s, site.until("published", began_s, 2))


def _live(site: TracedSite, changes: dict[str, Change]) -> None:
    """From the first viewer's lease to a frame, and from the last frame to a snapshot; and a photo in between."""
    began_s = site.settle()
    site.site.ask("lease", seconds=WATCHED_S)
    site.add(changes["first picture of live"], began_s, site.until("published", began_s))
    began_s = time.monotonic()
    site.site.ask("photo")
    told_s = site.until("told", began_s)  # frames of live come until then
    done_s = site.until("captured", told_s)
    site.add(changes["photo during live"], began_s, done_s)
    site.add(changes["live again after a photo"], done_s, site.until("published", done_s))
    began_s = time.monotonic()
    site.site.ask("lease", seconds=LEASE_S)
    told_s = site.until("told", began_s)
    last_s = max(at for at, step in site.steps() if step == "published" and at < told_s)
    site.add(changes["first picture after live"], last_s, site.until("published", told_s))


def _video(site: TracedSite, changes: dict[str, Change]) -> None:
    """From the command to a frame; and from the command that ends the video to a snapshot."""
    began_s = site.settle()
    site.site.ask("video")
    site.add(changes["first picture of a video"], began_s, site.until("published", began_s))
    time.sleep(VIDEO_S)
    began_s, stopping = time.monotonic(), threading.Thread(target=partial(site.site.ask, "stop"))
    stopping.start()
    told_s = site.until("told", began_s)
    site.add(changes["first picture after a video"], began_s, site.until("published", told_s))
    stopping.join()  # the answer comes when the MP4 has been made


def _bare(site: Site, bare: dict[str, list[float]]) -> None:
    """The camera programs alone, on a camera of their own, while the daemon waits."""
    other = Site(site.images.parents[1] / f"bare{time.monotonic_ns()}", FIXED)
    bare["snapshot"].append(_still_s(other, *SNAPSHOT))
    bare["photo"].append(_still_s(other, *PHOTO))
    bare["live"].append(_first_frame_s(other, "--framerate", "15"))
    bare["video"].append(_first_frame_s(other))


def _still_s(site: Site, *options: str) -> float:
    """How long rpicam-still takes from its start to its end."""
    call = [sys.executable, "-m", "stillcam.camera.simulated", "rpicam-still", "--nopreview", "--output", "bare.jpg"]
    began_s = time.monotonic()
    subprocess.run([*call, *options], env=site.environ, cwd=site.data, check=True, stderr=subprocess.DEVNULL)
    return time.monotonic() - began_s


def _first_frame_s(site: Site, *options: str) -> float:
    """How long rpicam-vid takes to its first frame."""
    call = [sys.executable, "-m", "stillcam.camera.simulated", "rpicam-vid", "--nopreview", *STREAM, *options]
    began_s = time.monotonic()
    with subprocess.Popen(call, env=site.environ, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as child:
        assert child.stdout
        child.stdout.read(1)
        took_s = time.monotonic() - began_s
        child.kill()
    return took_s
