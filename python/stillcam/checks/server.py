"""Checks of the web server: settings, port, certificate, accounts, receivers."""

from __future__ import annotations

import time

from stillcam.accounts import Accounts
from stillcam.checks.camera import START
from stillcam.checks.finding import Finding, Installation, dead_threads, fault, ok, warning
from stillcam.common.errors import StillcamError
from stillcam.http import certificates
from stillcam.notifications.receivers import problem_of
from stillcam.server.own_address import healthz, listening_address
from stillcam.settings.file import load
from stillcam.settings.receivers import targets


def settings(installation: Installation) -> list[Finding]:
    """Whether the file is valid."""
    file = installation.paths.settings
    try:
        load(file)
    except StillcamError as error:
        advice = "correct the file; the last good settings stay in force"
        return fault("settings", str(error), advice)
    return ok("settings", f"{file} is valid" if file.exists() else "all defaults")


def port(installation: Installation) -> list[Finding]:
    """Which program answers on the port, and whether background threads of the server have died."""
    try:
        host, number = listening_address(installation.environ)
    except StillcamError as error:
        return fault("port", str(error))
    try:
        tls = bool(load(installation.paths.primary.settings).server.tls_certificate)
    except StillcamError:
        tls = False
    try:
        status, health = healthz(host, number, tls=tls)
    except ConnectionRefusedError:
        return fault(
            "port",
            f"no program listens on port {number}",
            f"{START}; a server with its own STILLCAM_PORT needs it here too",
        )
    except OSError as error:
        advice = "stop the program that uses it (see: sudo ss -tlnp), or set another STILLCAM_PORT"
        return fault("port", f"port {number}: {error}", advice)
    reason = "" if status == 200 else f", but reports: {health.get('reason')}"
    answers = ok("port", f"the web server answers on port {number}{reason}")
    return answers + dead_threads("server threads", health.get("threads"))


def certificate(installation: Installation) -> list[Finding]:
    """Whether it is valid, and for how long."""
    try:
        name = load(installation.paths.primary.settings).server.tls_certificate
    except StillcamError:
        name = ""  # has a check of its own
    if not name:
        return ok("certificate", "no certificate is set: the server uses plain HTTP")
    file, now_s = installation.paths.primary.data / name, time.time()
    try:
        found, advice = certificates.describe(file, now_s)
        ended = certificates.expires_s(file) < now_s
    except StillcamError as error:
        return warning("certificate", str(error), f"check that {file} is a PEM certificate")
    if ended:
        return fault("certificate", found, advice)
    return warning("certificate", found, advice) if advice else ok("certificate", found)


def accounts(installation: Installation) -> list[Finding]:
    """Whether an owner has registered."""
    data = installation.paths.primary.data
    try:
        if (data / "accounts.db").exists() and Accounts(data).users.registered():
            return ok("accounts", "an owner has registered")
    except StillcamError as error:
        return fault("accounts", str(error))
    return warning(
        "accounts",
        "nobody has registered: anyone who can reach the server may watch",
        "open the page, choose Set up, and enter the setup code that `stillcam code` prints",
    )


def receivers(installation: Installation) -> list[Finding]:
    """Whether the receivers of notifications have what they need."""
    try:
        named = load(installation.paths.settings).notifications.receivers
    except StillcamError:
        return []  # `settings` says more
    findings = []
    for name in targets(named):
        if problem := problem_of(name, installation.paths):
            why, _, advice = problem.partition(": ")
            findings += warning("receivers", f"{name}: {why}", advice)
    return findings or (ok("receivers", f"{len(named)} have an address") if named else [])
