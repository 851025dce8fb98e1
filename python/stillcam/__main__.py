"""`python -m stillcam`: the command line. The commands are in `stillcam.cli`."""

from __future__ import annotations

import argparse
import json
import os
import sys

from stillcam import __version__
from stillcam.cli import Result, accounts, camera, films, installation, series, settings
from stillcam.common.errors import StillcamError
from stillcam.common.paths import Paths

GROUPS = (camera, series, films, settings, installation, accounts)
INTERRUPTED = 130  # by Ctrl-C, as in a shell


def main() -> int:
    """Run one command; exit status 0 done, 1 failed, 2 wrong usage."""
    parser = argparse.ArgumentParser(prog="stillcam", description="Ask the camera server.")
    parser.add_argument("--version", action="version", version=__version__)
    parser.add_argument("--camera", metavar="N", help="one of several cameras, by its number; default: the first one")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for group in GROUPS:
        group.add_to(commands)
    arguments = parser.parse_args()
    arguments.environ = environ = os.environ | ({"STILLCAM_NUMBER": arguments.camera} if arguments.camera else {})
    try:
        result = arguments.run(Paths.from_environ(environ), arguments)
    except StillcamError as error:
        return _failed(str(error))
    except PermissionError as error:
        return _failed(f"{error.filename}: {error.strerror}; only its owner may, so ask with sudo")
    except KeyboardInterrupt:
        return INTERRUPTED
    return _print(result, as_json=arguments.json)


def _failed(why: str) -> int:
    print(f"stillcam: {why}", file=sys.stderr)
    return 1


def _print(result: Result, *, as_json: bool) -> int:
    """Print the result, and return the exit status."""
    try:
        if result.picture:
            sys.stdout.buffer.write(result.picture)
        elif as_json:
            print(json.dumps(result.document, ensure_ascii=False, indent=2))
        else:
            print("".join(f"{line}\n" for line in result.lines), end="")
        sys.stdout.flush()
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):  # `| head` has read enough
            return _failed(f"the output cannot be written: {error.strerror}")
    return 0 if result.ok else 1


if __name__ == "__main__":
    sys.exit(main())
