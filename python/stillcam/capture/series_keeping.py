"""Has the shots of series taken away that are not to be kept: in the backroom, now and then."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable

from stillcam.capture.disk import Disk
from stillcam.deletion import Note
from stillcam.series.keep import prune, thin
from stillcam.series.store import Series

HOURLY_S = 3600.0
THIN_S = 600.0  # from one time to the next: it takes a while until that has freed what is needed
NEAR = 2  # so many floors free, and no more, are near the floor


class Keeping:
    """Keeps series as their owner wants it. Used by one thread.

    Args:
        series: gives all of them.
        disk_of: gives the disk that a series is on.
        over: whether to break off; asked after every few shots.
        note: is told what cannot be deleted.
    """

    def __init__(
        self,
        series: Callable[[], Iterable[Series]],
        disk_of: Callable[[Series], Disk],
        over: Callable[[], bool],
        note: Note,
    ) -> None:
        self._series = series
        self._disk_of = disk_of
        self._over = over
        self._note = note
        self._prune_s = self._thin_s = time.monotonic()

    def regular(self) -> None:
        """To be called every few seconds."""
        now_s = time.monotonic()
        if now_s >= self._prune_s:
            self._prune_s = now_s + HOURLY_S
            now_ms = int(time.time() * 1000)
            self._each(self._series(), "pruned", lambda series: prune(series, now_ms, self._over, self._note))
        if now_s >= self._thin_s and (near := [series for series in self._series() if self._is_near(series)]):
            self._thin_s = now_s + THIN_S
            done = "thinned: its disk is nearly full"
            self._each(near, done, lambda series: thin(series, self._over, self._note))

    def _is_near(self, series: Series) -> bool:
        """Whether its disk is nearly full."""
        disk = self._disk_of(series)
        try:
            return disk.free_bytes() < NEAR * disk.floor_bytes()
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
