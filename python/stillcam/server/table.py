"""Puts the web server together: each group of routes with what it works on."""

from __future__ import annotations

from collections.abc import Callable

from stillcam.paths import Paths
from stillcam.server.app import App
from stillcam.server.assets import Assets
from stillcam.server.cache import FrameCache
from stillcam.server.camera import CameraLink
from stillcam.server.captures import Captures
from stillcam.server.freshness import Freshness
from stillcam.server.health import Health
from stillcam.server.info_routes import InfoRoutes
from stillcam.server.messages import Access, Refused, Request, Route
from stillcam.server.metrics import Counters, Metrics
from stillcam.server.pictures import Pictures
from stillcam.server.viewers import Viewers
from stillcam.settings import Settings


class Nobody:
    """The guard while there are no accounts: anyone may watch, and nobody may change anything."""

    def admit(self, _request: Request, route: Route) -> None:
        """See Guard."""
        if route.access not in (Access.OPEN, Access.WATCH):
            raise Refused(401, "sign in first")


def build(paths: Paths, settings: Callable[[], Settings]) -> App:
    """The app of one installation; its threads end with the process."""
    cache, camera, counters = FrameCache(paths.images), CameraLink(paths.socket), Counters()
    freshness, viewers = Freshness(cache, camera), Viewers(camera)
    groups = (
        Assets(paths.web),
        Pictures(cache, freshness, viewers, Captures(paths.socket), settings),
        Health(cache, camera, freshness, viewers),
        Metrics(paths, cache, camera, freshness, viewers, counters),
        InfoRoutes(paths, cache, camera, viewers),
    )
    return App([route for group in groups for route in group.routes()], settings, Nobody(), counters)
