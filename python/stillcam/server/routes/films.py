"""`api/films` and `films/`: films are read from their folders; the capture daemon makes and deletes them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from stillcam.common.errors import SettingsError
from stillcam.films.record import Film
from stillcam.films.store import FilmStore
from stillcam.http.messages import Answer, Refused, as_json
from stillcam.ipc.protocol import ask
from stillcam.server.errors import reading
from stillcam.server.openapi.route import Body, Parameter, api
from stillcam.server.openapi.shapes import TEXT
from stillcam.server.route import Access, Request, Route
from stillcam.server.routes.library_files import FOR_EVER, file_answer
from stillcam.server.routes.series import TIMEOUT_S

_SERIES = Parameter(TEXT, "only of this series; empty: only of the library")
_DOWNLOAD = Parameter(TEXT, "to be saved, not shown")


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
        read, control, film = Access.LIBRARY, Access.CONTROL, partial(api, "Films")
        return [
            film("GET", "api/films", read, self._list, "All films, contact sheets and keograms, newest first.",
                 {200: "Films"}, errors=(404,), query={"series": _SERIES}),
            film("POST", "api/films", control, self._make, "Order one; it is made when it is its turn, whoever leaves.",
                 {202: "Film"}, body=Body("FilmOrder", checked=False), errors=(404, 409, 422, 503, 507)),
            film("GET", "api/films/", read, self._show, "One, and how far it is.", {200: "Film"}, errors=(404,),
                 rest="id"),
            film("DELETE", "api/films/", control, self._delete,
                 "Cancel one that is not done, or delete it: nothing is left of it.",
                 {204: ""}, errors=(404, 503, 507), rest="id"),
            film("GET", "films/", read, self._file, "The MP4 or JPEG, with ranges.",
                 {200: "*/*", 206: "*/*", 304: ""}, errors=(404, 416), query={"download": _DOWNLOAD}, rest="id"),
        ]  # fmt: skip

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

    def _make(self, _request: Request, order: dict[str, Any]) -> Answer:
        return as_json(202, self._order("make", order=order)["film"])

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
