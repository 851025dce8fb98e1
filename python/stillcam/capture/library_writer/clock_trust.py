"""Whether the clock can be trusted to delete items for their age.

A Pi has no battery-backed clock, and somebody may set a wrong time. Deletion by age therefore waits until the kernel
says that the clock is synchronised, and while the time is implausible.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from stillcam.common.clock import synchronised
from stillcam.common.formats import span_text
from stillcam.library.days import Days
from stillcam.library.items import list_day
from stillcam.series.manifest import text_to_ms
from stillcam.series.state import read_state

HOUR_S, DAY_S = 3600.0, 86400.0
WAITING_LOOK_S = 60.0  # from one look for what is too old to the next while something waits; else an hour
SILENCE_S = 30 * DAY_S  # the newest item may be older than the longest gap by so much
JUMP_S = HOUR_S  # a clock that is put forward by more has to be right for a while
SETTLED_S = DAY_S


class Reading(NamedTuple):
    """What the clocks say at one moment."""

    right: bool  # whether the clock was right before that, as far as the kernel knows
    now_s: float  # since the epoch, by the clock in doubt
    steady_s: float  # on a clock that nobody sets


class ClockTrust:
    """Used by one thread; `reason` may be read by any.

    Args:
        library, series: the folders of all items, and of all series.
        right: whether the clock is right, as far as the kernel knows.

    Attributes:
        reason: why deletion by age waits, and what to do; None: it does not.
    """

    def __init__(self, library: Path, series: Path, right: Callable[[], bool] = synchronised) -> None:
        self._library = library
        self._series = series
        self._right = right
        self.reason: str | None = None
        self._waiting: dict[str, str] = {}
        self._was_right = False  # at the last check
        self._ahead_s = 0.0  # by how much the clock was ahead of the steady one then
        self._jumped_s: float | None = None  # by how much it has been put forward
        self._settles_s = 0.0  # when the new time is trusted (steady clock)

    def read(self) -> Reading:
        """Read the clocks; first whether they are right, or a wrong time that is set meanwhile would count as right."""
        return Reading(self._right(), time.time(), time.monotonic())

    def must_wait(self, what: str, due: bool, reading: Reading) -> bool:
        """Whether `what` has to wait, if it is `due` for its age by `reading`."""
        right, now_s, steady_s = reading
        self._check_jump(right, now_s - steady_s, steady_s)
        reason = self._doubt(right, now_s, steady_s) if due else None
        self._waiting.pop(what, None)
        if reason:
            self._waiting[what] = reason
            if not self.reason:
                logging.warning("deletion by age waits: %s", reason)
        elif self.reason and not self._waiting:
            logging.info("deletion by age resumes")
        self.reason = next(iter(self._waiting.values()), None)
        return reason is not None

    @property
    def interval_s(self) -> float:
        """From one look for what is too old to the next."""
        return WAITING_LOOK_S if self.reason else HOUR_S

    def _check_jump(self, right: bool, ahead_s: float, steady_s: float) -> None:
        """Notice that a clock that was right is put forward: items from then on are no evidence for it.

        A clock that was wrong may jump: a time server sets it so after the start.
        """
        by_s = ahead_s - self._ahead_s
        if self._was_right and by_s > JUMP_S:
            self._jumped_s, self._settles_s = round(by_s, -1), steady_s + SETTLED_S
        self._was_right, self._ahead_s = right, ahead_s

    def _doubt(self, right: bool, now_s: float, steady_s: float) -> str | None:
        if not right:
            return "no time server has set the clock: sudo timedatectl set-ntp true, or limit the size instead"
        if self._jumped_s and steady_s < self._settles_s:
            return f"the clock jumped ahead by {span_text(self._jumped_s)}: correct it, or wait a day"
        newest_s = self._newest_s()
        if newest_s is not None and now_s - newest_s > longest_gap_s(Days(self._library).names()) + SILENCE_S:
            age = span_text(now_s - newest_s)
            return f"the newest picture is {age} old by the clock: if the clock is right, take a photo"
        return None

    def _newest_s(self) -> float | None:
        """When the newest item of the library, or shot of a series, was taken."""
        found = []
        for day in Days(self._library).names():
            try:
                newest = next(list_day(self._library / day).newest_first(), None)
            except OSError:  # another owner's
                continue
            if newest:
                found.append(newest.time_s)
                break
        for folder in self._series.iterdir() if self._series.is_dir() else ():
            try:
                last = read_state(folder, 0).tally.last
                if last:
                    found.append(text_to_ms(last["time"]) / 1000)
            except (OSError, ValueError):
                continue
        return max(found, default=None)


def longest_gap_s(days: Iterable[str]) -> float:
    """The longest time without an item, between days like `2026-11-20` that have some."""
    there = []
    for day in days:
        try:
            there.append(date.fromisoformat(day))
        except ValueError:  # 31 February
            continue
    return max(((later - day).days * DAY_S for day, later in pairwise(sorted(there))), default=0.0)
