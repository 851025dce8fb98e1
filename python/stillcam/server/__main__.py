"""`python -m stillcam.server`: run the web server in the foreground."""

from __future__ import annotations

import argparse
import errno
import logging
import os
import signal
import sys
import threading
from collections.abc import Mapping

from stillcam import __version__, log
from stillcam.addresses import listening_address
from stillcam.errors import StillcamError
from stillcam.paths import Paths
from stillcam.server.app import App
from stillcam.server.cache import FrameCache
from stillcam.server.camera import CameraLink
from stillcam.server.engine import Server


def main() -> int:
    """Run until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(prog="stillcam.server", description="Answer browsers.")
    parser.add_argument("--version", action="version", version=__version__)
    parser.parse_args()
    log.set_up()
    try:
        run(os.environ)
    except StillcamError as error:
        logging.error("%s", error)
        return 1
    return 0


def run(environ: Mapping[str, str]) -> None:
    """Listen, and answer until a signal ends it.

    Raises:
        StillcamError: it cannot listen; the text says what to do.
    """
    paths = Paths.from_environ(environ)
    address = listening_address(environ)
    cache = FrameCache(paths.images)
    try:
        server = Server(address, App(paths.web, cache, CameraLink(paths.socket)))
    except OSError as error:
        host, port = address
        what = {
            errno.EADDRINUSE: f"port {port} is taken: end what uses it (see: ss -tlnp), or set another STILLCAM_PORT",
            errno.EACCES: f"port {port} needs root: set a STILLCAM_PORT of 1024 or more",
            errno.EADDRNOTAVAIL: f"STILLCAM_BIND={host} is no address of this machine: try 0.0.0.0",
        }
        raise StillcamError(
            what.get(error.errno or 0, f"cannot listen on {host} port {port}: {error.strerror}")
        ) from error

    def stop(signum: int, _frame: object) -> None:
        logging.info("ending: %s", signal.Signals(signum).name)
        threading.Thread(target=server.shutdown).start()  # it waits for serve_forever, which runs here

    for signum in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signum, stop)
    logging.info("server %s listens on %s port %s", __version__, *server.server_address[:2])
    with server:
        server.serve_forever(poll_interval=0.2)


if __name__ == "__main__":
    sys.exit(main())
