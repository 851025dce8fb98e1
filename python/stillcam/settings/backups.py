"""Backups: the whole configuration as one JSON document, stored on the camera under a name, or downloaded.

A backup contains every setting, those at their defaults too: restored on a later version with other defaults, it gives
the same configuration. It contains the profiles, and no accounts, passwords or tokens.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stillcam import __version__
from stillcam.common.atomic_write import create_private
from stillcam.common.errors import SettingsError, StillcamError
from stillcam.common.formats import json_text, utc_text
from stillcam.common.safe_read import parse_json
from stillcam.settings.document import from_json, to_json
from stillcam.settings.schema import Settings

BACKUP_KIND = "stillcam configuration"
MAX_BACKUP_BYTES = 1 << 20
MAX_BACKUPS = 100
_NAME = re.compile(r"\w([\w ()+,.-]{0,62}[\w)])?")
_SUFFIX = ".json"


class NameTakenError(StillcamError):
    """A backup has this name already, or there are too many."""


class NotFoundError(StillcamError):
    """There is no backup of this name."""


@dataclass(frozen=True, slots=True)
class Backup:
    """A stored backup: its name, its time (seconds since the epoch) and its size."""

    name: str
    time_s: float
    size_bytes: int


def document_of(settings: Settings, profiles: list[Any], now_s: float) -> dict[str, Any]:
    """The backup of settings and profiles (as JSON); `now_s` is in seconds since the epoch."""
    document = {"kind": BACKUP_KIND, "stillcam": __version__, "made": utc_text(now_s)}
    return {**document, "configuration": to_json(settings), "profiles": profiles}


def settings_of(document: Any) -> Settings:
    """The settings of a backup. Raises SettingsError if it is no backup, or one of its settings is invalid."""
    if not isinstance(document, dict) or document.get("kind") != BACKUP_KIND:
        raise SettingsError(f'this is not a Stillcam backup: it must contain "kind": "{BACKUP_KIND}"', "kind")
    if not isinstance(document.get("configuration"), dict):
        raise SettingsError("this backup contains no configuration", "configuration")
    return from_json(document["configuration"])


class Backups:
    """The backups that are stored on the camera: a file each in `folder`, which is created with the first one."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def list(self) -> list[Backup]:
        """All backups, by name."""
        found = []
        for path in sorted(self._folder.glob(f"*{_SUFFIX}")):
            with suppress(OSError):  # just deleted
                if _NAME.fullmatch(path.stem):
                    found.append(_described(path))
        return found

    def make(self, name: str, document: dict[str, Any]) -> Backup:
        """Store a backup, see `document_of`.

        Raises:
            SettingsError: the name is invalid.
            NameTakenError: a backup has this name, or there are too many.
            StillcamError: it cannot be written.
        """
        path = self._path(name)
        if len(self.list()) >= MAX_BACKUPS:
            raise NameTakenError(f"there are {MAX_BACKUPS} backups: delete one first")
        text = json_text(document)
        try:
            if not create_private(path, text.encode()):
                raise NameTakenError("a backup of this name already exists: choose another name, or delete it first")
            return _described(path)
        except OSError as error:
            raise StillcamError(f"cannot write {path}: {error.strerror}") from error

    def read(self, name: str) -> Any:
        """The document of a backup, for `settings_of`.

        Raises:
            NotFoundError: no backup has this name.
            SettingsError: it is damaged.
            StillcamError: it cannot be read.
        """
        with self._existing(name) as path, path.open("rb") as file:
            raw = file.read(MAX_BACKUP_BYTES + 1)
        if len(raw) > MAX_BACKUP_BYTES:
            raise SettingsError(f"this backup is larger than {MAX_BACKUP_BYTES} bytes")
        try:
            return parse_json(raw)
        except ValueError as error:
            raise SettingsError(f"this backup is damaged: {error}") from error

    def delete(self, name: str) -> None:
        """Delete a backup.

        Raises:
            NotFoundError: no backup has this name.
            StillcamError: it cannot be deleted.
        """
        with self._existing(name) as path:
            path.unlink()

    @contextmanager
    def _existing(self, name: str) -> Iterator[Path]:
        """The file of a backup; an OSError while it is used is turned into one of ours."""
        try:
            path = self._path(name)
        except SettingsError as error:
            raise NotFoundError("there is no backup of this name") from error
        try:
            yield path
        except FileNotFoundError as error:
            raise NotFoundError("there is no backup of this name") from error
        except OSError as error:
            raise StillcamError(f"cannot use this backup: {error.strerror}") from error

    def _path(self, name: str) -> Path:
        """The file of a name, which can contain no separator and cannot begin with a dot."""
        plain = unicodedata.normalize("NFC", name)
        if not _NAME.fullmatch(plain) or len(plain.encode()) > 200:
            text = "must be 1 to 64 letters, digits, spaces or ( ) + , . - _, and begin with a letter or digit"
            raise SettingsError(text, "name")
        return self._folder / f"{plain}{_SUFFIX}"


def _described(path: Path) -> Backup:
    stat = path.stat()
    return Backup(path.stem, stat.st_mtime, stat.st_size)
