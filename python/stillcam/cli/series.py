"""`series`: create, list and manage timelapse series. `list` and `show` need no capture daemon."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from stillcam.cli import Arguments, Result, add_command, add_group, series_zip
from stillcam.cli.daemon import naming_field, order
from stillcam.cli.output import Table, local_text
from stillcam.cli.series_options import DAYS, add_options, definition_of, has_options
from stillcam.common.clock import local_zone
from stillcam.common.errors import SettingsError, StillcamError
from stillcam.common.formats import size_text
from stillcam.common.paths import Paths
from stillcam.series import reader
from stillcam.series.definition import check_name, from_document
from stillcam.series.exposure import default_longest_s

STATES = {
    "start": "start a series now that would start later",
    "pause": "take no shots until `stillcam series resume`",
    "resume": "continue a series that is paused or has failed",
    "finish": "end a series for good; its shots are kept",
}
_RETENTION = {"all": "all shots", "thin": "thinned out when the disk is nearly full"}
_INTERVAL_UNITS = ((3600, "h"), (60, "min"), (1, "s"))


def add_to(commands: Any) -> None:
    series = add_group(commands, "series", "manage timelapse series")
    add_command(series, "list", "list all series", list_series)
    _add_named(series, "show", "show state, size and plan of a series", show)
    text = "create a series; it starts at once, or at the time of --start"
    creator = add_command(series, "create", text, create)
    creator.add_argument("name", metavar="NAME", help="letters and digits, with spaces, dots and hyphens between")
    add_options(creator)
    text = "change a planned, running or paused series; options that are left out keep their values"
    changer = _add_named(series, "set", text, set_)
    add_options(changer, changes=True)
    for verb, text in STATES.items():
        _add_named(series, verb, text, change_state)
    text = "write the shots of a series as a ZIP, with its definition and manifest"
    series_zip.add_options(_add_named(series, "zip", text, series_zip.zip_))
    remove = _add_named(series, "delete", "delete a series with all its shots; there is no trash", delete)
    remove.add_argument("--yes", action="store_true", help="do not ask for confirmation")


def _add_named(series: Any, verb: str, text: str, run: Callable[[Paths, Arguments], Result]) -> argparse.ArgumentParser:
    parser = add_command(series, verb, text, run)
    parser.add_argument("name", metavar="SERIES", help="as `stillcam series list` shows it")
    return parser


def list_series(paths: Paths, _arguments: Arguments) -> Result:
    found = reader.summaries(paths.series, _now_ms())
    rows = [
        (one["name"], one["state"], str(one["taken"]), str(one["missed"]), size_text(one["bytes"]),
         _time(one, one["next"]) or "-", one["why"] or "-")
        for one in found
    ]  # fmt: skip
    headings = ("NAME", "STATE", "TAKEN", "MISSED", "SIZE", "NEXT", "REASON")
    return Result(Table(headings, rows) if rows else ["there are no series"], {"series": found})


def show(paths: Paths, arguments: Arguments) -> Result:
    found = _found(paths, _name(arguments))
    return Result(Table((), _details(found)), found)


def create(paths: Paths, arguments: Arguments) -> Result:
    """Create a series. It is validated here first, so that an error names the field."""
    document = definition_of(arguments, {})
    with naming_field():
        from_document(document, _now_ms(), local_zone(arguments.environ))
    return _changed(order(paths.socket, "series", "create", definition=document))


def set_(paths: Paths, arguments: Arguments) -> Result:
    """Change a series. The new definition is validated here first, too."""
    name = _name(arguments)
    before = _found(paths, name)
    document = definition_of(arguments, before["definition"])
    if not has_options(arguments):
        raise StillcamError("nothing to change: add an option, see `stillcam series set --help`")
    with naming_field():
        from_document(document, _now_ms(), before["zone"])
    return _changed(order(paths.socket, "series", "change", name=name, definition=document))


def change_state(paths: Paths, arguments: Arguments) -> Result:
    return _changed(order(paths.socket, "series", arguments.subcommand, name=_name(arguments)))


def delete(paths: Paths, arguments: Arguments) -> Result:
    """Delete a series. There is no trash, so that a person confirms, and a script passes --yes."""
    name = _name(arguments)
    if not arguments.yes:
        _confirm(_found(paths, name))
    order(paths.socket, "series", "delete", name=name)
    return Result([f"{name}: deleted"], {"deleted": name})


def _confirm(series: Mapping[str, Any]) -> None:
    name, shots, size = series["name"], series["taken"], size_text(series["bytes"])
    if not sys.stdin.isatty():
        raise StillcamError(f"not a terminal: pass --yes to delete the {shots} shots of {name} for good")
    print(
        f"Delete {name} with its {shots} shots ({size}) for good? Type its name: ", end="", file=sys.stderr, flush=True
    )
    if sys.stdin.readline().strip() != name:
        raise StillcamError("nothing was deleted")


def _changed(answer: Mapping[str, Any]) -> Result:
    return Result([_line(answer["series"])], answer["series"])


def _found(paths: Paths, name: str) -> dict[str, Any]:
    try:
        return reader.summary(paths.series, name, _now_ms())
    except LookupError as error:
        raise StillcamError(error.args[0]) from error


def _name(arguments: Arguments) -> str:
    """The name that was typed, checked: it becomes a path."""
    try:
        return check_name(arguments.name)
    except SettingsError as error:
        raise StillcamError(f"there is no series called {arguments.name!r}") from error


def _line(one: Mapping[str, Any]) -> str:
    counts = f"{one['taken']} taken, {one['missed']} missed, {size_text(one['bytes'])}"
    coming = f", next {_time(one, one['next'])}" if one["next"] else ""
    why = f": {one['why']}" if one["why"] else ""
    return f"{one['name']}: {one['state']}{why}; {counts}{coming}"


def _details(one: Mapping[str, Any]) -> list[tuple[str, str]]:
    forecast, plan = one["forecast"], one["definition"]
    windows, place, vary = (plan["window"], plan["second_window"]), plan["place"], plan["vary"]
    smooth = plan["smooth"]
    rows = {
        "name": one["name"],
        "state": one["state"] + (f": {one['why']}" if one["why"] else ""),
        "shots": f"{one['taken']} taken, {one['missed']} missed"
        + (f", {one['planned']} planned" if one["planned"] else ""),
        "size": size_text(one["bytes"]),
        "size per day": forecast["bytes_per_day"] and size_text(forecast["bytes_per_day"]),
        "disk full": _time(one, forecast["full"]),
        "created": _time(one, one["created"]),
        "first shot": one["first"] and _time(one, one["first"]["time"]),
        "last shot": one["last"] and f"{_time(one, one['last']['time'])} (number {one['last']['n']})",
        "next shot": _time(one, one["next"]),
        "starts": _time(one, plan["start"]),
        "ends": _time(one, one["ends"]),
        "time zone": one["zone"],
        "interval": _interval_text(plan["interval_s"]),
        "aligned with clock": _yes_or_no(plan["marks"]),
        "weekdays": _weekdays_text(plan["weekdays"]),
        "time of day": " and ".join(f"{one['from']} to {one['to']}" for one in windows if one),
        "place": place and f"{place['latitude']},{place['longitude']}",
        "kind": plan["kind"],
        "fixed exposure": _yes_or_no(plan["fixed"]),
        "smooth exposure": smooth and _smooth_text(smooth, plan["interval_s"]),
        "varied": vary and _variation_text(vary),
        "retention": _retention_text(plan["keep"]),
        "daily film": _yes_or_no(plan["daily_film"]),
    }
    return [(label, text) for label, text in rows.items() if text]


def _time(one: Mapping[str, Any], utc: str | None) -> str:
    """A moment in the time zone of the series; empty: none."""
    return local_text(utc, one["zone"]) if utc else ""


def _yes_or_no(value: bool) -> str:
    return "yes" if value else "no"


def _interval_text(seconds: float) -> str:
    """An interval in the largest unit that divides it: `5 min`, `90 s`."""
    size_s, unit = next((size_s, unit) for size_s, unit in _INTERVAL_UNITS if size_s == 1 or seconds % size_s == 0)
    return f"{seconds / size_s:g} {unit}"


def _weekdays_text(days: Sequence[int]) -> str:
    return "all" if len(days) == len(DAYS) else ", ".join(DAYS[day].capitalize() for day in days)


def _variation_text(vary: Mapping[str, Any]) -> str:
    each = "all values each time" if vary["bracket"] else "one value for each shot"
    return f"{vary['control']} {', '.join(f'{value:g}' for value in vary['values'])} ({each})"


def _smooth_text(smooth: Mapping[str, Any], interval_s: float) -> str:
    return f"up to {smooth['longest_s'] or default_longest_s(interval_s):g} s, then gain up to {smooth['gain']:g}"


def _retention_text(keep: Mapping[str, Any]) -> str:
    return f"{keep['days']} days" if keep["rule"] == "days" else _RETENTION[keep["rule"]]


def _now_ms() -> int:
    return int(time.time() * 1000)
