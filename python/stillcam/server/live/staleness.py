"""Whether the newest frame is stale, and why: for pictures, health and metrics alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from stillcam.common.clock import local
from stillcam.frames.files import DEFAULT_INTERVAL_S, STALE_GRACE_S, stale_after_s
from stillcam.ipc.daemon_client import STATUS_TIMEOUT_S, DaemonClient
from stillcam.server.live.cache import CachedFrame, FrameCache


@dataclass(frozen=True, slots=True)
class Staleness:
    """There is no fresh frame."""

    newest: CachedFrame | None  # the last frame; None if there has been none
    camera_missing: bool  # the daemon runs, and reports that it has no camera
    reason: str  # a sentence for a person; empty: unknown
    live: bool = False  # only a live frame is missing; there may be a fresh still

    def headline(self, now_s: float) -> str:
        """In local time: `no camera since 14:03`, with the date if that was on another day.

        Args:
            now_s: seconds since the epoch.
        """
        if self.live:
            return "no live picture yet"
        what = "no camera" if self.camera_missing else "no picture"
        if self.newest is None:
            return what if self.camera_missing else f"{what} yet"
        since, now = local(self.newest.time_s), local(now_s)
        return f"{what} since {since:{'%H:%M' if since.date() == now.date() else '%-d %B %Y, %H:%M'}}"


class StalenessCheck:
    """Judges the newest frame by its age and the daemon's interval."""

    def __init__(self, cache: FrameCache, daemon: DaemonClient) -> None:
        self._cache = cache
        self._daemon = daemon
        self._interval_s = DEFAULT_INTERVAL_S

    @property
    def recent(self) -> bool:
        """Whether the newest frame is so recent that the daemon need not be asked."""
        newest = self._cache.newest
        return newest is not None and newest.age_s() <= STALE_GRACE_S

    def check(self, timeout_s: float = STATUS_TIMEOUT_S) -> Staleness | None:
        """None while the newest frame is fresh. As long as it is recent, this does not block.

        Args:
            timeout_s: for the daemon, see DaemonClient.status.
        """
        if self.recent:
            return None
        newest = self._cache.newest
        capture = self._daemon.status(timeout_s)
        if not self.is_stale(newest, capture):
            return None
        reason = capture.get("reason") or ""
        return Staleness(newest, bool(capture.get("running") and reason), reason)

    def is_stale(self, frame: CachedFrame | None, capture: Mapping[str, Any]) -> bool:
        """Whether a frame is stale, or there is none.

        Args:
            frame: the newest frame.
            capture: the daemon's status; without one, its last known interval counts.
        """
        self._interval_s = capture.get("interval_s") or self._interval_s
        return frame is None or frame.age_s() > stale_after_s(self._interval_s)
