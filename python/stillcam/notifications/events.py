"""Events that the web server detects: new items in the library, and the loss and return of the picture."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from stillcam.common.formats import utc_text
from stillcam.library.catalogue import size_bytes
from stillcam.library.days import Days, Version
from stillcam.library.items import DayListing, Item
from stillcam.library.names import ANY_STAMP, STAMP_LENGTH, kind_of, main_kind, parse_stem, split

RECENT_S = 60.0  # in a day that was not read before, files written up to this long before the last poll are new
STARTING_S = 60.0  # a camera may take so long at the start before its picture counts as lost
FORGET_S = 3600.0  # the items of a day are remembered for so long after a change: many times RECENT_S
_COMPANION = ""  # in place of an item's identity: the file is its preview or sidecar


@dataclass(frozen=True, slots=True)
class Event:
    """One event."""

    type: str  # `item.taken`, `picture.lost` or `picture.back`
    time_s: float  # since the epoch
    data: dict[str, Any]  # the details, for JSON


@dataclass(frozen=True, slots=True)
class PictureLoss:
    """There is no fresh frame."""

    reason: str  # for a person; empty when it is not known
    newest_s: float | None  # when the last frame was taken, since the epoch; None: there has been none


class NewItems:
    """Detects items that are new in the library at `root`; those that exist at the first poll are not.

    The time, the kind and the camera identify an item, so that a change of its title makes no new item.
    Files that another program has put there do not count. A day is read when its folder changes, whatever its date:
    a clock that was wrong may have left days in the future. New in a day are the items that were not there when it was
    last read; in a day that was never read, those written since the last poll.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._days = Days(root)
        self._versions: dict[str, Version] | None = None  # of all days but those that may change unseen
        self._known: dict[str, set[str]] = {}  # the identities of items, by day
        self._read_s: dict[str, float] = {}  # when these days were read (monotonic)
        self._polled_s = 0.0

    def poll(self) -> list[Item]:
        """The items that have appeared since the last poll, oldest first.

        Raises:
            OSError: the library cannot be read.
        """
        before, began_s, new = self._versions, time.time(), list[Item]()
        versions = {day: version for day, version in self._days.versions().items() if version and version.settled}
        for day in reversed(self._days.names()):
            if day not in versions or (before is not None and versions[day] != before.get(day)):
                listing, was_known = self._days.listing(day), day in self._known
                names = self._unknown_names(day, listing)
                if before is not None:
                    new += listing.named({name for name in names if was_known or self._is_recent(day, name)})
        self._versions, self._polled_s = versions, began_s
        self._forget(time.monotonic() - FORGET_S)
        return new

    def _forget(self, before_s: float) -> None:
        for day in [day for day, read_s in self._read_s.items() if read_s < before_s]:
            del self._known[day], self._read_s[day]

    def _unknown_names(self, day: str, listing: DayListing) -> set[str]:
        """The items of a day that were not known, by their names; they are known from then on."""
        known = self._known.setdefault(day, {_COMPANION})
        self._read_s[day] = time.monotonic()
        unknown = {identity: name for name in listing.ours if (identity := _identity(name)) not in known}
        known.update(unknown)
        return set(unknown.values())

    def _is_recent(self, day: str, name: str) -> bool:
        try:
            return (self._root / day / name).stat().st_mtime > self._polled_s - RECENT_S
        except OSError:  # deleted meanwhile
            return False

    def event(self, item: Item) -> Event:
        """The event of a new item."""
        data = {
            "id": item.id, "kind": item.kind, "name": item.name, "taken": utc_text(item.time_s),
            "sensor": item.camera or None, "bytes": size_bytes(self._root, item), "address": f"library/{item.id}",
        }  # fmt: skip
        return Event("item.taken", item.time_s, data)


def _identity(name: str) -> str:
    """The time, the kind and the camera in the name of an item's own file, or _COMPANION."""
    ending = _kind_and_camera(name[STAMP_LENGTH:])
    return name[:STAMP_LENGTH] + ending if ending else _COMPANION


@lru_cache(maxsize=256)
def _kind_and_camera(ending: str) -> str:
    parsed = parse_stem(split(ANY_STAMP + ending)[0])
    is_main = parsed and kind_of(ending) == main_kind(parsed.kind, [ending])
    return f"_{parsed.kind}_{parsed.camera}" if parsed and is_main else ""


class PictureMonitor:
    """Detects when the picture is lost, and when it is back.

    Args:
        loss: gives the state of the picture, as `/healthz` reports it; None: it is fresh.
        now_s: of the monotonic clock.
    """

    def __init__(self, loss: Callable[[], PictureLoss | None], now_s: float) -> None:
        self._loss = loss
        self._began_s = now_s
        self._lost_s: float | None = None
        self._seen = False

    def poll(self, now_s: float, time_s: float) -> Event | None:
        """The change since the last poll; `now_s` is of the monotonic clock, `time_s` in seconds since the epoch."""
        loss = self._loss()
        if loss is None:
            lost_s, self._lost_s, self._seen = self._lost_s, None, True
            if lost_s is None:
                return None
            return Event("picture.back", time_s, {"lost_s": round(now_s - lost_s, 1)})
        if self._lost_s is not None or (not self._seen and now_s - self._began_s < STARTING_S):
            return None
        self._lost_s = now_s
        newest = None if loss.newest_s is None else utc_text(loss.newest_s)
        return Event("picture.lost", time_s, {"reason": loss.reason or None, "newest": newest})
