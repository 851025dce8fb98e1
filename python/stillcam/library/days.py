"""The days of the library, each read when it is asked for and again only when its folder has changed."""

from __future__ import annotations

import os
import threading
import time
from collections import Counter, OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from stillcam.library.day import Item, read_day
from stillcam.library.names import is_day

KEPT_ITEMS = 4000  # about 2 MB: what is kept of the days read last
SETTLED_NS = 2_000_000_000  # a folder's time stamp may be 2 s coarse (FAT): one so young may change unseen


@dataclass(frozen=True, slots=True)
class Summary:
    """What there is on a day: the number of items by kind and camera."""

    counts: Mapping[tuple[str, str], int]

    @property
    def total(self) -> int:
        """The number of items."""
        return sum(self.counts.values())

    def may_hold(self, kind: str | None, camera: str | None) -> bool:
        """Whether there are items of this kind and from this camera; None: any."""
        return any(kind in (None, k) and camera in (None, c) for k, c in self.counts)


class Days:
    """Reads days of the library at `root`; safe to use from any thread."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._lock = threading.Lock()
        self._items: OrderedDict[str, tuple[int, list[Item]]] = OrderedDict()  # by day, with the folder's time
        self._summaries: dict[str, tuple[int, Summary]] = {}

    def names(self) -> list[str]:
        """All days, the newest first."""
        try:
            with os.scandir(self._root) as entries:
                return sorted((entry.name for entry in entries if is_day(entry.name)), reverse=True)
        except FileNotFoundError:
            return []

    def items(self, day: str) -> list[Item]:
        """The items of a day, oldest first."""
        changed_ns = self._changed_ns(day)
        with self._lock:
            if (kept := self._items.get(day)) and kept[0] == changed_ns:
                self._items.move_to_end(day)
                return kept[1]
        items = read_day(self._root / day)
        if changed_ns is not None and time.time_ns() - changed_ns > SETTLED_NS:
            summary = Summary(Counter((item.kind, item.camera) for item in items))
            with self._lock:
                self._summaries[day] = changed_ns, summary
                self._items[day] = changed_ns, items
                while len(self._items) > 1 and sum(len(kept[1]) for kept in self._items.values()) > KEPT_ITEMS:
                    self._items.popitem(last=False)
        return items

    def known_summary(self, day: str) -> Summary | None:
        """What there is on a day, if that needs no reading."""
        with self._lock:
            known = self._summaries.get(day)
        return known[1] if known and known[0] == self._changed_ns(day) else None

    def summary(self, day: str) -> Summary:
        """What there is on a day."""
        return self.known_summary(day) or Summary(Counter((item.kind, item.camera) for item in self.items(day)))

    def known_cameras(self) -> list[str]:
        """The models that took something on the days read so far."""
        with self._lock:
            return sorted({camera for _, summary in self._summaries.values() for _, camera in summary.counts} - {""})

    def _changed_ns(self, day: str) -> int | None:
        try:
            return (self._root / day).stat().st_mtime_ns
        except OSError:
            return None
