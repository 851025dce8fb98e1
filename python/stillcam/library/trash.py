"""The trash: deleted items stay in `.trash/WHEN/DAY/` for 30 days."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from stillcam.common.deletion import Note, delete_tree
from stillcam.library.items import Item, list_day

TRASH_FOLDER = ".trash"
KEPT_S = 30 * 86400.0
_LAST_S = 253_402_300_799.0  # the end of the year 9999: no stamp is later, however wrong the clock was


@dataclass(frozen=True, slots=True)
class TrashedItem:
    """A deleted item; `deleted` is when, `20261120T234501Z`, and the name of its folder in the trash."""

    deleted: str
    item: Item


class Trash:
    """The trash of the library at `root`."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._folder = root / TRASH_FOLDER

    def put(self, item: Item, now_s: float) -> TrashedItem:
        """Move `item` to the trash; `now_s` is in seconds since the epoch.

        Raises:
            LookupError: it has been deleted meanwhile.
            OSError: it cannot be moved.
        """
        deleted = stamp(now_s)
        target = self._folder / deleted / item.day
        target.mkdir(parents=True, exist_ok=True)
        try:
            _move(self._root / item.day, target, item)
        except FileNotFoundError as error:
            raise LookupError(f"{item.id} was already deleted") from error
        return TrashedItem(deleted, item)

    def items(self) -> list[TrashedItem]:
        """All items that can be restored, the most recently deleted first."""
        return [
            TrashedItem(folder.name, item)
            for folder in sorted(_folders(self._folder), reverse=True)
            for day in _folders(folder)
            for item in list_day(day)
        ]

    def restore(self, trashed: TrashedItem) -> None:
        """Restore an item.

        Raises:
            LookupError: it is no longer in the trash.
            FileExistsError: there is another item of that name by now.
        """
        day = self._root / trashed.item.day
        day.mkdir(exist_ok=True)
        source = self._folder / trashed.deleted / trashed.item.day
        if (day / trashed.item.name).exists():
            raise FileExistsError(f"the library already has another {trashed.item.id}: rename or delete that first")
        try:
            _move(source, day, trashed.item)
        except FileNotFoundError as error:
            raise LookupError(f"{trashed.item.id} is no longer in the trash") from error

    def has_old(self, before_s: float) -> bool:
        """Whether there are items that were deleted before `before_s` (seconds since the epoch)."""
        return any(folder.name < stamp(before_s) for folder in _folders(self._folder))

    def empty(self, before_s: float | None, over: Callable[[], bool], note: Note) -> int:
        """Delete for good what was moved to the trash before `before_s`.

        Args:
            before_s: since the epoch; None: everything, including items that a wrong clock has dated ahead.
            over: whether to stop; called after each file.
            note: called with each file that cannot be deleted.

        Returns:
            the number of folders (times of deletion) that were due.
        """
        limit = stamp(_LAST_S if before_s is None else before_s)
        old = [folder for folder in _folders(self._folder) if folder.name < limit]
        for folder in old:
            if over():
                break
            delete_tree(folder, over, note)
        return len(old)


def stamp(time_s: float) -> str:
    """The name of the folder of a deletion at `time_s` (seconds since the epoch)."""
    return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(time_s))


def _move(source: Path, target: Path, item: Item) -> None:
    """Move all files of `item`, its own first."""
    os.rename(source / item.name, target / item.name)
    for name in item.files[1:]:
        with suppress(FileNotFoundError):  # deleted by hand, or it belongs to two items of one name
            os.rename(source / name, target / name)


def _folders(folder: Path) -> list[Path]:
    try:
        return [path for path in folder.iterdir() if path.is_dir()]
    except FileNotFoundError:
        return []
