"""`wait`: until the web server shows a new picture. An update that does not get there is taken back."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from typing import Any

from stillcam.cli import Arguments, Told, add
from stillcam.cli.server import speaks_tls
from stillcam.common.addresses import listening_address
from stillcam.common.errors import StillcamError
from stillcam.common.loopback import healthz
from stillcam.common.paths import Paths

LOOK_S = 0.2


def add_to(commands: Any) -> None:
    """Add this command."""
    text = "wait until a new picture is shown; exit status 1 when none has been in time"
    parser = add(commands, "wait", text, wait)
    parser.add_argument("--seconds", type=float, default=60.0, metavar="S", help="how long at most; default: 60")
    parser.add_argument("--after", default="", metavar="FRAME", help="name of the frame that is not new")


def wait(paths: Paths, environ: Mapping[str, str], arguments: Arguments) -> Told:
    """Look for a frame in the folder, then ask the server whether it has one that is fresh."""
    end_s = time.monotonic() + arguments.seconds
    while True:
        frame, missing = _shown(paths, environ, arguments.after)
        if frame:
            return Told([f"{frame} is shown"], {"frame": frame})
        if time.monotonic() >= end_s:
            raise StillcamError(f"no new picture within {arguments.seconds:g} s: {missing}")
        time.sleep(LOOK_S)


def _shown(paths: Paths, environ: Mapping[str, str], before: str) -> tuple[str, str]:
    """The name of the new frame, or else what is missing."""
    try:
        frame = os.readlink(paths.current)
    except OSError:
        return "", f"there is no {paths.current}"
    if frame == before:
        return "", f"{paths.current} is still {before}"
    host, port = listening_address(environ)
    try:
        status, told = healthz(
            host, port, tls=speaks_tls(paths), below=f"camera/{paths.number}/" if paths.first else ""
        )
    except OSError as error:
        return "", f"the web server does not answer on port {port} ({error})"
    return (frame, "") if status == 200 else ("", str(told.get("reason")))
