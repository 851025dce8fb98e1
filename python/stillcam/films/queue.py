"""The queue of films: rendered one at a time by a child process of low priority.

An order is on disk before it is answered. A film that is unfinished when the daemon ends, or the power fails, is
rendered from the start by the next daemon, however often. A renderer that crashes is tried three times.
"""

from __future__ import annotations

import contextlib
import logging
import os
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from stillcam.common import log
from stillcam.common.child_process import find_program, wait_readable
from stillcam.common.disk_space import Disk
from stillcam.common.errors import StillcamError
from stillcam.common.folders import device_and_inode
from stillcam.common.formats import utc_text
from stillcam.common.paths import Paths
from stillcam.common.threads import start_restarting
from stillcam.films.daily import DailyFilms
from stillcam.films.ffmpeg import NO_FFMPEG
from stillcam.films.order import Order, from_document
from stillcam.films.process import RenderCrashed, render_film
from stillcam.films.record import Film, new_id
from stillcam.films.sources import sources_of
from stillcam.films.store import FilmStore
from stillcam.series.commands import CommandError, refusing
from stillcam.settings.schema import FileSettings

MAX_WAITING = 100
MAX_CRASHES = 3  # of the renderer; then the film has failed
DAILY_S = 60.0  # how often days are looked for that are over
SAVE_S = 2.0  # how often progress is recorded
CANCEL_S = 10.0  # for the renderer of a cancelled film to end
CLOSE_S = 0.5  # the same, when the daemon ends


class Cancelled(Exception):
    """The film that is being rendered has been cancelled, or the daemon ends."""


