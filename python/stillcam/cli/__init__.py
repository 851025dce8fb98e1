"""The commands of `stillcam`, one file a group.

A file has `add_to(commands)`, and a function for each command that returns a `Result`: it is printed as a table or as
lines for a person, or with `--json` as one document for a script.

Reading order: this file, `overview` (what `stillcam` alone prints), `output` (tables and colours), `progress`,
`daemon` (requests to the capture daemon), then the groups.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from stillcam.cli.output import Table
from stillcam.common.paths import Paths


@dataclass(frozen=True, slots=True)
class Result:
    """The result of a command."""

    text: Sequence[str] | Table  # for a person
    document: Any  # for `--json`
    ok: bool = True  # False: the command was carried out, but its result is bad; exit status 1
    picture: bytes = b""  # printed instead of both
    interrupted: str = ""  # Ctrl-C ended the command, and this sentence says what remains; exit status 130


Arguments = argparse.Namespace  # as parsed, with `environ` and `parser`
Command = Callable[[Paths, Arguments], Result]


def add_command(commands: Any, name: str, text: str, run: Command, *positional: str) -> argparse.ArgumentParser:
    """Add a command; `run` raises StillcamError if it fails.

    Args:
        commands: of `ArgumentParser.add_subparsers`.
        text: what it does, beginning with a verb.
        positional: names of arguments that need no explanation.
    """
    parser = _parser(commands, name, text)
    parser.add_argument("--json", action="store_true", help="print JSON, for scripts")
    parser.set_defaults(run=run)
    for argument in positional:
        parser.add_argument(argument, metavar=argument.upper())
    return parser


def add_group(commands: Any, name: str, text: str) -> Any:
    """Add a command that has subcommands, and return what `add_command` takes as `commands`."""
    return _parser(commands, name, text).add_subparsers(dest="subcommand", required=True, metavar="COMMAND")


def _parser(commands: Any, name: str, text: str) -> argparse.ArgumentParser:
    description = f"{text[0].upper()}{text[1:]}."
    parser: argparse.ArgumentParser = commands.add_parser(name, help=text, description=description)
    return parser
