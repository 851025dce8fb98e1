"""Orders the film of each day for the series that want one: once, also when the daemon did not run at midnight."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

from stillcam.common.errors import StillcamError
from stillcam.common.paths import Paths
from stillcam.common.safe_json import parse
from stillcam.films.daily import BACK_DAYS, days_due
from stillcam.films.order import Order
from stillcam.films.record import Film
from stillcam.films.sources import shots_of
from stillcam.films.store import Shelf
from stillcam.series.definition import Definition
from stillcam.series.state import load_series, write_json

WIDTH = 1920  # px, of such a film
FORGOTTEN = "deleted-days.json"  # beside the films: days whose film was deleted
KEPT = 10 * BACK_DAYS


class FilmDays:
    """Looks which days are over.

    Args:
        paths: of the camera.
        shelf: where films are.
        add: orders one.
    """

    def __init__(self, paths: Paths, shelf: Shelf, add: Callable[[Order], Film]) -> None:
        self._paths = paths
        self._shelf = shelf
        self._add = add
        self._failing: set[Path] = set()  # the folders of which it has been said

    def look(self, now_ms: int) -> None:
        """Order what is due; what is in the way of that is said once.

        Args:
            now_ms: ms since the epoch.
        """
        root = self._paths.series
        try:
            folders = sorted(path for path in root.iterdir() if not path.name.startswith("."))
        except FileNotFoundError:
            return
        except OSError as error:
            self._complain(root, error)
            return
        self._failing.discard(root)
        for folder in folders:
            try:
                definition = load_series(folder).definition
                if definition.daily_film:
                    self._look_at(definition, now_ms)
                self._failing.discard(folder)
            except (StillcamError, OSError) as error:
                self._complain(folder, error)

    def forget(self, film: Film) -> None:
        """It is being deleted: its day gets no other one by itself.

        Raises:
            OSError: that could not be written.
        """
        if film.order.day is None:
            return
        days = [*self._forgotten(film.order.series), film.order.day][-KEPT:]
        write_json(self._shelf.folder(film.order.series) / FORGOTTEN, {"days": days}, durable=True)

    def _look_at(self, definition: Definition, now_ms: int) -> None:
        name = definition.name

        def has_shots(from_ms: int, to_ms: int) -> bool:
            return next(shots_of(Order("film", name, from_ms=from_ms, to_ms=to_ms), self._paths), None) is not None

        made = {film.order.day or "" for film in self._shelf.of(name)} | set(self._forgotten(name))
        for day, (from_ms, to_ms) in days_due(definition.schedule, now_ms, made, has_shots):
            order = Order(
                "film", name, width=WIDTH, deflicker=not definition.fixed, from_ms=from_ms, to_ms=to_ms, day=day
            )
            logging.info("series %s: the film of %s is ordered", name, day)
            self._add(order)

    def _complain(self, folder: Path, error: Exception) -> None:
        if folder not in self._failing:
            logging.error("no films of days are made in %s: %s", folder, error)
            self._failing.add(folder)

    def _forgotten(self, series: str | None) -> list[str]:
        path: Path = self._shelf.folder(series) / FORGOTTEN
        try:
            return [str(day) for day in parse(path.read_bytes())["days"]]
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return []
