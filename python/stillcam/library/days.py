"""The days of the library, each read when it is asked for and again only when its folder has changed.

Most file systems tell that by the folder's time. Some do not (exFAT by FUSE leaves it when a file is renamed): that
is tried once for each disk, and where it is so, the names in the folder are compared.
"""

from __future__ import annotations

import os
import tempfile
import threading
import time
from collections import Counter, OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from stillcam.library.day import Item, read_day
from stillcam.library.names import day_of, is_day

KEPT_ITEMS = 4000  # about 2 MB: what is kept of the days read last
OLD_S = 1e9  # 2001: a time that no clock gives a folder now; FAT has none before 1980
NEWEST = 2  # days: what is taken at midnight may be finished the day after
SETTLED_NS = 2_000_000_000  # a folder's time stamp may be 2 s coarse (FAT): one so young may change unseen


class Version(NamedTuple):
    """What tells one state of a day's folder from another: its disk, its time, or, where that tells nothing, names."""

    device: int
    changed_ns: int
    names: int = 0

    @property
    def settled(self) -> bool:
        """Whether each later change gives another version."""
        return time.time_ns() - self.changed_ns > SETTLED_NS


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
        self._items: OrderedDict[str, tuple[Version, list[Item]]] = OrderedDict()  # by day
        self._summaries: dict[str, tuple[Version, Summary]] = {}
        self._timely: dict[int, bool] = {}  # by disk: whether it gives a folder that changes another time

    def names(self) -> list[str]:
        """All days, the newest first."""
        try:
            with os.scandir(self._root) as entries:
                return sorted((entry.name for entry in entries if is_day(entry.name)), reverse=True)
        except FileNotFoundError:
            return []

    def version(self, day: str) -> Version | None:
        """Another one when the folder of a day has changed; None: there is none."""
        folder = self._root / day
        try:
            about = folder.stat()
            if self._is_timely(about.st_dev):
                return Version(about.st_dev, about.st_mtime_ns)
            return Version(about.st_dev, 0, hash(frozenset(os.listdir(folder))))
        except OSError:
            return None

    def versions(self) -> dict[str, Version | None]:
        """All days with their versions, the newest first.

        Reading the names in all folders would take long: where a folder's time does not change with its names (see
        `version`), they are compared for today and the newest days only.
        """
        try:
            with os.scandir(self._root) as entries:
                folders = {entry.name: entry.stat() for entry in entries if is_day(entry.name)}
        except FileNotFoundError:
            return {}
        names = sorted(folders, reverse=True)
        watched = {*names[:NEWEST], day_of(time.time())}
        versions: dict[str, Version | None] = {}
        for day in names:
            about = folders[day]
            by_time = day not in watched or self._is_timely(about.st_dev)
            versions[day] = Version(about.st_dev, about.st_mtime_ns) if by_time else self.version(day)
        return versions

    def items(self, day: str) -> list[Item]:
        """The items of a day, oldest first."""
        version = self.version(day)
        with self._lock:
            if (kept := self._items.get(day)) and kept[0] == version:
                self._items.move_to_end(day)
                return kept[1]
        items = read_day(self._root / day)
        if version is not None and version.settled:
            summary = Summary(Counter((item.kind, item.camera) for item in items))
            with self._lock:
                self._summaries[day] = version, summary
                self._items[day] = version, items
                while len(self._items) > 1 and sum(len(kept[1]) for kept in self._items.values()) > KEPT_ITEMS:
                    self._items.popitem(last=False)
        return items

    def known_summary(self, day: str) -> Summary | None:
        """What there is on a day, if that needs no reading."""
        with self._lock:
            known = self._summaries.get(day)
        return known[1] if known and known[0] == self.version(day) else None

    def summary(self, day: str) -> Summary:
        """What there is on a day."""
        return self.known_summary(day) or Summary(Counter((item.kind, item.camera) for item in self.items(day)))

    def known_cameras(self) -> list[str]:
        """The models that took something on the days read so far."""
        with self._lock:
            return sorted({camera for _, summary in self._summaries.values() for _, camera in summary.counts} - {""})

    def _is_timely(self, device: int) -> bool:
        """Whether the disk gives a folder another time when a file in it is renamed."""
        timely = self._timely.get(device)
        if timely is None:
            try:
                timely = self._timely[device] = is_timely(self._root)
            except OSError:  # it cannot be tried: full, or read-only for now
                return False
        return timely


def is_timely(root: Path) -> bool:
    """Whether a folder's time changes with the names in it, on the disk of `root`; it is tried.

    Raises:
        OSError: nothing can be written there.
    """
    with tempfile.TemporaryDirectory(prefix=".probe-", dir=root) as name:
        probe = Path(name)
        outside, inside, folder = probe / "file", probe / "folder/file", probe / "folder"
        folder.mkdir()
        outside.touch()
        for old, new in ((outside, inside), (inside, folder / "other"), (folder / "other", outside)):
            os.utime(folder, (OLD_S, OLD_S))
            before_ns = folder.stat().st_mtime_ns
            old.rename(new)
            if folder.stat().st_mtime_ns == before_ns:
                return False
    return True
