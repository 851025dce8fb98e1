"""Whether the daemon does its work: what feeds systemd's watchdog."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

GRACE_S = 5.0  # beyond three intervals, as the web server judges
BUSY_MODES = ("photo", "video")  # a person's wish; no frames are published meanwhile


class Alive:
    """Call it for a line on how it goes; empty once frames are no longer fresh.

    Freshness is counted by the steady clock, from frame to frame: a time server that puts the
    clock right changes nothing. Without a camera it is no longer fed, either: a daemon that
    is started anew is one more thing to try.

    Args:
        status: gives the daemon's message.
        now: a steady clock in seconds.
    """

    def __init__(self, status: Callable[[], Mapping[str, Any]], now: Callable[[], float] = time.monotonic) -> None:
        self._status = status
        self._now = now
        self._frames = 0
        self._since_s: float | None = None  # when the newest frame was first seen; None: there has been none

    def __call__(self) -> str:
        told = self._status()
        mode, frames, now_s = told["mode"], told["captures"]["ok"], self._now()
        if frames != self._frames or mode in BUSY_MODES:
            self._frames, self._since_s = frames, now_s
        if self._since_s is None or now_s - self._since_s > 3 * told["interval_s"] + GRACE_S:
            return ""
        return f"{mode}, {frames} frames"
