"""`series`: create, list and manage timelapse series. `list` and `show` need no capture daemon."""

from __future__ import annotations

import argparse
import re
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from stillcam.cli import Arguments, Result, add_command, add_group, series_zip
from stillcam.cli.daemon import naming_field, order
from stillcam.cli.output import Table, local_text
from stillcam.common.clock import local_zone
from stillcam.common.errors import SettingsError, StillcamError
from stillcam.common.formats import size_text
from stillcam.common.paths import Paths
from stillcam.series import reader
from stillcam.series.definition import check_name, from_document
from stillcam.series.exposure import default_longest_s

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
# The fields of a definition that have one option each; the windows, smooth and vary have several.
FIELDS = ("name", "interval_s", "start", "end", "shots", "place", "weekdays", "marks", "kind", "fixed", "keep",
          "daily_film")  # fmt: skip
STATES = {
    "start": "start a series now that would start later",
    "pause": "take no shots until `stillcam series resume`",
    "resume": "continue a series that is paused or has failed",
    "finish": "end a series for good; its shots are kept",
}
_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}
_RETENTION = {"all": "all shots", "thin": "thinned out when the disk is nearly full"}
_INTERVAL_UNITS = ((3600, "h"), (60, "min"), (1, "s"))
_SPAN = re.compile(r"(\d+(?:\.\d+)?)([smhd]?)", re.ASCII)


def add_to(commands: Any) -> None:
    series = add_group(commands, "series", "manage timelapse series")
    add_command(series, "list", "list all series", list_series)
    _add_named(series, "show", "show state, size and plan of a series", show)
    text = "create a series; it starts at once, or at the time of --start"
    creator = add_command(series, "create", text, create)
    creator.add_argument("name", metavar="NAME", help="letters and digits, with spaces, dots and hyphens between")
    _add_options(creator)
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


def _add_options(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--every", dest="interval_s", type=_parsed_by(_span, "like 10s, 5m, 1h or 1d"), default=60.0, metavar="SPAN",
        help="time from one shot to the next, like 10s, 5m or 1h (default: 1m)")  # fmt: skip
    add("--start", metavar="TIME", help="no shots before this time; local time like 2026-11-20T08:30 (default: now)")
    add("--end", metavar="TIME", help="no shots from then on (default: until `stillcam series finish`)")
    add("--shots", type=int, metavar="N", help="finish after N shots (default: no limit)")
    add("--from", dest="opens", metavar="TIME",
        help="each day from this time, like 08:30, sunrise or sunset-00:30 (default: 00:00)")  # fmt: skip
    add(
        "--to",
        dest="closes",
        metavar="TIME",
        help="each day until this time, like 17:00 or sunset+00:30 (default: 24:00)",
    )
    add("--and-from", dest="also_opens", metavar="TIME",
        help="each day also from this time, for a second window (default: 00:00)")  # fmt: skip
    add(
        "--and-to",
        dest="also_closes",
        metavar="TIME",
        help="each day also until this time, for a second window (default: 24:00)",
    )
    add("--place", type=_parsed_by(_place, "like 48.14,11.58"), metavar="LAT,LON",
        help="for sunrise and sunset, like 48.14,11.58; south of the equator --place=-36.85,174.76")  # fmt: skip
    add("--weekdays", type=_parsed_by(_weekdays, "like mon-fri or sat,sun"), metavar="DAYS",
        help="like mon-fri or sat,sun (default: all)")  # fmt: skip
    add("--marks", action="store_const", const=True,
        help="align shots with the clock (:00, :15 …), not with the start")  # fmt: skip
    add("--raw", dest="kind", action="store_const", const="raw", help="a DNG and a JPEG for each shot")
    add("--fixed", action="store_const", const=True,
        help="reuse exposure and white balance of the first shot, to avoid flicker")  # fmt: skip
    add("--smooth", action="store_true",
        help="let exposure and white balance follow the light from day to night without flicker")  # fmt: skip
    add("--longest", type=_parsed_by(_span, "like 0.5s or 10s"), metavar="SPAN",
        help="with --smooth: longest exposure, like 10s, then gain is raised (default: as --every allows)")  # fmt: skip
    add("--max-gain", type=float, metavar="N", help="with --smooth: highest gain (default: 8)")
    add("--brightness", type=float, metavar="N",
        help="with --smooth: brightness of the pictures, 0.02 to 0.95 (default: that of the first one)")  # fmt: skip
    add("--vary", type=_parsed_by(_variation, "like LensPosition=0,1,2"), metavar="CONTROL=V,V,…",
        help="another value for each shot, of LensPosition, ExposureTime, AnalogueGain or ExposureValue")  # fmt: skip
    add("--bracket", action="store_true", help="with --vary: take all values each time")
    add("--keep", type=_parsed_by(_keep, "all, thin, or a number of days like 30d"), metavar="RULE",
        help="all; 30d: delete shots after 30 days; thin: when the disk is nearly full, thin out the oldest half"
             " (default: all)")  # fmt: skip
    add("--daily-film", action="store_const", const=True, help="make a film of each day when it is over")


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
    document = _document_of(arguments)
    with naming_field():
        from_document(document, _now_ms(), local_zone(arguments.environ))
    return _changed(order(paths.socket, "series", "create", definition=document))


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


def _document_of(arguments: Arguments) -> dict[str, Any]:
    """The definition of the series that the options describe."""
    document = {field: value for field in FIELDS if (value := getattr(arguments, field)) is not None}
    for field, opens, closes in (("window", arguments.opens, arguments.closes),
                                 ("second_window", arguments.also_opens, arguments.also_closes)):  # fmt: skip
        if opens or closes:
            document[field] = {"from": opens or "00:00", "to": closes or "24:00"}
    limits = {"longest_s": arguments.longest, "gain": arguments.max_gain, "brightness": arguments.brightness}
    given = {name: value for name, value in limits.items() if value is not None}
    if given and not arguments.smooth:
        raise StillcamError("--longest, --max-gain and --brightness need --smooth")
    if arguments.smooth:
        document["smooth"] = given
    if arguments.vary:
        document["vary"] = {**arguments.vary, "bracket": arguments.bracket}
    return document


def _parsed_by(parse: Callable[[str], Any], expected: str) -> Callable[[str], Any]:
    """`parse` for argparse, which refuses other texts with what is expected."""

    def typed(text: str) -> Any:
        try:
            return parse(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(f"must be {expected}, not {text!r}") from error

    return typed


def _span(text: str) -> float:
    if not (match := _SPAN.fullmatch(text)):
        raise ValueError
    return float(match[1]) * _UNITS[match[2]]


def _place(text: str) -> dict[str, float]:
    latitude, longitude = (float(part) for part in text.split(","))
    return {"latitude": latitude, "longitude": longitude}


def _weekdays(text: str) -> list[int]:
    days: set[int] = set()
    for part in text.lower().split(","):
        first, dash, last = part.partition("-")
        begin, end = DAYS.index(first), DAYS.index(last) if dash else DAYS.index(first)
        days |= {day % 7 for day in range(begin, end + 1 if end >= begin else end + 8)}
    return sorted(days)


def _variation(text: str) -> dict[str, Any]:
    control, _, values = text.partition("=")
    return {"control": control, "values": [float(value) for value in values.split(",")]}


def _keep(text: str) -> dict[str, Any]:
    if text in ("all", "thin"):
        return {"rule": text}
    if not (text.endswith("d") and text[:-1].isascii() and text[:-1].isdigit()):
        raise ValueError
    return {"rule": "days", "days": int(text[:-1])}
