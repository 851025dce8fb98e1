"""The items in the folder of a day.

A day may have 60,000 items. A listing holds the names of its files, in order; items are made of those that are needed.
By their names files belong together only if we have named them: IMG_1.JPG and IMG_1.MOV are two items.
"""

from __future__ import annotations

import heapq
import os
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from stillcam.library.names import (
    ANY_STAMP,
    MOTION,
    PREVIEWS,
    SIDECAR,
    STAMP_LENGTH,
    encode,
    kind_of,
    main_kind,
    ours_among,
    parse_stem,
    split,
    time_of,
    title_of,
)

# A file may have any time. Four digits hold the year of these, in every time zone.
EARLIEST_S = datetime(1000, 1, 2, tzinfo=UTC).timestamp()
LATEST_S = datetime(9999, 12, 30, tzinfo=UTC).timestamp()

Counts = Counter[tuple[str, str]]  # the number of items by kind and camera
Key = tuple[str, float, str]  # of an item, see `Item.key`

_NEXT = chr(ord("_") + 1)  # sorts after the character that follows the time in a name of ours


@dataclass(frozen=True, slots=True)
class Item:
    """A photo, a raw photo, a video, an event of motion, or any other file in the folder of a day.

    It was taken at the time in its name, otherwise when its file was last modified.
    """

    day: str  # the name of its folder
    name: str  # of its file
    kind: str  # photo, raw, video, motion or file
    time_s: float  # since the epoch
    camera: str = ""  # the sensor's model; empty: not in the name
    preview: str | None = None  # the name of the JPEG shown for it, if it is no picture itself
    sidecar: str | None = None  # the name of its JSON file with metadata

    @property
    def key(self) -> Key:
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


class DayListing:
    """The items of a day when its folder was read, see `list_day`; iterating gives them oldest first.

    Attributes:
        ours: the names of all files that are named as ours are, in order: that of their times.
        endings: how many of them have each ending after the time.

    Args:
        others: the modification times and names of the other files, in order.
    """

    def __init__(self, day: str, ours: list[str], endings: Counter[str], others: list[tuple[float, str]]) -> None:
        self.ours = ours
        self.endings = endings
        self._day = day
        self._others = others

    def __len__(self) -> int:
        """The number of files."""
        return len(self.ours) + len(self._others)

    def __iter__(self) -> Iterator[Item]:
        return heapq.merge(self._oldest_first(), map(self._other, self._others), key=_key)

    def newest_first(
        self, before: Key | None = None, takes: Callable[[str, str], bool] | None = None
    ) -> Iterator[Item]:
        """The items, newest first.

        Args:
            before: only those whose key is less.
            takes: whether items of a kind and a camera are wanted; None: all are.
        """
        _, time_s, name = before or (self._day, float("inf"), "")
        end = bisect_right(self.ours, time_s, key=_time_of)
        others = (self._others[place] for place in range(bisect_left(self._others, (time_s, name)) - 1, -1, -1))
        for item in heapq.merge(self._newest_first(end, takes), map(self._other, others), key=_key, reverse=True):
            if (item.time_s, item.name) < (time_s, name) and (takes is None or takes(item.kind, item.camera)):
                yield item

    def named(self, names: Collection[str]) -> list[Item]:
        """The items of these names that exist, oldest first."""
        found = [self._other(other) for other in self._others if other[1] in names]
        for name in names:
            place = bisect_left(self.ours, name)
            if self.ours[place : place + 1] == [name]:
                found += [item for item in self._items(*self._moment(place)) if item.name == name]
        return sorted(found, key=_key)

    def counts(self) -> Counts:
        """The number of items by kind and camera."""
        counts = Counter((kind_of(name), "") for _, name in self._others)
        stamp = self.ours[0][:STAMP_LENGTH] if self.ours else ""
        for stem, names in _by_stem(stamp + ending for ending in self.endings):
            if _are_ambiguous(stem, names):
                endings = {name[STAMP_LENGTH:] for name in names}
                alike = (name for name in self.ours if name[STAMP_LENGTH:] in endings)
                groups = (_items(self._day, *group) for group in _by_stem(alike))
                counts.update((item.kind, item.camera) for group in groups for item in group)
                continue
            for item in _items(self._day, stem, names):
                counts[item.kind, item.camera] += self.endings[item.name[STAMP_LENGTH:]]
        return counts

    def _oldest_first(self) -> Iterator[Item]:
        end = 0
        while end < len(self.ours):
            begin, end = self._moment(end)
            yield from self._items(begin, end)

    def _newest_first(self, end: int, takes: Callable[[str, str], bool] | None) -> Iterator[Item]:
        """The items of the times of which a file before `end` may be wanted."""
        wanted = takes and {ending for ending in self.endings if _may_be(ending, takes)}
        for place in range(end - 1, -1, -1):
            if place < end and (wanted is None or self.ours[place][STAMP_LENGTH:] in wanted):
                end, after = self._moment(place)
                yield from reversed(self._items(end, after))

    def _moment(self, place: int) -> tuple[int, int]:
        """Where the files of the same time as the one at `place` begin and end."""
        stamp = self.ours[place][:STAMP_LENGTH]
        return bisect_left(self.ours, stamp), bisect_left(self.ours, stamp + _NEXT)

    def _items(self, begin: int, end: int) -> list[Item]:
        """The items among the files of one time, in order."""
        items = [item for stem, names in _by_stem(self.ours[begin:end]) for item in _items(self._day, stem, names)]
        return sorted(items, key=_key)

    def _other(self, other: tuple[float, str]) -> Item:
        time_s, name = other
        return Item(self._day, name, kind_of(name), time_s)


