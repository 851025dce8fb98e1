"""Reading a command line as boost::program_options does, and writing one."""

import math
from collections.abc import Collection, Sequence
from dataclasses import MISSING, Field, fields
from pathlib import Path
from typing import Any, TypeVar

from stillcam.camera.simulated.failures import Failure
from stillcam.camera.simulated.options import Options, name_of

Kind = TypeVar("Kind", bound=Options)

TRUTH = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}


def parse(kind: type[Kind], arguments: Sequence[str], lacks: Collection[str] = ()) -> Kind:
    """The options that `arguments` (without the program's name) stand for.

    Args:
        lacks: options that this program does not know.

    Raises:
        Failure: in the words of boost::program_options.
    """
    rows = [row for row in fields(kind) if name_of(row) not in lacks]
    given = _gather(rows, list(arguments))
    config = given.get("config", [""])[-1]
    if config:
        for name, texts in _from_file(rows, config).items():
            given.setdefault(name, texts)
    return kind(**{row.name: _value(row, given[row.name]) for row in rows if row.name in given})


def unparse(options: Options) -> list[str]:
    """The shortest arguments that `parse` turns into `options`."""
    arguments: list[str] = []
    for row in fields(options):
        value = getattr(options, row.name)
        if value == row.default:
            continue
        if isinstance(value, tuple):
            arguments += [f"--{name_of(row)}={item}" for item in value]
        elif isinstance(value, bool):
            arguments.append(f"--{name_of(row)}" if value else f"--{name_of(row)}=0")
        else:
            arguments.append(f"--{name_of(row)}={value}")
    return arguments


def usage(kind: type[Options], lacks: Collection[str] = ()) -> str:
    """The text of `--help`."""
    lines = ["Valid options are:"]
    for row in (row for row in fields(kind) if name_of(row) not in lacks):
        short = f"-{row.metadata['short']} [ --{name_of(row)} ]" if row.metadata["short"] else f"--{name_of(row)}"
        default = "" if row.default in ("", ()) else f" (={row.default})"
        lines.append(f"  {short} arg{default}")
    return "\n".join(lines)


def _gather(rows: Sequence[Field[Any]], arguments: list[str]) -> dict[str, list[str]]:
    """The texts given for each field."""
    given: dict[str, list[str]] = {}
    while arguments:
        argument = arguments.pop(0)
        if argument.startswith("--") and len(argument) > 2:
            name, equals, text = argument[2:].partition("=")
            row = _long(rows, name)
        elif argument.startswith("-") and len(argument) > 1:
            row, text, equals = _short(rows, argument)
        else:
            raise Failure("too many positional options have been specified on the command line")
        if equals:
            if not text:
                raise Failure(
                    f"the argument for option '--{name_of(row)}' should follow immediately after the equal sign"
                )
        elif isinstance(row.default, bool):
            text = "1"
        elif row.metadata["bare"] is not None:
            text = row.metadata["bare"]  # boost takes the next word for a value only behind an equal sign
        elif not arguments or _is_option(rows, arguments[0]):
            raise Failure(f"the required argument for option '--{name_of(row)}' is missing")
        else:
            text = arguments.pop(0)
        given.setdefault(row.name, []).append(text)
        if len(given[row.name]) > 1 and not isinstance(row.default, tuple):
            raise Failure(f"option '--{name_of(row)}' cannot be specified more than once")
    return given


def _long(rows: Sequence[Field[Any]], name: str) -> Field[Any]:
    """The option of that name, or the only one that begins so."""
    matches = [row for row in rows if name_of(row) == name] or [row for row in rows if name_of(row).startswith(name)]
    if not matches:
        raise Failure(f"unrecognised option '--{name}'")
    if len(matches) > 1:
        which = ", ".join(f"'--{name_of(row)}'" for row in matches[:-1])
        raise Failure(f"option '--{name}' is ambiguous and matches {which}, and '--{name_of(matches[-1])}'")
    return matches[0]


def _short(rows: Sequence[Field[Any]], argument: str) -> tuple[Field[Any], str, str]:
    """The option, the text stuck to its letter, and that text again as a mark that there is one."""
    for row in rows:
        if row.metadata["short"] == argument[1]:
            return row, argument[2:], argument[2:]
    raise Failure(f"unrecognised option '{argument}'")


def _is_option(rows: Sequence[Field[Any]], argument: str) -> bool:
    """Whether this is one of our options, and not a value such as -1."""
    if argument.startswith("--"):
        return any(name_of(row) == argument[2:].partition("=")[0] for row in rows)
    return argument.startswith("-") and any(row.metadata["short"] == argument[1:2] != "" for row in rows)


def _value(row: Field[Any], texts: list[str]) -> Any:
    assert row.default is not MISSING
    if isinstance(row.default, tuple):
        return tuple(texts)
    text, kind = texts[0], type(row.default)
    try:
        if kind is bool:
            return TRUTH[text.lower()]
        if kind is int and row.name != "rotation" and text.strip().startswith("-"):
            raise ValueError
        value = kind(text)
        if kind is float and not math.isfinite(value):
            raise ValueError
        return value
    except (KeyError, ValueError):
        raise Failure(f"the argument ('{text}') for option '--{name_of(row)}' is invalid") from None


def _from_file(rows: Sequence[Field[Any]], path: str) -> dict[str, list[str]]:
    """`name=value` lines of a configuration file; a file that is not there counts as empty, as in the original."""
    given: dict[str, list[str]] = {}
    try:
        text = Path(path).read_text()
    except OSError:
        return given
    for line in text.splitlines():
        name, _, value = (part.strip() for part in line.partition("#")[0].partition("="))
        if name:
            given.setdefault(_long(rows, name).name, []).append(value)
    return given
