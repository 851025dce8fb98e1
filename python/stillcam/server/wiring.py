"""Builds the web server: each group of routes with the objects that it needs."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial

from stillcam.accounts import Accounts
from stillcam.accounts.rules import StoreError
from stillcam.accounts.sign_in import SignIn, Throttle
from stillcam.common.paths import Paths
from stillcam.http.messages import Answer
from stillcam.library.catalogue import Library
from stillcam.server.app import CAMERA_PREFIX, App
from stillcam.server.camera_context import CameraContext
from stillcam.server.live.cache import FrameCache
from stillcam.server.openapi.document import openapi_route
from stillcam.server.revisions import FILM, LIBRARY, SERIES, SETTINGS, Revisions
from stillcam.server.route import Access, Request, Route
from stillcam.server.routes.accounts import AccountRoutes
from stillcam.server.routes.camera import CameraRoutes
from stillcam.server.routes.films import FilmRoutes
from stillcam.server.routes.info import info_route
from stillcam.server.routes.library import LibraryRoutes
from stillcam.server.routes.metrics import Counters, metrics_route
from stillcam.server.routes.pictures import PictureRoutes
from stillcam.server.routes.selection import SelectionRoutes
from stillcam.server.routes.series import SeriesRoutes
from stillcam.server.routes.settings import SettingsRoutes
from stillcam.server.routes.status import StatusRoutes
from stillcam.server.security.access import Guard
from stillcam.server.security.host_check import own_names
from stillcam.server.settings_service import SettingsService
from stillcam.server.static_files import StaticFiles
from stillcam.settings.file import SettingsFollower

_READ_AT = {SETTINGS: "api/settings", LIBRARY: "api/library", SERIES: "api/series", FILM: "api/films"}


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
        settings: follows `paths.settings`.
        cache: of `paths.images`; the caller closes it.
        others: the same of further cameras.
        names: gives this machine's names.
        accounts: those in `paths.data`; None: they are opened here.
    """
    accounts, counters = accounts or Accounts(paths.data), Counters()
    _prepare(accounts)
    guard, sign_in = Guard(accounts, settings.current), SignIn(accounts.cache, Throttle())
    contexts = [CameraContext(*camera) for camera in ((paths, settings, cache), *others)]
    static = StaticFiles(paths.web, guard.may_control)
    shared = [
        *static.routes(),
        metrics_route(contexts, counters),
        *AccountRoutes(accounts, guard, sign_in, settings.current).routes(),
    ]
    rights = partial(_rights, accounts, settings)
    cameras: dict[str, list[Route]] = {}
    for context in contexts:
        service, library = SettingsService(context, contexts, names), Library(context.paths.library)
        routes = [
            *PictureRoutes(context, settings.current, guard.may_control).routes(),
            info_route(context),
            *SettingsRoutes(service, context.paths).routes(),
            *CameraRoutes(context).routes(),
            *LibraryRoutes(library).routes(),
            *SelectionRoutes(library).routes(),
            *SeriesRoutes(context).routes(),
            *FilmRoutes(context.paths).routes(),
            *shared,
        ]
        read = {route.path: route for route in routes if route.method == "GET"}
        topics = {topic: read[path] for topic, path in _READ_AT.items()}
        revisions = Revisions(context.paths, service.revision)
        routes += StatusRoutes(context, contexts, static.version, revisions, topics, guard.admit, rights).routes()
        cameras[context.number] = [*routes, openapi_route(routes)]
    table = cameras[contexts[0].number] + (_aliases(cameras) if others else [])
    return App(table, settings.current, guard.admit, counters.answered, cameras, names, static.refusal)


def _prepare(accounts: Accounts) -> None:
    """Log where the setup code is; pictures are served even if accounts cannot be written."""
    try:
        if accounts.prepare():
            logging.info("nobody has registered yet: the set-up code is in %s", accounts.setup_code.path)
    except StoreError as error:
        logging.error("%s", error)


def _rights(accounts: Accounts, settings: SettingsFollower) -> object:
    """A value that differs once the rights of any user have changed."""
    try:
        return accounts.cache.get(), settings.current().access
    except StoreError:
        return None  # the accounts cannot be read


def _aliases(cameras: Mapping[str, Sequence[Route]]) -> list[Route]:
    """Of several cameras: the current frame of each by its number, and its page without the slash."""
    table = []
    for number, routes in cameras.items():
        table.append(Route("GET", f"{CAMERA_PREFIX}{number}", Access.OPEN, _add_slash))
        [current] = [route for route in routes if route.path == "images/current.jpg"]
        table.append(replace(current, path=f"images/{number}/current.jpg"))
    return table


def _add_slash(request: Request) -> Answer:
    return Answer(308, headers={"Location": f"{request.path.rpartition('/')[2]}/"})
