"""Where films lie: those of a series in its folder, those of the library in one of their own.

Of each there is a record, `ID.json`, and once it is done its file. What is being made is in a
folder `.ID`, which a crash may leave. The capture daemon writes here, and everybody reads.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from stillcam.common.atomic_write import sync
from stillcam.common.errors import SettingsError
from stillcam.common.paths import Paths
from stillcam.films.record import Film, is_id, read_film
from stillcam.series.definition import check_name
from stillcam.series.state import write_json

FOLDER = "films"  # of a series


class Shelf:
    """The films of one camera.

    Args:
        paths: its folders.
    """

    def __init__(self, paths: Paths) -> None:
        self._library = paths.films
        self._series = paths.series

    def folder(self, series: str | None) -> Path:
        """Where the films of a series are, or those of the library (None); it need not be there.

        Raises:
            SettingsError: no series can be called so.
        """
        return self._library if series is None else self._series / check_name(series) / FOLDER

    def of(self, series: str | None) -> list[Film]:
        """The films of a series, or of the library (None), newest first.

        Raises:
            SettingsError: no series can be called so.
            OSError: they cannot be read.
        """
        return sorted(_films(self.folder(series)), key=lambda film: film.id, reverse=True)

    def all(self) -> list[Film]:
        """Every film, newest first.

        Raises:
            OSError: they cannot be read.
        """
        films = (film for folder in self._folders() for film in _films(folder))
        return sorted(films, key=lambda film: film.id, reverse=True)

    def find(self, id_: str) -> Film:
        """The film called so.

        Raises:
            LookupError: there is none.
        """
        if is_id(id_):
            for folder in self._folders():
                if film := _film(folder / f"{id_}.json"):
                    return film
        raise LookupError("there is no such film: it may have been deleted")

    def path(self, film: Film) -> Path:
        """Its file; there is none before it is done."""
        return self.folder(film.order.series) / film.file

    def record(self, film: Film) -> Path:
        """Its record."""
        return self.folder(film.order.series) / f"{film.id}.json"

    def work(self, film: Film) -> Path:
        """The folder of what is being made of it."""
        return self.folder(film.order.series) / f".{film.id}"

    def add(self, film: Film) -> None:
        """One that was not there.

        Raises:
            OSError: it could not be written; there is nothing of it.
        """
        folder = self.folder(film.order.series)
        folder.mkdir(exist_ok=True)  # not more: a series that is gone stays so
        self.save(film, durable=True)

    def save(self, film: Film, durable: bool) -> None:
        """Write its record.

        Raises:
            OSError: it could not be written; it is as it was.
        """
        write_json(self.record(film), film.record(), durable)

    def keep(self, film: Film, whole: Path) -> None:
        """It is done: `whole`, a file in its work folder, gets its place.

        Raises:
            OSError: it could not be written.
        """
        sync(whole)
        whole.rename(self.path(film))
        self.save(film, durable=True)

    def clear(self, film: Film) -> None:
        """Nothing is left of what was not whole."""
        shutil.rmtree(self.work(film), ignore_errors=True)

    def remove(self, film: Film) -> None:
        """Nothing is left of it.

        Raises:
            OSError: it cannot be deleted.
        """
        self.clear(film)
        self.path(film).unlink(missing_ok=True)
        self.record(film).unlink(missing_ok=True)

    def sweep(self) -> None:
        """Delete what a crash has left half-done."""
        for folder in self._folders():
            for left in folder.glob(".*") if folder.is_dir() else ():
                if left.is_dir():
                    shutil.rmtree(left, ignore_errors=True)
                else:
                    left.unlink(missing_ok=True)

    def _folders(self) -> Iterator[Path]:
        """All that may be there."""
        yield self._library
        try:
            names = sorted(path.name for path in self._series.iterdir())
        except FileNotFoundError:
            return
        for name in names:
            try:
                yield self.folder(name)
            except SettingsError:
                continue  # being made or deleted


def _films(folder: Path) -> Iterator[Film]:
    try:
        names = [path.name for path in folder.iterdir() if path.suffix == ".json" and is_id(path.stem)]
    except (FileNotFoundError, NotADirectoryError):
        return
    for name in names:
        if film := _film(folder / name):
            yield film


def _film(path: Path) -> Film | None:
    try:
        about = path.stat()
        return _read(path, about.st_ino, about.st_mtime_ns, about.st_size)
    except FileNotFoundError:
        return None
    except ValueError as error:
        logging.debug("%s", error)
        return None


@lru_cache(maxsize=4096)
def _read(path: Path, _inode: int, _changed_ns: int, _size: int) -> Film:
    """Whoever looks how far one is reads no other again."""
    return read_film(path)
