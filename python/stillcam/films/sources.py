"""The pictures that a film is made from, in order."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from stillcam.common.clock import zone_named
from stillcam.common.paths import Paths
from stillcam.films.order import Order
from stillcam.library.days import Item, read_day
from stillcam.library.names import PREVIEWS, is_day, split
from stillcam.series.manifest import Line, first_numbers, shots_from, text_to_ms
from stillcam.series.reader import ExistingFiles
from stillcam.series.state import FRAMES, load_series

LATE_MS = 120_000  # how late after its due time a shot may be taken
SET_BACK_MS = 86_400_000  # how far a clock may have been set back among the shots


class Source(NamedTuple):
    """One picture: when it was taken (ms since the epoch), and its JPEG."""

    time_ms: int
    path: Path


def sources_of(order: Order, paths: Paths) -> Iterator[Source]:
    """The pictures of an order that exist.

    Raises:
        StillcamError: there is no such series.
        OSError: they cannot be read.
    """
    if order.series is None:
        return _of_library(paths.library, order.from_ms, order.to_ms)
    folder = paths.series / order.series
    load_series(folder)  # raises if there is none
    return _of_series(folder, order.from_ms, order.to_ms)


def zone_of(order: Order, paths: Paths, local: str) -> ZoneInfo:
    """The time zone of the clock that the pictures were taken by.

    Args:
        local: that of this machine, see `stillcam.common.clock`.
    """
    return zone_named(local if order.series is None else load_series(paths.series / order.series).zone)


def evenly_spaced(total: int, wanted: int) -> list[int]:
    """At most `wanted` of the indices below `total`: the first, the last, and evenly between."""
    if total <= wanted:
        return list(range(total))
    if wanted == 1:
        return [0]
    return [number * (total - 1) // (wanted - 1) for number in range(wanted)]


def _of_series(folder: Path, from_ms: int | None, to_ms: int | None) -> Iterator[Source]:
    """One shot of each due time: of a bracket the first."""
    start = 0
    if from_ms is not None:
        [start] = first_numbers(folder, [from_ms - LATE_MS], 0)
        if not start:
            return
    existing, last_due = ExistingFiles(folder / FRAMES), ""
    for line in shots_from(folder, start):
        time_ms = text_to_ms(line["time"])
        if to_ms is not None and time_ms > to_ms + SET_BACK_MS:
            return
        if line["due"] != last_due and _within(time_ms, from_ms, to_ms) and (name := _jpeg(line)) in existing:
            last_due = line["due"]
            yield Source(time_ms, folder / FRAMES / name)


def _of_library(root: Path, from_ms: int | None, to_ms: int | None) -> Iterator[Source]:
    """Photos, and the previews of raw photos; a day is read when its turn comes."""
    try:
        days = sorted(path.name for path in root.iterdir() if is_day(path.name))
    except FileNotFoundError:
        return
    first = "" if from_ms is None else _neighbour(from_ms, -1)
    last = "9" if to_ms is None else _neighbour(to_ms, 1)
    for day in days:
        if first <= day <= last:
            for item in read_day(root / day):
                time_ms, name = round(item.time_s * 1000), _picture(item)
                if name and _within(time_ms, from_ms, to_ms):
                    yield Source(time_ms, root / day / name)


def _jpeg(line: Line) -> str:
    return next((str(name) for name in line["files"] if name.endswith(".jpg")), "")


def _picture(item: Item) -> str | None:
    if item.kind == "photo":
        return item.name if split(item.name)[1] in PREVIEWS else None
    return item.preview if item.kind == "raw" else None


def _neighbour(time_ms: int, days: int) -> str:
    """The day before or after, so that the time zone does not matter."""
    return f"{datetime.fromtimestamp(time_ms // 1000, UTC) + timedelta(days):%Y-%m-%d}"


def _within(time_ms: int, from_ms: int | None, to_ms: int | None) -> bool:
    return (from_ms is None or time_ms >= from_ms) and (to_ms is None or time_ms <= to_ms)
