"""What the server has for one camera."""

from __future__ import annotations

from collections.abc import Iterable

from stillcam.common.paths import Paths
from stillcam.ipc.daemon_client import DaemonClient
from stillcam.notifications.notifier import Notifier
from stillcam.server.live.cache import FrameCache
from stillcam.server.live.deliveries import Deliveries
from stillcam.server.live.on_demand import OnDemandStills
from stillcam.server.live.scaled.feed import ScaledFeed
from stillcam.server.live.scaled.frames import WIDTHS, ScaledFrames
from stillcam.server.live.scaled.process import Scaler
from stillcam.server.live.staleness import StalenessCheck
from stillcam.server.live.worker import Viewers
from stillcam.server.notification_facts import facts_of
from stillcam.settings.file import SettingsFollower
from stillcam.system_info.storage import DAY_S


class CameraContext:
    """What the server has for one camera; the owner of the context closes it.

    Args:
        paths: those of the camera.
        scaler: that of all cameras; None: one for this camera.
    """

    def __init__(self, paths: Paths, scaler: Scaler | None = None) -> None:
        self.paths = paths
        self.number = str(paths.number)  # as in addresses and labels
        self.follower = SettingsFollower(paths.settings)
        self.settings = self.follower.in_force
        self.cache = FrameCache(paths.images)
        self.daemon = DaemonClient(paths.socket)
        self.staleness = StalenessCheck(self.cache, self.daemon)
        self.viewers = Viewers(self.daemon)
        self.scaler = scaler or Scaler()
        self.scaled = ScaledFrames(self.cache, self.scaler)
        self.feeds = {width: ScaledFeed(self.cache, self.scaled, width) for width in WIDTHS}
        self.deliveries = Deliveries(self.cache)
        self.stills = OnDemandStills(paths.socket, lambda: self.settings().snapshot.interval_s)
        self.notifier = Notifier(paths, self.settings, facts_of(self))

    def frame_bytes_a_day(self) -> float | None:
        """The bytes of all frames of a day, by the newest one and the interval; None: there is no frame yet."""
        newest = self.cache.newest
        return len(newest.picture) * DAY_S / self.settings().snapshot.interval_s if newest else None

    def close(self) -> None:
        """Stop following the frames."""
        self.cache.close()


def refresh_status(contexts: Iterable[CameraContext]) -> None:
    """Ask all daemons at once: reading their status then takes as long as the slowest, not the sum."""
    for context in contexts:
        context.daemon.refresh()
