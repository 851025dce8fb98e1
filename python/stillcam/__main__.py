"""`python -m stillcam`: what a person on SSH asks. Each command is in `stillcam.cli`."""

from __future__ import annotations

import argparse
import json
import os
import sys

from stillcam import __version__
from stillcam.cli import (
    Told,
    accounts,
    camera,
    capture,
    certificate,
    doctor,
    films,
    series,
    server,
    settings,
    wait,
    webhooks,
)
from stillcam.common.errors import StillcamError
from stillcam.common.paths import Paths

GROUPS = (camera, capture, series, films, doctor, wait, settings, webhooks, certificate, server, accounts)
INTERRUPTED = 130  # by Ctrl-C, as a shell says it


def main() -> int:
    """Carry out one command; exit status 0 done, 1 failed, 2 wrong usage."""
    parser = argparse.ArgumentParser(prog="stillcam", description="Ask the camera server.")
    parser.add_argument("--version", action="version", version=__version__)
    parser.add_argument("--camera", metavar="N", help="one of several cameras, by its number; default: the first one")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for group in GROUPS:
        group.add_to(commands)
    arguments = parser.parse_args()
    environ = os.environ | ({"STILLCAM_NUMBER": arguments.camera} if arguments.camera else {})
    try:
        told = arguments.carry_out(Paths.from_environ(environ), environ, arguments)
    except StillcamError as error:
        return _failed(str(error))
    except PermissionError as error:
        return _failed(f"{error.filename}: {error.strerror}; only its owner may, so ask with sudo")
    except KeyboardInterrupt:
        return INTERRUPTED
    return _print(told, as_json=arguments.json)


def _failed(why: str) -> int:
    print(f"stillcam: {why}", file=sys.stderr)
    return 1


def _print(told: Told, *, as_json: bool) -> int:
    """Give the result; the exit status."""
    try:
        if told.picture:
            sys.stdout.buffer.write(told.picture)
        elif as_json:
            print(json.dumps(told.document, ensure_ascii=False, indent=2))
        else:
            print("".join(f"{line}\n" for line in told.lines), end="")
        sys.stdout.flush()
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):  # that is `| head`, which has seen enough
            return _failed(f"the output cannot be written: {error.strerror}")
    return 0 if told.well else 1


if __name__ == "__main__":
    sys.exit(main())
