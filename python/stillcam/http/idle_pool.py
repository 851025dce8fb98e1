"""Connections between two requests: they wait together, and need no thread each.

One thread, the attendant, watches all of them, and answers whoever asks next. Before anything that
may take long (a client that does not take its answer at once, a stream, a command to the camera)
it steps aside: another thread becomes the attendant, and it goes on with that one connection alone.
So one thread answers all that is quick, however many connections there are; to wake a thread for
each request costs as much again as the answer.
"""

from __future__ import annotations

import _thread
import contextlib
import os
import select
import threading
import time
from typing import Protocol

from stillcam.common import log
from stillcam.common.threads import record

AT_A_TIME = 64  # connections that the attendant hears of in one go
LOOK_S = 1.0  # from one look to the next for those who have waited too long
DEAD_S = 10.0  # an attendant that has not looked for so long has died, of want of memory, or hangs
LEAVE_TRIES = 5  # a guest that has no memory to leave tries again, so many times ...
LEAVE_AGAIN_S = 0.05  # ... after so long


class Guest(Protocol):
    """A connection that waits."""

    def fileno(self) -> int:
        """Its descriptor."""
        ...

    def overdue(self, now_s: float) -> bool:
        """Whether it has waited too long, by the monotonic clock."""
        ...

    def turn(self) -> bool:
        """Answer what has come; whether it goes on waiting."""
        ...

    def leave(self) -> None:
        """It ends. May be called again where there was no memory (MemoryError)."""
        ...


class WaitingRoom:
    """All connections that wait for a request, until closed."""

    def __init__(self) -> None:
        self._epoll = select.epoll()
        self._bell = os.eventfd(0)
        self._epoll.register(self._bell, select.EPOLLIN)
        self._lock = threading.Lock()
        self._guests: dict[int, Guest] = {}
        self._attended: Guest | None = None  # whom the attendant answers
        self._looked_s = self._alive_s = time.monotonic()
        self._closing = self._closed = False
        self._term = 0  # which attendant is in office; stepping aside hands it on
        _thread.start_new_thread(self._attend, (self._term,))

    def add(self, guest: Guest) -> None:
        """From here on its requests are answered; it leaves when that is over."""
        fd = guest.fileno()
        with self._lock:
            if not self._closed:
                self._guests[fd] = guest
                self._epoll.register(fd, select.EPOLLIN)
                self._have_attendant()
                return
        _show_out(guest)

    def see_to_attendant(self) -> None:
        """Have another one where it has died; to be called now and then, or nobody might notice."""
        with self._lock:
            self._have_attendant()

    def step_aside(self, guest: Guest) -> None:
        """What follows in the guest's turn may take long: let another thread attend to the others.

        Does nothing when that is so already, and when there is no memory for a thread.
        """
        if self._attended is not guest:
            return
        self._remove(guest)
        self._attended = None
        try:
            _thread.start_new_thread(self._attend, (self._term,))
        except (RuntimeError, MemoryError):
            self._attended = guest
            self.add(guest)

    def close(self) -> None:
        """Have all leave, soon, and attend to nobody any more."""
        if self._closing:
            return
        self._closing = True
        os.eventfd_write(self._bell, 1)

    def _have_attendant(self) -> None:
        """Have another one where it has died: a new thread may, before its first line, without a word."""
        now_s = time.monotonic()
        if self._closing or now_s - self._alive_s < DEAD_S:
            return
        self._alive_s, self._attended = now_s, None  # one that only hung takes this for having stepped aside
        self._term += 1
        with contextlib.suppress(RuntimeError, MemoryError):
            _thread.start_new_thread(self._attend, (self._term,))

    def _attend(self, term: int) -> None:
        """Be the attendant, until it is better to step aside."""
        while not self._closing:
            try:
                aside = self._round(term)
            except Exception as error:  # noqa: BLE001 - without an attendant nobody would be answered any more
                with contextlib.suppress(Exception):  # there may be no memory to say so
                    record("connections", error)
                    log.fault("attending to connections", error)
                continue
            if aside is not None:
                self._back(*aside)
                return
            if term != self._term:
                return
        self._empty()

    def _back(self, guest: Guest, stays: bool) -> None:
        """A guest for whom the attendant stepped aside has got its answer."""
        try:
            if stays:
                self.add(guest)
                return
        except (OSError, MemoryError):  # the kernel has no memory to watch it, or we have none
            self._remove(guest)
        _show_out(guest)

    def _round(self, term: int) -> tuple[Guest, bool] | None:
        """Answer those who have asked; or one for whom to step aside, and whether that one stays."""
        for fd, _ in self._epoll.poll(LOOK_S, AT_A_TIME):
            self._alive_s = time.monotonic()
            if term != self._term:
                return None
            if guest := self._guests.get(fd):
                self._attended = guest
                stays = self._turn(guest)
                if self._attended is not guest:  # the others who have asked are the next attendant's
                    return guest, stays
                self._attended = None
                if not stays:
                    self._remove(guest)
                    _show_out(guest)
        self._alive_s = time.monotonic()
        self._look()
        return None

    def _turn(self, guest: Guest) -> bool:
        try:
            return guest.turn()
        except Exception as error:  # noqa: BLE001 - it is logged
            log.fault("answering a connection", error)
            return False

    def _look(self) -> None:
        """Have those leave who have waited too long."""
        now_s = time.monotonic()
        if now_s - self._looked_s < LOOK_S:
            return
        self._looked_s = now_s
        with self._lock:
            overdue = [guest for guest in self._guests.values() if guest.overdue(now_s)]
        for guest in overdue:
            self._remove(guest)
            _show_out(guest)

    def _remove(self, guest: Guest) -> None:
        """Watch it no more; one that had stepped aside when memory was short need not have been watched."""
        fd = guest.fileno()
        with self._lock:
            if self._guests.pop(fd, None) is not None:
                with contextlib.suppress(OSError):
                    self._epoll.unregister(fd)

    def _empty(self) -> None:
        with self._lock:
            if self._closed:  # by another attendant, who was taken for dead
                return
            self._closed = True
            guests = list(self._guests.values())
            self._guests.clear()
            self._epoll.close()
            os.close(self._bell)
        for guest in guests:
            _show_out(guest)


def _show_out(guest: Guest) -> None:
    """Have it leave: one that did not would keep its place, and its client would wait for ever."""
    for _ in range(LEAVE_TRIES):
        try:
            guest.leave()
        except MemoryError:
            time.sleep(LEAVE_AGAIN_S)
        except Exception as error:  # noqa: BLE001 - it is logged
            log.fault("leaving", error)
            return
        else:
            return
