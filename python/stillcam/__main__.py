"""`python -m stillcam`: the command line, `stillcam`. The commands are in `stillcam.cli`."""

from __future__ import annotations

import json
import os
import sys

from stillcam import __version__
from stillcam.cli import (
    Result,
    accounts,
    camera,
    completion,
    films,
    installation,
    motion,
    profiles,
    receivers,
    series,
    settings,
)
from stillcam.cli.output import Table, shows_colours
from stillcam.cli.overview import Program
from stillcam.common.errors import StillcamError
from stillcam.common.paths import Paths

GROUPS = (camera, series, films, motion, profiles, settings, installation, receivers, accounts, completion)
INTERRUPTED = 130  # by Ctrl-C, as in a shell


def main() -> int:
    """Run one command; exit status 0 done, 1 failed, 2 wrong usage, 130 interrupted."""
    parser = program()
    arguments = parser.parse_args()
    if not arguments.command:
        parser.print_help()
        return 0
    arguments.parser = parser
    arguments.environ = environ = os.environ | ({"STILLCAM_NUMBER": arguments.camera} if arguments.camera else {})
    try:
        result = arguments.run(Paths.from_environ(environ), arguments)
    except StillcamError as error:
        return _failed(str(error))
    except PermissionError as error:
        return _failed(f"{error.filename}: {error.strerror}; run it with sudo")
    except KeyboardInterrupt as interrupt:
        return _failed(str(interrupt), INTERRUPTED) if str(interrupt) else INTERRUPTED
    return _print(result, as_json=arguments.json, colours=shows_colours(environ))


def program() -> Program:
    """The parser, with all commands."""
    parser = Program(__version__)
    for group in GROUPS:
        group.add_to(parser.commands)
    return parser


def _failed(why: str, status: int = 1) -> int:
    print(f"stillcam: {why}", file=sys.stderr)
    return status


def _print(result: Result, *, as_json: bool, colours: bool) -> int:
    """Print the result, and return the exit status."""
    lines = result.text.lines(colours=colours) if isinstance(result.text, Table) else result.text
    try:
        if result.picture:
            sys.stdout.buffer.write(result.picture)
        elif as_json:
            print(json.dumps(result.document, ensure_ascii=False, indent=2))
        else:
            print("".join(f"{line}\n" for line in lines), end="")
        sys.stdout.flush()
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):  # `| head` has read enough
            return _failed(f"cannot write the output: {error.strerror}")
    if result.interrupted:
        return _failed(result.interrupted, INTERRUPTED)
    return 0 if result.ok else 1


if __name__ == "__main__":
    sys.exit(main())
