"""The settings in force, as the web server sees them: read again when their file has changed."""

from __future__ import annotations

import logging
import threading
import time
from pathlib import Path

from stillcam.errors import StillcamError
from stillcam.settings import Settings
from stillcam.settings_file import load_in_force

LOOK_S = 1.0  # from one look at the file to the next


class SettingsInForce:
    """Call it for the settings.

    Args:
        path: of the settings file.

    Raises:
        StillcamError: the file is wrong, and there are no good settings from before.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._looked_s = -LOOK_S
        self._version: tuple[int, int, int] | None = None
        self._settings, self._wrong = load_in_force(path)
        if self._wrong:
            logging.warning("%s", self._wrong)
        self._version = file_version(self._path)

    def __call__(self) -> Settings:
        """Those in force; a change of the file counts within a second."""
        if time.monotonic() - self._looked_s > LOOK_S:
            self.look()
        return self._settings

    def look(self) -> None:
        """Read the file now, if it has changed."""
        with self._lock:
            self._looked_s = time.monotonic()
            version = file_version(self._path)
            if version == self._version:
                return
            self._version = version
            try:
                self._settings, wrong = load_in_force(self._path)
            except StillcamError as error:
                wrong = f"{error}; the settings stay as they were"
            if wrong != self._wrong and wrong:
                logging.warning("%s", wrong)
            self._wrong = wrong


def file_version(path: Path) -> tuple[int, int, int] | None:
    """Another value once the file has been replaced or changed; None: there is none."""
    try:
        about = path.stat()
    except OSError:
        return None
    return about.st_ino, about.st_mtime_ns, about.st_size
