"""A day of an armed camera in 72 minutes: does anything grow?

A person walks through the picture every five minutes of that day: 288 events. Here that is every 15 s. Frames come at
their usual rate, as the detector uses the real clock. In each hour of the day, which takes 3 minutes, somebody watches
live for a while; every fourth hour the camera is disarmed and armed again. The library has space for the newest events
only.
"""

from __future__ import annotations

import statistics
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from installation import DAEMON, PATIENCE_S, SERVER, Installation, NeverCame
from report import Row, print_table
from sizes import Size
from viewer import Viewer, say, seen_rows

from stillcam.ipc.protocol import ask

SPEED_UP = 20
WALK_EVERY_S, WALK_S = 300 / SPEED_UP, 4.0
HOUR_S = 3600 / SPEED_UP
LIVE_S = 20.0  # of each hour
DISARMED_EVERY, DISARMED_S = 4, 20.0  # hours; long enough for the daemon to unload the detector
POLL_S = 1.0
LIBRARY_MB = 5
DISK = "size=400m"  # more than the library may have, and what must stay free
TENTHS = 10  # the medians of the second and the last tenth are compared
KINDS = {"pss_kb": "{:.1f} MB", "rss_kb": "{:.1f} MB", "descriptors": "{:.0f}", "threads": "{:.0f}"}
GROWTH = 1.03
FOUND = 0.9  # of the walks: while the camera is disarmed, and learns after that, none is found
MOTION = {"armed": True, "before_s": 2, "after_s": 2}
SETTINGS: dict[str, Any] = {
    "access": {"watch": "anyone"},
    "snapshot": {"interval_s": 1.0, "width": 640},
    "live": {"width": 640, "framerate": 10},
    "motion": MOTION,
    "retention": {"max_bytes_gb": LIBRARY_MB / 1000},
}
CAMERA = {"no_boat": True, "walk_every_s": WALK_EVERY_S, "walk_s": WALK_S}


@dataclass
class Day:
    """What has been seen of it.

    Attributes:
        sizes: of each process, once a second.
        events: that have begun.
        items: recordings that were in the library at some time.
        library_mb: the most that there was.
    """

    sizes: dict[str, list[Size]] = field(default_factory=lambda: {DAEMON: [], SERVER: []})
    events: int = 0
    items: set[str] = field(default_factory=set)
    library_mb: float = 0.0
    dropped: int = 0

    def look(self, installation: Installation) -> None:
        """Note what there is now.

        Raises:
            NeverCame: a process is gone.
        """
        for name, sizes in self.sizes.items():
            with suppress(FileNotFoundError, ProcessLookupError):
                sizes.append(Size.of(installation.pid(name)))
        files = [path for path in (installation.data / "library").glob("2*/*") if path.suffix == ".mp4"]
        self.items |= {path.name for path in files}
        with suppress(FileNotFoundError):
            self.library_mb = max(self.library_mb, sum(path.stat().st_size for path in files) / 1e6)
        if motion := status(installation):
            self.events = motion["counts"]["events"]
            self.dropped = motion["counts"]["dropped"]

    def text(self) -> str:
        """The newest sizes, for a person who waits."""
        newest = "; ".join(f"{name} {sizes[-1]}" for name, sizes in self.sizes.items())
        return f"{self.events} events, {len(self.items)} items; {newest}"

    def rows(self, walks: int) -> list[Row]:
        """The table."""
        least, recorded = int(FOUND * walks), len(self.items)
        return [
            Row("events, walks", f"{self.events}", f"{walks}", "", f"≥ {least}", self.events >= least),
            Row("recordings, events", f"{recorded}", f"{self.events}", "", "all", recorded >= self.events),
            Row("frames that were not written", f"{self.dropped}", "", "", "none", not self.dropped),
            Row("library, its limit", f"{self.library_mb:.0f} MB at most", f"{LIBRARY_MB} MB"),
            *(row for name, sizes in self.sizes.items() for row in growth_rows(name, sizes)),
        ]


def status(installation: Installation) -> dict[str, Any] | None:
    """What the daemon says about motion; None: the camera is disarmed."""
    installation.get("/api/status")  # as pages do
    answer = ask(installation.data / "run/capture.sock", {"command": "status"}, PATIENCE_S)
    motion: dict[str, Any] | None = answer["motion"]
    return motion


def growth_rows(name: str, sizes: list[Size]) -> list[Row]:
    """The last tenth of the time beside the second one: the first one is still loading."""
    count = max(1, len(sizes) // TENTHS)
    before, after = sizes[count : 2 * count] or sizes, sizes[-count:]
    rows = []
    for what, form in KINDS.items():
        old, new = (statistics.median(getattr(size, what) for size in part) for part in (before, after))
        growth = new / old
        ours, theirs = (form.format(value / 1000 if "MB" in form else value) for value in (new, old))
        work = f"{name}: {what.removesuffix('_kb')}, last tenth, second tenth"
        rows.append(Row(work, ours, theirs, f"{growth:.2f} ×", f"≤ {GROWTH:g} ×", growth <= GROWTH))
    return rows


def armed(installation: Installation, minutes: float) -> bool:
    """Watch a camera for so long; whether nothing has grown and every event has its recording."""
    viewer = Viewer(installation)
    viewer.start()
    day, began_s, walked_s = Day(), time.monotonic(), time.time()
    try:
        installation.until(installation.well, "a picture")
        installation.until(lambda: (status(installation) or {}).get("active"), "detection")
        while (elapsed_s := time.monotonic() - began_s) < 60 * minutes:
            hour, second = divmod(elapsed_s, HOUR_S)
            viewer.live = second < LIVE_S
            wanted = hour % DISARMED_EVERY != DISARMED_EVERY - 1 or not HOUR_S / 2 < second < HOUR_S / 2 + DISARMED_S
            installation.change(SETTINGS | {"motion": MOTION | {"armed": wanted}})
            before = len(day.sizes[DAEMON])
            day.look(installation)
            if not before % 60:
                say(f"{elapsed_s:7.0f} s  {day.text()}")
            time.sleep(POLL_S)
        walks = int(time.time() / WALK_EVERY_S) - int(walked_s / WALK_EVERY_S)
        settle(installation, day)
    except NeverCame as error:
        say(f"it has never come: {error}")
        return False
    finally:
        viewer.close()
    rows = [*seen_rows(viewer, elapsed_s), *day.rows(walks)]
    print_table(rows)
    return all(row.met is not False for row in rows)


def settle(installation: Installation, day: Day) -> None:
    """Wait until the last event is over, and its recording is in the library."""
    installation.misbehave(walk_every_s=0)

    def over() -> bool:
        event = (status(installation) or {}).get("event") or {"end": None}
        return bool(event["end"] and event["item"])

    installation.until(over, "the recording of the last event")
    day.look(installation)
