"""Reads what the camera programs write with `--metadata`: libcamera's names and units.

A value is a number, true or false, a list in brackets, or a rectangle, which is written
`(x, y)/WxH` (libcamera's Rectangle::toString), in JSON within quotes.
"""

from __future__ import annotations

import re
from typing import Any

from stillcam.json_text import parse

Metadata = dict[str, Any]

_RECTANGLE = re.compile(r"\((-?\d+), (-?\d+)\)/(\d+)x(\d+)")
_MAX_BLOCK_BYTES = 1 << 16


def from_json(raw: bytes) -> Metadata | None:
    """A still's metadata file; None when it is not whole (yet).

    It may be a list of one, as rpicam-vid writes them: a branch of rpicam-apps has the same code write both
    (core/metadata_handler.cpp).
    """
    try:
        document = parse(raw)
    except ValueError:
        return None
    if isinstance(document, list) and document:
        document = document[-1]
    return {name: _value(value) for name, value in document.items()} if isinstance(document, dict) else None


class TxtReader:
    """Cuts `--metadata-format txt` into frames: `Name=value` lines, and an empty one after each frame."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, chunk: bytes) -> Metadata | None:
        """The newest whole frame in what came; None when there is none."""
        *blocks, rest = (self._rest + chunk).split(b"\n\n")
        self._rest = rest[-_MAX_BLOCK_BYTES:]
        if not blocks:
            return None
        lines = (line.partition("=") for line in blocks[-1].decode(errors="replace").splitlines())
        return {name: _text(value) for name, equals, value in lines if equals}


def _text(text: str) -> Any:
    try:
        return _value(parse(text))
    except ValueError:
        return _value(text)


def _value(value: Any) -> Any:
    if isinstance(value, str) and (rectangle := _RECTANGLE.fullmatch(value.strip())):
        return [int(number) for number in rectangle.groups()]
    return value
