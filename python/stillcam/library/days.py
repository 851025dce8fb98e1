"""The days of the library: listing the items in a day's folder, and caching that until the folder changes.

A day is read again only if its folder has changed. Most file systems show that by the folder's times. Some do not
(exFAT by FUSE leaves them when a file is renamed): that is probed once for each disk, and if so, the names in the
folder are compared.
"""

from __future__ import annotations

import os
import threading
import time
from collections import OrderedDict
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from stillcam.library.items import Counts, DayListing, list_day
from stillcam.library.names import day_of, is_day

CACHED_FILES = 10_000  # names of about 1 MB, of the days read last; more only if one day has more
PROBE_S = 1e9  # 2001: a time that no clock gives a folder now; FAT has none before 1980
NEWEST = 2  # days: what is taken at midnight may be finished the day after
# A change soon after another one may leave the folder with the same time: on FAT, whose times are whole 2 s, on exFAT
# (10 ms), and elsewhere within a tick of the kernel (at most 10 ms).
COARSE_NS, COARSE_SETTLED_NS = 10_000_000, 2_000_000_000
FINE_SETTLED_NS = 100_000_000


class Version(NamedTuple):
    """A version of a day's folder: its disk and times, or, if those never change, a hash of its names."""

    device: int
    changed_ns: int  # mtime: rsync and tar set it to that of the original
    noted_ns: int = 0  # ctime: nobody can set it
    names: int = 0

    @property
    def settled(self) -> bool:
        """Whether every later change results in another version; also if a wrong clock has dated it ahead."""
        now_ns, coarse = time.time_ns(), self.changed_ns % COARSE_NS == 0
        settled_ns = COARSE_SETTLED_NS if coarse else FINE_SETTLED_NS
        return all(abs(now_ns - at_ns) > settled_ns for at_ns in (self.changed_ns, self.noted_ns))


def _version(stat: os.stat_result) -> Version:
    return Version(stat.st_dev, stat.st_mtime_ns, stat.st_ctime_ns)


class Days:
    """Reads the days of the library at `root`; safe to use from any thread."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._lock = threading.Lock()
        self._reading = threading.Lock()  # of many requests for a day that has changed, one reads it
        # By day; without a version it is only what the next listing begins with.
        self._listings: OrderedDict[str, tuple[Version | None, DayListing]] = OrderedDict()
        self._counts: dict[str, tuple[Version, Counts]] = {}  # by day
        self._changes_times: dict[int, bool] = {}  # by disk: see `changes_folder_times`

    def names(self) -> list[str]:
        """All days, the newest first."""
        return sorted((entry.name for entry in self._folders()), reverse=True)

    def version(self, day: str) -> Version | None:
        """The version of a day's folder; None: there is no folder."""
        folder = f"{self._root}/{day}"  # of thousands of days, for a filter without matches
        try:
            stat = os.stat(folder)
            if self._has_folder_times(stat.st_dev):
                return _version(stat)
            return Version(stat.st_dev, 0, names=hash(frozenset(os.listdir(folder))))
        except OSError:
            return None

    def versions(self) -> dict[str, Version | None]:
        """All days with their versions, the newest first.

        On a disk whose folders do not change their time, names are compared for today and the newest days only: to
        read all folders would take too long.
        """
        folders: dict[str, os.stat_result] = {}
        for entry in self._folders():
            with suppress(FileNotFoundError):  # just removed
                folders[entry.name] = entry.stat()
        names = sorted(folders, reverse=True)
        watched = {*names[:NEWEST], day_of(time.time())}
        versions: dict[str, Version | None] = {}
        for day in names:
            stat = folders[day]
            by_time = day not in watched or self._has_folder_times(stat.st_dev)
            versions[day] = _version(stat) if by_time else self.version(day)
        return versions

    def listing(self, day: str) -> DayListing:
        """The items of a day; OSError: its folder cannot be read."""
        if (cached := self._cached(day)) is not None:
            return cached
        with self._reading:
            if (cached := self._cached(day)) is not None:
                return cached
            version = self.version(day)
            settled = version is not None and version.settled
            with self._lock:
                _, before = self._listings.get(day, (None, None))
            listing = list_day(self._root / day, before)
            if version is not None:
                with self._lock:
                    if settled:
                        self._counts[day] = version, listing.counts()
                    self._listings[day] = version if settled else None, listing
                    self._listings.move_to_end(day)
                    while len(self._listings) > 1 and self._cached_files() > CACHED_FILES:
                        self._listings.popitem(last=False)
            return listing

    def _cached(self, day: str) -> DayListing | None:
        version = self.version(day)
        with self._lock:
            cached = self._listings.get(day)
            if cached is None or version is None or cached[0] != version:
                return None
            self._listings.move_to_end(day)
            return cached[1]

    def _cached_files(self) -> int:
        return sum(len(listing) for _, listing in self._listings.values())

    def cached_counts(self, day: str) -> Counts | None:
        """The number of items of a day, if the day need not be read for it; None otherwise."""
        with self._lock:
            cached = self._counts.get(day)
        return cached[1] if cached and cached[0] == self.version(day) else None

    def counts(self, day: str) -> Counts:
        """The number of items of a day."""
        counts = self.cached_counts(day)
        return self.listing(day).counts() if counts is None else counts

    def known_cameras(self) -> list[str]:
        """The camera models on the days read so far."""
        with self._lock:
            known = set[tuple[str, str]]().union(*(counts for _, counts in self._counts.values()))
        return sorted({camera for _, camera in known} - {""})

    def _folders(self) -> list[os.DirEntry[str]]:
        try:
            with os.scandir(self._root) as entries:
                return [entry for entry in entries if is_day(entry.name)]
        except FileNotFoundError:
            return []

    def _has_folder_times(self, device: int) -> bool:
        changes = self._changes_times.get(device)
        if changes is None:
            try:
                changes = self._changes_times[device] = changes_folder_times(self._root)
            except OSError:  # it cannot be tried: full, or read-only for now
                return False
        return changes


def changes_folder_times(root: Path) -> bool:
    """Probe whether the disk of `root` changes a folder's modification time when a file in it is renamed.

    Raises:
        OSError: nothing can be written there.
    """
    import tempfile

    with tempfile.TemporaryDirectory(prefix=".probe-", dir=root) as name:
        probe = Path(name)
        outside, inside, folder = probe / "file", probe / "folder/file", probe / "folder"
        folder.mkdir()
        outside.touch()
        for old, new in ((outside, inside), (inside, folder / "other"), (folder / "other", outside)):
            os.utime(folder, (PROBE_S, PROBE_S))
            before_ns = folder.stat().st_mtime_ns
            old.rename(new)
            if folder.stat().st_mtime_ns == before_ns:
                return False
    return True
