"""Deletes the shots of series that are not to be kept: in the background, now and then.

Those that are too old lie in `.trash/WHEN/` of their series for 30 days, unless its disk is nearly full, and go
only while the clock is not in doubt.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable

from stillcam.capture.library_writer.clock_trust import ClockTrust
from stillcam.common.deletion import Note
from stillcam.common.disk_space import Disk
from stillcam.library.trash import FOLDER, KEPT_S, Trash, stamp
from stillcam.series.folder import Series
from stillcam.series.retention import has_old, prune, thin

HOURLY_S = 3600.0
WAITS_S = 60.0  # the same, while something waits for the clock
THIN_S = 600.0  # from one time to the next: it takes a while until that has freed what is needed
NEAR = 2  # a disk with less than this many times the reserve free is nearly full


class SeriesRetention:
    """Keeps series as their owner wants it. Used by one thread.

    Args:
        series: gives all of them.
        disk_of: gives the disk that a series is on.
        ages: knows whether the clock can be trusted with them.
        over: whether to break off; asked after every few shots.
        note: is told what cannot be deleted.
    """

    def __init__(
        self,
        series: Callable[[], Iterable[Series]],
        disk_of: Callable[[Series], Disk],
        ages: ClockTrust,
        over: Callable[[], bool],
        note: Note,
    ) -> None:
        self._series = series
        self._disk_of = disk_of
        self._clock = ages
        self._over = over
        self._note = note
        self._thin_s = time.monotonic()
        self._pruned_s = self._thin_s - HOURLY_S  # when it was looked for what is too old

    def regular(self) -> None:
        """To be called every few seconds."""
        now_s = time.monotonic()
        if now_s - self._pruned_s >= (WAITS_S if self._clock.reason else HOURLY_S):
            self._pruned_s = now_s
            self._prune_all()
        if now_s >= self._thin_s and (near := [series for series in self._series() if self._is_near(series)]):
            self._thin_s = now_s + THIN_S
            done = "thinned: its disk is nearly full"
            self._each(near, done, lambda series: thin(series, self._over, self._note))

    def _prune_all(self) -> None:
        """Take away what is too old."""
        now_s = time.time()
        due = [one for one in self._series() if self._is_due(one, now_s)]
        if not self._clock.waits("series", bool(due), now_s, time.monotonic()):
            self._each(due, "pruned", lambda series: self._prune(series, now_s))

    def _is_due(self, series: Series, now_s: float) -> bool:
        return has_old(series, int(now_s * 1000)) or Trash(series.folder).has_old(now_s - KEPT_S)

    def _prune(self, series: Series, now_s: float) -> int:
        near = self._is_near(series)
        Trash(series.folder).empty(None if near else now_s - KEPT_S, self._over, self._note)
        aside = None if near else series.folder / FOLDER / stamp(now_s)
        return prune(series, int(now_s * 1000), self._over, self._note, aside)

    def _is_near(self, series: Series) -> bool:
        """Whether its disk is nearly full."""
        disk = self._disk_of(series)
        try:
            return disk.free_bytes() < NEAR * disk.reserve_bytes()
        except OSError:  # it is not there
            return False

    def _each(self, among: Iterable[Series], done: str, work: Callable[[Series], int]) -> None:
        for series in among:
            if self._over():
                return
            try:
                if count := work(series):
                    logging.info("series %s is %s: %s shots are gone", series.name, done, count)
            except OSError as error:  # the folder may have been deleted meanwhile
                logging.error("series %s cannot be %s: %s", series.name, done, error)
