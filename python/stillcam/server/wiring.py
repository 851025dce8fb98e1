"""Builds the web server: each group of routes with the objects that it needs."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Protocol

from stillcam.accounts import Accounts
from stillcam.accounts.rules import StoreError
from stillcam.accounts.sign_in import SignIn, Throttle
from stillcam.common.paths import Paths
from stillcam.films.store import FilmStore
from stillcam.http.messages import Answer
from stillcam.library.catalogue import Library
from stillcam.server.app import BELOW, App
from stillcam.server.camera_context import CameraContext
from stillcam.server.live.cache import FrameCache
from stillcam.server.live.on_demand import OnDemandStills
from stillcam.server.live.stream import LiveStreams
from stillcam.server.openapi.document import OpenApiRoutes
from stillcam.server.revisions import FILM, LIBRARY, SERIES, SETTINGS, Revisions
from stillcam.server.route import Access, Request, Route
from stillcam.server.routes.accounts import AccountRoutes
from stillcam.server.routes.camera import CameraRoutes
from stillcam.server.routes.films import FilmRoutes
from stillcam.server.routes.info import InfoRoutes
from stillcam.server.routes.library import LibraryRoutes
from stillcam.server.routes.metrics import Counters, MetricsRoutes
from stillcam.server.routes.pictures import PictureRoutes
from stillcam.server.routes.series import SeriesRoutes
from stillcam.server.routes.series_preview import SeriesPreview
from stillcam.server.routes.settings import SettingsRoutes
from stillcam.server.routes.status import StatusRoutes
from stillcam.server.security.access import Guard
from stillcam.server.security.host_check import own_names
from stillcam.server.settings_service import SettingsService, SharedSettings
from stillcam.server.static_files import StaticFiles
from stillcam.settings.backups import Backups
from stillcam.settings.file import SettingsFollower

_READ_AT = {SETTINGS: "api/settings", LIBRARY: "api/library", SERIES: "api/series", FILM: "api/films"}


class RouteGroup(Protocol):
    """Routes that belong together."""

    def routes(self) -> list[Route]:
        """All of them."""
        ...


def build(
    paths: Paths,
    settings: SettingsFollower,
    cache: FrameCache,
    others: Sequence[tuple[Paths, SettingsFollower, FrameCache]] = (),
    names: Callable[[], frozenset[str]] = own_names,
    accounts: Accounts | None = None,
) -> App:
    """The app of one installation; its threads end with the process.

    Args:
        paths: of the primary camera, which has the accounts and the settings that count for all.
        settings: of `paths.settings`.
        cache: of `paths.images`; the caller closes it.
        others: the same of further cameras.
        names: gives this machine's names.
        accounts: those in `paths.data`; None: they are opened here.
    """
    accounts, counters = accounts or Accounts(paths.data), Counters()
    _prepare(accounts)
    guard, sign_in = Guard(accounts, settings.current), SignIn(accounts.cache, Throttle())
    contexts = [CameraContext.of(*camera) for camera in ((paths, settings, cache), *others)]
    primary = contexts[0]
    static = StaticFiles(paths.web, guard.may_control)
    shared = (
        static,
        MetricsRoutes(contexts, counters),
        AccountRoutes(accounts, guard, sign_in, settings.current),
    )
    cameras: dict[str, list[Route]] = {}
    for context in contexts:
        service = _settings_service(context, contexts, names)
        groups = (*_camera_groups(context, primary, service, guard.may_control), *shared)
        routes = [route for group in groups for route in group.routes()]
        read = {route.path: route for route in routes if route.method == "GET"}
        topics = {topic: read[path] for topic, path in _READ_AT.items()}
        revisions = Revisions(context.paths, service.revision)
        rights = partial(_rights, accounts, settings)
        status = StatusRoutes(context, contexts, static.version, revisions, topics, guard.admit, rights)
        routes += status.routes()
        cameras[context.number] = routes + OpenApiRoutes(routes).routes()
    table = cameras[primary.number] + (_aliases(cameras) if others else [])
    return App(table, settings.current, guard, counters, cameras, names, static.refusal)


def _rights(accounts: Accounts, settings: SettingsFollower) -> object:
    """A value that differs once the rights of any user have changed."""
    try:
        return accounts.cache.get(), settings.current().access
    except StoreError:
        return None  # the accounts cannot be read


def _settings_service(
    context: CameraContext, contexts: Sequence[CameraContext], names: Callable[[], frozenset[str]]
) -> SettingsService:
    others = [other.settings for other in contexts if other is not context]
    shared = SharedSettings(context is contexts[0], context.paths.number, partial(_indices, others))
    paths = context.paths
    return SettingsService(paths.settings, context.settings, context.daemon, paths.socket, context.cache, shared, names)


def _indices(settings: Sequence[SettingsFollower]) -> set[int]:
    return {each.current().camera.index for each in settings}


def _camera_groups(
    context: CameraContext, primary: CameraContext, service: SettingsService, may_control: Callable[[Request], bool]
) -> Sequence[RouteGroup]:
    """The routes that each camera has for itself.

    Args:
        context: the camera's.
        primary: the primary camera's.
        service: changes the camera's settings.
        may_control: whether a request may control the cameras.
    """
    paths, cache, daemon, viewers = context.paths, context.cache, context.daemon, context.viewers
    settings = context.settings.current
    stills = OnDemandStills(paths.socket, lambda: settings().snapshot.interval_s)
    streams = LiveStreams(cache, context.staleness, daemon, viewers, settings)
    return (
        PictureRoutes(cache, context.staleness, viewers, stills, streams, primary.settings.current, may_control),
        InfoRoutes(paths, cache, daemon, viewers, settings),
        SettingsRoutes(service, Backups(paths.data / "backups")),
        CameraRoutes(daemon, paths.socket, stills, cache, settings),
        LibraryRoutes(Library(paths.library)),
        SeriesRoutes(paths.series, paths.socket, SeriesPreview(paths.series, cache, daemon, settings), settings),
        FilmRoutes(FilmStore(paths), paths.socket),
    )


def _aliases(cameras: Mapping[str, Sequence[Route]]) -> list[Route]:
    """Of several cameras: the current frame of each by its number, and its page without the slash."""
    table = []
    for number, routes in cameras.items():
        table.append(Route("GET", f"{BELOW}{number}", Access.OPEN, _add_slash))
        [current] = [route for route in routes if route.path == "images/current.jpg"]
        table.append(replace(current, path=f"images/{number}/current.jpg"))
    return table


def _add_slash(request: Request) -> Answer:
    return Answer(308, headers={"Location": f"{request.path.rpartition('/')[2]}/"})


def _prepare(accounts: Accounts) -> None:
    """Log where the setup code is; pictures are served even if accounts cannot be written."""
    try:
        if accounts.prepare():
            logging.info("nobody has registered yet: the set-up code is in %s", accounts.setup_code.path)
    except StoreError as error:
        logging.error("%s", error)
