"""The record of a film, `ID.json`: its order, its progress, and the result."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from stillcam.common.errors import SettingsError
from stillcam.common.formats import utc_text
from stillcam.common.safe_read import parse_json
from stillcam.films.order import KINDS, Order, from_document, to_document

STATES = ("waiting", "running", "done", "failed")
VERSION = 1
MAX_RECORD_BYTES = 1 << 16
_ID = re.compile(rf"\d{{8}}T\d{{6}}\.\d{{3}}Z_(?P<kind>{'|'.join(KINDS)})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Film:
    """A film, a contact sheet, a keogram or star trails."""

    id: str  # the stem of its files; ids sort by age
    order: Order
    state: str = "waiting"  # one of STATES
    progress: float = 0.0  # from 0 to 1
    left_s: float | None = None  # the estimated rest of its rendering
    error: str | None = None  # why it failed
    made: str | None = None  # when it was done
    bytes: int | None = None  # the size of its file
    duration_s: float | None = None
    pictures: int | None = None  # the number of those it was made from
    skipped: int | None = None  # the number of those that could not be read
    left_out: list[str] | None = None  # the first of these, each with the reason
    size: tuple[int, int] | None = None  # width and height in pixels
    crashes: int = 0  # of its renderer

    @property
    def kind(self) -> str:
        return self.order.kind

    @property
    def file(self) -> str:
        return f"{self.id}.{KINDS[self.kind]}"

    def to_api(self) -> dict[str, Any]:
        """The document that the API returns."""
        values, order = self._values(), to_document(self.order)
        del values["crashes"]
        return {**values, "kind": order.pop("kind"), "series": order.pop("series"), "order": order}

    def to_record(self) -> dict[str, Any]:
        """The content of its record."""
        return {**self._values(), "version": VERSION, "order": to_document(self.order)}

    def _values(self) -> dict[str, Any]:
        return {item.name: getattr(self, item.name) for item in fields(self) if item.name != "order"}


def new_id(kind: str, time_s: float) -> str:
    """The id of a film that is ordered at `time_s` (seconds since the epoch)."""
    return f"{utc_text(time_s).replace('-', '').replace(':', '')}_{kind}"


def is_id(text: str) -> bool:
    """Whether `text` has the form of an id; only such texts become paths."""
    match = _ID.fullmatch(text)
    try:
        return bool(match and datetime.fromisoformat(text.partition("_")[0]))
    except ValueError:
        return False


def read_film(path: Path) -> Film:
    """Read a record; OSError: it cannot be read; ValueError: it is damaged."""
    try:
        with path.open("rb") as file:
            # Older records lack the first two.
            record = {"left_out": None, "crashes": 0, **parse_json(file.read(MAX_RECORD_BYTES))}
        ordered = dict(record["order"])
        day = ordered.pop("day")
        order = replace(from_document(ordered, "UTC"), day=None if day is None else str(day))
        size = record["size"] and (int(record["size"][0]), int(record["size"][1]))
        film = Film(**{item.name: record[item.name] for item in fields(Film)} | {"order": order, "size": size})
        if film.state not in STATES or film.id != path.stem or not is_id(film.id) or film.kind not in film.id:
            raise ValueError(f"it is of {film.id}, in state {film.state}")
        return film
    except (KeyError, TypeError, IndexError, SettingsError) as error:
        raise ValueError(f"{path} is damaged ({error})") from error
