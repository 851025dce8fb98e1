"""Reads the metadata that the camera programs write with `--metadata`, in libcamera's names and units.

A value is a number, a boolean, a list in brackets, or a rectangle `(x, y)/WxH` (libcamera's Rectangle::toString), which
is a string in JSON.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from stillcam.common.safe_read import parse_json

Metadata = dict[str, Any]

_RECTANGLE = re.compile(r"\((-?\d+), (-?\d+)\)/(\d+)x(\d+)")
MAX_NUMBERS = 64  # of one value; those that Stillcam uses have at most nine
_MAX_LINE_BYTES = 1 << 14
_NO_NUMBER = re.compile(rb'(?<![\w"])-?(?:nan|inf)(?![\w"])')  # as C++ prints a float that is none
_LONG = re.compile(rb'\[[^][{}"]{4096,}\]')  # a long array, not worth parsing


def from_json(raw: bytes) -> Metadata | None:
    """A still's metadata file; None if it is incomplete.

    It may be a list with one element, as rpicam-vid writes it (a branch of rpicam-apps, core/metadata_handler.cpp).
    """
    may_be_long = raw.count(b",") >= MAX_NUMBERS
    if may_be_long:
        raw = _LONG.sub(lambda match: b'"%s"' % _omitted(match[0].count(b",") + 1).encode(), raw)
    try:
        document = parse_json(raw)
    except ValueError:
        return _without_unknown(raw)
    if isinstance(document, list) and document:
        document = document[-1]
    if not isinstance(document, dict):
        return None
    metadata = {name: _value(value) for name, value in document.items()}
    return without_long_arrays(metadata) if may_be_long else metadata


def _without_unknown(raw: bytes) -> Metadata | None:
    """Those of a file with floats that are no numbers, which is no JSON, without these; None if it is incomplete."""
    known, count = _NO_NUMBER.subn(b"null", raw)
    metadata = from_json(known) if count else None
    return metadata and {
        name: value for name, value in metadata.items() if None not in (value if isinstance(value, list) else [value])
    }


class TextParser:
    """Parses `--metadata-format txt`: `Name=value` lines, and an empty line after each frame."""

    def __init__(self) -> None:
        self._line = b""  # beginning of the incomplete line
        self._commas = 0  # in all of the incomplete line
        self._block: dict[str, tuple[str, int]] = {}  # name -> value and its commas, of the incomplete frame

    def feed(self, chunk: bytes) -> Metadata | None:
        """Parse more text; return the newest complete frame in it, if any."""
        newest = None
        *lines, rest = chunk.split(b"\n")
        for line in lines:
            self._add(line)
            if self._line:
                name, equals, value = self._line.decode(errors="replace").partition("=")
                if equals:
                    self._block[name] = value, self._commas
            else:
                newest, self._block = self._block, {}
            self._line, self._commas = b"", 0
        self._add(rest)
        if newest is None:
            return None
        return {name: _omitted(commas + 1) if commas >= MAX_NUMBERS else _text(value)
                for name, (value, commas) in newest.items()}  # fmt: skip

    def _add(self, part: bytes) -> None:
        self._line += part[: max(0, _MAX_LINE_BYTES - len(self._line))]
        self._commas += part.count(b",")


def without_long_arrays(metadata: Mapping[str, Any]) -> Metadata:
    """Metadata with a text in place of each long array, which says how many numbers it had.

    An IMX500 adds the output of its neural network to each picture: megabytes, too much for the command socket and for
    a sidecar.
    """
    return {
        name: _omitted(count) if (count := _count(value)) > MAX_NUMBERS else value for name, value in metadata.items()
    }


def _omitted(numbers: int) -> str:
    return f"{numbers} numbers left out"


def _count(value: Any) -> int:
    if isinstance(value, bytes | bytearray | memoryview):
        return len(value)
    return sum(map(_count, value)) if isinstance(value, list | tuple) else 1


def _text(text: str) -> Any:
    try:
        return _value(parse_json(text))
    except ValueError:
        return _value(text)


def _value(value: Any) -> Any:
    if isinstance(value, str) and (rectangle := _RECTANGLE.fullmatch(value.strip())):
        return [int(number) for number in rectangle.groups()]
    return value
