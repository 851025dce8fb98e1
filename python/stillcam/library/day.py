"""One day's folder, read: which files are items, and what belongs to each."""

from __future__ import annotations

import os
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from stillcam.library.names import KINDS, PREVIEWS, SIDECAR, encode, said_by, split, title_of

# A file may have any time. Four digits tell the year of these, in every zone.
EARLIEST_S = datetime(1000, 1, 2, tzinfo=UTC).timestamp()
LATEST_S = datetime(9999, 12, 30, tzinfo=UTC).timestamp()


@dataclass(frozen=True, slots=True)
class Item:
    """A photo, a raw photo or a video.

    Args:
        day: the name of its folder.
        name: of its file.
        kind: photo, raw or video.
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
            names = [entry.name for entry in entries if not entry.name.startswith(".")]
    except (FileNotFoundError, NotADirectoryError):
        return []
    by_stem: defaultdict[str, list[str]] = defaultdict(list)
    for name in names:
        by_stem[split(name)[0]].append(name)
    items = (item for stem, group in by_stem.items() for item in _items(folder, stem, group))
    return sorted(items, key=lambda item: item.key)


def _items(folder: Path, stem: str, names: list[str]) -> list[Item]:
    """The items among the files of one stem."""
    said = said_by(stem)
    mains = [name for name in names if split(name)[1] in KINDS]
    previews = [name for name in mains if split(name)[1] in PREVIEWS]
    if (said and said[1] != "photo") or any(KINDS[split(name)[1]] != "photo" for name in mains):
        mains = [name for name in mains if name not in previews]
    else:
        previews = []
    sidecar = next((name for name in names if split(name)[1] == SIDECAR), None)
    preview = previews[0] if previews else None
    found = []
    for name in mains:
        time_s = said[0] if said else _changed_s(folder / name)
        if time_s is not None:
            time_s = min(max(EARLIEST_S, time_s), LATEST_S)
            kind, camera = KINDS[split(name)[1]], said[2] if said else ""
            found.append(Item(folder.name, name, kind, time_s, camera, preview, sidecar))
    return found


def _changed_s(path: Path) -> float | None:
    try:
        return path.stat().st_mtime
    except OSError:  # removed meanwhile, or a link that leads nowhere
        return None
