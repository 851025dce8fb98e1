"""`film`: render, list and delete films, contact sheets and keograms. `list` and `show` need no capture daemon."""

from __future__ import annotations

import time
from typing import Any

from stillcam.cli import Arguments, Result, add_command, add_group
from stillcam.cli.daemon import naming_field, order, progress_line
from stillcam.common.clock import local_zone
from stillcam.common.errors import SettingsError, StillcamError
from stillcam.common.formats import size_text
from stillcam.common.paths import Paths
from stillcam.films.order import DEFAULT_FPS, KINDS, from_document
from stillcam.films.record import Film
from stillcam.films.store import FilmStore

PROGRESS_POLL_S = 0.5  # between two looks at the progress
FIELDS = ("kind", "series", "from", "to", "fps", "width", "crop", "deflicker", "stamp")  # of an order


def add_to(commands: Any) -> None:
    films = add_group(commands, "film", "make films, contact sheets and keograms of series or of the library")
    option = add_command(
        films, "make", "make one, and print its path; Ctrl-C leaves it to the daemon", make
    ).add_argument
    option("series", nargs="?", metavar="SERIES", help="whose pictures; default: the library's")
    option("--kind", choices=list(KINDS), default="film", help="default: film")
    option("--from", metavar="TIME", help="like 2026-11-20T08:30, by the local clock; default: the first")
    option("--to", metavar="TIME", help="default: the last picture")
    option("--fps", type=int, metavar="N", help=f"pictures a second, 1 to 60; default: {DEFAULT_FPS}")
    option("--width", type=int, metavar="PX", help="default: as taken")
    option("--crop", type=float, nargs=4, metavar=("X", "Y", "W", "H"), help="a part, as fractions: 0 0.25 1 0.5")
    option("--deflicker", action="store_const", const=True, help="even out small steps of brightness")
    option("--stamp", action="store_const", const=True, help="show date and time in each picture")
    option("--no-wait", action="store_true", help="order it, and print its id")
    lister = add_command(films, "list", "list them, newest first", list_films)
    lister.add_argument("series", nargs="?", metavar="SERIES", help="only of this series")
    shower = add_command(films, "show", "say how far one is, or what it is", show)
    deleter = add_command(films, "delete", "cancel or delete one, for good", delete)
    for parser in (shower, deleter):
        parser.add_argument("id", metavar="ID", help="as listed")


def make(paths: Paths, arguments: Arguments) -> Result:
    """Order a film, and wait for it; a terminal shows the progress."""
    document = {field: value for field in FIELDS if (value := getattr(arguments, field)) is not None}
    with naming_field():
        from_document(document, local_zone(arguments.environ))
    film = order(paths.socket, "film", "make", order=document)["film"]
    if arguments.no_wait:
        return Result([film["id"]], film)
    try:
        return _done(paths, _wait_for(FilmStore(paths), film["id"]))
    except KeyboardInterrupt:
        text = f"{film['id']} is made without you: stillcam film show {film['id']}"
        raise StillcamError(text) from None


def list_films(paths: Paths, arguments: Arguments) -> Result:
    store = FilmStore(paths)
    try:
        found = store.films_of(arguments.series) if arguments.series else store.all()
    except SettingsError as error:
        raise StillcamError(f"there is no series called {arguments.series!r}") from error
    except OSError as error:
        raise StillcamError(f"the films cannot be read ({error.strerror}): check the disk with df") from error
    lines = [_line(film) for film in found]
    return Result(lines or ["there are no films"], {"films": [film.to_api() for film in found]})


def show(paths: Paths, arguments: Arguments) -> Result:
    """The state of a film, and its path once it is done."""
    store = FilmStore(paths)
    film = _found(store, arguments.id)
    lines = [_line(film)] + ([str(store.file_path(film))] if film.state == "done" else [])
    return Result(lines, film.to_api(), film.state != "failed")


def delete(paths: Paths, arguments: Arguments) -> Result:
    """Cancel or delete a film; it can be made again."""
    order(paths.socket, "film", "delete", id=_found(FilmStore(paths), arguments.id).id)
    return Result([f"{arguments.id} is deleted"], {"deleted": arguments.id})


def _wait_for(store: FilmStore, id_: str) -> Film:
    """The film once it is done, or has failed."""
    with progress_line() as show_line:
        while (film := _found(store, id_)).state in ("waiting", "running"):
            show_line(_state(film))
            time.sleep(PROGRESS_POLL_S)
    return film


def _done(paths: Paths, film: Film) -> Result:
    if film.state == "failed":
        raise StillcamError(f"{film.id}: {film.error}")
    path = str(FilmStore(paths).file_path(film))
    return Result([path], {**film.to_api(), "path": path})


def _found(store: FilmStore, id_: str) -> Film:
    try:
        return store.find(id_)
    except LookupError as error:
        raise StillcamError(error.args[0]) from error


def _line(film: Film) -> str:
    of = film.order.series or "the library"
    day = f" on {film.order.day}" if film.order.day else ""
    return f"{film.id}: of {of}{day}; {_state(film)}"


def _state(film: Film) -> str:
    """The progress, or the outcome."""
    if film.state == "running":
        return f"{film.progress:.0%}" + ("" if film.left_s is None else f", {film.left_s:.0f} s left")
    if film.state == "failed":
        return f"failed: {film.error}"
    if film.state != "done":
        return film.state
    long = "" if film.duration_s is None else f", {film.duration_s:g} s"
    without = f"; {film.skipped} unreadable ones left out: {', '.join(film.left_out)}" if film.left_out else ""
    return f"{film.pictures} pictures{long}, {size_text(film.bytes or 0)}{without}"
