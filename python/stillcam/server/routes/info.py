"""`api/info`: what one wants to know of the machine, and to send along with a bug report."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from stillcam.common.errors import StillcamError
from stillcam.common.paths import Paths
from stillcam.http.certificates import describe
from stillcam.http.messages import Answer, as_json
from stillcam.ipc.daemon_client import DaemonClient
from stillcam.server.live.cache import FrameCache
from stillcam.server.live.viewers import Viewers
from stillcam.server.openapi.route import api
from stillcam.server.route import Access, Request, Route
from stillcam.settings.schema import Settings
from stillcam.system_info import Row, Section, as_document
from stillcam.system_info.board import heat_and_power, temperature_c, throttled
from stillcam.system_info.camera import camera
from stillcam.system_info.machine import board, system
from stillcam.system_info.software import Software
from stillcam.system_info.storage import DAY_S, storage


class InfoRoutes:
    """The route of the Info tab's system part.

    Args:
        paths: of this installation.
        cache: has the newest frame.
        daemon: has the camera's status.
        viewers: the clients that watch live.
        settings: gives those in force.
    """

    def __init__(
        self, paths: Paths, cache: FrameCache, daemon: DaemonClient, viewers: Viewers, settings: Callable[[], Settings]
    ) -> None:
        self._folders = {"System": Path("/"), "images/": paths.images, "data/": paths.data}
        self._data = paths.primary.data
        self._cache = cache
        self._daemon = daemon
        self._viewers = viewers
        self._settings = settings
        self._software = Software()

    def routes(self) -> list[Route]:
        """Facts about the machine need the library right."""
        return [
            api("State", "GET", "api/info", Access.LIBRARY, self._info,
                "Facts about this machine, in sections of label and text.", {200: "Info"}),
        ]  # fmt: skip

    def _info(self, _request: Request) -> Answer:
        status = self._daemon.status()
        newest, interval_s = self._cache.newest, self._settings().snapshot.interval_s
        written_a_day = len(newest.picture) * DAY_S / interval_s if newest else None
        return as_json(200, as_document([
            Section("Camera server", camera(status, len(self._viewers)) + self._certificate()),
            Section("Board", board() + heat_and_power(temperature_c(), throttled())),
            Section("System", system()),
            Section("Software", self._software.rows()),
            Section("Storage", storage(self._folders, written_a_day)),
        ]))  # fmt: skip

    def _certificate(self) -> list[Row]:
        """For HTTPS: names, end, and what has to be done about it."""
        if not (name := self._settings().server.tls_certificate):
            return []
        try:
            found, advice = describe(self._data / name, time.time())
        except StillcamError as error:
            found, advice = str(error), ""
        return [("Certificate", f"{found}: {advice}" if advice else found)]
