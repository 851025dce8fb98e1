"""Revisions of settings, library, series and films: texts that differ whenever something there has changed.

A separate thread polls the disk, so that a disk that does not respond blocks nothing else.
"""

from __future__ import annotations

import os
import threading
import time
import zlib
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from stillcam.common.paths import Paths
from stillcam.films.store import FOLDER as FILMS_FOLDER
from stillcam.library.days import Days, Version
from stillcam.notifications.events import NewItems
from stillcam.series.manifest import MANIFEST
from stillcam.series.state import STATE
from stillcam.server.live.worker import SharedWorker
from stillcam.settings.file import file_version
from stillcam.settings.in_force import STATE as STATE_FILE

DATA_POLL_S = 1.0  # poll interval
PAUSED_S = 3.0  # after a pause of this length, items that have arrived meanwhile are not reported
FIRST_POLL_S = 2.0  # how long the first reader waits for the disk
MAX_ITEMS = 1000  # that wait to be read; the oldest are dropped
SETTINGS, LIBRARY, SERIES, FILMS = TOPICS = "settings", "library", "series", "films"
MOTION = "motion"  # a topic without a revision: the state of motion detection, in the status


class Revisions:
    """Polls the data folder; the polling thread runs inside `with revisions:`.

    Args:
        paths: of the data folder.
        settings: reads the settings and gives their revision.
    """

    def __init__(self, paths: Paths, settings: Callable[[], str]) -> None:
        self._paths = paths
        self._read_settings = settings
        self._settings_version: object = ()
        self._days = Days(paths.library)
        self._names: dict[str, tuple[Version | None, bool, int]] = {}
        self._arrivals: NewItems | None = None
        self._polled_s = -PAUSED_S
        self._polled = threading.Event()
        self._newest: dict[str, str] = {}
        self._items: deque[dict[str, Any]] = deque(maxlen=MAX_ITEMS)
        self._worker = SharedWorker(self._round, "revisions")

    def __enter__(self) -> None:
        if time.monotonic() - self._polled_s > PAUSED_S:
            self._polled.clear()
        self._worker.__enter__()
        self._polled.wait(FIRST_POLL_S)

    def __exit__(self, *_: object) -> None:
        self._worker.__exit__()

    def newest(self) -> dict[str, str]:
        """Revisions by topic, as of the last poll; empty until the first poll has succeeded."""
        return self._newest

    def items(self) -> list[dict[str, Any]]:
        """The items that have arrived in the library since the last call, as in the webhook `item.taken`."""
        return [self._items.popleft() for _ in range(len(self._items))]

    def _round(self) -> None:
        if time.monotonic() - self._polled_s > PAUSED_S:
            self._arrivals = None
        library = _revision(self._library)
        if self._arrivals is None or library != self._newest.get(LIBRARY):
            self._note_arrivals()
        self._newest = {
            SETTINGS: self._settings(),
            LIBRARY: library,
            SERIES: _revision(lambda: sorted(_series(self._paths.series))),
            FILMS: _revision(lambda: sorted(_films(self._paths))),
        }
        self._polled_s = time.monotonic()
        self._polled.set()
        time.sleep(DATA_POLL_S)

    def _settings(self) -> str:
        version = file_version(self._paths.settings), file_version(self._paths.data / STATE_FILE)
        if version == self._settings_version and self._newest:
            return self._newest[SETTINGS]
        revision = self._read_settings()
        self._settings_version = version
        return revision

    def _note_arrivals(self) -> None:
        self._arrivals = self._arrivals or NewItems(self._paths.library)
        with suppress(OSError):  # the revision says that it cannot be read
            self._items.extend(self._arrivals.event(item).data for item in self._arrivals.poll())

    def _library(self) -> object:
        self._names = {day: self._of_day(day, version) for day, version in self._days.versions().items()}
        return [(day, version, names) for day, (version, _, names) in self._names.items()]

    def _of_day(self, day: str, version: Version | None) -> tuple[Version | None, bool, int]:
        """The version of a day's folder, whether it will change with the next file, and a number for the names."""
        before = self._names.get(day)
        if before and before[0] == version and before[1]:
            return before
        settled = version is not None and version.settled
        if settled and (before is None or before[0] != version):  # the version is enough to tell them apart
            return version, settled, 0
        return version, settled, hash(frozenset(os.listdir(self._paths.library / day)))


def _revision(state: Callable[[], object]) -> str:
    """A short text for a state; an error text while it cannot be read."""
    try:
        return f"{zlib.crc32(repr(state()).encode(errors='replace')):08x}"
    except FileNotFoundError:
        return "none"
    except OSError as error:
        return f"unreadable: {error.strerror}"


def _series(root: Path) -> Iterator[tuple[object, ...]]:
    for entry in os.scandir(root):
        folder = Path(entry.path)
        yield entry.name, *(file_version(path) for path in (folder, folder / STATE, folder / MANIFEST))


def _films(paths: Paths) -> Iterator[tuple[object, ...]]:
    try:
        series = [Path(entry.path) / FILMS_FOLDER for entry in os.scandir(paths.series)]
    except FileNotFoundError:
        series = []
    for folder in (paths.films, *series):
        try:
            records = [entry for entry in os.scandir(folder) if entry.name.endswith(".json")]
        except (FileNotFoundError, NotADirectoryError):
            continue
        for record in records:
            yield record.path, file_version(Path(record.path))
