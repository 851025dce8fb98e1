"""What a person or a script asks on SSH: a module for each group of commands of `python -m stillcam`.

A module has `add_to(commands)`, and a function for each command. What it gives is printed as
lines for a person, or with `--json` as one document for a script.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from stillcam.common.paths import Paths


@dataclass(frozen=True, slots=True)
class Told:
    """What a command gives.

    Args:
        lines: for a person.
        document: the same for `--json`: whatever JSON has.
        well: False: the command was carried out, and what it found is bad; exit status 1.
        picture: what is given in place of both.
    """

    lines: list[str]
    document: Any
    well: bool = True
    picture: bytes = b""


Arguments = argparse.Namespace
Command = Callable[[Paths, Mapping[str, str], Arguments], Told]


def add(commands: Any, name: str, text: str, carry_out: Command) -> argparse.ArgumentParser:
    """Add a command.

    Args:
        commands: what `ArgumentParser.add_subparsers` has given.
        name: as it is typed.
        text: what it does.
        carry_out: gets the paths, the environment and the arguments; raises a StillcamError where it fails.
    """
    parser: argparse.ArgumentParser = commands.add_parser(name, help=text, description=text)
    parser.add_argument("--json", action="store_true", help="print it as JSON")
    parser.set_defaults(carry_out=carry_out)
    return parser


def group(commands: Any, name: str, text: str) -> Any:
    """Add a command that has commands; for `add`."""
    parser = commands.add_parser(name, help=text, description=text)
    return parser.add_subparsers(dest="subcommand", required=True, metavar="COMMAND")
