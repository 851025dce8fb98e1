"""Checks of the web server: settings, port, certificate, accounts."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from stillcam.accounts import Accounts
from stillcam.checks.camera import START
from stillcam.checks.finding import FAULT, OK, WARNING, Finding, Installation
from stillcam.common.errors import StillcamError
from stillcam.http import certificates
from stillcam.server.own_address import healthz, listening_address
from stillcam.settings.file import load


def settings(installation: Installation) -> list[Finding]:
    """Whether the file is valid."""
    file = installation.paths.settings
    try:
        load(file)
    except StillcamError as error:
        advice = "mend it; the last good settings stay in force"
        return [Finding("settings", FAULT, str(error), advice)]
    return [Finding("settings", OK, f"{file} is right" if file.exists() else "all defaults")]


def port(installation: Installation) -> list[Finding]:
    """Which program answers on the port, and whether background threads of the server have died."""
    try:
        host, number = listening_address(installation.environ)
    except StillcamError as error:
        return [Finding("port", FAULT, str(error))]
    try:
        tls = bool(load(installation.paths.primary.settings).server.tls_certificate)
    except StillcamError:
        tls = False
    try:
        status, health = healthz(host, number, tls=tls)
    except ConnectionRefusedError:
        return [Finding("port", FAULT, f"no program listens on port {number}", START)]
    except OSError as error:
        advice = "end what uses it (see: sudo ss -tlnp), or set another STILLCAM_PORT"
        return [Finding("port", FAULT, f"port {number}: {error}", advice)]
    reason = "" if status == 200 else f", and says: {health.get('reason')}"
    return [Finding("port", OK, f"the web server answers on port {number}{reason}"), _threads(health)]


def certificate(installation: Installation) -> list[Finding]:
    """Whether it is valid, and for how long."""
    try:
        name = load(installation.paths.primary.settings).server.tls_certificate
    except StillcamError:
        name = ""  # has a check of its own
    if not name:
        return [Finding("certificate", OK, "none is set: the server uses plain HTTP")]
    file, now_s = installation.paths.primary.data / name, time.time()
    try:
        found, advice = certificates.describe(file, now_s)
        ended = certificates.expires_s(file) < now_s
    except StillcamError as error:
        return [Finding("certificate", WARNING, str(error), f"check that {file} is a PEM certificate")]
    return [Finding("certificate", FAULT if ended else WARNING if advice else OK, found, advice)]


def accounts(installation: Installation) -> list[Finding]:
    """Whether an owner has registered."""
    not_registered = Finding(
        "accounts", WARNING, "nobody has registered: anyone who reaches the port may watch",
        "open the page and register; `python -m stillcam code` prints the set-up code",
    )  # fmt: skip
    if not (installation.paths.primary.data / "accounts.db").exists():
        return [not_registered]
    try:
        registered = Accounts(installation.paths.primary.data).users.registered()
    except StillcamError as error:
        return [Finding("accounts", FAULT, str(error))]
    return [Finding("accounts", OK, "there is an owner") if registered else not_registered]


def _threads(health: Mapping[str, Any]) -> Finding:
    """Which threads have died. Each was restarted, but the cause may persist."""
    name, died = "server threads", health.get("threads")
    if not died:
        return Finding(name, OK, "none has failed")
    found = "; ".join(f"restarts of {one['name']}: {one['count']}, last at {one['time']}" for one in died)
    return Finding(name, WARNING, found, "data/logs/server.log says why: a traceback there is a bug to report")
