"""What a series is, as one types it: the options of `series create`, and the document that they make."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable
from typing import Any

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}
_SPAN = re.compile(r"(\d+(?:\.\d+)?)([smhd]?)", re.ASCII)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add those that say what a series is."""
    add = parser.add_argument
    add("--every", type=_worded(_span, "like 10s, 5m, 1h or 1d"), default=60.0, metavar="SPAN",
        help="from one shot to the next: 10s, 5m, 1h; default: 1m")  # fmt: skip
    add("--start", metavar="TIME", help="like 2026-11-20T08:30, by the local clock; default: now")
    add("--end", metavar="TIME", help="none from then on; default: until it is finished")
    add("--shots", type=int, metavar="N", help="so many; default: no limit")
    add("--from", dest="opens", metavar="EDGE", help="daily, from 08:30, sunrise, sunset-00:30 …; default: 00:00")
    add("--to", dest="closes", metavar="EDGE", help="daily, until 17:00, sunset+00:30 …; default: 24:00")
    add("--place", type=_worded(_place, "like 48.14,11.58"), metavar="LAT,LON",
        help="where the sun rises and sets; south of the equator with a sign: --place=-36.85,174.76")  # fmt: skip
    add("--weekdays", type=_worded(_weekdays, "like mon-fri or sat,sun"), metavar="DAYS", help="default: all")
    add("--marks", action="store_true", help="on the dial's marks (:00, :15 …), not counted from the start")
    add("--raw", action="store_true", help="raw photos: a DNG and a JPEG each")
    add("--fixed", action="store_true", help="exposure and white balance stay as for the first shot: no flicker")
    add("--vary", type=_worded(_variation, "like LensPosition=0,1,2"), metavar="CONTROL=V,V,…",
        help="another value for each shot: LensPosition, ExposureTime, AnalogueGain or ExposureValue")  # fmt: skip
    add("--bracket", action="store_true", help="all the values at every moment")
    add("--keep", type=_worded(_keep, "all, thin, or a number of days like 30d"), metavar="RULE",
        help="all; 30d: shots of so many days; thin: half of the oldest go when the disk fills")  # fmt: skip
    add("--daily-film", action="store_true", help="a film of each day, once it is over")


def document_of(arguments: argparse.Namespace) -> dict[str, Any]:
    """The definition, with what was typed."""
    window = arguments.opens or arguments.closes
    vary = arguments.vary and {**arguments.vary, "bracket": arguments.bracket}
    typed = {
        "name": arguments.name,
        "interval_s": arguments.every,
        "start": arguments.start,
        "end": arguments.end,
        "shots": arguments.shots,
        "window": {"from": arguments.opens or "00:00", "to": arguments.closes or "24:00"} if window else None,
        "place": arguments.place,
        "weekdays": arguments.weekdays,
        "marks": arguments.marks or None,
        "kind": "raw" if arguments.raw else None,
        "fixed": arguments.fixed or None,
        "vary": vary,
        "keep": arguments.keep,
        "daily_film": arguments.daily_film or None,
    }
    return {field: value for field, value in typed.items() if value is not None}


def _worded(parse: Callable[[str], Any], words: str) -> Callable[[str], Any]:
    """`parse` for argparse: a text that it cannot read is refused with what would be right."""

    def typed(text: str) -> Any:
        try:
            return parse(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(f"must be {words}, not {text!r}") from error

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
