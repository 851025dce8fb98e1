"""The pictures that a film is made from, in order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from stillcam.common.clock import zone_named
from stillcam.common.paths import Paths
from stillcam.films.order import Order
from stillcam.library.items import Item, list_day
from stillcam.library.names import PREVIEWS, is_day, split
from stillcam.series.definition import Definition
from stillcam.series.manifest import Line, text_to_ms
from stillcam.series.manifest_search import first_numbers
from stillcam.series.reader import existing_shots
from stillcam.series.schedule import DAY_MS
from stillcam.series.state import FRAMES, read_definition

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

LATE_MS = 120_000  # how late after its due time a shot may be taken
SET_BACK_MS = DAY_MS  # how far a clock may have been set back among the shots
NEVER_MS = 1 << 62  # since the epoch
_LAST_S = 253_402_300_799  # since the epoch: the end of the calendar


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
    from_ms = 0 if order.from_ms is None else order.from_ms
    to_ms = NEVER_MS if order.to_ms is None else order.to_ms
    if order.series is None:
        return _of_library(paths.library, from_ms, to_ms)
    folder = paths.series / order.series
    _, _, definition = read_definition(folder)
    return _of_series(folder, _middle(definition), from_ms, to_ms)


def zone_of(order: Order, paths: Paths, local: str) -> ZoneInfo:
    """The time zone of the clock that the pictures were taken by; `local` is that of this machine."""
    return zone_named(local if order.series is None else read_definition(paths.series / order.series)[1])


def evenly_spaced(total: int, wanted: int) -> list[int]:
    """At most `wanted` of the indices below `total`: the first, the last, and evenly between."""
    if total <= wanted:
        return list(range(total))
    if wanted == 1:
        return [0]
    return [number * (total - 1) // (wanted - 1) for number in range(wanted)]


def _of_series(folder: Path, middle: Mapping[str, float], from_ms: int, to_ms: int) -> Iterator[Source]:
    """One shot of each due time.

    Args:
        middle: the controls of the shot in the middle of a bracket; if it is gone, the first that is left is used.
    """
    [start] = first_numbers(folder, [from_ms - LATE_MS], 0)
    if not start:
        return
    for _, lines in groupby(existing_shots(folder, start), lambda line: line["due"]):
        shots = list(lines)
        line = next((line for line in shots if line.get("vary") == middle), shots[0])
        time_ms = text_to_ms(line["time"])
        if time_ms > to_ms + SET_BACK_MS:
            return
        if from_ms <= time_ms <= to_ms:
            yield Source(time_ms, folder / FRAMES / _jpeg(line))


def _middle(definition: Definition) -> Mapping[str, float]:
    """The controls of the shot in the middle of a bracket."""
    shots = sorted(definition.shots_at, key=lambda shot: tuple(shot.values()))
    return shots[(len(shots) - 1) // 2] if len(shots) % 2 else definition.shots_at[0]


def _of_library(root: Path, from_ms: int, to_ms: int) -> Iterator[Source]:
    """Photos, and the previews of raw photos; a day is read when its turn comes."""
    try:
        days = sorted(path.name for path in root.iterdir() if is_day(path.name))
    except FileNotFoundError:
        return
    # One day more at both ends, so that the time zone does not matter.
    first, last = (_utc_day(time_ms) for time_ms in (from_ms - DAY_MS, to_ms + DAY_MS))
    for day in days:
        if first <= day <= last:
            for item in list_day(root / day):
                time_ms, name = round(item.time_s * 1000), _picture(item)
                if name and from_ms <= time_ms <= to_ms:
                    yield Source(time_ms, root / day / name)


def _jpeg(line: Line) -> str:
    return next((str(name) for name in line["files"] if name.endswith(".jpg")), "")


def _picture(item: Item) -> str | None:
    if item.kind == "photo":
        return item.name if split(item.name)[1] in PREVIEWS else None
    return item.preview if item.kind == "raw" else None


def _utc_day(time_ms: int) -> str:
    return datetime.fromtimestamp(min(time_ms // 1000, _LAST_S), UTC).date().isoformat()
