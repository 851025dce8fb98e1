"""A receiver of notifications as a row of the settings: where messages go, which ones, and when.

`http://homeassistant.local:8123/api/webhook/x motion.* picture.lost quiet=22:00-07:00 every=60`: the address or the
name of the receiver; then, in any order, types of events or groups of them, quiet hours, and a shortest interval.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

EVENTS = {
    "item.taken": "a photo, raw photo, video or motion recording was added to the library",
    "motion.began": "something moves in the picture",
    "motion.ended": "the motion is over",
    "picture.lost": "there is no fresh picture",
    "picture.back": "there is a fresh picture again",
    "series.finished": "a timelapse series has taken its last shot",
    "series.failed": "a timelapse series has failed",
    "film.made": "a film, contact sheet, keogram or picture of star trails is ready",
    "profile.changed": "another profile is active, or none any more",
    "disk.low": "the disk of the library is nearly full",
    "board.hot": "the processor is too hot",
    "board.undervoltage": "the supply voltage is too low",
    "sign_in.new_device": "a user has signed in on a device that is new",
}  # type -> when it happens
_QUIET = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)", re.ASCII)
MAX_EVERY_S = 86400
MQTT = "mqtt"  # the name of the receiver that is an MQTT broker


@dataclass(frozen=True, slots=True)
class ReceiverRow:
    """A row, parsed."""

    target: str  # its address or its name
    events: frozenset[str]  # the types that it names; empty: it names none
    quiet: tuple[int, int] | None = None  # minutes of the local day: from (inclusive), to (exclusive)
    every_s: int | None = None  # the shortest interval between two messages of one type; None: the receiver's default


def parse_row(text: str) -> ReceiverRow:
    """Parse a row.

    Raises:
        ValueError: a word is unknown; the text says what to write.
    """
    target, *words = text.split()
    events: set[str] = set()
    quiet, every_s = None, None
    for word in words:
        name, equals, value = word.partition("=")
        if name == "quiet" and equals:
            quiet = _quiet(value)
        elif name == "every" and equals:
            every_s = _every_s(value)
        else:
            events |= _events(word)
    return ReceiverRow(target, frozenset(events), quiet, every_s)


def targets(rows: tuple[str, ...]) -> list[str]:
    """The addresses or names of valid rows."""
    return [row.split()[0] for row in rows]


def _events(word: str) -> set[str]:
    if word == "*" or word.endswith(".*"):
        found = {name for name in EVENTS if name.startswith(word[:-1])}
    else:
        found = {word} & EVENTS.keys()
    if not found:
        raise ValueError(f"must name events like motion.began or picture.*; those are {', '.join(EVENTS)}")
    return found


def _quiet(value: str) -> tuple[int, int]:
    if not (match := _QUIET.fullmatch(value)):
        raise ValueError("must have quiet hours like quiet=22:00-07:00")
    hours = [int(number) for number in match.groups()]
    begin, end = hours[0] * 60 + hours[1], hours[2] * 60 + hours[3]
    if begin == end:
        raise ValueError("must have quiet hours that end at another time than they begin")
    return begin, end


def _every_s(value: str) -> int:
    if not value.isascii() or not value.isdecimal() or int(value) > MAX_EVERY_S:
        raise ValueError(f"must have an interval like every=60, from 0 to {MAX_EVERY_S} s")
    return int(value)
