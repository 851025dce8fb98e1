"""The settings in force, as the web server sees them: a thread follows the file, and requests read a finished value."""

from __future__ import annotations

import logging
import threading
from pathlib import Path

from stillcam.common.errors import StillcamError
from stillcam.common.folder_watch import FolderWatch
from stillcam.common.threads import keep
from stillcam.settings.file import STAY, load, load_or_last_good, save_last_good
from stillcam.settings.schema import Settings

POLL_S = 1.0  # where inotify reports no changes


class LiveSettings:
    """The settings in force, as the file holds them; reading never blocks.

    Args:
        path: of the settings file.

    Raises:
        StillcamError: the file is invalid, and there are no last good settings.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()  # while the file is read
        self._version = file_version(path)  # before reading: what is written meanwhile counts next time
        self._state = load_or_last_good(path)
        self._warn()

    def current(self) -> Settings:
        """The settings in force."""
        return self._state[0]

    @property
    def error(self) -> str | None:
        """What is wrong with the file; None: nothing."""
        return self._state[1]

    def follow(self) -> None:
        """Follow changes of the file, and keep a copy of good settings, in a daemon thread.

        Raises:
            RuntimeError: there is no memory for a thread.
        """
        keep(self._follow, "settings")

    def replace(self, settings: Settings) -> None:
        """Use settings that have just been written to the file."""
        with self._lock:
            self._state = settings, None

    def reload(self) -> None:
        """Read the file now, if it has changed."""
        with self._lock:
            version = file_version(self._path)
            if version == self._version:
                return
            self._version = version
            before = self.error
            try:
                self._state = load(self._path), None
            except StillcamError as error:
                self._state = self._state[0], f"{error}; {STAY}"
            if self.error != before:
                self._warn()

    def _warn(self) -> None:
        if self.error:
            logging.warning("%s", self.error)

    def _follow(self) -> None:
        watch, saved, quiet = FolderWatch(self._path.parent), None, True
        while True:
            self.reload()
            if quiet and self.current() is not saved:  # of many changes in a row, the last one
                saved = self.current()
                save_last_good(self._path)
            quiet = not watch.wait(POLL_S)


def file_version(path: Path) -> tuple[int, int, int] | None:
    """A value that differs after the file has been replaced or changed; None: there is no file."""
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_ino, stat.st_mtime_ns, stat.st_size
