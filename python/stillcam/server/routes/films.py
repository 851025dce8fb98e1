"""`api/films` and `films/`: films are read from their folders; the capture daemon makes and deletes them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from stillcam.common.errors import SettingsError
from stillcam.common.paths import Paths
from stillcam.films.order import DEFAULT_FPS, FPS, KINDS, WIDTHS
from stillcam.films.record import STATES, Film
from stillcam.films.store import FilmStore
from stillcam.http.messages import Answer, Refused
from stillcam.ipc.protocol import ask
from stillcam.series.definition import MAX_NAME
from stillcam.server.errors import reading
from stillcam.server.file_answers import FOR_EVER, file_answer
from stillcam.server.openapi.route import Body, Document, Parameter, api
from stillcam.server.openapi.shapes import Schema, Shape, define, maybe, one_of, record, shape
from stillcam.server.route import Access, Request, Route
from stillcam.server.routes.series import ORDER_TIMEOUT_S

_KIND = one_of(*KINDS)
_SERIES = maybe({"type": "string", "minLength": 1, "maxLength": MAX_NAME}, "the series; null: the library")
_MOMENT = shape("text", examples=["2026-11-20T08:30"])
_CROP: Schema = {"type": "array", "items": {"type": "number", "minimum": 0, "maximum": 1}, "minItems": 4, "maxItems": 4}
_FPS: Schema = {"type": "integer", "minimum": FPS[0], "maximum": FPS[1]}
_WIDTH = maybe({"type": "integer", "minimum": WIDTHS[0], "maximum": WIDTHS[1]}, "pixels; null: as taken")
_ORDER: dict[str, Schema] = {
    "kind": maybe(_KIND, "film"),
    "series": _SERIES,
    "fps": maybe(_FPS, f"pictures per second, for films; {DEFAULT_FPS}"),
    "width": _WIDTH,
    "crop": maybe(_CROP, "x, y, width, height as fractions of the picture; null: all of it"),
    "deflicker": shape("flag?", "evens out small steps of brightness; for films"),
    "stamp": shape("flag?", "writes date and time into each picture; for films"),
    "from": maybe(_MOMENT, "the first moment; without an offset by the local clock"),
    "to": maybe(_MOMENT, "the last moment"),
}
_DONE_ORDER: dict[str, Shape] = {
    "width": _WIDTH, "crop": _ORDER["crop"], "from": "time?", "to": "time?",
    "day": shape("text?", "the local day of a daily film; null: it was requested"),
}  # fmt: skip

define(
    FilmOrder=record(_ORDER),
    Film=record(
        id="text", kind=_KIND, series=_SERIES, state=one_of(*STATES), progress=shape("number", minimum=0, maximum=1),
        left_s=shape("number?", "seconds; null: not known yet"), error=shape("text?", "why it failed"),
        made="time?", bytes="count?", duration_s="number?", pictures="count?",
        skipped=shape("count?", "pictures that could not be read"),
        left_out=shape("text[]?", "the first of these by name, each with the reason"), size="size?",
        order=record({name: _ORDER[name] for name in ("fps", "deflicker", "stamp")}, **_DONE_ORDER),
    ),
    Films=record(films="Film[]"),
)  # fmt: skip

_OF_SERIES = Parameter("only of this series; empty: only of the library")
_DOWNLOAD = Parameter("makes browsers save the file")


class FilmRoutes:
    """The routes of the films, contact sheets, keograms and star trails of one camera."""

    def __init__(self, paths: Paths) -> None:
        self._store = FilmStore(paths)
        self._socket = paths.socket

    def routes(self) -> list[Route]:
        """Reading needs the library right, changes need control."""
        read, control, film = Access.LIBRARY, Access.CONTROL, partial(api, "Films")
        return [
            film("GET", "api/films", read, self._list, "Films, contact sheets, keograms and star trails, newest first.",
                 {200: "Films"}, errors=(404,), query={"series": _OF_SERIES}),
            film("POST", "api/films", control, self._make, "Order a film; it is rendered in the background.",
                 {202: "Film"}, body=Body("FilmOrder", checked=False), errors=(404, 409, 507)),
            film("GET", "api/films/", read, self._show, "One film, with its progress.", {200: "Film"}, rest="id"),
            film("DELETE", "api/films/", control, self._delete, "Cancel a film that is not done, or delete it.",
                 {204: ""}, errors=(507,), rest="id"),
            film("GET", "films/", read, self._file, "The MP4 or JPEG, with ranges.", {200: "*/*", 206: "*/*", 304: ""},
                 errors=(416,), query={"download": _DOWNLOAD}, rest="id"),
        ]  # fmt: skip

    def _list(self, request: Request) -> Document:
        series = request.value("series")
        with _reading():
            films = self._store.all() if series is None else self._store.films_of(series or None)
        return {"films": [film.to_api() for film in films]}

    def _show(self, request: Request) -> Document:
        return self._find(request.rest).to_api()

    def _file(self, request: Request) -> Answer:
        film = self._find(request.rest)
        if film.state != "done":
            raise Refused(404, f"this {film.kind} is not ready: it is {film.state}")
        name = f"{film.order.series or 'library'}_{film.order.day or film.id}.{film.file.rpartition('.')[2]}"
        with _reading():
            return file_answer(request, self._store.file_path(film), name, FOR_EVER)  # no id is given twice

    def _make(self, _request: Request, order: Document) -> Document:
        film: Document = self._order("make", order=order)["film"]
        return film

    def _delete(self, request: Request) -> None:
        self._order("delete", id=self._find(request.rest).id)

    def _order(self, do: str, **arguments: Any) -> Document:
        return ask(self._socket, {"command": "film", "do": do, **arguments}, ORDER_TIMEOUT_S)

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
                raise LookupError("its file was deleted") from error
    except SettingsError as error:
        raise Refused(404, "there is no such series") from error
