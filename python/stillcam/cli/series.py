"""`series`: stills on a plan, made and looked after from a terminal. Looking needs no capture daemon."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from typing import Any

from stillcam.cli import Arguments, Told, add, group
from stillcam.cli.series_options import add_options, document_of
from stillcam.common.errors import SettingsError, StillcamError
from stillcam.common.formats import size_text
from stillcam.common.paths import Paths
from stillcam.common.time_zone import local_zone
from stillcam.ipc.protocol import Refusal, ask
from stillcam.series import reader
from stillcam.series.definition import check_name, from_document

TIMEOUT_S = 60.0  # deleting some hundred thousand files takes a while
STATES = {
    "start": "begin now what would begin later",
    "pause": "take no shots until it is resumed",
    "resume": "go on with one that is paused, or has failed",
    "finish": "take no more shots; what there is stays",
}


def add_to(commands: Any) -> None:
    """Add these commands."""
    series = group(commands, "series", "timelapse: list, make and look after series")
    add(series, "list", "list all series", list_series)
    _named(add(series, "show", "say all about a series", show))
    create_parser = add(series, "create", "make a series; it waits for its start, or begins", create)
    _named(create_parser)
    add_options(create_parser)
    for verb, text in STATES.items():
        parser = add(series, verb, text, change_state)
        _named(parser)
        parser.set_defaults(verb=verb)
    remove = add(series, "delete", "delete a series with all its shots, for good", delete)
    _named(remove)
    remove.add_argument("--yes", action="store_true", help="do not ask")


def list_series(paths: Paths, _environ: Mapping[str, str], _arguments: Arguments) -> Told:
    """A line each."""
    found = reader.summaries(paths.series, _now_ms())
    return Told([_line(one) for one in found] or ["there are no series"], {"series": found})


def show(paths: Paths, _environ: Mapping[str, str], arguments: Arguments) -> Told:
    """What it is, and how far."""
    try:
        found = reader.summary(paths.series, _name(arguments), _now_ms())
    except LookupError as error:
        raise StillcamError(error.args[0]) from error
    return Told(_about(found), found)


def create(paths: Paths, environ: Mapping[str, str], arguments: Arguments) -> Told:
    """What is wrong is told before the daemon is asked, by the field's name."""
    document = document_of(arguments)
    try:
        from_document(document, _now_ms(), local_zone(environ))
    except SettingsError as error:
        raise SettingsError(f"{error.field}: {error}" if error.field else str(error)) from error
    return _changed(_ask(paths, "create", definition=document))


def change_state(paths: Paths, _environ: Mapping[str, str], arguments: Arguments) -> Told:
    """One of `STATES`."""
    return _changed(_ask(paths, arguments.verb, name=_name(arguments)))


def delete(paths: Paths, _environ: Mapping[str, str], arguments: Arguments) -> Told:
    """There is no trash: a person is asked, a script says --yes."""
    name = _name(arguments)
    if not arguments.yes:
        _make_sure(paths, name)
    _ask(paths, "delete", name=name)
    return Told([f"{name} is deleted"], {"deleted": name})


def _make_sure(paths: Paths, name: str) -> None:
    try:
        found = reader.summary(paths.series, name, _now_ms())
    except LookupError as error:
        raise StillcamError(error.args[0]) from error
    if not sys.stdin.isatty():
        raise StillcamError(f"nobody can be asked: say --yes to delete the {found['taken']} shots of {name} for good")
    size = size_text(found["bytes"])
    print(f"Delete {name} with its {found['taken']} shots ({size}) for good? Type its name: ", end="", file=sys.stderr)
    sys.stderr.flush()
    if sys.stdin.readline().strip() != name:
        raise StillcamError("nothing is deleted")


def _ask(paths: Paths, do: str, **more: Any) -> Any:
    try:
        return ask(paths.socket, {"command": "series", "do": do, **more}, TIMEOUT_S)["series"]
    except Refusal as refusal:
        field = refusal.answer.get("field")
        raise StillcamError(f"{field}: {refusal}" if field else str(refusal)) from refusal


def _changed(series: dict[str, Any]) -> Told:
    return Told([_line(series)], series)


def _named(parser: Any) -> None:
    parser.add_argument("name", metavar="NAME", help="of the series")


def _name(arguments: Arguments) -> str:
    """The name that was typed: nothing but a name may become a path."""
    try:
        return check_name(arguments.name)
    except SettingsError as error:
        raise StillcamError(f"there is no series called {arguments.name!r}") from error


def _line(one: Mapping[str, Any]) -> str:
    counts = f"{one['taken']} taken, {one['missed']} missed, {size_text(one['bytes'])}"
    coming = f", next {one['next']}" if one["next"] else ""
    why = f": {one['why']}" if one["why"] else ""
    return f"{one['name']}: {one['state']}{why}; {counts}{coming}"


def _about(one: Mapping[str, Any]) -> list[str]:
    forecast = one["forecast"]
    rows = {
        "state": one["state"] + (f": {one['why']}" if one["why"] else ""),
        "shots": f"{one['taken']} taken, {one['missed']} missed" + (f", of {one['planned']}" if one["planned"] else ""),
        "size": size_text(one["bytes"]),
        "created": one["created"],
        "time zone": one["zone"],
        "first": one["first"] and one["first"]["time"],
        "last": one["last"] and f"{one['last']['time']} (number {one['last']['n']})",
        "next": one["next"],
        "ends": one["ends"],
        "a day": forecast["bytes_per_day"] and size_text(forecast["bytes_per_day"]),
        "disk full": forecast["full"],
    }
    plan = {field: value for field, value in one["definition"].items() if field != "name" and value is not None}
    return [f"{one['name']}:", *(f"  {label}: {text}" for label, text in rows.items() if text),
            "plan:", *(f"  {field}: {_shown(value)}" for field, value in plan.items())]  # fmt: skip


def _shown(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_shown(item)}" for key, item in value.items())
    if isinstance(value, list):
        return " ".join(map(_shown, value))
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def _now_ms() -> int:
    return int(time.time() * 1000)
