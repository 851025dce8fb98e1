"""Deletes what the owner does not want to keep: from the trash after 30 days, and by the settings of retention.

What is too old goes into the trash, and not while the clock is in doubt; what is too much goes for good.
"""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from stillcam.capture.library_writer.clock_trust import ClockTrust
from stillcam.common.deletion import Undeletable
from stillcam.common.disk_space import Disk
from stillcam.library.catalogue import size_bytes
from stillcam.library.days import Days, Item, read_day
from stillcam.library.favourites import Favourites
from stillcam.library.names import day_of
from stillcam.library.retention import Candidate, Rule, is_too_old, items_to_delete
from stillcam.library.thumbnails import Thumbnails
from stillcam.library.trash import KEPT_S, Trash, stamp
from stillcam.settings.schema import RetentionSettings

DAY_S = 86400.0
HOURLY_S = 3600.0
WAITS_S = 60.0  # the same, while something waits for the clock
LEISURE = 20  # so many times as long as a look at the library took, it is left alone


class Retention:
    """Keeps the library at `root` as its owner wants it. Used by one thread.

    Args:
        root: the library.
        disk: its own.
        settings: gives those in force.
        ages: knows whether the clock can be trusted with them.
        over: whether to break off; asked between two items.
        undeletable: is told what cannot be deleted; the rest is.
    """

    def __init__(
        self,
        root: Path,
        disk: Disk,
        settings: Callable[[], RetentionSettings],
        ages: ClockTrust,
        over: Callable[[], bool],
        undeletable: Undeletable,
    ) -> None:
        self._root = root
        self._disk = disk
        self._clock = ages
        self._settings = settings
        self._over = over
        self._undeletable = undeletable
        self._stuck: set[str] = set()  # items that could not be deleted in this hour
        self._prunes = False
        self._trash = Trash(root)
        self._thumbnails = Thumbnails(root)
        self._favourites = Favourites(root)
        self._asked = False
        self._not_before = time.monotonic()
        self._looks_s = self._not_before - HOURLY_S  # when it was looked for what is too old

    def regular(self) -> None:
        """To be called now and then: once an hour empty the trash of what is old; prune where that is due."""
        if time.monotonic() - self._looks_s >= (WAITS_S if self._clock.reason else HOURLY_S):
            self._looks_s = time.monotonic()
            self._empty_trash_of_old()
            self._stuck.clear()
            self._asked = True
        if self._asked:
            self.prune()

    def prune(self) -> None:
        """Look through the library now, or in a while if that was just done, or is under way."""
        self._asked = self._prunes or time.monotonic() < self._not_before
        rule = rule_of(self._settings())
        if rule.max_age_s is None:
            self._clock.waits("library", False, time.time(), time.monotonic())
        if rule == Rule() or self._asked or not self._root.is_dir():
            return
        began_s = time.monotonic()
        self._prunes = True
        try:
            self._prune(rule)
        finally:
            self._prunes = False
        took_s = time.monotonic() - began_s  # and what was urgent in between
        self._not_before = time.monotonic() + min(LEISURE * took_s, HOURLY_S)

    def _prune(self, rule: Rule) -> None:
        """Delete what is too old or too much, the oldest first: for good if that is to free something."""
        now_s = time.time()
        oldest = next((kept for kept in self._oldest_first() if not kept.favourite), None)
        due = oldest is not None and is_too_old(oldest.item, rule, now_s)
        if self._clock.waits("library", due, now_s, time.monotonic()):
            rule, due = replace(rule, max_age_s=None), False
        reserve_bytes = max(rule.min_free_bytes, self._disk.reserve_bytes() if due else 0)
        if self._disk.free_bytes() < reserve_bytes:
            self._empty_trash(None)  # its owner has given it up already
        used = sum(kept.size_bytes for kept in self._oldest_first()) if rule.max_bytes is not None else 0
        free_bytes, count = self._disk.free_bytes(), 0
        for item in items_to_delete(self._oldest_first(), rule, now_s, used, free_bytes):
            if self._over():
                break
            by_age = is_too_old(item, rule, now_s) and free_bytes >= reserve_bytes
            if self._put_away(item, now_s) if by_age else self._delete(item):
                count += 1
            else:
                self._asked = True  # another one has to go in its place
        if count:
            logging.info("pruned %s items of the library", count)

    def _oldest_first(self) -> Iterator[Candidate]:
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
                yield Candidate(item, size_bytes(self._root, item), stays)

    def _put_away(self, item: Item, now_s: float) -> bool:
        """Put an item into the trash; False: it cannot be."""
        try:
            with contextlib.suppress(LookupError):  # somebody has just deleted it
                self._trash.put(item, now_s)
        except OSError as error:
            return self._stays(item, self._root / item.day / item.name, error)
        self._clear(item.day)
        return True

    def _delete(self, item: Item) -> bool:
        """Delete an item for good; False: it cannot be."""
        for name in item.files:
            path = self._root / item.day / name
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                return self._stays(item, path, error)
        self._thumbnails.forget(item)
        self._clear(item.day)
        return True

    def _stays(self, item: Item, path: Path, error: OSError) -> bool:
        self._undeletable.note(path, error)
        self._stuck.add(item.id)
        return False

    def _clear(self, day: str) -> None:
        """Remove the folder of a day without items."""
        if day != day_of(time.time()):  # nothing is being added there
            with contextlib.suppress(OSError):  # others are left
                (self._root / day).rmdir()

    def _empty_trash_of_old(self) -> None:
        now_s = time.time()
        before_s = now_s - KEPT_S
        if not self._clock.waits("trash", self._trash.has_old(before_s), now_s, time.monotonic()):
            self._empty_trash(before_s)

    def _empty_trash(self, before_s: float | None) -> None:
        for trashed in self._trash.items():
            if before_s is None or trashed.deleted < stamp(before_s):
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
