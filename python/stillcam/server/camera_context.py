"""One camera as the server sees it; each has its own, and there may be several."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from stillcam.common.paths import Paths
from stillcam.ipc.daemon_client import DaemonClient
from stillcam.server.live.cache import FrameCache
from stillcam.server.live.staleness import Freshness
from stillcam.server.live.viewers import Viewers


@dataclass(frozen=True, slots=True)
class Station:
    """One camera's.

    Args:
        paths: its folders, and its number.
        cache: its newest frame.
        link: to its daemon.
        freshness: whether the frame is stale.
        viewers: who watches it live.
    """

    paths: Paths
    cache: FrameCache
    link: DaemonClient
    freshness: Freshness
    viewers: Viewers

    @classmethod
    def of(cls, paths: Paths, cache: FrameCache) -> Station:
        """That of the camera whose folders these are.

        Args:
            paths: of the camera.
            cache: of `paths.images`; whoever has opened it closes it.
        """
        link = DaemonClient(paths.socket)
        return cls(paths, cache, link, Freshness(cache, link), Viewers(link))

    @staticmethod
    def refresh(stations: Sequence[Station]) -> None:
        """Ask the daemons of all `stations` at once: whoever then wants their status waits for the slowest only."""
        for station in stations:
            station.link.refresh()

    @property
    def number(self) -> str:
        """The camera's number, as in addresses and labels."""
        return str(self.paths.number)
