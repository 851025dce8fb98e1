"""What the server has for each camera."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from stillcam.common.paths import Paths
from stillcam.ipc.daemon_client import DaemonClient
from stillcam.server.live.cache import FrameCache
from stillcam.server.live.staleness import StalenessCheck
from stillcam.server.live.viewers import Viewers
from stillcam.settings.file import SettingsFollower


@dataclass(frozen=True, slots=True, eq=False)
class CameraContext:
    """What the server has for one camera.

    Args:
        paths: its folders, and its number.
        settings: follows its settings file.
        cache: its newest frame.
        daemon: asks its capture daemon.
        staleness: of that frame.
        viewers: the clients that watch it live.
    """

    paths: Paths
    settings: SettingsFollower
    cache: FrameCache
    daemon: DaemonClient
    staleness: StalenessCheck
    viewers: Viewers

    @classmethod
    def of(cls, paths: Paths, settings: SettingsFollower, cache: FrameCache) -> CameraContext:
        """The context of a camera.

        Args:
            paths: of the camera.
            settings: of `paths.settings`.
            cache: of `paths.images`; the caller closes it.
        """
        daemon = DaemonClient(paths.socket)
        return cls(paths, settings, cache, daemon, StalenessCheck(cache, daemon), Viewers(daemon))

    @staticmethod
    def refresh(contexts: Sequence[CameraContext]) -> None:
        """Ask all daemons at once: reading their status then takes as long as the slowest, not the sum."""
        for context in contexts:
            context.daemon.refresh()

    @property
    def number(self) -> str:
        """The camera's number, as in addresses and labels."""
        return str(self.paths.number)
