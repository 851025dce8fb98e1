"""A series on disk: `series.json`, `state.json`, and the lines of `manifest.jsonl` that were appended since.

The state file is written when the state changes, otherwise once a minute at most. A reader continues from the byte of
the manifest that the state file names, so that both always agree.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from stillcam.common.atomic_write import replace_file
from stillcam.common.errors import SettingsError, StillcamError
from stillcam.common.safe_read import parse_json
from stillcam.series.definition import Definition, from_document, to_document
from stillcam.series.manifest import Tally, is_shot_ref, ms_to_text, text_to_ms
from stillcam.series.manifest_search import lines_from

SERIES, STATE, FRAMES = "series.json", "state.json", "frames"
STATES = ("planned", "running", "paused", "finished", "failed")
VERSION = 1
MAX_FILE_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class State:
    """The state of a series."""

    state: str  # one of STATES
    why: str | None  # the reason why it has failed, or takes no shots although it runs
    since_ms: int  # when this state began (ms since the epoch)
    tally: Tally
    manifest_bytes: int = 0  # the part of the manifest that `tally` counts
    fixed: Mapping[str, Any] | None = None  # the controls that the first shot has found, if they are to stay
    course: Mapping[str, Any] | None = None  # of smooth exposure: see `exposure.Course`

    @property
    def active(self) -> bool:
        """Whether it takes shots, now or later, without a command."""
        return self.state in ("planned", "running")

    def to_document(self) -> dict[str, Any]:
        """The content of the state file."""
        return {
            "version": VERSION,
            "state": self.state,
            "why": self.why,
            "since": ms_to_text(self.since_ms),
            **asdict(self.tally),
            "manifest_bytes": self.manifest_bytes,
            "fixed": self.fixed,
            "course": self.course,
        }


@dataclass(frozen=True, slots=True)
class StoredSeries:
    """What the folder of a series says."""

    folder: Path
    created: str
    zone: str  # of its clock, see `stillcam.common.clock`
    definition: Definition
    state: State
    uncounted_bytes: int = 0  # of the manifest, which the state file does not count yet

    def to_document(self) -> dict[str, Any]:
        """The content of `series.json`."""
        # Without what is null, an older version can read it as long as nothing newer is used.
        definition = {name: value for name, value in to_document(self.definition).items() if value is not None}
        return {"version": VERSION, "created": self.created, "zone": self.zone, "definition": definition}


def series_folders(root: Path) -> list[Path]:
    """The folders of all series, by name; those that are being made or deleted are hidden. May raise OSError."""
    try:
        with os.scandir(root) as entries:
            return sorted(Path(entry) for entry in entries if entry.is_dir() and not entry.name.startswith("."))
    except FileNotFoundError:
        return []


def shot_folder_names(folder: Path) -> list[str]:
    """The names of the folders of a series' shots, in order; OSError: they cannot be listed, or are gone."""
    names = os.listdir(folder / FRAMES)
    return sorted((name for name in names if name.isascii() and name.isdecimal()), key=int)


def load_series(folder: Path) -> StoredSeries:
    """Read a series; errors are those of `read_definition`, and OSError: its state cannot be read."""
    created, zone, definition = read_definition(folder)
    stored = _stored_state(folder, text_to_ms(created))
    state = _count_rest(folder, stored)
    return StoredSeries(folder, created, zone, definition, state, state.manifest_bytes - stored.manifest_bytes)


def read_definition(folder: Path) -> tuple[str, str, Definition]:
    """When the series in `folder` was created, the zone of its clock, and its definition.

    Raises:
        StillcamError: there is no series, or `series.json` is damaged.
    """
    try:
        document = parse_json(_read(folder / SERIES))
        created, zone = str(document["created"]), str(document["zone"])
        definition = from_document(document["definition"], text_to_ms(created), zone)
        if definition.name != folder.name:
            raise SettingsError(f"the name in it is {definition.name}", "name")
    except FileNotFoundError as error:
        raise StillcamError(f"there is no series {folder.name}") from error
    except (OSError, ValueError, TypeError, KeyError, SettingsError) as error:
        raise StillcamError(f"{folder / SERIES} is damaged ({error}): correct it, or delete the folder") from error
    return created, zone, definition


def read_state(folder: Path, created_ms: int) -> State:
    """The present state of the series in `folder`; OSError: it cannot be read.

    If its state file is damaged, it has run since `created_ms` (ms since the epoch), and is counted from the manifest.
    """
    return _count_rest(folder, _stored_state(folder, created_ms))


def _stored_state(folder: Path, created_ms: int) -> State:
    try:
        return _from_document(parse_json(_read(folder / STATE)))
    except (FileNotFoundError, ValueError, TypeError, KeyError):
        return State("running", None, created_ms, Tally(created_ms - 1))


def _count_rest(folder: Path, state: State) -> State:
    """The state with the lines of the manifest that it does not count yet."""
    tally, end = state.tally, state.manifest_bytes
    for line, end in lines_from(folder, state.manifest_bytes):  # noqa: B007 - where the last one ends
        tally = tally.add(line)
    return replace(state, tally=tally, manifest_bytes=end)


def write_json(path: Path, document: Mapping[str, Any], durable: bool) -> None:
    """Replace a file by a JSON document in one step, see `replace_file`.

    Bytes that are not UTF-8, as in the name of a file, are written as JSON's escape.
    """
    content = (json.dumps(document, ensure_ascii=False) + "\n").encode(errors="backslashreplace")
    replace_file(path, content, durable=durable)


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(MAX_FILE_BYTES)


def _from_document(document: Any) -> State:
    if document["state"] not in STATES:
        raise ValueError(document["state"])
    tally = Tally(**{item.name: document[item.name] for item in fields(Tally)})
    counts = tally.until_ms, tally.taken, tally.missed, tally.sequence, tally.shots, tally.bytes, tally.due_ms or 0
    if not (all(type(count) is int for count in counts) and is_shot_ref(tally.first) and is_shot_ref(tally.last)):
        raise ValueError("a count is not a number")
    if not 0 <= document["manifest_bytes"] < 1 << 63:
        raise ValueError("manifest_bytes is not an offset in a file")
    return State(
        state=document["state"],
        why=document["why"],
        since_ms=text_to_ms(document["since"]),
        tally=tally,
        manifest_bytes=int(document["manifest_bytes"]),
        fixed=document["fixed"],
        course=document.get("course"),  # older versions do not write it
    )
