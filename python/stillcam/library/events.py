"""What the sidecar of a motion recording says of its event."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any

from stillcam.common.formats import utc_text

MAX_COUNT = 1 << 20  # far more blocks than a detector has


def event_of(sidecar: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """The event in a sidecar, which somebody may have edited; None: it has none with a start.

    Returns:
        The members of the sidecar's `motion` with these names: `start`, `end` and `peak` (UTC), `peak_blocks`,
        `columns`, `rows` and `trigger`. One that is not readable is None, or empty for the trigger.
    """
    motion = sidecar.get("motion") if sidecar else None
    if not isinstance(motion, dict) or not (start := _time(motion.get("start"))):
        return None
    trigger = motion.get("trigger")
    times = {name: _time(motion.get(name)) for name in ("end", "peak")}
    counts = {name: _count(motion.get(name)) for name in ("peak_blocks", "columns", "rows")}
    return {"start": start, **times, **counts, "trigger": trigger if isinstance(trigger, str) else ""}


def _time(text: object) -> str | None:
    with suppress(ValueError, OverflowError):
        if isinstance(text, str):
            return utc_text(datetime.fromisoformat(text).timestamp())
    return None


def _count(number: object) -> int | None:
    return number if type(number) is int and 0 <= number <= MAX_COUNT else None