class FilmQueue:
    """The films that wait, and the one that is being rendered.

    Args:
        files: gives the settings in force.
        zone: gives the name of the local time zone.
        is_paused: whether films are paused: the hardware encoder belongs to the video that is being recorded.
    """

    def __init__(
        self, paths: Paths, files: Callable[[], FileSettings], zone: Callable[[], str], is_paused: Callable[[], bool]
    ) -> None:
        self._paths = paths
        self._files = files
        self._zone = zone
        self._is_paused = is_paused
        self._store = FilmStore(paths)
        self._daily = DailyFilms(paths, self._store, self._add)
        self._lock = threading.Lock()
        self._waiting: list[str] = []
        self._running: str | None = None
        self._idle = threading.Event()  # nothing is being rendered
        self._wake = os.eventfd(0, os.EFD_NONBLOCK)
        self._closing = False
        self._resumed: object = ()  # the identities of the folders whose films have been queued
        self._ended: threading.Event | None = None

    def start(self) -> None:
        self._ended = start_restarting(self._run, "films")

    def stop(self) -> None:
        """Stop rendering, as the daemon ends; safe to call from a signal handler."""
        self._closing = True
        os.eventfd_write(self._wake, 1)

    def close(self) -> None:
        self.stop()
        if self._ended:
            self._ended.wait(CLOSE_S)

    def handle(self, message: dict[str, Any]) -> dict[str, Any]:
        """Handle a command, in a thread of the command socket: `make` returns the `film`, `delete` also cancels."""
        try:
            if message.get("do") == "make":
                return {"film": self._order(message.get("order")).to_api()}
            if message.get("do") == "delete":
                self._delete(str(message.get("id")))
                return {}
            raise CommandError("wrong", "do must be make or delete", "do")
        except CommandError as error:
            return {"error": str(error), "cause": error.cause, "field": error.field}

    # --- commands

    def _order(self, document: Any) -> Film:
        with refusing(self._paths.data):
            order = from_document(document, self._zone())
        if order.kind == "film" and not find_program("ffmpeg"):
            raise CommandError("missing", NO_FFMPEG)
        if len(self._waiting) >= MAX_WAITING:
            raise CommandError("state", f"{MAX_WAITING} films are already waiting: try again later")
        try:
            found = next(sources_of(order, self._paths), None)
        except StillcamError as error:
            raise CommandError("unknown", str(error), "series") from error
        except OSError as error:
            raise CommandError("disk", f"the pictures cannot be read ({error.strerror})") from error
        if found is None:
            span = " in that time" if (order.from_ms, order.to_ms) != (None, None) else ""
            raise CommandError("state", f"{order.series or 'the library'} has no pictures{span}")
        with refusing(self._store.folder(order.series)):
            self._disk(order).check()
            return self._add(order)

    def _add(self, order: Order) -> Film:
        with self._lock:
            film = Film(self._free_id(order.kind), order)
            self._store.add(film)
            self._waiting.append(film.id)
        os.eventfd_write(self._wake, 1)
        return film

    def _free_id(self, kind: str) -> str:
        time_s = time.time()
        with contextlib.suppress(LookupError):
            while True:
                self._store.find(new_id(kind, time_s))
                time_s += 0.001
        return new_id(kind, time_s)

    def _delete(self, id_: str) -> None:
        """Cancel or delete a film; it is gone when this returns."""
        try:
            film = self._store.find(id_)
        except LookupError as error:
            raise CommandError("unknown", error.args[0]) from error
        with refusing(self._store.folder(film.order.series)):
            with self._lock:
                running = self._running == id_
                self._daily.mark_deleted(film)
                self._store.record_path(film).unlink(missing_ok=True)  # this cancels it
                self._waiting = [one for one in self._waiting if one != id_]
            if running:
                os.eventfd_write(self._wake, 1)
                self._idle.wait(CANCEL_S)
            self._store.delete(film)

    def _disk(self, order: Order) -> Disk:
        return Disk(self._store.folder(order.series).parent, lambda: self._files().floor_mb)

    # --- the thread that renders

    def _run(self) -> None:
        while not self._closing:
            try:
                self._resume()
                self._daily.order_due(int(time.time() * 1000))
                if film := self._next():
                    self._render(film)
                else:
                    self._wait()
            except Cancelled:
                continue
            except OSError as error:  # the disk is full or fails, or the series was deleted meanwhile
                logging.error("films cannot be rendered: %s", error)
                with self._lock:
                    self._waiting[:0] = [self._running] if self._running else []
                self._wait()
            except Exception as error:  # noqa: BLE001 - it is logged
                log.fault("a film", error)
            finally:
                with self._lock:
                    self._running = None
                    self._idle.set()

    def _wait(self) -> None:
        wait_readable(DAILY_S, self._wake)
        with contextlib.suppress(BlockingIOError):
            os.eventfd_read(self._wake)

    def _resume(self) -> None:
        """Queue the unfinished films on disk, at the start and when another disk has been mounted."""
        folders = device_and_inode(self._paths.series), device_and_inode(self._paths.films)
        if folders == self._resumed:
            return
        self._resumed = folders
        try:
            with self._lock:  # no record is being written
                self._store.delete_leftovers()
            unfinished = [film.id for film in reversed(self._store.all()) if film.state in ("waiting", "running")]
        except OSError as error:
            logging.error("the films cannot be read: %s", error)
            return
        with self._lock:
            self._waiting = [*unfinished, *(one for one in self._waiting if one not in unfinished)]

    def _next(self) -> Film | None:
        """The next film, which is running from then on."""
        with self._lock:
            while self._waiting:
                id_ = self._waiting.pop(0)
                with contextlib.suppress(LookupError):  # its series may have been deleted
                    film = self._store.find(id_)
                    self._running = id_
                    self._idle.clear()
                    return film
            return None

    def _render(self, film: Film) -> None:
        """Render a film, and record the result or the failure; Cancelled, or OSError: it cannot be written."""
        film = replace(film, state="running", progress=0.0, left_s=None)
        began_s = saved_s = time.monotonic()

        def may_continue() -> bool:
            if self._closing or not self._store.record_path(film).exists():
                raise Cancelled
            self._disk(film.order).check()
            return not self._is_paused()

        def on_progress(done: int, total: int) -> None:
            nonlocal saved_s
            now_s = time.monotonic()
            if now_s - saved_s >= SAVE_S:
                saved_s = now_s
                left_s = estimate_left_s(done, total, now_s - began_s)
                self._save(replace(film, progress=round(done / total, 4), left_s=left_s), durable=False)

        try:
            may_continue()
            self._save(film)
            result = render_film(film, self._paths, self._wake, may_continue, on_progress)
            self._publish(film, result, time.monotonic() - began_s)
        except RenderCrashed as error:
            film = replace(film, crashes=film.crashes + 1)
            logging.error("film %s, try %s of %s: %s", film.id, film.crashes, MAX_CRASHES, error)
            again = film.crashes < MAX_CRASHES
            self._save(replace(film, state="waiting") if again else replace(film, state="failed", error=str(error)))
            if again:  # behind the others
                with self._lock:
                    self._waiting.append(film.id)
        except StillcamError as error:
            logging.error("film %s: %s", film.id, error)
            self._store.delete_work(film)  # makes room on a disk that it has filled
            self._save(replace(film, state="failed", error=str(error)))
        finally:
            self._store.delete_work(film)

    def _publish(self, film: Film, result: dict[str, Any], took_s: float) -> None:
        rendered = self._store.work_folder(film) / film.file
        with self._lock:
            if not self._store.record_path(film).exists():
                raise Cancelled
            values = {name: result[name] for name in ("duration_s", "pictures", "skipped", "left_out")}
            size = (int(result["size"][0]), int(result["size"][1]))
            film = replace(film, state="done", progress=1.0, size=size, bytes=rendered.stat().st_size, **values)
            self._store.publish(replace(film, made=utc_text(time.time())), rendered)
        logging.info("film %s of %s pictures is done, in %.0f s", film.id, film.pictures, took_s)
        if film.left_out:
            logging.warning(
                "film %s: left out %s unreadable pictures: %s", film.id, film.skipped, ", ".join(film.left_out)
            )

    def _save(self, film: Film, durable: bool = True) -> None:
        with self._lock:
            if not self._store.record_path(film).exists():
                raise Cancelled
            self._store.save(film, durable)


def estimate_left_s(done: float, total: float, took_s: float) -> float | None:
    """The time in seconds that the rest takes at the same speed; None: not known yet."""
    return round(took_s * (total - done) / done, 1) if done > 0 and took_s >= 1 else None
