"""`film`: films, contact sheets, keograms and star trails. `list` and `show` need no capture daemon."""

from __future__ import annotations

import time
from typing import Any

from stillcam.cli import Arguments, Result, add_command, add_group
from stillcam.cli.daemon import naming_field, order
from stillcam.cli.output import Table
from stillcam.cli.progress import ProgressLine
from stillcam.common.clock import local_zone
from stillcam.common.errors import SettingsError, StillcamError
from stillcam.common.formats import size_text, span_text
from stillcam.common.paths import Paths
from stillcam.films.order import DEFAULT_FPS, KINDS, from_document
from stillcam.films.record import Film
from stillcam.films.store import FilmStore

PROGRESS_POLL_S = 0.5  # between two looks at the progress
FIELDS = ("kind", "series", "from", "to", "fps", "width", "crop", "deflicker", "stamp")  # of an order


def add_to(commands: Any) -> None:
    films = add_group(commands, "film", "make films, contact sheets, keograms and star trails")
    text = "make a film, contact sheet, keogram or star trails and print its path"
    option = add_command(films, "make", text, make).add_argument
    option("series", nargs="?", metavar="SERIES", help="whose shots to use (default: the photos of the library)")
    option("--kind", choices=list(KINDS), default="film",
           help="sheet: a contact sheet; keogram: one column of each picture; trails: the brightest of all pictures at"
                " each point, for star trails (default: film)")  # fmt: skip
    option("--from", metavar="TIME", help="no pictures before this time; local time like 2026-11-20T08:30")
    option("--to", metavar="TIME", help="no pictures after this time")
    option("--fps", type=int, metavar="N", help=f"pictures per second, 1 to 60 (default: {DEFAULT_FPS})")
    option("--width", type=int, metavar="PX", help="scale the pictures down to this width (default: as taken)")
    option("--crop", type=float, nargs=4, metavar=("X", "Y", "W", "H"),
           help="a part of each picture, as fractions like 0 0.25 1 0.5")  # fmt: skip
    option("--deflicker", action="store_const", const=True, help="even out small changes of brightness")
    option("--stamp", action="store_const", const=True, help="show date and time in each picture")
    option("--no-wait", action="store_true", help="print the id at once, while the daemon makes the film")
    lister = add_command(
        films, "list", "list films, contact sheets, keograms and star trails, newest first", list_films
    )
    lister.add_argument("series", nargs="?", metavar="SERIES", help="only those of one series")
    shower = add_command(films, "show", "show the progress of a film, or its length and path", show)
    deleter = add_command(films, "delete", "cancel or delete a film; there is no trash", delete)
    for parser in (shower, deleter):
        parser.add_argument("id", metavar="ID", help="as `stillcam film list` shows it")


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
        raise KeyboardInterrupt(
            f"the daemon finishes the film; `stillcam film show {film['id']}` shows the progress, "
            f"and `stillcam film delete {film['id']}` cancels it"
        ) from None


def list_films(paths: Paths, arguments: Arguments) -> Result:
    store = FilmStore(paths)
    try:
        found = store.films_of(arguments.series) if arguments.series else store.all()
    except SettingsError as error:
        raise StillcamError(f"there is no series called {arguments.series!r}") from error
    except OSError as error:
        raise StillcamError(f"the films cannot be read ({error.strerror}): check the disk with df") from error
    rows = [(film.id, film.order.series or "-", film.order.day or "-", film.state, _outcome(film)) for film in found]
    table = Table(("ID", "SERIES", "DAY", "STATE", "RESULT"), rows)
    return Result(table if rows else ["there are no films"], {"films": [film.to_api() for film in found]})


def show(paths: Paths, arguments: Arguments) -> Result:
    """The state of a film, and its path once it is done."""
    store = FilmStore(paths)
    film = _found(store, arguments.id)
    rows = [("id", film.id), ("of", film.order.series or "the library"), ("day", film.order.day or ""),
            ("state", film.state), ("result", _outcome(film)),
            ("file", str(store.file_path(film)) if film.state == "done" else "")]  # fmt: skip
    return Result(Table((), [row for row in rows if row[1]]), film.to_api(), film.state != "failed")


def delete(paths: Paths, arguments: Arguments) -> Result:
    """Cancel or delete a film; it can be made again."""
    order(paths.socket, "film", "delete", id=_found(FilmStore(paths), arguments.id).id)
    return Result([f"{arguments.id}: deleted"], {"deleted": arguments.id})


def _wait_for(store: FilmStore, id_: str) -> Film:
    """The film once it is done, or has failed."""
    with ProgressLine("") as line:
        while (film := _found(store, id_)).state in ("waiting", "running"):
            line.text = f"{film.kind}, {film.progress:.0%}" if film.state == "running" else f"{film.kind}, waiting"
            line.left_s = film.left_s
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


def _outcome(film: Film) -> str:
    """The progress, or the result; empty while it waits."""
    if film.state == "running":
        return f"{film.progress:.0%}" + ("" if film.left_s is None else f", {span_text(film.left_s)} left")
    if film.state != "done":
        return film.error or ""
    long = "" if film.duration_s is None else f", {film.duration_s:g} s"
    without = f"; {film.skipped} unreadable ones left out: {', '.join(film.left_out)}" if film.left_out else ""
    return f"{film.pictures} pictures{long}, {size_text(film.bytes or 0)}{without}"
