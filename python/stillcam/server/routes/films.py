"""`api/films` and `films/`: films are read from their folders; the capture daemon makes and deletes them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from stillcam.common.errors import SettingsError
from stillcam.films.record import Film
from stillcam.films.store import FilmStore
from stillcam.http.messages import Answer, Refused, as_json
from stillcam.ipc.protocol import ask
from stillcam.server.errors import reading
from stillcam.server.route import Access, Request, Route
from stillcam.server.routes.library_files import FOR_EVER, file_answer
from stillcam.server.routes.series import TIMEOUT_S


class FilmRoutes:
    """The routes of films, contact sheets and keograms.

    Args:
        store: where they are.
        socket: the daemon's.
    """

    def __init__(self, store: FilmStore, socket: Path) -> None:
        self._store = store
        self._socket = socket

    def routes(self) -> list[Route]:
        """Reading needs the library right, changes need control."""
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
        with _reading():
            films = self._store.all() if series is None else self._store.films_of(series or None)
        return as_json(200, {"films": [film.to_api() for film in films]})

    def _show(self, request: Request) -> Answer:
        return as_json(200, self._find(request.rest).to_api())

    def _file(self, request: Request) -> Answer:
        film = self._find(request.rest)
        if film.state != "done":
            raise Refused(404, f"this {film.kind} is not made: it is {film.state}")
        name = f"{film.order.series or 'library'}_{film.order.day or film.id}.{film.file.rpartition('.')[2]}"
        with _reading():
            return file_answer(request, self._store.file_path(film), name, FOR_EVER)  # no id is given twice

    def _make(self, request: Request) -> Answer:
        return as_json(202, self._order("make", order=request.json())["film"])

    def _delete(self, request: Request) -> Answer:
        self._order("delete", id=self._find(request.rest).id)
        return Answer(204)

    def _order(self, do: str, **arguments: Any) -> dict[str, Any]:
        return ask(self._socket, {"command": "film", "do": do, **arguments}, TIMEOUT_S)

    def _find(self, id_: str) -> Film:
        with _reading():
            return self._store.find(id_)


@contextmanager
def _reading() -> Iterator[None]:
    """As `reading`: a series that cannot exist, and a file that has just been deleted, are 404 too."""
    try:
        with reading("films"):
            try:
                yield
            except FileNotFoundError as error:
                raise LookupError("its file is gone: somebody has deleted it") from error
    except SettingsError as error:
        raise Refused(404, "there is no such series") from error
