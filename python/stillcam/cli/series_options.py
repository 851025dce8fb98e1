"""The options of `series create` and `series set`, and the definition of a series that they describe."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Mapping
from typing import Any

from stillcam.cli import Arguments
from stillcam.common.errors import StillcamError

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
# The fields of a definition that have one option each; the windows, smooth and vary have several.
FIELDS = ("name", "interval_s", "start", "end", "shots", "place", "weekdays", "marks", "kind", "fixed", "keep",
          "daily_film")  # fmt: skip
_OTHERS = ("opens", "closes", "also_opens", "also_closes", "smooth", "longest", "max_gain", "brightness", "vary",
           "defaults")  # fmt: skip
# Options whose default can be restored, and their fields.
_DEFAULTS = {
    "every": "interval_s", "start": "start", "end": "end", "shots": "shots", "window": "window",
    "second-window": "second_window", "place": "place", "weekdays": "weekdays", "marks": "marks", "raw": "kind",
    "fixed": "fixed", "smooth": "smooth", "vary": "vary", "keep": "keep", "daily-film": "daily_film",
}  # fmt: skip
_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}
_SPAN = re.compile(r"(\d+(?:\.\d+)?)([smhd]?)", re.ASCII)


def add_options(parser: argparse.ArgumentParser, changes: bool = False) -> None:
    """Add the options that describe a series, or that change one."""
    add, every = parser.add_argument, None if changes else 60.0
    add("--every", dest="interval_s", type=_parsed_by(_span, "like 10s, 5m, 1h or 1d"), default=every, metavar="SPAN",
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
        help="with --smooth: longest exposure, like 10s; in less light the gain is raised"
             " (default: as --every allows)")  # fmt: skip
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
    if changes:
        for option in parser._actions:  # what is left out keeps its value
            option.help = option.help and option.help.partition(" (default: ")[0]
        add("--default", dest="defaults", action="append", choices=tuple(_DEFAULTS), metavar="OPTION",
            help=f"restore the default of an option, once for each: {', '.join(_DEFAULTS)}")  # fmt: skip


def has_options(arguments: Arguments) -> bool:
    """Whether any of the options was typed."""
    names = {*FIELDS, *_OTHERS} - {"name"}
    return any(value not in (None, False) for name, value in vars(arguments).items() if name in names)


def definition_of(arguments: Arguments, before: Mapping[str, Any]) -> dict[str, Any]:
    """The definition that the options describe.

    Args:
        before: that of the series which they change; empty: it is a new one.
    """
    given = vars(arguments)
    document = {field: value for field, value in before.items() if value is not None}
    for name in given.get("defaults") or ():
        document.pop(_DEFAULTS[name], None)
    document |= {field: value for field in FIELDS if (value := given.get(field)) is not None}
    for field, opens, closes in (("window", "opens", "closes"), ("second_window", "also_opens", "also_closes")):
        if given.get(opens) or given.get(closes):
            old = document.get(field) or {"from": "00:00", "to": "24:00"}
            document[field] = {"from": given[opens] or old["from"], "to": given[closes] or old["to"]}
    limits = {"longest_s": given.get("longest"), "gain": given.get("max_gain"), "brightness": given.get("brightness")}
    limits = {name: value for name, value in limits.items() if value is not None}
    if limits and not given.get("smooth") and not document.get("smooth"):
        raise StillcamError("--longest, --max-gain and --brightness need --smooth")
    if limits or given.get("smooth"):
        document["smooth"] = (document.get("smooth") or {}) | limits
    if given.get("vary"):
        document["vary"] = {**given["vary"], "bracket": given["bracket"]}
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
