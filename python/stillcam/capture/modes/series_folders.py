"""Opens series when their disk is there, and drops them when it is gone.

The background worker opens them and the camera's thread takes them over: neither the start nor a shot waits for a slow
disk. A disk that is mounted later, or comes back, is noticed.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from queue import SimpleQueue

from stillcam.common.errors import StillcamError
from stillcam.common.folders import device_and_inode, missing_disk
from stillcam.series.folder import Series
from stillcam.series.recovery import open_series
from stillcam.series.state import STATE

LEFTOVERS = ".[dn]e*_*"  # .deleted_NAME, .new_NAME: a crash has left them


@dataclass(eq=False)
class SeriesFolders:
    """Opens the series in their folder that are not known yet."""

    _root: Path
    _known: Callable[[], Iterable[str]]  # the names of the series that are open
    _submit: Callable[[Callable[[], None]], None]  # has the background worker do a task, soon
    _remove: Callable[[Path], None]  # deletes a folder in the background, without haste
    _nudge: Callable[[], None]  # wakes the camera's thread
    lock: threading.Lock = field(default_factory=threading.Lock)  # held while a series is made or deleted: no scan runs
    _root_identity: tuple[int, int] | None = None  # at the last scan
    _identities: dict[str, tuple[int, int] | None] = field(default_factory=dict)  # of series, by name
    _opening: set[str] = field(default_factory=set)
    _logged: dict[str, str] = field(default_factory=dict)  # why a series cannot be opened, by name
    _scanned: bool = False
    _opened: SimpleQueue[Series] = field(default_factory=SimpleQueue)
    _gone: SimpleQueue[str] = field(default_factory=SimpleQueue)

    def scan(self) -> None:
        """Look for series that have come or gone; a task of the background worker."""
        with self.lock:
            place, known = device_and_inode(self._root), set(self._known())
            if place != self._root_identity and place is not None:
                for leftover in self._root.glob(LEFTOVERS):
                    self._remove(leftover)
            self._root_identity = place
            places = self._listed()
            new = [name for name in places if name not in known and name not in self._opening]
            for name in known - self._opening:
                if name not in places or self._identities.setdefault(name, places[name]) != places[name]:
                    self._identities.pop(name, None)
                    self._gone.put(name)
            self._opening.update(new)
            self._scanned = True
        for name in sorted(new, key=self._last_written_s, reverse=True):  # those that run first
            self._submit(partial(self._open, name, places[name]))
        self._nudge()

    def forget(self, name: str) -> None:
        """A series has been deleted: another one of its name does not replace its folder. Call it with the `lock`."""
        self._identities.pop(name, None)

    def will_open(self, name: str) -> bool:
        """Whether the series of this name will be opened soon."""
        return name in self._opening or (not self._scanned and (self._root / name).is_dir())

    def take_opened(self) -> Iterator[Series]:
        """The series that were opened since the last call; for the camera's thread."""
        while not self._opened.empty():
            series = self._opened.get()
            yield series
            self._opening.discard(series.name)  # it is known now

    def take_gone(self) -> Iterator[str]:
        """The names of the series whose folder is gone or replaced; for the camera's thread."""
        while not self._gone.empty():
            yield self._gone.get()

    def _listed(self) -> dict[str, tuple[int, int]]:
        try:
            names = [path.name for path in self._root.iterdir() if not path.name.startswith(".") and path.is_dir()]
        except FileNotFoundError:
            return {}
        except OSError as error:
            self._log_once("", f"the series cannot be read: {error}")
            return {}
        self._logged.pop("", None)
        return {name: place for name in names if (place := device_and_inode(self._root / name))}

    def _open(self, name: str, place: tuple[int, int]) -> None:
        try:
            series = open_series(self._root / name)
        except (StillcamError, OSError) as error:
            self._log_once(name, f"cannot continue series {name}: {error}")
            self._opening.discard(name)
        else:
            self._logged.pop(name, None)
            self._identities[name] = place
            self._opened.put(series)
        self._nudge()

    def _log_once(self, name: str, text: str) -> None:
        if self._logged.get(name) != text:
            logging.error("%s", text)
        self._logged[name] = text

    def _last_written_s(self, name: str) -> float:
        try:
            return (self._root / name / STATE).stat().st_mtime
        except OSError:
            return 0.0


def why_gone(root: Path, name: str) -> str:
    """Why the folder of a series is gone, as far as is known."""
    return missing_disk(root / name) or f"{root / name} is gone: it was deleted, or its disk is not mounted"
