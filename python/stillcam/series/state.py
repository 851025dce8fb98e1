"""How a series is: `state.json`, and what `manifest.jsonl` has told since.

The state file is written when the state changes, and else once a minute at most. Whoever
reads it goes on from the byte of the manifest that it names: so the two are always one.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from stillcam.common.atomic_write import replace_file
from stillcam.common.errors import SettingsError, StillcamError
from stillcam.common.safe_json import parse
from stillcam.series.definition import Definition, from_document
from stillcam.series.manifest import Line, Tally, check_mark, decode, millis, text

SERIES, STATE, MANIFEST, FRAMES = "series.json", "state.json", "manifest.jsonl", "frames"
STATES = ("planned", "running", "paused", "finished", "failed")
VERSION = 1
MAX_FILE_BYTES = 1 << 20
MARKS = ("first", "last")
_COUNTED = tuple(item.name for item in fields(Tally) if item.name not in ("until_ms", "due_ms"))


@dataclass(frozen=True, slots=True)
class State:
    """How a series is.

    Args:
        state: one of STATES.
        why: it failed, or takes no shots now though it runs.
        since_ms: when this state began (ms since the epoch).
        tally: what the manifest comes to.
        manifest_bytes: of the manifest, counted in `tally`.
        fixed: the controls that the first shot has found, where they are to stay.
    """

    state: str
    why: str | None
    since_ms: int
    tally: Tally
    manifest_bytes: int = 0
    fixed: Mapping[str, Any] | None = None

    def document(self) -> dict[str, Any]:
        """As the state file has it."""
        return {
            "version": VERSION,
            "state": self.state,
            "why": self.why,
            "since": text(self.since_ms),
            "until_ms": self.tally.until_ms,
            "due_ms": self.tally.due_ms,
            **{name: getattr(self.tally, name) for name in _COUNTED},
            "manifest_bytes": self.manifest_bytes,
            "fixed": self.fixed,
        }


def load(folder: Path) -> tuple[str, str, Definition]:
    """When a series was created, the time zone of its clock, and what it is.

    Raises:
        StillcamError: there is none, or its file is damaged.
    """
    try:
        told = parse(_read(folder / SERIES))
        created, zone = str(told["created"]), str(told["zone"])
        definition = from_document(told["definition"], millis(created), zone)
        if definition.name != folder.name:
            raise SettingsError(f"it is called {definition.name} there", "name")
    except FileNotFoundError as error:
        raise StillcamError(f"there is no series {folder.name}") from error
    except (OSError, ValueError, TypeError, KeyError, SettingsError) as error:
        raise StillcamError(f"{folder / SERIES} is damaged ({error}): put it right, or delete the folder") from error
    return created, zone, definition


def read_state(folder: Path, created_ms: int) -> State:
    """How the series in `folder` is now; one whose state file is damaged is running, as its manifest says.

    Args:
        created_ms: when it was created (ms since the epoch).

    Raises:
        OSError: the folder cannot be read.
    """
    try:
        state = _from_document(parse(_read(folder / STATE)))
    except (FileNotFoundError, ValueError, TypeError, KeyError):
        state = State("running", None, created_ms, Tally(created_ms - 1))
    tally, end = state.tally, state.manifest_bytes
    for line, end in lines_from(folder, state.manifest_bytes):  # noqa: B007 - where the last one ends
        try:
            tally = tally.add(line)
        except (KeyError, TypeError, ValueError):
            continue  # what a power cut has left of a line
    return replace(state, tally=tally, manifest_bytes=end)


def lines_from(folder: Path, offset: int) -> Iterator[tuple[Line, int]]:
    """The whole lines of the manifest from a byte on, and where each ends; what is torn is left out.

    Raises:
        OSError: it cannot be read.
    """
    try:
        with (folder / MANIFEST).open("rb") as file:
            file.seek(offset)
            for raw in file:
                if not raw.endswith(b"\n"):
                    return  # it is being written
                offset += len(raw)
                if (line := decode(raw)) is not None:
                    yield line, offset
    except FileNotFoundError:
        return


def write_whole(path: Path, document: Mapping[str, Any], for_good: bool) -> None:
    """Replace a file in one step.

    Args:
        for_good: it is on the disk when this returns; else in the system's own time.

    Raises:
        OSError: it could not be written; the old one is as it was.
    """
    # What is no character, as in the name of a file, is written as JSON's escape.
    text = (json.dumps(document, ensure_ascii=False) + "\n").encode(errors="backslashreplace")
    replace_file(path, text, durable=for_good)


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(MAX_FILE_BYTES)


def _from_document(told: Any) -> State:
    if told["state"] not in STATES:
        raise ValueError(told["state"])
    due_ms = told["due_ms"]
    counted = {name: told[name] for name in _COUNTED}
    if not all(check_mark(counted[name]) if name in MARKS else type(counted[name]) is int for name in _COUNTED):
        raise ValueError("a number is none")
    if not 0 <= told["manifest_bytes"] < 1 << 63:
        raise ValueError("no place in a file")
    return State(
        state=told["state"],
        why=told["why"],
        since_ms=millis(told["since"]),
        tally=Tally(int(told["until_ms"]), **counted, due_ms=None if due_ms is None else int(due_ms)),
        manifest_bytes=int(told["manifest_bytes"]),
        fixed=told["fixed"],
    )
