"""Deletes what the owner does not want to keep: from the trash after 30 days, and by the settings of retention."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from stillcam.library.browse import size_bytes
from stillcam.library.day import Item, read_day
from stillcam.library.days import Days
from stillcam.library.favourites import Favourites
from stillcam.library.names import day_of
from stillcam.library.retention import Kept, Rule, doomed
from stillcam.library.thumbnails import Thumbnails
from stillcam.library.trash import KEPT_S, Trash
from stillcam.settings import RetentionSettings

DAY_S = 86400.0
HOURLY_S = 3600.0
LEISURE = 20  # so many times as long as a look at the library took, it is left alone


class Retention:
    """Keeps the library at `root` as its owner wants it. Used by one thread.

    Args:
        root: the library.
        free_bytes: gives what is free on its disk.
        settings: gives those in force.
        closing: whether the daemon ends.
    """

    def __init__(
        self,
        root: Path,
        free_bytes: Callable[[], int],
        settings: Callable[[], RetentionSettings],
        closing: Callable[[], bool],
    ) -> None:
        self._root = root
        self._free_bytes = free_bytes
        self._settings = settings
        self._closing = closing
        self._trash = Trash(root)
        self._thumbnails = Thumbnails(root)
        self._favourites = Favourites(root)
        self._asked = False
        self._not_before = self._hour = time.monotonic()

    def regular(self) -> None:
        """To be called now and then: once an hour empty the trash of what is old; prune where that is due."""
        if time.monotonic() >= self._hour:
            self._hour = time.monotonic() + HOURLY_S
            self._empty_trash(time.time() - KEPT_S)
            self._asked = True
        if self._asked:
            self.prune()

    def prune(self) -> None:
        """Look through the library now, or in a while if that was just done."""
        self._asked = time.monotonic() < self._not_before
        rule = rule_of(self._settings())
        if rule == Rule() or self._asked or not self._root.is_dir():
            return
        began_s = time.monotonic()
        self._prune(rule)
        self._not_before = time.monotonic() + LEISURE * (time.monotonic() - began_s)

    def _prune(self, rule: Rule) -> None:
        """Delete what is too old or too much, the oldest first: for good, as the trash would free nothing."""
        if self._free_bytes() < rule.min_free_bytes:
            self._empty_trash(time.time() + DAY_S)  # its owner has given it up already
        used = sum(kept.size_bytes for kept in self._oldest_first()) if rule.max_bytes is not None else 0
        count = 0
        for item in doomed(self._oldest_first(), rule, time.time(), used, self._free_bytes()):
            if self._closing():
                break
            self._delete(item)
            count += 1
        if count:
            logging.info("pruned %s items of the library", count)

    def _oldest_first(self) -> Iterator[Kept]:
        for day in reversed(Days(self._root).names()):
            favourites = self._favourites.of_day(day)
            for item in read_day(self._root / day):
                if self._closing():
                    return
                yield Kept(item, size_bytes(self._root, item), item.name in favourites)

    def _delete(self, item: Item) -> None:
        for name in item.files:
            (self._root / item.day / name).unlink(missing_ok=True)
        self._thumbnails.forget(item)
        if item.day != day_of(time.time()):  # nothing is being added there
            with contextlib.suppress(OSError):  # others are left
                (self._root / item.day).rmdir()

    def _empty_trash(self, before_s: float) -> None:
        limit = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(before_s))
        for trashed in self._trash.items():
            if trashed.deleted < limit:
                self._thumbnails.forget(trashed.item)
        if count := self._trash.empty(before_s):
            logging.info("emptied the trash of %s deletions", count)


def rule_of(settings: RetentionSettings) -> Rule:
    """The rule that the settings stand for."""
    return Rule(
        max_age_s=settings.max_age_days * DAY_S or None,
        max_bytes=int(settings.max_bytes_gb * 1e9) or None,
        min_free_bytes=settings.min_free_mb * 1_000_000,
    )
