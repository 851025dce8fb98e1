"""`receiver`: those who are notified, their addresses, and a test.

An address is typed at a terminal, or else read as the first line of the input; it is never an argument, which other
users of the machine could see.
"""

from __future__ import annotations

import getpass
import sys
from typing import Any

from stillcam.cli import Arguments, Result, add_command, add_group
from stillcam.cli.output import Table
from stillcam.common.errors import SettingsError, StillcamError
from stillcam.common.paths import Paths
from stillcam.frames.files import open_current
from stillcam.notifications.addresses import Addresses
from stillcam.notifications.receivers import Receivers
from stillcam.settings.file import load_or_last_good


def add_to(commands: Any) -> None:
    group = add_group(commands, "receiver", "manage the receivers of notifications")
    add_command(group, "list", "list the receivers of notifications, and what is missing", _list)
    text = "give a receiver its address for Apprise; it is read from the terminal or standard input"
    address = add_command(group, "address", text, _address)
    address.add_argument("receiver", metavar="RECEIVER", help="its name in notifications.receivers")
    address.add_argument("--remove", action="store_true", help="forget the address")
    test = add_command(group, "test", "send a test message to a receiver, with the newest picture", _test)
    test.add_argument("receiver", metavar="RECEIVER", help="its name, or the address of a webhook")


def _list(paths: Paths, _arguments: Arguments) -> Result:
    settings, _ = load_or_last_good(paths.settings)
    found = Receivers(paths).describe(settings)
    rows = [(one["kind"], one["row"], one["problem"] or "") for one in found]
    table = Table(("KIND", "RECEIVER", "PROBLEM"), rows)
    keys = ("kind", "row", "events", "problem")
    return Result(
        table if rows else ["there are no receivers: set notifications.receivers or webhooks.urls"],
        {"receivers": [{key: one[key] for key in keys} for one in found]},
    )


def _address(paths: Paths, arguments: Arguments) -> Result:
    addresses, name = Addresses(paths.primary.data), arguments.receiver
    if arguments.remove:
        addresses.remove(name)
        return Result([f"{name} has no address now"], {"receiver": name, "address": False})
    try:
        addresses.set(name, _ask_address(name))
    except SettingsError as error:
        raise StillcamError(f"the address {error}") from error
    return Result([f"{name} has an address: `stillcam receiver test {name}`"], {"receiver": name, "address": True})


def _test(paths: Paths, arguments: Arguments) -> Result:
    settings, _ = load_or_last_good(paths.settings)
    rows = (*settings.webhooks.urls, *settings.notifications.receivers)
    row = next((row for row in rows if arguments.receiver in (row, row.split()[0])), None)
    if row is None:
        raise StillcamError(f"there is no receiver {arguments.receiver}: `stillcam receiver list` shows all")
    frame = open_current(paths.images)
    last = Receivers(paths).test(settings, row, frame.data if frame else None)["last"]
    text = last["error"] or last["note"] or "the receiver has accepted the message"
    return Result([text], {"receiver": arguments.receiver, **last}, ok=last["error"] is None)


def _ask_address(name: str) -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().strip()
    try:
        return getpass.getpass(f"Address of {name}, as Apprise takes it (it is not shown): ")
    except (EOFError, KeyboardInterrupt) as error:
        raise StillcamError("no address was typed: nothing was changed") from error
