"""Deletion of many files, with urgent work in between. A file that cannot be deleted is logged once and skipped."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

MAX_LOGGED = 50
MAX_IN_STATUS = 5

Note = Callable[[Path, OSError], None]


class Undeletable:
    """Files that could not be deleted so far; used by one thread, `message` by any."""

    def __init__(self) -> None:
        self._errors: dict[Path, str] = {}

    def note(self, path: Path, error: OSError) -> None:
        """Record a file that cannot be deleted; it is logged the first time."""
        if path in self._errors or len(self._errors) > MAX_LOGGED:
            return
        self._errors[path] = error.strerror or str(error)
        if len(self._errors) > MAX_LOGGED:
            logging.warning("more than %s files cannot be deleted: further ones are not logged", MAX_LOGGED)
        else:
            logging.warning(
                "cannot delete %s (%s): skipped; check the owner of the file and of its folder", path, error.strerror
            )

    def to_json(self) -> list[dict[str, Any]]:
        """The first few that still exist, for the status: `path` and `error`."""
        there = ({"path": str(path), "error": text} for path, text in list(self._errors.items()) if _is_there(path))
        return [one for one, _ in zip(there, range(MAX_IN_STATUS), strict=False)]


def delete_tree(folder: Path, over: Callable[[], bool], note: Note) -> None:
    """Delete a folder with all that is in it; links are not followed.

    Args:
        over: called after each file; True stops the deletion.
        note: called for each file that cannot be deleted.
    """
    for path, folders, files in os.walk(folder, topdown=False, onerror=lambda error: note(Path(error.filename), error)):
        for name in (*files, *folders):
            one = os.path.join(path, name)
            try:
                if name in folders and not os.path.islink(one):
                    os.rmdir(one)
                else:
                    os.unlink(one)
            except OSError as error:
                note(Path(one), error)
            if over():
                return
    try:
        folder.rmdir()
    except OSError as error:
        note(folder, error)


def _is_there(path: Path) -> bool:
    try:
        return os.path.lexists(path)
    except OSError:
        return False
