"""Favourites: an empty file for each in `.favourites/DAY/`, so that concurrent writers cannot lose one."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from stillcam.library.days import Item

_FOLDER = ".favourites"


class Favourites:
    """The favourites of the library at `root`."""

    def __init__(self, root: Path) -> None:
        self._folder = root / _FOLDER

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
        with contextlib.suppress(OSError):  # others are left
            marker.parent.rmdir()


def _names(folder: Path) -> set[str]:
    try:
        return set(os.listdir(folder))
    except FileNotFoundError:
        return set()
