"""Reads what the camera programs write with `--metadata`: libcamera's names and units.

A value is a number, true or false, a list in brackets, or a rectangle, which is written
`(x, y)/WxH` (libcamera's Rectangle::toString), in JSON within quotes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from stillcam.common.safe_json import parse

Metadata = dict[str, Any]

_RECTANGLE = re.compile(r"\((-?\d+), (-?\d+)\)/(\d+)x(\d+)")
MAX_NUMBERS = 64  # of one value; what is asked for has at most nine
_MAX_LINE_BYTES = 1 << 14
_LONG = re.compile(rb'\[[^][{}"]{4096,}\]')  # an array that need not become numbers first


def from_json(raw: bytes) -> Metadata | None:
    """A still's metadata file; None when it is not whole (yet).

    It may be a list of one, as rpicam-vid writes them: a branch of rpicam-apps has the same code write both
    (core/metadata_handler.cpp).
    """
    try:
        document = parse(_LONG.sub(lambda match: b'"%s"' % left_out(match[0].count(b",") + 1).encode(), raw))
    except ValueError:
        return None
    if isinstance(document, list) and document:
        document = document[-1]
    return capped({name: _value(value) for name, value in document.items()}) if isinstance(document, dict) else None


class TxtReader:
    """Cuts `--metadata-format txt` into frames: `Name=value` lines, and an empty one after each frame."""

    def __init__(self) -> None:
        self._line = b""  # that is not whole yet: its beginning
        self._commas = 0  # of all of it
        self._block: dict[str, tuple[str, int]] = {}  # name -> value and its commas, of the frame that is not whole yet

    def feed(self, chunk: bytes) -> Metadata | None:
        """The newest whole frame in what came; None when there is none."""
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
        return {name: left_out(commas + 1) if commas >= MAX_NUMBERS else _text(value)
                for name, (value, commas) in newest.items()}  # fmt: skip

    def _add(self, part: bytes) -> None:
        self._line += part[: max(0, _MAX_LINE_BYTES - len(self._line))]
        self._commas += part.count(b",")


def capped(said: Mapping[str, Any]) -> Metadata:
    """What a camera says of a picture without the numbers of long arrays: a text tells how many there were.

    An IMX500 gives its network's output with each picture: megabytes, which nobody asks for here, and for which
    neither the command socket nor a sidecar is meant.
    """
    return {name: left_out(count) if (count := _count(value)) > MAX_NUMBERS else value for name, value in said.items()}


def left_out(numbers: int) -> str:
    """What stands for so many numbers."""
    return f"{numbers} numbers left out"


def _count(value: Any) -> int:
    if isinstance(value, bytes | bytearray | memoryview):
        return len(value)
    return sum(map(_count, value)) if isinstance(value, list | tuple) else 1


def _text(text: str) -> Any:
    try:
        return _value(parse(text))
    except ValueError:
        return _value(text)


def _value(value: Any) -> Any:
    if isinstance(value, str) and (rectangle := _RECTANGLE.fullmatch(value.strip())):
        return [int(number) for number in rectangle.groups()]
    return value
