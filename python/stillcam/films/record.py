"""One film on disk: what was ordered, how far it is, and what has come of it, as its record tells."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from stillcam.common.errors import SettingsError
from stillcam.common.formats import utc_text
from stillcam.common.safe_json import parse
from stillcam.films.order import KINDS, Order, from_document, to_document

STATES = ("waiting", "running", "done", "failed")
VERSION = 1
MAX_RECORD_BYTES = 1 << 16
_ID = re.compile(rf"\d{{8}}T\d{{6}}\.\d{{3}}Z_(?P<kind>{'|'.join(KINDS)})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Film:
    """A film, a contact sheet or a keogram.

    Args:
        id: names its files; the newest comes last in the order of the alphabet.
        order: what it is.
        state: one of STATES.
        progress: from 0 to 1.
        left_s: what it will still take, as far as that is known.
        error: why it failed.
        made: when it was done.
        bytes: its size.
        duration_s: how long a film is.
        pictures: of which it was made.
        skipped: pictures that could not be read.
        left_out: the first of these by name, each with the reason.
        size: width and height in pixels.
        crashes: how often the program that makes it has crashed.
    """

    id: str
    order: Order
    state: str = "waiting"
    progress: float = 0.0
    left_s: float | None = None
    error: str | None = None
    made: str | None = None
    bytes: int | None = None
    duration_s: float | None = None
    pictures: int | None = None
    skipped: int | None = None
    left_out: list[str] | None = None
    size: tuple[int, int] | None = None
    crashes: int = 0

    @property
    def kind(self) -> str:
        return self.order.kind

    @property
    def file(self) -> str:
        """The name of its file."""
        return f"{self.id}.{KINDS[self.kind]}"

    def told(self) -> dict[str, Any]:
        """As the API tells of it."""
        about = {item.name: getattr(self, item.name) for item in fields(self) if item.name not in ("order", "crashes")}
        order = to_document(self.order)
        kind, series = order.pop("kind"), order.pop("series")
        return {**about, "size": self.size and list(self.size), "kind": kind, "series": series, "order": order}

    def record(self) -> dict[str, Any]:
        """As its file has it."""
        about = {item.name: getattr(self, item.name) for item in fields(self)}
        return {**about, "version": VERSION, "order": to_document(self.order)}


def new_id(kind: str, time_s: float) -> str:
    """The id of one that is ordered at `time_s` (seconds since the epoch)."""
    return f"{utc_text(time_s).replace('-', '').replace(':', '')}_{kind}"


def is_id(text: str) -> bool:
    """Whether a film could be called so; nothing else becomes a path."""
    match = _ID.fullmatch(text)
    try:
        return bool(match and datetime.fromisoformat(text.partition("_")[0]))
    except ValueError:
        return False


def read_film(path: Path) -> Film:
    """The film whose record is at `path`.

    Raises:
        OSError: it cannot be read.
        ValueError: it is damaged.
    """
    try:
        with path.open("rb") as file:
            told = {"left_out": None, **parse(file.read(MAX_RECORD_BYTES))}  # older records have none
        ordered = dict(told["order"])
        day = ordered.pop("day")
        order = replace(from_document(ordered, "UTC"), day=None if day is None else str(day))
        known = {item.name: told[item.name] for item in fields(Film) if item.name != "crashes"}
        size = told["size"] and (int(told["size"][0]), int(told["size"][1]))
        film = Film(**{**known, "order": order, "size": size, "crashes": int(told.get("crashes", 0))})
        if film.state not in STATES or film.id != path.stem or not is_id(film.id) or film.kind not in film.id:
            raise ValueError(f"it tells of {film.id}, which is {film.state}")
        return film
    except (KeyError, TypeError, IndexError, SettingsError) as error:
        raise ValueError(f"{path} is damaged ({error})") from error