def list_day(folder: Path, before: DayListing | None = None) -> DayListing:
    """List the items in `folder`: none if it is gone, or a link. Raises OSError if it cannot be read.

    Args:
        before: an earlier listing of it: only other names are looked at closely.
    """
    names: list[str] = []
    if not folder.is_symlink():
        with suppress(FileNotFoundError, NotADirectoryError):
            names = os.listdir(folder) if before else _files_in(folder)
    if before is None:
        ours, endings = ours_among(names)
        return DayListing(folder.name, ours, endings, _others(folder, names, ours))
    kept, new = before.ours, set(names)
    new.difference_update(kept)
    endings = before.endings
    if len(names) - len(new) < len(kept):
        gone = set(kept).difference(names)
        kept = [name for name in kept if name not in gone]
        endings = endings - Counter(name[STAMP_LENGTH:] for name in gone)
    files = [name for name in new if os.path.isfile(folder / name)]
    ours, more = ours_among(files)
    return DayListing(folder.name, sorted(kept + ours), endings + more, _others(folder, files, ours))


def _others(folder: Path, names: list[str], ours: list[str]) -> list[tuple[float, str]]:
    """The modification times and names of the other files among `names`, in order; hidden ones are no items."""
    others: list[tuple[float, str]] = []
    for name in set(names).difference(ours) if len(ours) < len(names) else ():
        if not name.startswith("."):
            with suppress(OSError):  # deleted meanwhile
                others.append((_clamped((folder / name).stat().st_mtime), name))
    return sorted(others)


def _files_in(folder: Path) -> list[str]:
    """The names of the files in a folder, without a stat of each; it takes twice as long as listdir."""
    with os.scandir(folder) as entries:
        return [entry.name for entry in entries if entry.is_file()]


def _key(item: Item) -> Key:
    return item.key


def _by_stem(names: Iterable[str]) -> Iterable[tuple[str, list[str]]]:
    groups: defaultdict[str, list[str]] = defaultdict(list)
    for name in names:
        groups[split(name)[0]].append(name)
    return groups.items()


def _items(day: str, stem: str, names: list[str]) -> Iterator[Item]:
    """The items among the files of one stem of ours; the companion files of a deleted item are none."""
    parsed = parse_stem(stem)
    assert parsed is not None
    time_s, camera, main = _clamped(parsed.time_s), parsed.camera, main_kind(parsed.kind, names)
    sidecar = next((name for name in names if split(name)[1] == SIDECAR), None)
    preview = next((name for name in names if main != "photo" and split(name)[1] in PREVIEWS), None)
    for name in names:
        if name not in (sidecar, preview):
            is_main = kind_of(name) == main
            companions = (preview, sidecar) if is_main else (None, None)
            yield Item(day, name, _kind(name, parsed.kind), time_s, camera if is_main else "", *companions)


def _kind(name: str, of_stem: str) -> str:
    """The kind of an item: that of its file's extension, but motion for each video or picture of motion."""
    kind = kind_of(name)
    return MOTION if of_stem == MOTION and kind in ("photo", "video") else kind


def _are_ambiguous(stem: str, names: list[str]) -> bool:
    """Whether a file of one of these endings may be an item at one time, and none at another, beside other files."""
    extensions = Counter(split(name)[1] for name in names)
    if extensions[SIDECAR] > 1 or sum(extensions[preview] for preview in PREVIEWS) > 1:
        return True
    parsed = parse_stem(stem)
    return parsed is not None and parsed.kind == MOTION and {"photo", "video"} <= {kind_of(name) for name in names}


def _may_be(ending: str, takes: Callable[[str, str], bool]) -> bool:
    """Whether the file whose name has this ending after its time is wanted, if it is an item."""
    parsed = parse_stem(split(ANY_STAMP + ending)[0])
    assert parsed is not None
    return any(takes(_kind(ending, parsed.kind), camera) for camera in (parsed.camera, ""))


def _time_of(name: str) -> float:
    return _clamped(time_of(name))


def _clamped(time_s: float) -> float:
    return min(max(EARLIEST_S, time_s), LATEST_S)
