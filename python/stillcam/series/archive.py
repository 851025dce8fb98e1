"""The files of a series for a ZIP: its shots, and what describes them.

The names of the files give number and time of each shot, so the manifest need not be read. A series of 100,000 shots
takes some 5 MB of memory.
"""

from __future__ import annotations

import os
import stat
from array import array
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING
from zlib import crc32

from stillcam.common.clock import zone_named
from stillcam.common.errors import StillcamError
from stillcam.library.zip_stream import Member, member, size_of_files
from stillcam.series.manifest import MANIFEST, ShotFile, parse_shot_file, shot_folder
from stillcam.series.manifest_search import NEVER_MS, extent_of
from stillcam.series.state import FRAMES, SERIES, read_definition, shot_folder_names

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

MAX_NUMBER = 1 << 62  # of a shot


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which shots; all limits are included."""

    first: int = 0
    last: int = MAX_NUMBER
    from_ms: int = 0  # since the epoch
    to_ms: int = NEVER_MS

    def has(self, shot: ShotFile) -> bool:
        return self.first <= shot.number <= self.last and self.from_ms <= shot.time_ms <= self.to_ms


class SeriesArchive:
    """The members of the ZIP of a series, in order, as often as they are iterated.

    All are in one folder, which has the name of the series: `series.json`, the lines of the manifest from the first
    shot to the last, and the pictures, whose names sort by their numbers.

    Args:
        folder: of the series.
        wanted: which shots.

    Raises:
        LookupError: there is no such series, or no such shot.
        OSError: it cannot be read.

    Attributes:
        first, last: the numbers of the first and the last shot.
        shots: how many there are.
        tag: changes with any of the files.
    """

    def __init__(self, folder: Path, wanted: Wanted) -> None:
        self.first, self.last, self.shots = MAX_NUMBER, -1, 0
        try:
            self._zone = zone_named(read_definition(folder)[1])
        except StillcamError as error:
            raise LookupError(str(error)) from error
        self._name, self._last_ms = folder.name, 0
        self._parts: list[tuple[Path, str, array[int]]] = []
        checksum = 0
        with suppress(FileNotFoundError):  # all shots were deleted by hand
            for name in shot_folder_names(folder):
                if int(shot_folder(wanted.first)) <= int(name) <= int(shot_folder(wanted.last)):
                    checksum = self._scan(folder / FRAMES / name, wanted, checksum)
        if not self.shots:
            raise LookupError(f"{folder.name} has no shots in this range: see its first and last shot in the API")
        self._described = list(self._about(folder))
        for one in self._described:
            checksum = crc32(f"{one.size_bytes} {one.begin} {one.changed}".encode(), checksum)
        self.tag = f"{self.first:x}-{self.last:x}-{self.shots:x}-{checksum:08x}"

    def __iter__(self) -> Iterator[Member]:
        yield from self._described
        for folder, names, sizes in self._parts:
            for name, size in zip(names.split("\n"), sizes, strict=True):
                shot = parse_shot_file(name)
                assert shot is not None
                yield Member(folder / name, f"{self._name}/{name}", size, _changed(shot.time_ms, self._zone))

    def size_bytes(self) -> int:
        """The size of the ZIP."""
        folder_bytes = len(f"{self._name}/".encode())
        shots = (
            (folder_bytes + len(name), size)
            for _, names, sizes in self._parts
            for name, size in zip(names.split("\n"), sizes, strict=True)
        )
        described = ((len(one.name.encode()), one.size_bytes) for one in self._described)
        return size_of_files(chain(described, shots))

    @property
    def files(self) -> int:
        return len(self._described) + sum(len(sizes) for _, _, sizes in self._parts)

    def _scan(self, folder: Path, wanted: Wanted, checksum: int) -> int:
        """Add the wanted files in one folder of shots; the checksum with theirs."""
        names, sizes, before = list[str](), array("q"), -1
        with suppress(FileNotFoundError, NotADirectoryError):  # deleted meanwhile; no folder of ours
            for name in sorted(os.listdir(folder)):
                shot = parse_shot_file(name)
                if shot is None or not wanted.has(shot):
                    continue
                with suppress(FileNotFoundError):
                    found = os.stat(folder / name, follow_symlinks=False)
                    if not stat.S_ISREG(found.st_mode):
                        continue
                    names.append(name)
                    sizes.append(found.st_size)
                    checksum = crc32(f"{name} {found.st_size} {found.st_mtime_ns}".encode(), checksum)
                    self.shots += shot.number != before
                    before, self._last_ms = shot.number, shot.time_ms
                    self.first, self.last = min(self.first, shot.number), max(self.last, shot.number)
        if names:
            self._parts.append((folder, "\n".join(names), sizes))
        return checksum

    def _about(self, folder: Path) -> Iterator[Member]:
        """The definition, and the part of the manifest that never changes: it ends with the line of the last shot."""
        changed = _changed(os.stat(folder / SERIES).st_mtime_ns // 1_000_000, self._zone)
        yield member(folder / SERIES, f"{self._name}/{SERIES}", changed)
        begin, end = extent_of(folder, self.first, self.last)
        if begin < end:
            name = f"{self._name}/{MANIFEST}"
            yield Member(folder / MANIFEST, name, end - begin, _changed(self._last_ms, self._zone), begin)


def _changed(time_ms: int, zone: ZoneInfo) -> tuple[int, int, int, int, int, int]:
    moment = datetime.fromtimestamp(time_ms / 1000, zone)
    return moment.year, moment.month, moment.day, moment.hour, moment.minute, moment.second
