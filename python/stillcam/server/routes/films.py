"""Films over HTTP: what there is, is read from their folders; the capture daemon makes and deletes them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from stillcam.common.errors import SettingsError
from stillcam.films.record import Film
from stillcam.films.store import Shelf
from stillcam.http.messages import Access, Answer, Refused, Request, Route, as_json
from stillcam.server.routes.library_files import FOR_EVER, file_answer
from stillcam.server.routes.series import order


class FilmRoutes:
    """The routes of films, contact sheets and keograms.

    Args:
        shelf: where they are.
        commands: the daemon's socket.
    """

    def __init__(self, shelf: Shelf, commands: Path) -> None:
        self._shelf = shelf
        self._commands = commands

    def routes(self) -> list[Route]:
        """Looking is for those who may open the library."""
        look, control = Access.LIBRARY, Access.CONTROL
        return [
            Route("GET", "api/films", look, self._list),
            Route("POST", "api/films", control, self._make),
            Route("GET", "api/films/", look, self._show),
            Route("DELETE", "api/films/", control, self._delete),
            Route("GET", "films/", look, self._file),
        ]

    def _list(self, request: Request) -> Answer:
        series = request.value("series")
        with _looking():
            films = self._shelf.all() if series is None else self._shelf.of(series or None)
        return as_json(200, {"films": [film.told() for film in films]})

    def _show(self, request: Request) -> Answer:
        return as_json(200, self._find(request.rest).told())

    def _file(self, request: Request) -> Answer:
        film = self._find(request.rest)
        if film.state != "done":
            raise Refused(404, f"this {film.kind} is not made: it is {film.state}")
        name = f"{film.order.series or 'library'}_{film.order.day or film.id}.{film.file.rpartition('.')[2]}"
        with _looking():
            return file_answer(request, self._shelf.path(film), name, FOR_EVER)  # no id is given twice

    def _make(self, request: Request) -> Answer:
        return as_json(202, self._order("make", order=request.json())["film"])

    def _delete(self, request: Request) -> Answer:
        self._order("delete", id=self._find(request.rest).id)
        return Answer(204)

    def _order(self, do: str, **more: Any) -> dict[str, Any]:
        return order(self._commands, "film", do, **more)

    def _find(self, id_: str) -> Film:
        with _looking():
            return self._shelf.find(id_)


@contextmanager
def _looking() -> Iterator[None]:
    """Reading of films, within."""
    try:
        yield
    except SettingsError as error:
        raise Refused(404, "there is no such series") from error
    except LookupError as error:
        raise Refused(404, str(error.args[0])) from error
    except FileNotFoundError as error:
        raise Refused(404, "its file is gone: somebody has deleted it") from error
    except OSError as error:
        text = f"the films cannot be read ({error.strerror}): check the disk with df, and its cable"
        raise Refused(503, text, headers={"Retry-After": "5"}) from error
