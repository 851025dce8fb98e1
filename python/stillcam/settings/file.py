"""The settings file, `data/settings.json`.

It contains only what differs from the defaults, is replaced in one step, and may be edited by hand. An invalid file is
never used and never overwritten: the last good settings (`data/settings.last-good.json`) stay in force.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import threading
from pathlib import Path
from typing import Any

from stillcam.common.atomic_write import replace_file
from stillcam.common.errors import SettingsError, StillcamError
from stillcam.common.safe_read import open_regular, parse_json
from stillcam.settings.document import from_json, to_json
from stillcam.settings.schema import Settings

MAX_FILE_BYTES = 1 << 20
LAST_GOOD = "settings.last-good.json"
STAY = "the last good settings stay in force"

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
        raise SettingsError(f"{path}: larger than {MAX_FILE_BYTES} bytes: this is no settings file")
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
    document = dict(pairs)
    if len(document) < len(pairs):
        duplicate = next(name for position, (name, _) in enumerate(pairs) if name in dict(pairs[:position]))
        raise SettingsError("duplicate key: keep one", duplicate)
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
    """Replace the settings file in one step.

    Raises:
        StillcamError: it cannot be written; the old file is unchanged.
    """
    text = json.dumps(_differing(settings), indent=2, ensure_ascii=False) + "\n"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
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
        try:
            saved: Settings | None = load(last_good)
        except StillcamError:
            saved = None
        if saved != settings or not last_good.exists():
            save(last_good, settings)


def _differing(settings: Settings) -> dict[str, Any]:
    """The content of the file: the version, and what differs from the defaults."""
    document, defaults = to_json(settings), to_json(Settings())
    sections = {
        section: {name: value for name, value in content.items() if value != defaults[section].get(name)}
        for section, content in document.items()
        if section != "version"
    }
    return {"version": document["version"], **{section: content for section, content in sections.items() if content}}
