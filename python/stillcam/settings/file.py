"""The settings file, `data/settings.json`: load and save it, and follow its changes.

It contains only what differs from the defaults, is replaced in one step, and may be edited by hand. An invalid file is
never used and never overwritten: the last good settings (`data/settings.last-good.json`) stay in force.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import re
import threading
from pathlib import Path
from typing import Any

from stillcam.common.atomic_write import replace_file
from stillcam.common.errors import SettingsError, StillcamError
from stillcam.common.folder_watch import UNREPORTED_S, FolderWatch
from stillcam.common.formats import json_text
from stillcam.common.safe_read import open_regular, parse_json
from stillcam.common.threads import start_restarting
from stillcam.settings.document import from_json, to_json
from stillcam.settings.in_force import STATE, Overlay, overlay_of, read_state, with_overlay
from stillcam.settings.schema import Settings

MAX_FILE_BYTES = 1 << 20
LAST_GOOD = "settings.last-good.json"
STAY = "the last good settings stay in force"
QUIET_S = 1.0  # without another change, until a copy of good settings is kept

_saving_last_good = threading.Lock()


def load(path: Path, *, pipe: bool = False) -> Settings:
    """Read the settings file; without one, the defaults.

    Args:
        pipe: whether a named pipe is accepted; reading one waits for its writer.

    Raises:
        SettingsError: the file is invalid; the text names file, line and field.
        StillcamError: it cannot be read.
    """
    try:
        with path.open("rb") if pipe else os.fdopen(open_regular(Path(os.path.realpath(path))), "rb") as file:
            raw = file.read(MAX_FILE_BYTES + 1)
    except FileNotFoundError:
        return Settings()
    except OSError as error:
        raise StillcamError(f"cannot read {path}: {error.strerror}") from error
    if len(raw) > MAX_FILE_BYTES:
        raise SettingsError(f"{path}: larger than {MAX_FILE_BYTES} bytes: this is not a settings file")
    try:
        text = raw.decode()
        return from_json(parse_json(text, _no_duplicates))
    except json.JSONDecodeError as error:
        raise SettingsError(f"{path}, line {error.lineno}: not JSON ({error.msg})", line=error.lineno) from error
    except ValueError as error:
        raise SettingsError(f"{path}: not JSON in UTF-8 ({error})") from error
    except SettingsError as error:
        line = _line_of(error.field, text)
        where = f"{path}, line {line}: {error.field}" if line else f"{path}: {error.field}"
        raise SettingsError(f"{where.removesuffix(': ')}: {error}", error.field, line) from error


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document: dict[str, Any] = {}
    for name, value in pairs:
        if name in document:
            raise SettingsError("duplicate key: keep one", name)
        document[name] = value
    return document


def _line_of(dotted: str, text: str) -> int:
    """The line of a setting in the file, counted from 1; 0: not found."""
    at = 0
    for name in filter(None, dotted.split(".")):
        match = re.compile(rf'"{re.escape(name)}"\s*:').search(text, at)
        if not match:
            return 0
        at = match.start()
    return text.count("\n", 0, at) + 1 if dotted else 0


def save(path: Path, settings: Settings) -> None:
    """Replace the settings file in one step. Raises StillcamError if that fails; the old file is then unchanged."""
    document, defaults = to_json(settings), to_json(Settings())
    differing: dict[str, Any] = {"version": document.pop("version")}
    for section, content in document.items():
        if changed := {name: value for name, value in content.items() if value != defaults[section].get(name)}:
            differing[section] = changed
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        text = json_text(differing)
        replace_file(path, text.encode(), concurrent=True)
    except OSError as error:
        raise StillcamError(f"cannot write {path} ({error.strerror}): the settings stay as they were") from error


def load_or_last_good(path: Path) -> tuple[Settings, str | None]:
    """Read the settings file, or if it is invalid, the last good settings.

    Returns:
        the settings, and what is wrong with the file (None: nothing).

    Raises:
        StillcamError: the file is invalid, and there are no last good settings.
    """
    try:
        return load(path), None
    except StillcamError as error:
        last_good = path.with_name(LAST_GOOD)
        if not last_good.exists():
            raise
        return load(last_good), f"{error}; {STAY}"


def save_last_good(path: Path) -> None:
    """Copy the settings file, if it is valid, to `settings.last-good.json` for `load_or_last_good`.

    The disk may hang: do not call this in a thread that takes pictures or answers requests.
    """
    last_good = path.with_name(LAST_GOOD)
    with _saving_last_good, contextlib.suppress(StillcamError):  # the file is invalid, or the disk is full
        settings = load(path)
        with contextlib.suppress(StillcamError):  # the copy is invalid
            if last_good.exists() and load(last_good) == settings:
                return
        save(last_good, settings)


def file_version(path: Path) -> tuple[int, int, int] | None:
    """A value that differs after the file has been replaced or changed; None: there is no file."""
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_ino, stat.st_mtime_ns, stat.st_size


class SettingsFollower:
    """The settings in the web server: a thread follows the files, and requests read a value in memory.

    Raises the StillcamError of `load_or_last_good`.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()  # while the file is read
        self._version = file_version(path)  # before reading: what is written meanwhile counts next time
        self._state = load_or_last_good(path)
        self._overlay_version = self._version_of_overlay()
        self._overlay = overlay_of(read_state(path.parent))
        self._in_force = with_overlay(self._state[0], self._overlay)
        self._log_error()

    def current(self) -> Settings:
        """The settings of the file; never blocks."""
        return self._state[0]

    def in_force(self) -> Settings:
        """The settings of the file, with the changes of the active profile; never blocks."""
        return self._in_force

    @property
    def overlay(self) -> Overlay:
        """The active profile."""
        return self._overlay

    @property
    def error(self) -> str | None:
        """What is wrong with the file; None: nothing."""
        return self._state[1]

    def follow(self) -> None:
        """Follow changes of the file, and keep a copy of good settings, in a daemon thread.

        Raises:
            RuntimeError: there is no memory for a thread.
        """
        start_restarting(self._follow, "settings")

    def replace(self, settings: Settings, overlay: Overlay | None = None) -> None:
        """Use settings that have just been written to the file.

        Args:
            overlay: that the daemon has just applied; None: as before.
        """
        with self._lock:
            self._state = settings, None
            self._overlay = overlay or self._overlay
            self._in_force = with_overlay(settings, self._overlay)

    def reload(self) -> None:
        """Read the files now, if they have changed."""
        with self._lock:
            version, overlay_version = file_version(self._path), self._version_of_overlay()
            if (version, overlay_version) == (self._version, self._overlay_version):
                return
            if overlay_version != self._overlay_version:
                self._overlay_version, self._overlay = overlay_version, overlay_of(read_state(self._path.parent))
            if version != self._version:
                self._version = version
                self._read()
            self._in_force = with_overlay(self._state[0], self._overlay)

    def _read(self) -> None:
        before = self.error
        try:
            self._state = load(self._path), None
        except StillcamError as error:
            self._state = self._state[0], f"{error}; {STAY}"
        if self.error != before:
            self._log_error()

    def _version_of_overlay(self) -> object:
        return file_version(self._path.with_name(STATE))

    def _log_error(self) -> None:
        if self.error:
            logging.warning("%s", self.error)

    def _follow(self) -> None:
        watch, saved, quiet = FolderWatch(self._path.parent), None, True
        while True:
            self.reload()
            if quiet and self.current() is not saved:  # of many changes in a row, the last one
                saved = self.current()
                save_last_good(self._path)
            quiet = not watch.wait(UNREPORTED_S if self.current() is saved else QUIET_S)
