"""All series of a camera: which is due first, and a clock that may jump."""

from __future__ import annotations

import logging
from collections.abc import Container, Iterator
from pathlib import Path
from typing import Any

from stillcam.series.manifest import ms_to_text
from stillcam.series.running import NEVER, RunningSeries

JUMP_MS = 1000  # by how much the clock may drift from the monotonic one between two updates
CHECKPOINT_MS = 10_000  # how often unwritten gaps and states are looked for


class Scheduler:
    """Decides which series gets the camera; updated by the camera's thread before and after everything it does.

    All times are milliseconds: `now_ms` since the epoch, `steady_ms` on the monotonic clock.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._series: dict[str, RunningSeries] = {}  # by name, in order
        self.first: RunningSeries | None = None  # that is due first, or has been due longest
        self._ahead_ms: int | None = None  # by how much the clock is ahead of the monotonic one
        self._checkpoint_ms = 0

    def __iter__(self) -> Iterator[RunningSeries]:
        return iter(list(self._series.values()))

    def add(self, running: RunningSeries) -> None:
        """Add a series; one of the same name stays instead."""
        self._series = {name: self._series.get(name, running) for name in sorted([*self._series, running.name])}
        self.reorder()

    def remove(self, name: str) -> None:
        self._series = {other: running for other, running in self._series.items() if other != name}
        self.reorder()

    def names(self) -> list[str]:
        """Safe to call from any thread."""
        return list(self._series)

    def find(self, name: str) -> RunningSeries | None:
        return self._series.get(name)

    def reorder(self) -> None:
        """Find the first series again, after one has another due time."""
        first = min(self._series.values(), key=lambda running: running.earliest_ms, default=None)  # a tie: by name
        self.first = first if first is not None and first.earliest_ms < NEVER else None

    def update(self, now_ms: int, steady_ms: int, why: str, full: Container[str] = ()) -> None:
        """Open the due times that have come, and count those that were missed, for `why` unless the clock was set.

        Args:
            full: names of series whose disk is full: their shots are missed for that reason.
        """
        ahead_ms = now_ms - steady_ms
        by_ms = 0 if self._ahead_ms is None else ahead_ms - self._ahead_ms
        self._ahead_ms = ahead_ms
        series = self._series.values()
        if abs(by_ms) > JUMP_MS:
            logging.warning("the clock has been set by %+.1f s", by_ms / 1000)
            for running in series:
                running.clock_jumped(now_ms, back=by_ms < 0)
            why = "clock"
            full = ()
        updates = [running.update(now_ms, "disk" if running.name in full else why) for running in series]
        if any(updates) or why == "clock":
            self.reorder()
        if abs(steady_ms - self._checkpoint_ms) >= CHECKPOINT_MS:
            self._checkpoint_ms = steady_ms
            self._checkpoint(now_ms)

    def set_zone(self, zone: str, now_ms: int) -> None:
        """Move all series that are not finished to this time zone: see `stillcam.common.clock`."""
        for running in self._series.values():
            before = running.series.zone
            if running.series.state.state != "finished" and before != zone:
                try:
                    running.set_zone(zone, now_ms)
                    logging.info("series %s: the time zone is %s, no longer %s", running.name, zone, before)
                except OSError as error:
                    logging.error("series %s: the time zone %s could not be written: %s", running.name, zone, error)
        self.reorder()

    def close(self) -> None:
        """Write what has not been written: the daemon ends."""
        for running in self._series.values():
            try:
                running.flush_gap()
                if running.series.unsaved:
                    running.series.save()
            except OSError as error:
                logging.error("series %s: its state could not be written: %s", running.name, error)

    def status(self) -> list[dict[str, Any]]:
        """The series that run or will run, for the daemon's status; safe to call from any thread."""
        return [
            {
                "name": running.name,
                "state": running.series.state.state,
                "taken": running.series.state.tally.taken,
                "next": None if running.earliest_ms == NEVER else ms_to_text(running.earliest_ms),
            }
            for running in self
            if running.series.state.active
        ]

    def _checkpoint(self, now_ms: int) -> None:
        for running in self._series.values():
            try:
                running.flush_gap(now_ms)
                running.series.checkpoint()
            except OSError as error:
                logging.debug("series %s: %s", running.name, error)  # a full disk: the shots report it
