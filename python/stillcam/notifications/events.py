"""What happens, as the web server sees it: items that come into the library, the picture lost and back."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stillcam.common.utc import utc_text
from stillcam.library.catalogue import size_bytes
from stillcam.library.day import Item
from stillcam.library.days import Days, Version
from stillcam.library.names import said_by, split
from stillcam.server.live.staleness import Freshness

RECENT_S = 60.0  # in a day that was not read before, files written up to this long before the last look are new
STARTING_S = 60.0  # a camera may take so long at the start before it counts as lost


_Key = tuple[float, str, str]  # when, as what and by which camera an item was taken


@dataclass(frozen=True, slots=True)
class Event:
    """Something has happened.

    Args:
        type: `item.taken`, `picture.lost` or `picture.back`.
        time_s: when, in seconds since the epoch.
        data: what more there is to say, for JSON.
    """

    type: str
    time_s: float
    data: dict[str, Any]


class Arrivals:
    """The items that are new in the library at `root`; what is there at the first look is not.

    An item is known by when, as what and by which camera it was taken: another title makes no other item.
    Files that somebody else has put there do not count. A day is read when its folder changes, whatever its date:
    a clock that was wrong may have left days in the future. New in a day are the items that were not there when it was
    last read; in a day that was never read, those written since the last look.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._days = Days(root)
        self._versions: dict[str, Version] | None = None  # of all days but those that may change unseen
        self._known: dict[str, set[_Key]] = {}  # by day
        self._looked_s = 0.0

    def look(self) -> list[Item]:
        """Those that have come since the last look, oldest first.

        Raises:
            OSError: the library cannot be read.
        """
        before, began_s, new = self._versions, time.time(), list[Item]()
        versions = {day: version for day, version in self._days.versions().items() if version and version.settled}
        for day in reversed(self._days.names()):
            if day not in versions or (before is not None and versions[day] != before.get(day)):
                items = {_key(item): item for item in self._days.items(day) if _is_ours(item)}
                if before is not None:
                    new += [item for key, item in items.items() if self._is_new(key, item)]
                self._known.setdefault(day, set()).update(items)
        self._versions, self._looked_s = versions, began_s
        return new

    def _is_new(self, key: _Key, item: Item) -> bool:
        if (known := self._known.get(item.day)) is not None:
            return key not in known
        try:
            return (self._root / item.day / item.name).stat().st_mtime > self._looked_s - RECENT_S
        except OSError:  # it has gone again
            return False

    def event(self, item: Item) -> Event:
        """What is told of an item."""
        data = {
            "id": item.id, "kind": item.kind, "name": item.name, "taken": utc_text(item.time_s),
            "sensor": item.camera or None, "bytes": size_bytes(self._root, item), "address": f"library/{item.id}",
        }  # fmt: skip
        return Event("item.taken", item.time_s, data)


def _key(item: Item) -> _Key:
    return item.time_s, item.kind, item.camera


def _is_ours(item: Item) -> bool:
    said = said_by(split(item.name)[0])
    return said is not None and item.kind == said[1]


class Outages:
    """Notices when the picture is lost, and when it is back: by what `/healthz` says."""

    def __init__(self, freshness: Freshness, now_s: float) -> None:
        """`now_s`: of a clock that is never set (monotonic); the others' as well."""
        self._freshness = freshness
        self._began_s = now_s
        self._lost_s: float | None = None
        self._seen = False

    def look(self, now_s: float, time_s: float) -> Event | None:
        """What has changed since the last look.

        Args:
            now_s: of the steady clock.
            time_s: seconds since the epoch.
        """
        outage = self._freshness.outage()
        if outage is None:
            lost_s, self._lost_s, self._seen = self._lost_s, None, True
            if lost_s is None:
                return None
            return Event("picture.back", time_s, {"lost_s": round(now_s - lost_s, 1)})
        if self._lost_s is not None or (not self._seen and now_s - self._began_s < STARTING_S):
            return None
        self._lost_s = now_s
        newest = outage.newest and utc_text(outage.newest.time_s)
        return Event("picture.lost", time_s, {"reason": outage.reason or None, "newest": newest})
