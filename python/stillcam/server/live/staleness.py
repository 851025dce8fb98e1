"""Whether the newest frame is still fresh, and if not, why: for pictures, health and metrics alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from stillcam.common.time_zone import local
from stillcam.ipc.daemon_client import PATIENCE_S, DaemonClient
from stillcam.server.live.cache import FrameCache, Seen

GRACE_S = 5.0  # beyond three intervals
DEFAULT_INTERVAL_S = 2.0  # as long as the daemon has never said it


@dataclass(frozen=True, slots=True)
class Outage:
    """There is no fresh frame.

    Args:
        newest: the last frame; None when there has been none.
        camera_missing: the daemon runs, and says that it has no camera.
        reason: what is known about it, for a person; empty when nothing is.
        live: only a live frame is missing; there may be a fresh still.
    """

    newest: Seen | None
    camera_missing: bool
    reason: str
    live: bool = False

    def headline(self, now_s: float) -> str:
        """In local time: `no camera since 14:03`, with the date when that is another day's.

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


class Freshness:
    """Judges the newest frame by its age and the daemon's interval."""

    def __init__(self, cache: FrameCache, camera: DaemonClient) -> None:
        self._cache = cache
        self._camera = camera
        self._interval_s = DEFAULT_INTERVAL_S

    @property
    def young(self) -> bool:
        """Whether the newest frame is so young that the daemon need not be asked."""
        seen = self._cache.newest
        return seen is not None and seen.age_s() <= GRACE_S

    def outage(self, patience_s: float = PATIENCE_S) -> Outage | None:
        """None while the newest frame is fresh. As long as it is young, this costs nothing.

        Args:
            patience_s: for the daemon, see DaemonClient.status.
        """
        if self.young:
            return None
        seen = self._cache.newest
        capture = self._camera.status(patience_s)
        if not self.stale(seen, capture):
            return None
        reason = capture.get("reason") or ""
        return Outage(seen, bool(capture.get("running") and reason), reason)

    def stale(self, seen: Seen | None, capture: Mapping[str, Any]) -> bool:
        """Whether `seen` is older than three intervals and five seconds, or there is none.

        Args:
            seen: the newest frame.
            capture: the daemon's status; without one, its last known interval counts.
        """
        self._interval_s = capture.get("interval_s") or self._interval_s
        return seen is None or seen.age_s() > 3 * self._interval_s + GRACE_S
