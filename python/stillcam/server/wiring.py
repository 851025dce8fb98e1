"""Builds the web server: each group of routes with the objects that it needs."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial

from stillcam.accounts import Accounts
from stillcam.accounts.rules import StoreError
from stillcam.accounts.sign_in import SignIn, Throttle
from stillcam.frames.jpeg import InvalidJpeg, check_jpeg
from stillcam.http.messages import Answer
from stillcam.library.catalogue import Library
from stillcam.server.app import CAMERA_PREFIX, App
from stillcam.server.camera_context import CameraContext
from stillcam.server.openapi.document import openapi_route
from stillcam.server.page_layout import shape_of
from stillcam.server.revisions import TOPICS, Revisions
from stillcam.server.route import Access, Request, Route
from stillcam.server.routes.accounts import AccountRoutes
from stillcam.server.routes.camera import CameraRoutes
from stillcam.server.routes.films import FilmRoutes
from stillcam.server.routes.first_steps import FirstStepsRoutes
from stillcam.server.routes.info import InfoRoutes
from stillcam.server.routes.library import LibraryRoutes
from stillcam.server.routes.metrics import Counters, metrics_route
from stillcam.server.routes.motion import MotionRoutes
from stillcam.server.routes.notifications import NotificationRoutes
from stillcam.server.routes.pictures import PictureRoutes
from stillcam.server.routes.profiles import ProfileRoutes
from stillcam.server.routes.restart import restart_route
from stillcam.server.routes.selection import SelectionRoutes
from stillcam.server.routes.series import SeriesRoutes
from stillcam.server.routes.series_zip import SeriesZipRoutes
from stillcam.server.routes.settings import SettingsRoutes
from stillcam.server.routes.stamp import StampRoutes
from stillcam.server.routes.status import StatusRoutes
from stillcam.server.routes.system import SystemRoutes
from stillcam.server.security.access import Guard
from stillcam.server.security.host_check import own_names
from stillcam.server.settings_service import SettingsService
from stillcam.server.static_files import StaticFiles
from stillcam.settings.schema import Settings


def _ignore() -> None:
    """Nothing restarts an app without a process of its own."""


def build(
    contexts: Sequence[CameraContext],
    names: Callable[[], frozenset[str]] = own_names,
    accounts: Accounts | None = None,
    restart: Callable[[], None] = _ignore,
    services: Sequence[SettingsService] = (),
) -> App:
    """The app of one installation; its threads end with the process.

    Args:
        contexts: of all cameras, first that of the primary one, whose folder has the accounts, and the settings that
            count for all.
        names: gives this machine's names.
        accounts: those of the primary camera; None: they are opened here.
        restart: ends this server, and starts it again.
        services: of the settings, in the order of `contexts`; empty: they are made here.
    """
    paths, settings = contexts[0].paths, contexts[0].settings
    accounts, counters = accounts or Accounts(paths.data), Counters()
    _prepare(accounts)
    guard, sign_in = Guard(accounts, settings), SignIn(accounts.cache, Throttle())
    account_routes = AccountRoutes(
        accounts,
        guard,
        sign_in,
        settings,
        contexts[0].notifier.report,
        lambda request: _asked(contexts, request).settings().live,
    )
    static = StaticFiles(paths.web, account_routes.session_of, partial(_shape, contexts))
    shared = [
        *static.routes(),
        metrics_route(contexts, counters, guard.is_known),
        *account_routes.routes(),
        restart_route(settings, paths.data, restart),
        *SystemRoutes(guard, sign_in, restart).routes(),
    ]
    rights = partial(_rights, accounts, settings)
    cameras: dict[str, list[Route]] = {}
    services = services or settings_services(contexts, names)
    for context, service in zip(contexts, services, strict=True):
        library = Library(context.paths.library)
        routes = [
            *PictureRoutes(context, settings, guard.may_control, rights).routes(),
            *InfoRoutes(context, accounts, names).routes(),
            *SettingsRoutes(service, context.paths).routes(),
            *StampRoutes(context).routes(),
            *CameraRoutes(context).routes(),
            *MotionRoutes(context, service).routes(),
            *ProfileRoutes(context, service).routes(),
            *LibraryRoutes(library).routes(),
            *SelectionRoutes(library).routes(),
            *SeriesRoutes(context).routes(),
            *SeriesZipRoutes(context.paths).routes(),
            *FilmRoutes(context.paths).routes(),
            *NotificationRoutes(context).routes(),
            *FirstStepsRoutes(accounts.first_steps, context).routes(),
            *shared,
        ]
        read = {route.path: route for route in routes if route.method == "GET"}
        topics = {topic: read[f"api/{topic}"] for topic in TOPICS}
        revisions = Revisions(context.paths, service.revision)
        routes += StatusRoutes(
            context, contexts, static.version, revisions, topics, guard.admit, guard.is_known, rights
        ).routes()
        cameras[context.number] = [*routes, openapi_route(routes)]
    table = cameras[contexts[0].number] + (_aliases(cameras) if len(contexts) > 1 else [])
    return App(table, settings, guard.admit, counters.of, cameras, names, static.refusal, accounts.cache.last_read)


def settings_services(
    contexts: Sequence[CameraContext], names: Callable[[], frozenset[str]]
) -> Sequence[SettingsService]:
    """The settings of each camera; see `build`."""
    return [SettingsService(context, contexts, names) for context in contexts]


def _asked(contexts: Sequence[CameraContext], request: Request) -> CameraContext:
    """The camera that a request is for."""
    return next((one for one in contexts if one.number == request.camera), contexts[0])


def _shape(contexts: Sequence[CameraContext], request: Request) -> str:
    """The shape of the newest picture of the camera that is asked; empty without one."""
    frame = _asked(contexts, request).cache.newest
    try:
        return shape_of(check_jpeg(bytes(frame.picture.data))) if frame else ""
    except InvalidJpeg:
        return ""


def _prepare(accounts: Accounts) -> None:
    """Log where the setup code is; pictures are served even if accounts cannot be written."""
    try:
        if accounts.prepare():
            logging.info("nobody has registered yet: the setup code is in %s", accounts.setup_code.path)
    except StoreError as error:
        logging.error("%s", error)


def _rights(accounts: Accounts, settings: Callable[[], Settings]) -> object:
    """A value that differs once the rights of any user have changed."""
    try:
        return accounts.cache.get(), settings().access
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
