"""Puts the web server together: each group of routes with what it works on."""

from __future__ import annotations

import logging

from stillcam.accounts import Accounts
from stillcam.accounts.attempts import Attempts
from stillcam.accounts.errors import StoreError
from stillcam.accounts.sign_in import SignIn
from stillcam.backups import Backups
from stillcam.library.browse import Library
from stillcam.paths import Paths
from stillcam.server.access import Guard
from stillcam.server.account_routes import AccountRoutes
from stillcam.server.app import App
from stillcam.server.assets import Assets
from stillcam.server.backup_routes import BackupRoutes
from stillcam.server.cache import FrameCache
from stillcam.server.camera import CameraLink
from stillcam.server.camera_routes import CameraRoutes
from stillcam.server.captures import Captures
from stillcam.server.controls_routes import ControlsRoutes
from stillcam.server.freshness import Freshness
from stillcam.server.health import Health
from stillcam.server.in_force import SettingsInForce
from stillcam.server.info_routes import InfoRoutes
from stillcam.server.library_changes import LibraryChanges
from stillcam.server.library_routes import LibraryRoutes
from stillcam.server.metrics import Counters, Metrics
from stillcam.server.pictures import Pictures
from stillcam.server.session_routes import SessionRoutes
from stillcam.server.settings_desk import SettingsDesk
from stillcam.server.settings_routes import SettingsRoutes
from stillcam.server.take_routes import TakeRoutes
from stillcam.server.viewers import Viewers


def build(paths: Paths, settings: SettingsInForce, cache: FrameCache) -> App:
    """The app of one installation; its threads end with the process.

    Args:
        paths: where everything is.
        settings: those in force.
        cache: of `paths.images`; whoever has opened it closes it.
    """
    camera, counters = CameraLink(paths.socket), Counters()
    freshness, viewers = Freshness(cache, camera), Viewers(camera)
    accounts = Accounts(paths.data)
    _announce(accounts)
    guard, sign_in = Guard(accounts, settings), SignIn(accounts.known, Attempts())
    captures = Captures(paths.socket)
    desk = SettingsDesk(paths.settings, settings, camera, paths.socket)
    library = Library(paths.library)
    groups = (
        Assets(paths.web),
        Pictures(cache, freshness, viewers, captures, settings),
        Health(cache, camera, freshness, viewers),
        Metrics(paths, cache, camera, freshness, viewers, counters),
        InfoRoutes(paths, cache, camera, viewers, settings),
        SettingsRoutes(desk),
        BackupRoutes(desk, Backups(paths.data / "backups")),
        ControlsRoutes(camera, paths.socket),
        CameraRoutes(paths.socket, captures),
        TakeRoutes(paths.socket),
        LibraryRoutes(library),
        LibraryChanges(library),
        SessionRoutes(accounts, guard, sign_in, settings),
        AccountRoutes(accounts, guard, sign_in),
    )
    return App([route for group in groups for route in group.routes()], settings, guard, counters)


def _announce(accounts: Accounts) -> None:
    """Say how to register; pictures are served all the same when accounts cannot be written."""
    try:
        if accounts.prepare():
            logging.info("nobody has registered yet: the set-up code is in %s", accounts.setup_code.path)
    except StoreError as error:
        logging.error("%s", error)
