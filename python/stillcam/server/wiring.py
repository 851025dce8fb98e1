"""Puts the web server together: each group of routes with what it works on."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Protocol

from stillcam.accounts import Accounts
from stillcam.accounts.attempts import Attempts
from stillcam.accounts.errors import StoreError
from stillcam.accounts.sign_in import SignIn
from stillcam.common.paths import Paths
from stillcam.films.store import Shelf
from stillcam.http.messages import Access, Answer, Request, Route
from stillcam.library.catalogue import Library
from stillcam.server.app import BELOW, App
from stillcam.server.camera_context import Station
from stillcam.server.live.cache import FrameCache
from stillcam.server.live.on_demand import Captures
from stillcam.server.live.stream import Streams
from stillcam.server.revisions import FILM, LIBRARY, SERIES, SETTINGS, Revisions
from stillcam.server.routes.accounts import AccountRoutes
from stillcam.server.routes.camera import CameraRoutes
from stillcam.server.routes.films import FilmRoutes
from stillcam.server.routes.info import InfoRoutes
from stillcam.server.routes.library import LibraryRoutes
from stillcam.server.routes.metrics import Counters, Metrics
from stillcam.server.routes.pictures import Pictures
from stillcam.server.routes.series import SeriesRoutes
from stillcam.server.routes.series_preview import Preview
from stillcam.server.routes.settings import SettingsRoutes
from stillcam.server.routes.status import StatusRoutes
from stillcam.server.security.access import Guard
from stillcam.server.security.own_names import own_names
from stillcam.server.settings_service import SettingsDesk
from stillcam.server.shared_settings import HouseRules
from stillcam.server.static_files import Assets
from stillcam.settings.backups import Backups
from stillcam.settings.live import SettingsInForce

_READ_AT = {SETTINGS: "api/settings", LIBRARY: "api/library", SERIES: "api/series", FILM: "api/films"}


class Group(Protocol):
    """Routes that belong together."""

    def routes(self) -> list[Route]:
        """All of them."""
        ...


def build(
    paths: Paths,
    settings: SettingsInForce,
    cache: FrameCache,
    others: Sequence[tuple[Paths, SettingsInForce, FrameCache]] = (),
    names: Callable[[], frozenset[str]] = own_names,
    accounts: Accounts | None = None,
) -> App:
    """The app of one installation; its threads end with the process.

    Args:
        paths: where everything of the first camera is.
        settings: those in force.
        cache: of `paths.images`; whoever has opened it closes it.
        others: the same of further cameras.
        names: gives this machine's names.
        accounts: those in `paths.data`; None: they are opened here.
    """
    accounts, counters = accounts or Accounts(paths.data), Counters()
    _announce(accounts)
    guard, sign_in = Guard(accounts, settings), SignIn(accounts.known, Attempts())
    every = ((paths, settings, cache), *others)
    owns = {Station.of(its_paths, its_cache): its_settings for its_paths, its_settings, its_cache in every}
    first, *_ = stations = list(owns)
    assets = Assets(paths.web, guard.may_control)
    shared = (
        assets,
        Metrics(stations, counters),
        AccountRoutes(accounts, guard, sign_in, settings),
    )
    cameras: dict[str, list[Route]] = {}
    for station, own in owns.items():
        theirs = [its for other, its in owns.items() if other is not station]
        rules = HouseRules(station is first, station.paths.number, partial(_indices, theirs))
        frames, link = station.cache, station.link
        desk = SettingsDesk(station.paths.settings, own, link, station.paths.socket, frames, rules, names)
        groups = (*_of_camera(station, own, settings, desk, guard.may_control), *shared)
        table = [route for group in groups for route in group.routes()]
        read = {route.path: route for route in table if route.method == "GET"}
        topics = {topic: read[path] for topic, path in _READ_AT.items()}
        revisions = Revisions(station.paths, desk.revision)
        rights = partial(_rights, accounts, settings)
        cameras[station.number] = (
            table + StatusRoutes(station, stations, assets.version, revisions, topics, guard.admit, rights).routes()
        )
    routes = cameras[first.number] + (_aliases(cameras) if others else [])
    return App(routes, settings, guard, counters, cameras, names, assets.refusal)


def _rights(accounts: Accounts, settings: SettingsInForce) -> object:
    """Another value once anybody's rights have changed."""
    try:
        return accounts.known(), settings().access
    except StoreError:
        return None  # as the accounts cannot be read, nobody is known


def _indices(settings: Sequence[SettingsInForce]) -> set[int]:
    return {each().camera.index for each in settings}


def _of_camera(
    station: Station,
    settings: SettingsInForce,
    house: SettingsInForce,
    desk: SettingsDesk,
    may_control: Callable[[Request], bool],
) -> Sequence[Group]:
    """What each camera has for itself.

    Args:
        station: the camera's.
        settings: its own.
        house: the first camera's, in which is what counts for all: who may come in, and how the server serves.
        desk: where its settings are changed.
        may_control: whether a request may control the cameras.
    """
    paths, cache, camera, viewers = station.paths, station.cache, station.link, station.viewers
    captures = Captures(paths.socket, lambda: settings().snapshot.interval_s)
    streams = Streams(cache, station.freshness, camera, viewers, settings)
    return (
        Pictures(cache, station.freshness, viewers, captures, streams, house, may_control),
        InfoRoutes(paths, cache, camera, viewers, settings),
        SettingsRoutes(desk, Backups(paths.data / "backups")),
        CameraRoutes(camera, paths.socket, captures, cache, settings),
        LibraryRoutes(Library(paths.library)),
        SeriesRoutes(paths.series, paths.socket, Preview(paths.series, cache, camera, settings), settings),
        FilmRoutes(Shelf(paths), paths.socket),
    )


def _aliases(cameras: Mapping[str, Sequence[Route]]) -> list[Route]:
    """Where there are several: the current frame of each by its number, and a way to its page without the slash."""
    table = []
    for number, routes in cameras.items():
        table.append(Route("GET", f"{BELOW}{number}", Access.OPEN, _add_slash))
        [current] = [route for route in routes if route.path == "images/current.jpg"]
        table.append(replace(current, path=f"images/{number}/current.jpg"))
    return table


def _add_slash(request: Request) -> Answer:
    return Answer(308, headers={"Location": f"{request.path.rpartition('/')[2]}/"})


def _announce(accounts: Accounts) -> None:
    """Say how to register; pictures are served all the same when accounts cannot be written."""
    try:
        if accounts.prepare():
            logging.info("nobody has registered yet: the set-up code is in %s", accounts.setup_code.path)
    except StoreError as error:
        logging.error("%s", error)
