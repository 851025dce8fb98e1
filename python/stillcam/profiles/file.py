"""The profiles file, `data/profiles.json`: load and save it. An invalid file is never overwritten."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path

from stillcam.common.atomic_write import replace_file
from stillcam.common.errors import SettingsError, StillcamError
from stillcam.common.formats import json_text
from stillcam.common.safe_read import open_regular, parse_json
from stillcam.profiles.definition import Profile, from_json, to_json

FILE = "profiles.json"
MAX_FILE_BYTES = 1 << 20


def load(data: Path) -> tuple[Profile, ...]:
    """The profiles of a data folder; empty without a file.

    Raises:
        SettingsError: the file is invalid; the text names the file, and the line or field.
        StillcamError: it cannot be read.
    """
    path = data / FILE
    try:
        with os.fdopen(open_regular(Path(os.path.realpath(path))), "rb") as file:
            raw = file.read(MAX_FILE_BYTES + 1)
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise StillcamError(f"cannot read {path}: {error.strerror}") from error
    if len(raw) > MAX_FILE_BYTES:
        raise SettingsError(f"{path}: larger than {MAX_FILE_BYTES} bytes")
    try:
        return from_json(parse_json(raw.decode()))
    except json.JSONDecodeError as error:
        raise SettingsError(f"{path}, line {error.lineno}: not JSON ({error.msg})", line=error.lineno) from error
    except ValueError as error:
        raise SettingsError(f"{path}: not JSON in UTF-8 ({error})") from error
    except SettingsError as error:
        where = f"{path}: {error.field}" if error.field else str(path)
        raise SettingsError(f"{where}: {error}", error.field) from error


def save(data: Path, profiles: Sequence[Profile]) -> None:
    """Replace the file in one step, or delete it if there are no profiles.

    Raises:
        StillcamError: that fails; the old file is then unchanged.
    """
    path = data / FILE
    text = json_text(to_json(profiles))
    if len(text.encode()) > MAX_FILE_BYTES:
        raise SettingsError(f"the profiles are larger than {MAX_FILE_BYTES} bytes: delete one first", "profiles")
    try:
        if not profiles:
            path.unlink(missing_ok=True)
            return
        data.mkdir(parents=True, exist_ok=True)
        replace_file(path, text.encode(), concurrent=True)
    except OSError as error:
        raise StillcamError(f"cannot write {path} ({error.strerror}): the profiles stay as they were") from error
