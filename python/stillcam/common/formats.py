"""Times, sizes, durations and JSON as text."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any


def utc_text(time_s: float) -> str:
    """`time_s` (seconds since the epoch) as ISO 8601 in UTC with milliseconds: `2026-11-20T23:45:01.123Z`."""
    millis = int(time_s * 1000 + 0.5)
    return f"{datetime.fromtimestamp(millis // 1000, UTC):%Y-%m-%dT%H:%M:%S}.{millis % 1000:03d}Z"


def size_text(size_bytes: float) -> str:
    """A size in binary units, with three digits: `1.82 GiB`."""
    for unit in ("bytes", "KiB", "MiB", "GiB"):
        if size_bytes < 1000:
            return f"{size_bytes:.0f} bytes" if unit == "bytes" else f"{size_bytes:.3g} {unit}"
        size_bytes /= 1024
    return f"{size_bytes:.3g} TiB"


def span_text(seconds: float) -> str:
    """A duration in its two largest units: `3 days 4 h`, `12 min 5 s`, `7 s`."""
    minutes, rest_s = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days} day{'s' if days > 1 else ''} {hours} h"
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest_s} s" if minutes else f"{rest_s} s"


def json_text(document: Mapping[str, Any]) -> str:
    """The content of a JSON file that people read: a line for each property, and each list on one line.

    Not by `indent` of json.dumps, which leaves functions that refer to each other: only the garbage collector frees
    them, in a process that allocates little hours later.
    """
    return f"{_lines(document, chr(10))}\n"


def _lines(value: Any, line: str) -> str:
    """Args: line: how a new line begins at this depth."""
    if not isinstance(value, Mapping) or not value:
        return json.dumps(value, ensure_ascii=False)
    inner = f"{line}  "
    properties = [
        f"{inner}{json.dumps(name, ensure_ascii=False)}: {_lines(each, inner)}" for name, each in value.items()
    ]
    return f"{{{','.join(properties)}{line}}}"
