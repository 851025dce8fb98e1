"""The commands of `stillcam`, one file a group.

A file has `add_to(commands)`, and a function for each command that returns a `Result`: it is printed as lines for a
person, or with `--json` as one document for a script. `daemon` asks the capture daemon.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from stillcam.common.paths import Paths


@dataclass(frozen=True, slots=True)
class Result:
    """The result of a command."""

    lines: list[str]  # for a person
    document: Any  # for `--json`
    ok: bool = True  # False: the command was carried out, but its result is bad; exit status 1
    picture: bytes = b""  # printed instead of both


Arguments = argparse.Namespace  # as parsed, and `environ`
Command = Callable[[Paths, Arguments], Result]


def add_command(commands: Any, name: str, text: str, run: Command, *positional: str) -> argparse.ArgumentParser:
    """Add a command; `run` raises StillcamError if it fails.

    Args:
        commands: of `ArgumentParser.add_subparsers`.
        text: what it does.
        positional: names of arguments that need no explanation.
    """
    parser: argparse.ArgumentParser = commands.add_parser(name, help=text, description=text)
    parser.add_argument("--json", action="store_true", help="print it as JSON")
    parser.set_defaults(run=run)
    for argument in positional:
        parser.add_argument(argument, metavar=argument.upper())
    return parser


def add_group(commands: Any, name: str, text: str) -> Any:
    """Add a command that has subcommands, and return what `add_command` takes as `commands`."""
    parser = commands.add_parser(name, help=text, description=text)
    return parser.add_subparsers(dest="subcommand", required=True, metavar="COMMAND")
