"""Opens series when their disk is there, and drops them when it is gone.

The background worker opens them and the camera's thread takes them over: neither the start nor a shot waits for a slow
disk. A disk that is mounted later, or comes back, is noticed.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from queue import SimpleQueue

from stillcam.common.errors import StillcamError
from stillcam.common.folders import identity, missing
from stillcam.series.folder import Series
from stillcam.series.recovery import open_series
from stillcam.series.state import STATE

LEFT = ".[dn]e*_*"  # .deleted_NAME, .new_NAME: what a crash has left of them


class SeriesFolders:
    """Opens what is in the folder of series and not known yet.

    Args:
        root: the folder of all series.
        known: gives the names of those that were taken in.
        later: has the background worker do a task, soon.
        remove: deletes a folder in the background, without haste.
        nudge: wakes the camera's thread.

    Attributes:
        lock: held by whoever makes or deletes a series: nothing is looked for meanwhile.
    """

    def __init__(
        self,
        root: Path,
        known: Callable[[], Iterable[str]],
        later: Callable[[Callable[[], None]], None],
        remove: Callable[[Path], None],
        nudge: Callable[[], None],
    ) -> None:
        self.lock = threading.Lock()
        self._root = root
        self._known = known
        self._later = later
        self._remove = remove
        self._nudge = nudge
        self._place: tuple[int, int] | None = None  # of the root, as it was last looked at
        self._places: dict[str, tuple[int, int] | None] = {}  # of series, by name
        self._opening: set[str] = set()
        self._told: dict[str, str] = {}  # why a series cannot be opened, by name
        self._looked = False
        self._opened: SimpleQueue[Series] = SimpleQueue()
        self._gone: SimpleQueue[str] = SimpleQueue()

    def look(self) -> None:
        """Look which have come and which are gone; called by the background worker."""
        with self.lock:
            place, known = identity(self._root), set(self._known())
            if place != self._place and place is not None:
                for left in self._root.glob(LEFT):
                    self._remove(left)
            self._place = place
            places = self._listed()
            new = [name for name in places if name not in known and name not in self._opening]
            for name in known - self._opening:
                if name not in places or self._places.setdefault(name, places[name]) != places[name]:
                    self._places.pop(name, None)
                    self._gone.put(name)
            self._opening.update(new)
            self._looked = True
        for name in sorted(new, key=self._last_written_s, reverse=True):  # those that run first
            self._later(partial(self._open, name, places[name]))
        self._nudge()

    def opens(self, name: str) -> bool:
        """Whether this one will soon be taken in."""
        return name in self._opening or (not self._looked and (self._root / name).is_dir())

    def taken(self) -> Iterator[Series]:
        """Those that have been opened since the last time, to be taken in one by one; for the camera's thread."""
        while not self._opened.empty():
            series = self._opened.get()
            yield series
            self._opening.discard(series.name)  # it is known now

    def gone(self) -> list[str]:
        """The names of those whose folder is not there any more, or is another one; for the camera's thread."""
        found = []
        while not self._gone.empty():
            found.append(self._gone.get())
        return found

    def _listed(self) -> dict[str, tuple[int, int]]:
        """All folders of series, by name."""
        try:
            names = [path.name for path in self._root.iterdir() if not path.name.startswith(".") and path.is_dir()]
        except FileNotFoundError:
            return {}
        except OSError as error:
            self._say("", f"the series cannot be read: {error}")
            return {}
        self._told.pop("", None)
        return {name: place for name in names if (place := identity(self._root / name))}

    def _open(self, name: str, place: tuple[int, int]) -> None:
        try:
            series = open_series(self._root / name)
        except (StillcamError, OSError) as error:
            self._say(name, f"cannot continue series {name}: {error}")
            self._opening.discard(name)
        else:
            self._told.pop(name, None)
            self._places[name] = place
            self._opened.put(series)
        self._nudge()

    def _say(self, name: str, text: str) -> None:
        """Log it, once."""
        if self._told.get(name) != text:
            logging.error("%s", text)
        self._told[name] = text

    def _last_written_s(self, name: str) -> float:
        try:
            return (self._root / name / STATE).stat().st_mtime
        except OSError:
            return 0.0


def why_gone(root: Path, name: str) -> str:
    """What is said of a series whose folder is gone."""
    return missing(root / name) or f"{root / name} is gone: it was deleted, or its disk is not mounted"
