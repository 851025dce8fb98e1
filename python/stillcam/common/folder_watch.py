"""Wait for changes in a folder (inotify)."""

from __future__ import annotations

import contextlib
import errno
import logging
from pathlib import Path

from stillcam.common.child_process import wait_readable
from stillcam.common.inotify import CLOSE_WRITE, DELETE, MOVED_FROM, MOVED_TO, ONLYDIR, Inotify

UNREPORTED_S = 5.0  # the usual interval between two looks for changes that inotify does not report
POLL_S = 1.0  # the longest one of a folder that cannot be watched

_EVENTS = CLOSE_WRITE | MOVED_TO | MOVED_FROM | DELETE


class FolderWatch:
    """Wakes one thread soon after a file in `folder` was written, replaced or deleted.

    This is only a hint: inotify reports neither a mount over the folder nor another machine's writes to a network
    disk, and a system may run out of instances. Check the file itself after each wait. The folder may be missing, be
    removed, and be made again at any time.

    Args:
        folder: the folder.
        events: that are reported.
    """

    def __init__(self, folder: Path, events: int = _EVENTS) -> None:
        self._folder = folder
        self._events = events | ONLYDIR
        self._inotify: Inotify | None = None
        self._watched: int | None = None  # the descriptor of the watch, another one for each folder
        self._warned = False

    def wait(self, timeout_s: float, interrupt: int = -1) -> bool:
        """Wait for a change; whether one was reported. False at once for a folder that has not been watched so far.

        Args:
            timeout_s: at most; `POLL_S` at most while the folder cannot be watched.
            interrupt: ends the wait once it is readable.
        """
        inotify = self._inotify = self._inotify or self._instance()
        before, self._watched = self._watched, None
        if inotify is not None:
            with contextlib.suppress(OSError):  # the folder does not exist now
                self._watched = inotify.add_watch(self._folder, self._events)
            if self._watched not in (before, None):
                return False
        longest_s = timeout_s if self._watched is not None else min(timeout_s, POLL_S)
        wait_readable(longest_s, interrupt, -1 if inotify is None else inotify.fileno())
        return inotify is not None and bool(inotify.events())

    def close(self) -> None:
        """Watch no more."""
        if self._inotify is not None:
            self._inotify.close()

    def _instance(self) -> Inotify | None:
        try:
            return Inotify()
        except OSError as error:
            if not self._warned:
                hint = "; raise fs.inotify.max_user_instances (sysctl)" if error.errno == errno.EMFILE else ""
                logging.warning("cannot watch %s (inotify: %s): polling it%s", self._folder, error.strerror, hint)
            self._warned = True
            return None
