"""Wait for changes in a folder (inotify)."""

from __future__ import annotations

import contextlib
import logging
import time
from pathlib import Path

from inotify_simple import INotify, flags

_EVENTS = flags.CLOSE_WRITE | flags.MOVED_TO | flags.MOVED_FROM | flags.DELETE | flags.ONLYDIR


class FolderWatch:
    """Wakes one thread soon after a file in `folder` was written, replaced or deleted.

    This is only a hint: inotify reports neither a mount over the folder nor another machine's writes to a network
    disk, and a system may run out of instances. Check the file itself after each wait.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._inotify: INotify | None = None
        try:
            self._inotify = INotify()
        except OSError as error:
            logging.warning("cannot watch %s (inotify: %s): polling it instead", folder, error.strerror)

    def wait(self, timeout_s: float) -> bool:
        """Wait for a change; returns whether one was reported within `timeout_s`."""
        if self._inotify is None:
            time.sleep(timeout_s)
            return False
        with contextlib.suppress(OSError):  # the folder does not exist now
            self._inotify.add_watch(self._folder, _EVENTS)  # each time: the folder may have been replaced
        return bool(self._inotify.read(timeout=int(timeout_s * 1000)))
