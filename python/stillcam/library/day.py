"""One day's folder, read: which files are items, and what belongs to each.

By their name files belong together only where that is ours: IMG_1.JPG and IMG_1.MOV are two items.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from stillcam.library.names import PREVIEWS, SIDECAR, encode, kind_of, said_by, split, title_of

# A file may have any time. Four digits tell the year of these, in every zone.
EARLIEST_S = datetime(1000, 1, 2, tzinfo=UTC).timestamp()
LATEST_S = datetime(9999, 12, 30, tzinfo=UTC).timestamp()


@dataclass(frozen=True, slots=True)
class Item:
    """A photo, a raw photo, a video, or any other file that somebody has copied in.

    Args:
        day: the name of its folder.
        name: of its file.
        kind: photo, raw, video or file.
        time_s: when it was taken, in seconds since the epoch: as its name says, else when its file was last changed.
        camera: the sensor's model; empty where the name does not tell.
        preview: the name of the JPEG that stands for it; None: there is none, or it is a picture itself.
        sidecar: the name of the JSON file about it; None without.
    """

    day: str
    name: str
    kind: str
    time_s: float
    camera: str = ""
    preview: str | None = None
    sidecar: str | None = None

    @property
    def key(self) -> tuple[str, float, str]:
        """What items are sorted by."""
        return self.day, self.time_s, self.name

    @property
    def id(self) -> str:
        """Its address below `library/`, before percent-encoding."""
        return f"{self.day}/{encode(self.name)}"

    @property
    def title(self) -> str:
        """What a person has called it; may be empty."""
        return title_of(split(self.name)[0])

    @property
    def files(self) -> list[str]:
        """The names of all its files, that of the item first."""
        return [self.name, *filter(None, (self.preview, self.sidecar))]


def read_day(folder: Path) -> list[Item]:
    """The items in `folder`, oldest first; none when it is gone, or a link.

    Raises:
        OSError: it cannot be read.
    """
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
        if said_by(stem):
            ours[stem].append(name)
        elif (changed_s := _changed_s(folder / name)) is not None:
            items.append(Item(folder.name, name, kind_of(name), _within_reason(changed_s)))
    for stem, group in ours.items():
        items += _items(folder.name, stem, group)
    return sorted(items, key=lambda item: item.key)


def _items(day: str, stem: str, names: list[str]) -> Iterator[Item]:
    """Those among the files of one stem of ours; what belongs to one that is gone is none."""
    said = said_by(stem)
    assert said is not None
    time_s, kind, camera = said
    sidecar = next((name for name in names if split(name)[1] == SIDECAR), None)
    preview = next((name for name in names if kind != "photo" and split(name)[1] in PREVIEWS), None)
    for name in names:
        if name not in (sidecar, preview):
            mine = kind_of(name) == kind
            beside = (preview, sidecar) if mine else (None, None)
            yield Item(day, name, kind_of(name), _within_reason(time_s), camera if mine else "", *beside)


def _within_reason(time_s: float) -> float:
    return min(max(EARLIEST_S, time_s), LATEST_S)


def _changed_s(path: Path) -> float | None:
    try:
        return path.stat().st_mtime
    except OSError:  # removed meanwhile
        return None
