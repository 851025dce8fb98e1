"""The catalogue of the library: pages of items, newest first, of a library of any size; and favourites."""

from __future__ import annotations

import os
import threading
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from stillcam.library.days import Days
from stillcam.library.items import Item, Key
from stillcam.library.names import decode, is_day, split, with_title

MAX_DAYS_READ = 24  # for one page: a filter with few matches returns what it has, and where to continue
_FAVOURITES = ".favourites"


@dataclass(frozen=True, slots=True)
class Filter:
    """Which items are wanted; None: any."""

    kind: str | None = None
    camera: str | None = None
    day: str | None = None
    favourites: bool = False

    def takes(self, kind: str, camera: str) -> bool:
        """Whether items of this kind and camera are wanted."""
        return self.kind in (None, kind) and self.camera in (None, camera)


class Cursor(NamedTuple):
    """A position between two items: the next one sorts before this day, time (seconds since the epoch) and name."""

    day: str
    time_s: float
    name: str


@dataclass(frozen=True, slots=True)
class Page:
    """Some items, newest first; `next`: where the next page starts, None at the end."""

    items: list[Item]
    next: Cursor | None


class Favourites:
    """The favourites of the library at `root`: an empty file for each, so that concurrent writers cannot lose one."""

    def __init__(self, root: Path) -> None:
        self._folder = root / _FAVOURITES

    def days(self) -> set[str]:
        """The days that have favourites."""
        return _names(self._folder)

    def of_day(self, day: str) -> set[str]:
        """The names of a day's favourites; some may be gone by now."""
        return _names(self._folder / day)

    def add(self, item: Item) -> None:
        """Make `item` a favourite."""
        marker = self._folder / item.day / item.name
        marker.parent.mkdir(parents=True, exist_ok=True)
        marker.touch()

    def remove(self, item: Item) -> None:
        """Make `item` no longer a favourite."""
        marker = self._folder / item.day / item.name
        marker.unlink(missing_ok=True)
        with suppress(OSError):  # others are left
            marker.parent.rmdir()


class Library:
    """The items below `root`.

    Days are read on demand, and the memory used does not grow with the number of items.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.favourites = Favourites(root)
        self._days = Days(root)
        self._renaming = threading.Lock()

    def page(self, limit: int, start: Cursor | None = None, wanted: Filter = Filter()) -> Page:
        """At most `limit` items after `start`. Raises OSError if a folder cannot be read."""
        found: list[Item] = []
        for read, day in enumerate(self._candidates(start, wanted)):
            if read == MAX_DAYS_READ:
                return Page(found, Cursor(day, float("inf"), ""))
            for item in self._of_day(day, wanted, start if start and start.day == day else None):
                if len(found) == limit:
                    return Page(found, Cursor(*found[-1].key))
                found.append(item)
        return Page(found, None)

    def item(self, id_: str) -> Item:
        """The item with this id, its address below `library/`. Raises LookupError if there is none."""
        for item in self.items([id_]):
            return item
        raise LookupError(f"there is nothing called {id_} in the library: it may have been deleted")

    def items(self, ids: Iterable[str]) -> Iterator[Item]:
        """The items with these ids that exist; each day is read once."""
        by_day: defaultdict[str, set[str]] = defaultdict(set)
        for id_ in ids:
            day, _, text = id_.partition("/")
            with suppress(ValueError):
                by_day[day].add(decode(text))
        for day, names in by_day.items():
            if is_day(day):
                yield from self._days.listing(day).named(names)

    def rename(self, item: Item, title: str) -> Item:
        """Give `item` another title: its files are renamed, and it stays a favourite if it is one.

        Raises:
            ValueError: the title cannot be part of a file's name.
            FileExistsError: there is another item of that name.
            LookupError: the item is gone.
            OSError: it cannot be renamed; it has its old title.
        """
        stem = split(item.name)[0]
        new = with_title(stem, title)
        if new == stem:
            return item
        names = {name: new + name.removeprefix(stem) for name in item.files}
        renamed = replace(
            item, name=names[item.name], preview=names.get(item.preview or ""), sidecar=names.get(item.sidecar or "")
        )
        favourite = item.name in self.favourites.of_day(item.day)
        with self._renaming:  # two people may think of the same title
            if any(self.path(item, name).exists() for name in names.values()):
                raise FileExistsError(f"another item of that day is already called {title}: choose another title")
            try:
                _rename(self.root / item.day, names)
            except FileNotFoundError as error:
                raise LookupError(f"{item.id} no longer exists: somebody has deleted or renamed it") from error
        if favourite:
            self.favourites.add(renamed)
            self.favourites.remove(item)
        return renamed

    def path(self, item: Item, name: str | None = None) -> Path:
        """The path of the file of `item`, or of another one of its files."""
        return self.root / item.day / (name or item.name)

    def cameras(self) -> list[str]:
        """The camera models on the days read so far."""
        return self._days.known_cameras()

    def calendar(self, year: int, wanted: Filter = Filter()) -> dict[str, int]:
        """The number of items of each day of `year` that has some, of the kind and camera that are wanted."""
        days = [day for day in self._days.names() if day.startswith(f"{year:04d}-")]
        return {day: total for day in reversed(days) if (total := self._total(day, wanted))}

    def _total(self, day: str, wanted: Filter) -> int:
        return sum(number for of, number in self._days.counts(day).items() if wanted.takes(*of))

    def years(self) -> list[int]:
        """The years that have days, the newest first."""
        return sorted({int(day[:4]) for day in self._days.names()}, reverse=True)

    def _candidates(self, start: Cursor | None, wanted: Filter) -> Iterator[str]:
        """The days that may hold items wanted, newest first."""
        favourite_days = self.favourites.days() if wanted.favourites else None
        for day in self._days.names():
            if (start and day > start.day) or wanted.day not in (None, day):
                continue
            if favourite_days is not None and day not in favourite_days:
                continue
            counts = self._days.cached_counts(day)
            if counts is None or any(wanted.takes(kind, camera) for kind, camera in counts):
                yield day

    def _of_day(self, day: str, wanted: Filter, before: Key | None) -> Iterator[Item]:
        listing = self._days.listing(day)
        if not wanted.favourites:
            return listing.newest_first(before, None if (wanted.kind, wanted.camera) == (None, None) else wanted.takes)
        favourites = reversed(listing.named(self.favourites.of_day(day)))
        return (
            item for item in favourites if wanted.takes(item.kind, item.camera) and (not before or item.key < before)
        )


def size_bytes(root: Path, item: Item) -> int:
    """The size of all files of `item`, without those that are gone."""
    total = 0
    for name in item.files:
        with suppress(OSError):
            total += os.stat(root / item.day / name, follow_symlinks=False).st_size
    return total


def _rename(folder: Path, names: Mapping[str, str]) -> None:
    """Rename files: all of them, or none."""
    done: list[str] = []
    try:
        for old, name in names.items():
            (folder / old).rename(folder / name)
            done.append(old)
    except OSError:
        for old in done:
            (folder / names[old]).rename(folder / old)
        raise


def _names(folder: Path) -> set[str]:
    try:
        return set(os.listdir(folder))
    except FileNotFoundError:
        return set()
