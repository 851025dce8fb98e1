"""Films on disk: those of a series in its folder, those of the library in a folder of their own.

Each has a record, `ID.json`, and once it is done its file. A film is rendered in a work folder `.ID`, which a crash may
leave. Only the capture daemon writes here.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path

from stillcam.common.atomic_write import sync
from stillcam.common.paths import Paths
from stillcam.films.record import Film, is_id, read_film
from stillcam.series.definition import check_name
from stillcam.series.state import series_folders, write_json

FOLDER = "films"  # of a series


class FilmStore:
    """The films of one camera.

    Raises:
        OSError: a file cannot be read or written.
        SettingsError: a series cannot have this name.
    """

    def __init__(self, paths: Paths) -> None:
        self._library = paths.films
        self._series = paths.series

    def folder(self, series: str | None) -> Path:
        """The folder of the films of a series, or of the library (None); it need not exist."""
        return self._library if series is None else self._series / check_name(series) / FOLDER

    def films_of(self, series: str | None) -> list[Film]:
        """The films of a series, or of the library (None), newest first."""
        return _films([self.folder(series)])

    def all(self) -> list[Film]:
        """Every film, newest first."""
        return _films(self._folders())

    def find(self, id_: str) -> Film:
        """The film with this id; LookupError: there is none."""
        if is_id(id_):
            for folder in self._folders():
                if film := _film(folder / f"{id_}.json"):
                    return film
        raise LookupError("there is no such film: it may have been deleted")

    def file_path(self, film: Film) -> Path:
        """Its file, which exists once it is done."""
        return self.folder(film.order.series) / film.file

    def record_path(self, film: Film) -> Path:
        return self.folder(film.order.series) / f"{film.id}.json"

    def work_folder(self, film: Film) -> Path:
        return self.folder(film.order.series) / f".{film.id}"

    def add(self, film: Film) -> None:
        self.folder(film.order.series).mkdir(exist_ok=True)  # without parents: a deleted series stays deleted
        self.save(film, durable=True)

    def save(self, film: Film, durable: bool) -> None:
        """Write the record of a film, in one step."""
        write_json(self.record_path(film), film.to_record(), durable)

    def publish(self, film: Film, rendered: Path) -> None:
        """Make a film available that is done: `rendered`, in the work folder, becomes its file."""
        sync(rendered)
        rendered.rename(self.file_path(film))
        self.save(film, durable=True)

    def delete_work(self, film: Film) -> None:
        _delete_folder(self.work_folder(film))

    def delete(self, film: Film) -> None:
        """Delete a film with all its files."""
        self.delete_work(film)
        self.file_path(film).unlink(missing_ok=True)
        self.record_path(film).unlink(missing_ok=True)

    def delete_leftovers(self) -> None:
        """Delete the work folders and temporary files that a crash has left."""
        for folder in self._folders():
            for left in folder.glob(".*") if folder.is_dir() else ():
                if left.is_dir():
                    _delete_folder(left)
                else:
                    left.unlink(missing_ok=True)

    def _folders(self) -> Iterator[Path]:
        """All folders that may hold films."""
        yield self._library
        for folder in series_folders(self._series):
            yield folder / FOLDER


def _delete_folder(folder: Path) -> None:
    import shutil

    shutil.rmtree(folder, ignore_errors=True)


def _films(folders: Iterable[Path]) -> list[Film]:
    """The films in these folders, newest first."""
    found = []
    for folder in folders:
        try:
            names = [path.name for path in folder.iterdir() if path.suffix == ".json" and is_id(path.stem)]
        except (FileNotFoundError, NotADirectoryError):
            continue
        found += [film for name in names if (film := _film(folder / name))]
    return sorted(found, key=lambda film: film.id, reverse=True)


def _film(path: Path) -> Film | None:
    try:
        stat = path.stat()
        return _read_cached(path, stat.st_ino, stat.st_mtime_ns, stat.st_size)
    except FileNotFoundError:
        return None
    except ValueError as error:
        logging.debug("%s", error)
        return None


@lru_cache(maxsize=4096)
def _read_cached(path: Path, _inode: int, _modified_ns: int, _size: int) -> Film:
    """Read a record, unless it is unchanged: the progress of one film is asked for often."""
    return read_film(path)
