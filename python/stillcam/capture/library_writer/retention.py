"""Retention of the library: prunes what is too old or too much, and empties the trash after 30 days.

What is too old goes into the trash, and not while the clock is in doubt; what is too much is deleted for good. The
trash is emptied early where the disk is nearly full. All of it runs in the background worker.
"""

from __future__ import annotations

import contextlib
import logging
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from stillcam.capture.library_writer.clock_trust import DAY_S, HOUR_S, ClockTrust
from stillcam.common.deletion import Undeletable
from stillcam.common.disk_space import Disk
from stillcam.library.catalogue import Favourites, size_bytes
from stillcam.library.days import Days
from stillcam.library.items import Item, list_day
from stillcam.library.names import day_of
from stillcam.library.retention import Candidate, Rule, is_too_old, items_to_delete
from stillcam.library.thumbnails import Thumbnails
from stillcam.library.trash import KEPT_S, Trash, stamp
from stillcam.settings.schema import RetentionSettings

IDLE_RATIO = 20  # the library is not pruned again for so many times as long as that took


@dataclass(eq=False)
class LibraryRetention:
    """Retention of the library. Used by one thread."""

    _root: Path
    _disk: Disk
    _settings: Callable[[], RetentionSettings]
    _clock: ClockTrust
    _should_stop: Callable[[], bool]  # called between two items
    _undeletable: Undeletable
    _stuck: set[str] = field(default_factory=set)  # items that could not be deleted in this hour
    _pruning: bool = False
    _pending: bool = False  # pruning was put off
    _not_before: float = -math.inf  # the next pruning (monotonic)
    _looked_s: float = -math.inf  # for what is too old (monotonic)

    def __post_init__(self) -> None:
        self._trash = Trash(self._root)
        self._thumbnails = Thumbnails(self._root)
        self._favourites = Favourites(self._root)

    def regular(self) -> None:
        """Call it every few seconds: once an hour the trash is emptied of what is old, and the library pruned."""
        now_s = time.monotonic()
        if now_s - self._looked_s >= self._clock.interval_s:
            self._looked_s = now_s
            self._empty_trash_of_old()
            self._stuck.clear()
            self._pending = True
        if self._pending:
            self.prune()

    def prune(self) -> None:
        """Prune now, or later if that was just done or is under way."""
        self._pending = self._pruning or time.monotonic() < self._not_before
        rule = rule_of(self._settings())
        if rule.max_age_s is None:
            self._clock.must_wait("library", False, self._clock.read())
        if rule == Rule() or self._pending or not self._root.is_dir():
            return
        began_s = time.monotonic()
        self._pruning = True
        try:
            self._prune(rule)
        finally:
            self._pruning = False
        took_s = time.monotonic() - began_s  # and what was urgent in between
        self._not_before = time.monotonic() + min(IDLE_RATIO * took_s, HOUR_S)

    def _prune(self, rule: Rule) -> None:
        """Prune what is too old or too much, the oldest first; what must free space is deleted for good."""
        reading = self._clock.read()
        now_s = reading.now_s
        oldest = next((kept for kept in self._oldest_first() if not kept.favourite), None)
        due = oldest is not None and is_too_old(oldest.item, rule, now_s)
        if self._clock.must_wait("library", due, reading):
            rule, due = replace(rule, max_age_s=None), False
        reserve_bytes = max(rule.min_free_bytes, self._disk.reserve_bytes() if due else 0)
        if self._disk.free_bytes() < reserve_bytes:
            self._empty_trash(None)  # its owner has given it up already
        used = sum(kept.size_bytes for kept in self._oldest_first()) if rule.max_bytes is not None else 0
        free_bytes, count = self._disk.free_bytes(), 0
        for item in items_to_delete(self._oldest_first(), rule, now_s, used, free_bytes):
            if self._should_stop():
                break
            if self._remove(item, now_s, is_too_old(item, rule, now_s) and free_bytes >= reserve_bytes):
                count += 1
            else:
                self._pending = True  # another one has to go in its place
        if count:
            logging.info("pruned %s items of the library", count)

    def _oldest_first(self) -> Iterator[Candidate]:
        for day in reversed(Days(self._root).names()):
            try:
                favourites, items = self._favourites.of_day(day), list_day(self._root / day)
            except OSError as error:  # another owner's
                self._undeletable.note(self._root / day, error)
                continue
            for item in items:
                if self._should_stop():
                    return
                stays = item.name in favourites or item.id in self._stuck
                yield Candidate(item, size_bytes(self._root, item), stays)

    def _remove(self, item: Item, now_s: float, to_trash: bool) -> bool:
        """Move an item to the trash, or delete it for good; False: that is not possible."""
        folder = self._root / item.day
        path = folder / item.name
        try:
            if to_trash:
                with contextlib.suppress(LookupError):  # somebody has just deleted it
                    self._trash.put(item, now_s)
            else:
                for path in (folder / name for name in item.files):
                    path.unlink(missing_ok=True)
                self._thumbnails.forget(item)
        except OSError as error:
            self._undeletable.note(path, error)
            self._stuck.add(item.id)
            return False
        if item.day != day_of(time.time()):  # nothing is being added there
            with contextlib.suppress(OSError):  # others are left
                folder.rmdir()
        return True

    def _empty_trash_of_old(self) -> None:
        reading = self._clock.read()
        before_s = reading.now_s - KEPT_S
        if not self._clock.must_wait("trash", self._trash.has_old(before_s), reading):
            self._empty_trash(before_s)

    def _empty_trash(self, before_s: float | None) -> None:
        for trashed in self._trash.items():
            if before_s is None or trashed.deleted < stamp(before_s):
                self._thumbnails.forget(trashed.item)
        if count := self._trash.empty(before_s, self._should_stop, self._undeletable.note):
            logging.info("emptied the trash of %s deletions", count)


def rule_of(settings: RetentionSettings) -> Rule:
    """The rule that the settings stand for."""
    return Rule(
        max_age_s=settings.max_age_days * DAY_S or None,
        max_bytes=int(settings.max_bytes_gb * 1e9) or None,
        min_free_bytes=settings.min_free_mb * 1_000_000,
    )
