"""Somebody who watches all the time, and notes what they do not get."""

from __future__ import annotations

import http.client
import sys
import threading
import time
from dataclasses import dataclass, field

from installation import INTERVAL_S, Installation
from report import Row

from stillcam.frames.files import frame_time
from stillcam.frames.jpeg import InvalidJpeg, check_jpeg

GAP_S = 3 * INTERVAL_S + 5  # what /healthz calls stale
HOUR_S = 3600.0


@dataclass
class Seen:
    """What a viewer has got.

    Args:
        frames: how many.
        gaps: how long each time without a new one was that was longer than `GAP_S`, in seconds.
        refused: requests without an answer, while the server was away.
        wrong: what must never be: a torn picture, an older one after a newer.
    """

    frames: int = 0
    gaps: list[float] = field(default_factory=list)
    refused: int = 0
    wrong: list[str] = field(default_factory=list)


class Viewer(threading.Thread):
    """Asks for a frame now and then, or while `live` for each one after the last; ends with `close`."""

    def __init__(self, installation: Installation) -> None:
        super().__init__(name="viewer", daemon=True)
        self._installation = installation
        self._leaving = threading.Event()
        self.seen = Seen()
        self.newest = ""
        self.live = False
        self.at_s = time.monotonic()  # when it came

    def run(self) -> None:
        """Watch."""
        while not self._leaving.is_set():
            try:
                after = f"?after={self.newest}" if self.live else ""
                status, headers, body = self._installation.get(f"/images/current.jpg{after}")
            except (OSError, http.client.HTTPException):
                self.seen.refused += 1
                self._leaving.wait(INTERVAL_S / 2)
                continue
            if status == 200:
                self._got((headers["ETag"] or "").strip('"'), body)
            else:
                self._leaving.wait(INTERVAL_S / 2)

    def close(self) -> None:
        """Leave; the last wait counts."""
        self._leaving.set()
        self.join()

    def _got(self, name: str, body: bytes) -> None:
        if name == self.newest:
            self._leaving.wait(INTERVAL_S / 4)
            return
        try:
            check_jpeg(body)
            back_s = frame_time(self.newest) - frame_time(name) if self.newest else 0.0
        except (InvalidJpeg, ValueError) as error:
            self.seen.wrong.append(f"{name}: {error}")
            return
        if 0 < back_s < HOUR_S / 2:  # more is the clock that was set back
            self.seen.wrong.append(f"{name} after {self.newest}")
        now_s = time.monotonic()
        if (gap_s := now_s - self.at_s) > GAP_S:
            self.seen.gaps.append(gap_s)
        self.seen.frames += 1
        self.newest, self.at_s = name, now_s


def seen_rows(viewer: Viewer, seconds: float) -> list[Row]:
    """What the viewer has received, and when it has received nothing."""
    seen = viewer.seen
    for wrong in seen.wrong:
        say(wrong)
    longest, total = max(seen.gaps, default=0), sum(seen.gaps)
    return [
        Row(f"frames received in {seconds / 60:.0f} minutes", f"{seen.frames:,}"),
        Row("torn or out of order", f"{len(seen.wrong)}", target="none", met=not seen.wrong),
        Row("gaps without a fresh picture", f"{len(seen.gaps)}, {total:.0f} s in all, {longest:.0f} s at most"),
    ]


def say(text: str) -> None:
    """What happens, as it happens."""
    print(text, file=sys.stderr, flush=True)
