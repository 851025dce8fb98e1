"""Retention of series: prunes shots that are too old, and thins series whose disk is nearly full.

It runs in the background worker. What is too old goes into the trash for 30 days, and not while the clock is in doubt;
what must free space is deleted for good.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from stillcam.capture.library_writer.clock_trust import ClockTrust
from stillcam.common.deletion import Note
from stillcam.common.disk_space import Disk
from stillcam.library.trash import KEPT_S, TRASH_FOLDER, Trash, stamp
from stillcam.series.folder import Series
from stillcam.series.retention import has_old, prune, thin

THIN_S = 600.0  # from one thinning of series to the next: it takes a while to free what is needed
NEARLY_FULL = 2  # a disk with less than so many reserves free


@dataclass(eq=False)
class SeriesRetention:
    """Retention of all series. Used by one thread."""

    _series: Callable[[], Iterable[Series]]
    _disk_of: Callable[[Series], Disk]
    _clock: ClockTrust
    _should_stop: Callable[[], bool]  # called after every few shots
    _note: Note  # what cannot be deleted
    _looked_s: float = -math.inf  # for what is too old (monotonic)
    _thin_s: float = -math.inf  # when to look for what to thin (monotonic)

    def regular(self) -> None:
        now_s = time.monotonic()
        if now_s - self._looked_s >= self._clock.interval_s:
            self._looked_s = now_s
            self._prune_all()
        if now_s >= self._thin_s and (full := [one for one in self._series() if self._nearly_full(one)]):
            self._thin_s = now_s + THIN_S
            done = "thinned: its disk is nearly full"
            self._each(full, done, lambda series: thin(series, self._should_stop, self._note))

    def _prune_all(self) -> None:
        reading = self._clock.read()
        due = [one for one in self._series() if self._is_due(one, reading.now_s)]
        if not self._clock.must_wait("series", bool(due), reading):
            self._each(due, "pruned", lambda series: self._prune(series, reading.now_s))

    def _is_due(self, series: Series, now_s: float) -> bool:
        return has_old(series, int(now_s * 1000)) or Trash(series.folder).has_old(now_s - KEPT_S)

    def _prune(self, series: Series, now_s: float) -> int:
        full = self._nearly_full(series)
        Trash(series.folder).empty(None if full else now_s - KEPT_S, self._should_stop, self._note)
        aside = None if full else series.folder / TRASH_FOLDER / stamp(now_s)
        return prune(series, int(now_s * 1000), self._should_stop, self._note, aside)

    def _nearly_full(self, series: Series) -> bool:
        disk = self._disk_of(series)
        try:
            return disk.free_bytes() < NEARLY_FULL * disk.reserve_bytes()
        except OSError:  # it is not there
            return False

    def _each(self, among: Iterable[Series], done: str, work: Callable[[Series], int]) -> None:
        for series in among:
            if self._should_stop():
                return
            try:
                if count := work(series):
                    logging.info("series %s was %s: deleted %s shots", series.name, done, count)
            except OSError as error:  # the folder may have been deleted meanwhile
                logging.error("cannot delete shots of series %s (%s): %s", series.name, done, error)
