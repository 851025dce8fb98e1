"""Deletes what the owner does not want to keep: from the trash after 30 days, and by the settings of retention."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from stillcam.deletion import Undeletable
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
        over: whether to break off; asked between two items.
        undeletable: is told what cannot be deleted; the rest is.
    """

    def __init__(
        self,
        root: Path,
        free_bytes: Callable[[], int],
        settings: Callable[[], RetentionSettings],
        over: Callable[[], bool],
        undeletable: Undeletable,
    ) -> None:
        self._root = root
        self._free_bytes = free_bytes
        self._settings = settings
        self._over = over
        self._undeletable = undeletable
        self._stuck: set[str] = set()  # items that could not be deleted in this hour
        self._prunes = False
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
            self._stuck.clear()
            self._asked = True
        if self._asked:
            self.prune()

    def prune(self) -> None:
        """Look through the library now, or in a while if that was just done, or is under way."""
        self._asked = self._prunes or time.monotonic() < self._not_before
        rule = rule_of(self._settings())
        if rule == Rule() or self._asked or not self._root.is_dir():
            return
        began_s = time.monotonic()
        self._prunes = True
        try:
            self._prune(rule)
        finally:
            self._prunes = False
        self._not_before = time.monotonic() + LEISURE * (time.monotonic() - began_s)

    def _prune(self, rule: Rule) -> None:
        """Delete what is too old or too much, the oldest first: for good, as the trash would free nothing."""
        if self._free_bytes() < rule.min_free_bytes:
            self._empty_trash(time.time() + DAY_S)  # its owner has given it up already
        used = sum(kept.size_bytes for kept in self._oldest_first()) if rule.max_bytes is not None else 0
        count = 0
        for item in doomed(self._oldest_first(), rule, time.time(), used, self._free_bytes()):
            if self._over():
                break
            if self._delete(item):
                count += 1
            else:
                self._asked = True  # another one has to go in its place
        if count:
            logging.info("pruned %s items of the library", count)

    def _oldest_first(self) -> Iterator[Kept]:
        for day in reversed(Days(self._root).names()):
            try:
                favourites, items = self._favourites.of_day(day), read_day(self._root / day)
            except OSError as error:  # it belongs to somebody else
                self._undeletable.note(self._root / day, error)
                continue
            for item in items:
                if self._over():
                    return
                stays = item.name in favourites or item.id in self._stuck
                yield Kept(item, size_bytes(self._root, item), stays)

    def _delete(self, item: Item) -> bool:
        """Delete an item; False: it cannot be."""
        for name in item.files:
            path = self._root / item.day / name
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                self._undeletable.note(path, error)
                self._stuck.add(item.id)
                return False
        self._thumbnails.forget(item)
        if item.day != day_of(time.time()):  # nothing is being added there
            with contextlib.suppress(OSError):  # others are left
                (self._root / item.day).rmdir()
        return True

    def _empty_trash(self, before_s: float) -> None:
        limit = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(before_s))
        for trashed in self._trash.items():
            if trashed.deleted < limit:
                self._thumbnails.forget(trashed.item)
        if count := self._trash.empty(before_s, self._over, self._undeletable.note):
            logging.info("emptied the trash of %s deletions", count)


def rule_of(settings: RetentionSettings) -> Rule:
    """The rule that the settings stand for."""
    return Rule(
        max_age_s=settings.max_age_days * DAY_S or None,
        max_bytes=int(settings.max_bytes_gb * 1e9) or None,
        min_free_bytes=settings.min_free_mb * 1_000_000,
    )
