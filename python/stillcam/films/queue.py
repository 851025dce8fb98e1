"""Has films made: one at a time, by a child of low priority, whatever browser is closed meanwhile.

What is ordered is on disk before it is answered. A daemon that ends leaves it as it is, and the
next one begins it again, however often; so it is after a power cut. A child that crashes is given three tries.
"""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from stillcam.common import log
from stillcam.common.child_process import wait_readable
from stillcam.common.disk_space import Disk
from stillcam.common.errors import CameraError, SettingsError, StillcamError
from stillcam.common.folders import identity, unwritable
from stillcam.common.formats import utc_text
from stillcam.common.paths import Paths
from stillcam.common.threads import keep
from stillcam.films.film_days import FilmDays
from stillcam.films.order import Order, from_document
from stillcam.films.process import Crashed, make
from stillcam.films.progress import left_s
from stillcam.films.record import Film, new_id
from stillcam.films.sources import shots_of
from stillcam.films.store import Shelf
from stillcam.ipc.protocol import Message
from stillcam.series.commands import CommandError
from stillcam.settings.schema import FileSettings

MAX_WAITING = 100
MAX_CRASHES = 3  # of its program; then it has failed
BEAT_S = 60.0  # how often days are looked for that are over
SAVE_S = 2.0  # how often its record says how far it is
END_S = 10.0  # that one which is cancelled has to end
LAST_S = 0.5  # the same, when the daemon ends


class Unwanted(Exception):
    """A film is not made to its end: somebody has cancelled it, or the daemon ends."""


