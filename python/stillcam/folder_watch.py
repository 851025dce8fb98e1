"""Waiting until something in a folder changes."""

from __future__ import annotations

import contextlib
import logging
import time
from pathlib import Path

from inotify_simple import INotify, flags

_EVENTS = flags.CLOSE_WRITE | flags.MOVED_TO | flags.MOVED_FROM | flags.DELETE | flags.ONLYDIR


class FolderWatch:
    """Wakes one thread soon after a file in `folder` was written, replaced or deleted.

    That is a hint: inotify says nothing of a folder that is mounted over, or of another machine's writes to a network
    disk, and a system may have no instances left. So look at the file itself, after each wait.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._inotify: INotify | None = None
        try:
            self._inotify = INotify()
        except OSError as error:
            logging.warning("changes in %s are looked for, not told (inotify: %s)", folder, error.strerror)

    def wait(self, timeout_s: float) -> bool:
        """Wait for a change, at most so long; whether one was told."""
        if self._inotify is None:
            time.sleep(timeout_s)
            return False
        with contextlib.suppress(OSError):  # there is no such folder now
            self._inotify.add_watch(self._folder, _EVENTS)  # each time: another one may have taken its place
        return bool(self._inotify.read(timeout=int(timeout_s * 1000)))
