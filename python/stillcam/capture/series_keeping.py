"""Has the shots of series taken away that are not to be kept: in the backroom, now and then."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable

from stillcam.capture.disk import Disk
from stillcam.series.keep import prune, thin
from stillcam.series.store import Series

HOURLY_S = 3600.0
THIN_S = 600.0  # from one time to the next: it takes a while until that has freed what is needed
NEAR = 2  # so many floors free, and no more, are near the floor


class Keeping:
    """Keeps series as their owner wants it. Used by one thread.

    Args:
        series: gives all of them.
        disk: theirs.
        closing: whether the daemon ends.
    """

    def __init__(self, series: Callable[[], Iterable[Series]], disk: Disk, closing: Callable[[], bool]) -> None:
        self._series = series
        self._disk = disk
        self._closing = closing
        self._prune_s = self._thin_s = time.monotonic()

    def regular(self) -> None:
        """To be called every few seconds."""
        now_s = time.monotonic()
        if now_s >= self._prune_s:
            self._prune_s = now_s + HOURLY_S
            self._each("pruned", lambda series: prune(series, int(time.time() * 1000), self._closing))
        if now_s >= self._thin_s and self._disk.free_bytes() < NEAR * self._disk.floor_bytes():
            self._thin_s = now_s + THIN_S
            self._each("thinned: the disk is nearly full", lambda series: thin(series, self._closing))

    def _each(self, done: str, work: Callable[[Series], int]) -> None:
        for series in self._series():
            if self._closing():
                return
            try:
                if count := work(series):
                    logging.info("series %s is %s: %s shots are gone", series.name, done, count)
            except OSError as error:  # the folder may have been deleted meanwhile
                logging.error("series %s cannot be %s: %s", series.name, done, error)