class Films:
    """The films that wait, and the one that is being made.

    Args:
        paths: of the camera.
        files: gives the settings in force.
        zone: gives the name of the local clock's zone.
        rests: whether films rest now: the hardware that encodes them is the video's that is being recorded.
    """

    def __init__(
        self, paths: Paths, files: Callable[[], FileSettings], zone: Callable[[], str], rests: Callable[[], bool]
    ) -> None:
        self._paths = paths
        self._files = files
        self._zone = zone
        self._rests = rests
        self._shelf = Shelf(paths)
        self._days = FilmDays(paths, self._shelf, self._add)
        self._lock = threading.Lock()
        self._waiting: list[str] = []
        self._running: str | None = None
        self._over = threading.Event()  # nothing is being made
        self._wake = os.eventfd(0, os.EFD_NONBLOCK)
        self._closing = False
        self._places: object = ()  # of the folders that have been looked through
        self._ended: threading.Event | None = None

    def start(self) -> None:
        """Go on with what there is."""
        self._ended = keep(self._run, "films")

    def leave(self) -> None:
        """The daemon ends soon; may be called from a signal handler."""
        self._closing = True
        os.eventfd_write(self._wake, 1)

    def close(self) -> None:
        """The daemon ends."""
        self.leave()
        if self._ended:
            self._ended.wait(LAST_S)

    def handle(self, message: Message) -> Message:
        """Answer `make` with the `film`, and `delete`, which cancels too, with nothing.

        A refusal has `cause` and `field`. Called by the command socket's threads.
        """
        try:
            if message.get("do") == "make":
                return {"film": self._order(message.get("order")).told()}
            if message.get("do") == "delete":
                self._remove(str(message.get("id")))
                return {}
            raise CommandError("wrong", "do must be make or delete", "do")
        except CommandError as error:
            return {"error": str(error), "cause": error.cause, "field": error.field}

    # --- what is asked

    def _order(self, document: Any) -> Film:
        try:
            order = from_document(document, self._zone())
        except SettingsError as error:
            raise CommandError("wrong", str(error), error.field or None) from error
        if order.kind == "film" and not shutil.which("ffmpeg"):
            raise CommandError("missing", "a film needs ffmpeg: sudo apt install -y ffmpeg")
        if len(self._waiting) >= MAX_WAITING:
            raise CommandError("state", f"{MAX_WAITING} films are waiting already: look again later")
        self._find_one(order)
        try:
            self._disk(order).check()
            return self._add(order)
        except CameraError as error:
            raise CommandError("disk", error.reason) from error
        except OSError as error:
            raise CommandError("disk", unwritable(self._shelf.folder(order.series), error)) from error

    def _find_one(self, order: Order) -> None:
        """Make sure that there is a picture."""
        try:
            found = next(shots_of(order, self._paths), None)
        except StillcamError as error:
            raise CommandError("unknown", str(error), "series") from error
        except OSError as error:
            raise CommandError("disk", f"the pictures cannot be read ({error.strerror})") from error
        if found is None:
            part = " of that time" if (order.from_ms, order.to_ms) != (None, None) else ""
            raise CommandError("state", f"{order.series or 'the library'} has no picture{part}")

    def _add(self, order: Order) -> Film:
        with self._lock:
            film = Film(self._free_id(order.kind), order)
            self._shelf.add(film)
            self._waiting.append(film.id)
        os.eventfd_write(self._wake, 1)
        return film

    def _free_id(self, kind: str) -> str:
        time_s = time.time()
        while True:
            try:
                self._shelf.find(id_ := new_id(kind, time_s))
            except LookupError:
                return id_
            time_s += 0.001

    def _remove(self, id_: str) -> None:
        """Cancel it, or delete it; it is gone when this returns."""
        try:
            film = self._shelf.find(id_)
        except LookupError as error:
            raise CommandError("unknown", error.args[0]) from error
        try:
            with self._lock:
                runs = self._running == id_
                self._days.forget(film)
                self._shelf.record(film).unlink(missing_ok=True)  # without it, it is not wanted
                self._waiting = [one for one in self._waiting if one != id_]
            if runs:
                os.eventfd_write(self._wake, 1)
                self._over.wait(END_S)
            self._shelf.remove(film)
        except OSError as error:
            raise CommandError("disk", f"it cannot be deleted ({error.strerror}): check df -h") from error

    def _disk(self, order: Order) -> Disk:
        return Disk(self._shelf.folder(order.series).parent, lambda: self._files().floor_mb)

    # --- what is made, by a thread of its own

    def _run(self) -> None:
        while not self._closing:
            try:
                self._begin()
                self._days.look(int(time.time() * 1000))
                if film := self._next():
                    self._make(film)
                else:
                    self._rest()
            except Unwanted:
                continue
            except OSError as error:  # the disk is full or fails, or the series was deleted meanwhile
                logging.error("films cannot be worked on: %s", error)
                with self._lock:
                    self._waiting[:0] = [self._running] if self._running else []
                self._rest()
            except Exception as error:  # noqa: BLE001 - it is logged
                log.fault("a film", error)
            finally:
                with self._lock:
                    self._running = None
                    self._over.set()

    def _rest(self) -> None:
        """Wait until there may be something to do."""
        wait_readable(BEAT_S, self._wake)
        with contextlib.suppress(BlockingIOError):
            os.eventfd_read(self._wake)

    def _begin(self) -> None:
        """Queue what waits, or was broken off, in folders that have not been looked through: a disk may have come."""
        places = identity(self._paths.series), identity(self._paths.films)
        if places == self._places:
            return
        self._places = places
        try:
            with self._lock:  # nobody writes a record
                self._shelf.sweep()
            left = [film.id for film in reversed(self._shelf.all()) if film.state in ("waiting", "running")]
        except OSError as error:
            logging.error("the films cannot be read: %s", error)
            return
        with self._lock:
            self._waiting = [*left, *(one for one in self._waiting if one not in left)]

    def _next(self) -> Film | None:
        """The next one, which is then running."""
        with self._lock:
            while self._waiting:
                id_ = self._waiting.pop(0)
                with contextlib.suppress(LookupError):  # its series may have been deleted
                    film = self._shelf.find(id_)
                    self._running = id_
                    self._over.clear()
                    return film
            return None

    def _make(self, film: Film) -> None:
        """Make it, or say why not.

        Raises:
            Unwanted: it is not made.
            OSError: it cannot be written.
        """
        film = replace(film, state="running", progress=0.0, left_s=None)
        began_s = saved_s = time.monotonic()

        def may_go_on() -> bool:
            if self._closing or not self._shelf.record(film).exists():
                raise Unwanted
            self._disk(film.order).check()
            return not self._rests()

        def tell(done: int, of: int) -> None:
            nonlocal saved_s
            now_s = time.monotonic()
            if now_s - saved_s >= SAVE_S:
                saved_s = now_s
                told = replace(film, progress=round(done / of, 4), left_s=left_s(done, of, now_s - began_s))
                self._save(told, durable=False)

        try:
            may_go_on()
            self._save(film)
            made = make(film, self._paths, self._wake, may_go_on, tell)
            self._keep(film, made, time.monotonic() - began_s)
        except Crashed as error:
            self._crashed(replace(film, crashes=film.crashes + 1), error)
        except StillcamError as error:
            logging.error("film %s: %s", film.id, error)
            self._shelf.clear(film)  # a disk that it has filled has room again
            self._save(replace(film, state="failed", error=str(error)))
        finally:
            self._shelf.clear(film)

    def _crashed(self, film: Film, error: Crashed) -> None:
        """Its program has crashed: it is tried again when the others have had their turn."""
        logging.error("film %s, try %s of %s: %s", film.id, film.crashes, MAX_CRASHES, error)
        if film.crashes >= MAX_CRASHES:
            self._save(replace(film, state="failed", error=str(error)))
            return
        self._save(replace(film, state="waiting"))
        with self._lock:
            self._waiting.append(film.id)

    def _keep(self, film: Film, made: dict[str, Any], took_s: float) -> None:
        """It is whole."""
        file = self._shelf.work(film) / str(made["file"])
        with self._lock:
            if not self._shelf.record(film).exists():
                raise Unwanted
            about = {name: made[name] for name in ("duration_s", "pictures", "skipped", "left_out")}
            size = (int(made["size"][0]), int(made["size"][1]))
            film = replace(film, state="done", progress=1.0, size=size, bytes=file.stat().st_size, **about)
            self._shelf.keep(replace(film, made=utc_text(time.time())), file)
        logging.info("film %s of %s pictures is made, in %.0f s", film.id, film.pictures, took_s)
        if film.left_out:
            logging.warning("film %s: left out %s unreadable ones: %s", film.id, film.skipped, ", ".join(film.left_out))

    def _save(self, film: Film, durable: bool = True) -> None:
        with self._lock:
            if not self._shelf.record(film).exists():
                raise Unwanted
            self._shelf.save(film, durable)
