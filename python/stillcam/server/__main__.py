"""`python -m stillcam.server`: run the web server in the foreground."""

from __future__ import annotations

import errno
import logging
import os
import resource
import signal
import socket
import sys
import threading
from collections.abc import Mapping

from stillcam import __version__
from stillcam.accounts import Accounts
from stillcam.common import heap, log, threads
from stillcam.common.errors import StillcamError
from stillcam.common.paths import Paths, camera_numbers
from stillcam.common.systemd import Service
from stillcam.http.limits import ConnectionLimits
from stillcam.http.listener import Listener
from stillcam.http.tls import Certificate
from stillcam.server.app import App
from stillcam.server.camera_context import CameraContext
from stillcam.server.live.scaled.process import Scaler
from stillcam.server.own_address import EVERY_ADDRESS, healthz_inside, listening_address
from stillcam.server.security.host_check import OwnNames
from stillcam.server.wiring import build, settings_services

ENDS = (signal.SIGTERM, signal.SIGINT)
SWITCH_S = 0.0005  # the interpreter switches threads this often: with many viewers none waits long


def main() -> int:
    """Run until SIGTERM or SIGINT; after a restart that an owner asks for, as the same process."""
    if len(sys.argv) > 1:
        _parse_arguments()
    log.set_up()
    try:
        if run(os.environ):
            os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606 - ourselves
    except StillcamError as error:
        logging.error("%s", error)
        return 1
    return 0


def _parse_arguments() -> None:
    import argparse

    parser = argparse.ArgumentParser(prog="stillcam.server", description="Run the Stillcam web server.")
    parser.add_argument("--version", action="version", version=__version__)
    parser.parse_args()


def run(environ: Mapping[str, str]) -> bool:
    """Listen and answer until a signal stops the server, or an owner restarts it; returns whether to start it again.

    Raises:
        StillcamError: it cannot listen, or the settings cannot be used; the text says what to do.
    """
    heap.limit()
    paths = Paths.from_environ(environ).primary
    scaler = Scaler()
    contexts = [CameraContext(each, scaler) for each in (paths, *map(paths.of, camera_numbers(environ)[1:]))]
    names = OwnNames(search=environ.get("LOCALDOMAIN", ""))
    names.follow()
    accounts = Accounts(paths.data)
    again = threading.Event()

    def restart() -> None:
        again.set()
        server.end()

    services = settings_services(contexts, names.current)
    app = build(contexts, names.current, accounts, restart, services)
    server = _listen(listening_address(environ), app, contexts[0])

    sys.setswitchinterval(SWITCH_S)
    _allow_descriptors()
    scheme = "https" if server.secure else "http"
    with server:
        _end_at_signals(server)
        accounts.cache.follow()
        for context, settings in zip(contexts, services, strict=True):
            context.follower.follow()
            context.notifier.start(settings.arm_by_message)
        logging.info("server %s listens on %s port %s (%s)", __version__, *server.address, scheme)
        service = Service(environ)
        service.ready()
        service.watch(lambda: _answers(server))
        heap.trim()
        server.serve_forever()
    return again.is_set()


def _end_at_signals(server: Listener) -> None:
    """Stop `server` at a signal, by the wake-up descriptor.

    Python runs its handlers in the main thread, and a signal that arrives just before accept(2) does not wake that.
    """
    ours, pythons = socket.socketpair()
    pythons.setblocking(False)
    signal.set_wakeup_fd(pythons.detach(), warn_on_full_buffer=False)
    for signum in ENDS:
        signal.signal(signum, _ignore)
    # The terminal was closed; without one, a request to reload the settings, which happens automatically.
    signal.signal(signal.SIGHUP, _ignore if os.isatty(sys.stderr.fileno()) else signal.SIG_IGN)

    def wait() -> None:
        [signum] = ours.recv(1)
        logging.info("ending: %s", signal.Signals(signum).name)
        server.end()

    threads.start_restarting(wait, "signals")


def _ignore(_signum: int, _frame: object) -> None:
    """The wake-up descriptor reports the signal."""


def _listen(address: tuple[str, int], app: App, primary: CameraContext) -> Listener:
    server = primary.settings().server
    certificate = Certificate.of(server.tls_certificate, server.tls_key, primary.paths.data)
    if certificate:
        certificate.watch()
    tls = certificate.context if certificate else None
    limits = ConnectionLimits(
        server.max_connections, server.max_connections_per_address, lambda: primary.settings().access.proxies
    )
    host, port = address
    try:
        try:
            return Listener(address, app, limits, tls)
        except OSError as error:
            if host != EVERY_ADDRESS or error.errno not in (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL):
                raise
            return Listener(("0.0.0.0", port), app, limits, tls)  # noqa: S104 - IPv6 is switched off
    except OSError as error:
        advice = {
            errno.EADDRINUSE: f"port {port} is in use: stop the program that uses it (see: sudo ss -tlnp),"
            " or set another STILLCAM_PORT",
            errno.EACCES: f"port {port} needs root: set a STILLCAM_PORT of 1024 or more",
            errno.EADDRNOTAVAIL: f"STILLCAM_BIND={host} is not an address of this machine: unset it to use all",
        }
        text = advice.get(error.errno or 0, f"cannot listen on {host} port {port}: {error.strerror}")
        raise StillcamError(text) from error


def _answers(server: Listener) -> str:
    """The status line for systemd; empty if the server does not answer its own health request, which needs no slot."""
    try:
        status, health = healthz_inside(server.connect())
    except OSError as error:
        logging.warning("the server does not answer its own health request: %s", error)
        return ""
    return "running, pictures are fresh" if status == 200 else f"answers: {health.get('reason')}"


def _allow_descriptors() -> None:
    """Raise the limit of open files to the maximum of this user: each connection is one."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


if __name__ == "__main__":
    threads.exit_process(main())
