"""The days of the library: reading the items in a day's folder, and caching them until the folder changes.

By their names files belong together only if we have named them: IMG_1.JPG and IMG_1.MOV are two items.

A day is read again only if its folder has changed. Most file systems show that by the folder's modification time. Some
do not (exFAT by FUSE leaves it when a file is renamed): that is probed once for each disk, and if so, the names in the
folder are compared.
"""

from __future__ import annotations

import os
import tempfile
import threading
import time
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from stillcam.library.names import PREVIEWS, SIDECAR, day_of, encode, is_day, kind_of, parse_stem, split, title_of

CACHED_ITEMS = 4000  # about 2 MB, of the days read last
PROBE_S = 1e9  # 2001: a time that no clock gives a folder now; FAT has none before 1980
NEWEST = 2  # days: what is taken at midnight may be finished the day after
SETTLED_NS = 2_000_000_000  # a folder's time may be 2 s coarse (FAT): a change soon after may not show
# A file may have any time. Four digits hold the year of these, in every time zone.
EARLIEST_S = datetime(1000, 1, 2, tzinfo=UTC).timestamp()
LATEST_S = datetime(9999, 12, 30, tzinfo=UTC).timestamp()

Counts = Counter[tuple[str, str]]  # the number of items by kind and camera


@dataclass(frozen=True, slots=True)
class Item:
    """A photo, a raw photo, a video, or any other file in the folder of a day.

    It was taken at the time in its name, otherwise when its file was last modified.
    """

    day: str  # the name of its folder
    name: str  # of its file
    kind: str  # photo, raw, video or file
    time_s: float  # since the epoch
    camera: str = ""  # the sensor's model; empty: not in the name
    preview: str | None = None  # the name of the JPEG shown for it, if it is no picture itself
    sidecar: str | None = None  # the name of its JSON file with metadata

    @property
    def key(self) -> tuple[str, float, str]:
        """The order of items."""
        return self.day, self.time_s, self.name

    @property
    def id(self) -> str:
        """Its address below `library/`, before percent-encoding."""
        return f"{self.day}/{encode(self.name)}"

    @property
    def title(self) -> str:
        """The title that a person has given it; may be empty."""
        return title_of(split(self.name)[0])

    @property
    def files(self) -> list[str]:
        """The names of all its files, that of the item first."""
        return [self.name, *filter(None, (self.preview, self.sidecar))]


def read_day(folder: Path) -> list[Item]:
    """The items in `folder`, oldest first; none if it is gone, or a link. Raises OSError if it cannot be read."""
    if folder.is_symlink():
        return []
    try:
        with os.scandir(folder) as entries:
            names = [entry.name for entry in entries if not entry.name.startswith(".") and entry.is_file()]
    except (FileNotFoundError, NotADirectoryError):
        return []
    ours: defaultdict[str, list[str]] = defaultdict(list)
    items = []
    for name in names:
        stem = split(name)[0]
        if parse_stem(stem):
            ours[stem].append(name)
            continue
        with suppress(OSError):  # deleted meanwhile
            items.append(Item(folder.name, name, kind_of(name), _clamped((folder / name).stat().st_mtime)))
    for stem, group in ours.items():
        items += _items(folder.name, stem, group)
    return sorted(items, key=lambda item: item.key)


def _items(day: str, stem: str, names: list[str]) -> Iterator[Item]:
    """The items among the files of one stem of ours; the companion files of a deleted item are none."""
    parsed = parse_stem(stem)
    assert parsed is not None
    time_s, kind, camera = parsed
    sidecar = next((name for name in names if split(name)[1] == SIDECAR), None)
    preview = next((name for name in names if kind != "photo" and split(name)[1] in PREVIEWS), None)
    for name in names:
        if name not in (sidecar, preview):
            is_main = kind_of(name) == kind
            companions = (preview, sidecar) if is_main else (None, None)
            yield Item(day, name, kind_of(name), _clamped(time_s), camera if is_main else "", *companions)


def _clamped(time_s: float) -> float:
    return min(max(EARLIEST_S, time_s), LATEST_S)


class Version(NamedTuple):
    """A version of a day's folder: its disk, its modification time, or, if that never changes, a hash of its names."""

    device: int
    changed_ns: int
    names: int = 0

    @property
    def settled(self) -> bool:
        """Whether every later change results in another version."""
        return time.time_ns() - self.changed_ns > SETTLED_NS


class Days:
    """Reads the days of the library at `root`; safe to use from any thread."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._lock = threading.Lock()
        self._items: OrderedDict[str, tuple[Version, list[Item]]] = OrderedDict()  # by day
        self._counts: dict[str, tuple[Version, Counts]] = {}  # by day
        self._changes_times: dict[int, bool] = {}  # by disk: see `changes_folder_times`

    def names(self) -> list[str]:
        """All days, the newest first."""
        return sorted((entry.name for entry in self._folders()), reverse=True)

    def version(self, day: str) -> Version | None:
        """The version of a day's folder; None: there is no folder."""
        folder = self._root / day
        try:
            stat = folder.stat()
            if self._has_folder_times(stat.st_dev):
                return Version(stat.st_dev, stat.st_mtime_ns)
            return Version(stat.st_dev, 0, hash(frozenset(os.listdir(folder))))
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
            versions[day] = Version(stat.st_dev, stat.st_mtime_ns) if by_time else self.version(day)
        return versions

    def items(self, day: str) -> list[Item]:
        """The items of a day, oldest first."""
        version = self.version(day)
        with self._lock:
            if (cached := self._items.get(day)) and cached[0] == version:
                self._items.move_to_end(day)
                return cached[1]
        items = read_day(self._root / day)
        if version is not None and version.settled:
            with self._lock:
                self._counts[day] = version, _counts(items)
                self._items[day] = version, items
                while len(self._items) > 1 and sum(len(items) for _, items in self._items.values()) > CACHED_ITEMS:
                    self._items.popitem(last=False)
        return items

    def cached_counts(self, day: str) -> Counts | None:
        """The number of items of a day, if the day need not be read for it; None otherwise."""
        with self._lock:
            cached = self._counts.get(day)
        return cached[1] if cached and cached[0] == self.version(day) else None

    def counts(self, day: str) -> Counts:
        """The number of items of a day."""
        counts = self.cached_counts(day)
        return _counts(self.items(day)) if counts is None else counts

    def known_cameras(self) -> list[str]:
        """The camera models on the days read so far."""
        with self._lock:
            return sorted({camera for _, counts in self._counts.values() for _, camera in counts} - {""})

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


def _counts(items: list[Item]) -> Counts:
    return Counter((item.kind, item.camera) for item in items)


def changes_folder_times(root: Path) -> bool:
    """Probe whether the disk of `root` changes a folder's modification time when a file in it is renamed.

    Raises:
        OSError: nothing can be written there.
    """
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
