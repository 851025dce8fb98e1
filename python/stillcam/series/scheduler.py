"""All series of a camera: whose moment comes first, and a clock that may jump."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from stillcam.series.manifest import text
from stillcam.series.running import NEVER, Active

JUMP_MS = 1000  # what the clock may differ from the steady one between two looks
SWEEP_MS = 10_000  # how often what has not been written is looked for


class Agenda:
    """What the camera's thread looks at before and after everything that it does.

    All times are milliseconds: `now_ms` since the epoch, `steady_ms` on a clock that nobody sets.

    Args:
        root: the folder of all series.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._all: dict[str, Active] = {}
        self._first: Active | None = None
        self._ahead_ms: int | None = None  # by how much the clock is ahead of the steady one
        self._sweep_ms = 0

    def __iter__(self) -> Iterator[Active]:
        return iter(list(self._all.values()))

    def add(self, active: Active) -> None:
        """One more."""
        self._all = {name: self._all.get(name, active) for name in sorted([*self._all, active.name])}
        self.changed()

    def remove(self, name: str) -> None:
        """One less."""
        self._all = {other: active for other, active in self._all.items() if other != name}
        self.changed()

    def names(self) -> list[str]:
        """Of all; may be called from any thread."""
        return list(self._all)

    def find(self, name: str) -> Active | None:
        """The series of this name."""
        return self._all.get(name)

    def changed(self) -> None:
        """Some series has another next moment."""
        active = min(self._all.values(), key=lambda one: one.first_ms, default=None)  # of two, the first by name
        self._first = active if active is not None and active.first_ms < NEVER else None

    @property
    def first(self) -> Active | None:
        """The series whose moment comes first, or is open longest; None: no moment will come."""
        return self._first

    def look(self, now_ms: int, steady_ms: int, why: str) -> None:
        """Open the moments that have come, and count those that were missed.

        Args:
            why: they were, if any, and if no clock has been set.
        """
        ahead_ms = now_ms - steady_ms
        by_ms = 0 if self._ahead_ms is None else ahead_ms - self._ahead_ms
        self._ahead_ms = ahead_ms
        active = self._all.values()
        if abs(by_ms) > JUMP_MS:
            logging.warning("the clock has been set by %+.1f s", by_ms / 1000)
            for one in active:
                one.clock_jumped(now_ms, back=by_ms < 0)
            why = "clock"
        if any([one.look(now_ms, why) for one in active]) or why == "clock":  # noqa: C419 - all of them look
            self.changed()
        if abs(steady_ms - self._sweep_ms) >= SWEEP_MS:
            self._sweep_ms = steady_ms
            self._sweep(now_ms)

    def follow(self, zone: str, now_ms: int) -> None:
        """Have all that are not over go by the clock of this zone: see `stillcam.common.time_zone`."""
        for one in self._all.values():
            before = one.series.zone
            if one.series.state.state != "finished" and before != zone:
                try:
                    one.follow(zone, now_ms)
                    logging.info("series %s: the time zone is %s, no longer %s", one.name, zone, before)
                except OSError as error:
                    logging.error("series %s: the time zone %s could not be written: %s", one.name, zone, error)
        self.changed()

    def close(self) -> None:
        """Write what has not been written: the daemon ends."""
        for one in self._all.values():
            try:
                one.flush()
                if one.series.unsaved:
                    one.series.save()
            except OSError as error:
                logging.error("series %s: its state could not be written: %s", one.name, error)

    def message(self) -> list[dict[str, Any]]:
        """Those that run or will, for the status; may be called from any thread."""
        return [
            {
                "name": one.name,
                "state": one.series.state.state,
                "taken": one.series.state.tally.taken,
                "next": None if one.first_ms == NEVER else text(one.first_ms),
            }
            for one in self
            if one.series.state.state in ("planned", "running")
        ]

    def _sweep(self, now_ms: int) -> None:
        for one in self._all.values():
            try:
                one.flush(now_ms)
                one.series.checkpoint()
            except OSError as error:
                logging.debug("series %s: %s", one.name, error)  # a full disk: the shots say so
