"""What happens, as the web server sees it: items that come into the library, the picture lost and back."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stillcam.frames import utc_text
from stillcam.library.browse import size_bytes
from stillcam.library.day import Item
from stillcam.library.days import Days
from stillcam.library.names import said_by, split
from stillcam.server.freshness import Freshness

DAYS = 2  # those of the newest date are looked at: what is taken at midnight may be finished the day after
STARTING_S = 60.0  # a camera may take so long at the start before it counts as lost


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
    Files that somebody else has put there do not count.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._days = Days(root)
        self._known: dict[str, set[tuple[float, str, str]]] | None = None

    def look(self) -> list[Item]:
        """Those that have come since the last look, oldest first.

        Raises:
            OSError: the library cannot be read.
        """
        before, known = self._known, dict[str, set[tuple[float, str, str]]]()
        new = []
        for day in reversed(self._days.names()[:DAYS]):
            known[day] = set() if before is None else before.get(day, set())
            for item in self._days.items(day):
                said = said_by(split(item.name)[0])
                if said and item.kind == said[1] and (key := (item.time_s, item.kind, item.camera)) not in known[day]:
                    known[day].add(key)
                    new.append(item)
        self._known = known
        return [] if before is None else new

    def event(self, item: Item) -> Event:
        """What is told of an item."""
        data = {
            "id": item.id, "kind": item.kind, "name": item.name, "taken": utc_text(item.time_s),
            "sensor": item.camera or None, "bytes": size_bytes(self._root, item), "address": f"library/{item.id}",
        }  # fmt: skip
        return Event("item.taken", item.time_s, data)


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
