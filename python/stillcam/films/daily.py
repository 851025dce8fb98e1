"""Daily films: ordered once for every day of the series that want them, even if the daemon was off at midnight."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from datetime import date, timedelta
from pathlib import Path

from stillcam.common.errors import StillcamError
from stillcam.common.paths import Paths
from stillcam.common.safe_read import parse_json
from stillcam.films.order import Order
from stillcam.films.record import Film
from stillcam.films.sources import LATE_MS, sources_of
from stillcam.films.store import FilmStore
from stillcam.series.definition import Definition
from stillcam.series.schedule import Schedule, local_day, midnight_ms
from stillcam.series.state import read_definition, series_folders, write_json

WIDTH = 1920  # px, of such a film
BACK_DAYS = 3  # the daemon may have been off; films of earlier days are left to the owner
DELETED_DAYS = "deleted-days.json"  # beside the films: the days whose film was deleted
MAX_DELETED_DAYS = 10 * BACK_DAYS

Span = tuple[int, int]  # first and last millisecond


class DailyFilms:
    """Orders the films of days that are over, by `add`."""

    def __init__(self, paths: Paths, store: FilmStore, add: Callable[[Order], Film]) -> None:
        self._paths = paths
        self._store = store
        self._add = add
        self._failing: set[Path] = set()  # the folders whose failure has been logged

    def order_due(self, now_ms: int) -> None:
        """Order what is due at `now_ms` (ms since the epoch); a failure is logged once."""
        root = self._paths.series
        try:
            folders = series_folders(root)
        except OSError as error:
            self._log_once(root, error)
            return
        self._failing.discard(root)
        for folder in folders:
            try:
                _, _, definition = read_definition(folder)
                if definition.daily_film:
                    self._order_due_of(definition, now_ms)
                self._failing.discard(folder)
            except (StillcamError, OSError) as error:
                self._log_once(folder, error)

    def mark_deleted(self, film: Film) -> None:
        """Remember that the film of a day is being deleted, so that it is not made again; may raise OSError."""
        if film.order.day is None:
            return
        days = [*self._deleted(film.order.series), film.order.day][-MAX_DELETED_DAYS:]
        write_json(self._store.folder(film.order.series) / DELETED_DAYS, {"days": days}, durable=True)

    def _order_due_of(self, definition: Definition, now_ms: int) -> None:
        name = definition.name

        def has_shots(from_ms: int, to_ms: int) -> bool:
            return next(sources_of(Order("film", name, from_ms=from_ms, to_ms=to_ms), self._paths), None) is not None

        made = {film.order.day or "" for film in self._store.films_of(name)} | set(self._deleted(name))
        for day, (from_ms, to_ms) in days_due(definition.schedule, now_ms, made, has_shots):
            order = Order(
                "film", name, width=WIDTH, deflicker=not definition.fixed, from_ms=from_ms, to_ms=to_ms, day=day
            )
            logging.info("series %s: the film of %s is queued", name, day)
            self._add(order)

    def _log_once(self, folder: Path, error: Exception) -> None:
        if folder not in self._failing:
            logging.error("no daily films are made in %s: %s", folder, error)
            self._failing.add(folder)

    def _deleted(self, series: str | None) -> list[str]:
        path: Path = self._store.folder(series) / DELETED_DAYS
        try:
            return [str(day) for day in parse_json(path.read_bytes())["days"]]
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return []


def days_due(
    schedule: Schedule, now_ms: int, made: Collection[str], has_shots: Callable[[int, int], bool]
) -> list[tuple[str, Span]]:
    """The local days that are over, have shots, and have no film yet; each with its span, oldest first.

    Args:
        made: the days, like `2026-11-20`, that had their film, even if it is deleted by now.
        has_shots: whether there is a shot between two times (ms since the epoch), both included.
    """
    today = local_day(schedule, now_ms - LATE_MS)
    days = (today - timedelta(back) for back in range(BACK_DAYS, 0, -1))
    spans = ((day.isoformat(), span_of(schedule, day)) for day in days)
    return [(day, span) for day, span in spans if day not in made and has_shots(*span)]


def span_of(schedule: Schedule, day: date) -> Span:
    """The span of a local day, which has 23, 24 or 25 hours."""
    return midnight_ms(schedule, day), midnight_ms(schedule, day + timedelta(1)) - 1
