"""Of which pictures a film is made, in order."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from stillcam.common.paths import Paths
from stillcam.common.time_zone import zone_named
from stillcam.films.order import Order
from stillcam.library.days import Item, read_day
from stillcam.library.names import PREVIEWS, is_day, split
from stillcam.series.manifest import Line, first_numbers, millis, shots_from
from stillcam.series.reader import ExistingFiles
from stillcam.series.state import FRAMES, load_series

LATE_MS = 120_000  # a shot may be taken so long after its moment
SET_BACK_MS = 86_400_000  # by so much a clock may have been set back among the shots


class Shot(NamedTuple):
    """One picture: when it was taken (ms since the epoch), and its JPEG."""

    time_ms: int
    path: Path


def shots_of(order: Order, paths: Paths) -> Iterator[Shot]:
    """The pictures of an order; those that are gone are left out.

    Raises:
        StillcamError: there is no such series.
        OSError: they cannot be read.
    """
    if order.series is None:
        return _of_library(paths.library, order.from_ms, order.to_ms)
    folder = paths.series / order.series
    load_series(folder)  # it is one
    return _of_series(folder, order.from_ms, order.to_ms)


def zone_of(order: Order, paths: Paths, local: str) -> ZoneInfo:
    """The time zone of the clock by which the pictures were taken.

    Args:
        local: that of this machine, see `stillcam.common.time_zone`.
    """
    return zone_named(local if order.series is None else load_series(paths.series / order.series).zone)


def _of_series(folder: Path, from_ms: int | None, to_ms: int | None) -> Iterator[Shot]:
    """Of a bracket the first shot: one at each moment."""
    start = 0
    if from_ms is not None:
        [start] = first_numbers(folder, [from_ms - LATE_MS], 0)
        if not start:
            return
    there, before = ExistingFiles(folder / FRAMES), ""
    for line in shots_from(folder, start):
        time_ms = millis(line["time"])
        if to_ms is not None and time_ms > to_ms + SET_BACK_MS:
            return
        if line["due"] != before and _within(time_ms, from_ms, to_ms) and (name := _jpeg(line)) in there:
            before = line["due"]
            yield Shot(time_ms, folder / FRAMES / name)


def _of_library(root: Path, from_ms: int | None, to_ms: int | None) -> Iterator[Shot]:
    """Photos, and the pictures beside raw ones; those of a day are looked up when it is their turn."""
    try:
        days = sorted(path.name for path in root.iterdir() if is_day(path.name))
    except FileNotFoundError:
        return
    first, last = (_day(from_ms, -1) if from_ms is not None else ""), (_day(to_ms, 1) if to_ms is not None else "9")
    for day in days:
        if first <= day <= last:
            for item in read_day(root / day):
                time_ms, name = round(item.time_s * 1000), _picture(item)
                if name and _within(time_ms, from_ms, to_ms):
                    yield Shot(time_ms, root / day / name)


def _jpeg(line: Line) -> str:
    return next((str(name) for name in line["files"] if name.endswith(".jpg")), "")


def _picture(item: Item) -> str | None:
    if item.kind == "photo":
        return item.name if split(item.name)[1] in PREVIEWS else None
    return item.preview if item.kind == "raw" else None


def _day(time_ms: int, more: int) -> str:
    """The day before or after, which it is in no time zone."""
    return f"{datetime.fromtimestamp(time_ms // 1000, UTC) + timedelta(more):%Y-%m-%d}"


def _within(time_ms: int, from_ms: int | None, to_ms: int | None) -> bool:
    return (from_ms is None or time_ms >= from_ms) and (to_ms is None or time_ms <= to_ms)
