"""One series while it runs: which due time is open, which comes next, and what was missed and why.

No clock is read: all times are arguments, in milliseconds since the epoch. `update` costs one comparison until
something is due.
"""

from __future__ import annotations

import logging
from dataclasses import replace

from stillcam.common.clock import zone_named
from stillcam.series.folder import Series, state_at
from stillcam.series.manifest import PAUSED, Gap
from stillcam.series.schedule import Schedule, due_between, next_due

NEVER = 1 << 62  # ms since the epoch
MIN_GRACE_MS, MAX_GRACE_MS = 500, 60_000
GAP_MS = 60_000  # a growing gap is recorded after a minute, and then each time it has become twice as long


class RunningSeries:
    """One series while it runs.

    Args:
        now_ms: due times up to here without a shot were missed because the daemon was off.

    Attributes:
        due_ms: the due time whose shot is to be taken now; None: there is none.
        next_ms: the due time after it; NEVER: there is none.
    """

    def __init__(self, series: Series, now_ms: int) -> None:
        self.series = series
        self.due_ms: int | None = None
        self.next_ms = self._wake_ms = NEVER
        self._gap: Gap | None = None  # not recorded yet
        self._flush_ms = GAP_MS  # the length at which the gap is recorded
        self._latest_ms = series.state.tally.until_ms  # the latest due time ever handled, by whatever clock
        self._until_ms = min(self._latest_ms, now_ms)  # due times up to here have been handled
        self.reschedule()
        self.update(now_ms, "off")

    @property
    def name(self) -> str:
        return self.series.name

    @property
    def earliest_ms(self) -> int:
        """The due time for which this series wants the camera; NEVER: none."""
        return self.next_ms if self.due_ms is None else self.due_ms

    @property
    def _has_shot(self) -> bool:
        """Whether there is a shot of the open due time."""
        return self.series.state.tally.due_ms == self.due_ms

    @property
    def has_no_shots(self) -> bool:
        return self.series.state.tally.taken == 0

    def update(self, now_ms: int, why: str) -> bool:
        """Open the due time that has come, and count those that were missed; whether anything has changed.

        Args:
            why: the reason for those that were missed; one of `manifest.GAP_REASONS`.
        """
        late = self.due_ms is not None and now_ms - self.due_ms > grace_ms(self.series.definition.schedule)
        if now_ms < self._wake_ms and not late:
            return False
        if late or (self.due_ms is not None and now_ms >= self.next_ms):
            self.miss(now_ms, why)
        if now_ms >= self._wake_ms:
            self._wake(now_ms, why)
        return True

    def miss(self, now_ms: int, why: str) -> None:
        """Close the open due time as missed, unless there is already a shot of it."""
        assert self.due_ms is not None
        if not self._has_shot:
            self._add_to_gap(Gap(self.due_ms, self.due_ms, 1, why))
        self.complete(now_ms)

    def complete(self, now_ms: int) -> None:
        """Close the open due time as taken."""
        self.due_ms = None
        self._finish_if_over(now_ms)

    def flush_gap(self, now_ms: int | None = None) -> None:
        """Record the gap that has not been recorded; if `now_ms` is given, only if it is long enough by now.

        Raises:
            OSError: it could not be written; it is recorded with a later one.
        """
        if self._gap is None or (now_ms is not None and now_ms - self._gap.from_ms < self._flush_ms):
            return
        self.series.add_gap(self._gap)
        self._gap = None
        self._flush_ms = GAP_MS if now_ms is None else 2 * self._flush_ms

    def clock_jumped(self, now_ms: int, back: bool) -> None:
        """Follow a clock that has been set.

        Args:
            back: due times that lie ahead again are taken again; if the clock was put forward, those that had been
                handled before are not missed.
        """
        self._try_flush()
        self._reopen()
        if back:
            self._latest_ms = max(self._latest_ms, self._until_ms)
            self._until_ms = min(self._until_ms, now_ms)
        else:
            self._until_ms = max(self._until_ms, min(self._latest_ms, now_ms))
        self.series.set_until(self._until_ms)
        self.reschedule()

    def redefined(self, now_ms: int) -> None:
        self._try_flush()
        starts_ms = self.series.definition.schedule.starts_ms
        if self.has_no_shots:
            self._until_ms = now_ms - 1
        elif self.due_ms is None or self._has_shot:
            self._until_ms = now_ms
        self._reopen()
        self.series.set_until(self._until_ms)
        if self.series.state.active:
            state = state_at(starts_ms, now_ms) if self.has_no_shots else "running"
            if state != self.series.state.state:
                self.set_state(state, now_ms)
        self.reschedule()

    def set_zone(self, zone: str, now_ms: int) -> None:
        """Follow the time zone of the machine; OSError: it could not be written, and the series is as it was."""
        definition = self.series.definition
        schedule = replace(definition.schedule, zone=zone_named(zone))
        self.series.redefine(replace(definition, schedule=schedule), zone)
        if self.series.state.active:
            self.redefined(now_ms)
        else:
            self.reschedule()

    def set_state(self, state: str, now_ms: int, why: str | None = None) -> None:
        """Begin another state: see `Series`. Due times that passed while it was paused, or had failed, are recorded."""
        before = self.series.state.state
        self._reopen()
        if state == "running" and before in ("paused", "failed"):
            self._skip(now_ms, PAUSED if before == "paused" else "camera")
        self._try_flush()
        try:
            self.series.set_state(state, now_ms, why)
        finally:
            self.reschedule()

    def reschedule(self) -> None:
        schedule, state = self.series.definition.schedule, self.series.state
        due_ms = next_due(schedule, self._until_ms) if state.active else None
        self.next_ms = NEVER if due_ms is None else due_ms
        if state.state == "planned":
            self._wake_ms = schedule.starts_ms
        elif state.state == "paused" and schedule.ends_ms is not None:
            self._wake_ms = schedule.ends_ms
        else:
            self._wake_ms = self.next_ms

    def _wake(self, now_ms: int, why: str) -> None:
        """Handle the start, the end, or the due times that have come."""
        if self.series.state.state == "paused":
            self._advance("finished", now_ms)
            return
        if self.series.state.state == "planned":
            self._advance("running", now_ms)
        schedule = self.series.definition.schedule
        last_ms = due_between(schedule, self._until_ms, now_ms).last_ms
        if last_ms is not None:
            if now_ms - last_ms <= grace_ms(schedule):
                self._skip(last_ms - 1, why)
                self.due_ms = self._until_ms = last_ms
            else:
                self._skip(last_ms, why)
            self.reschedule()
        self._finish_if_over(now_ms)

    def _finish_if_over(self, now_ms: int) -> None:
        schedule = self.series.definition.schedule
        enough = schedule.shots is not None and self.series.state.tally.taken >= schedule.shots
        if enough or (self.next_ms == NEVER and self.due_ms is None):
            self._advance("finished", now_ms)

    def _reopen(self) -> None:
        """Put the open due time back, as if it had not come yet."""
        if self.due_ms is not None and not self._has_shot:
            self._until_ms = self.due_ms - 1
        self.due_ms = None

    def _skip(self, until_ms: int, why: str) -> None:
        """Record the due times up to then as a gap."""
        schedule = self.series.definition.schedule
        first, due = next_due(schedule, self._until_ms), due_between(schedule, self._until_ms, until_ms)
        if first is not None and due.last_ms is not None:
            self._add_to_gap(Gap(first, due.last_ms, due.count, why))
            self._until_ms = due.last_ms

    def _add_to_gap(self, gap: Gap) -> None:
        if self._gap and self._gap.why != gap.why:
            self._try_flush()
        if self._gap:  # also one of another reason, if it could not be written
            gap = self._gap._replace(to_ms=gap.to_ms, missed=self._gap.missed + gap.missed)
        self._gap = gap

    def _try_flush(self) -> None:
        """Record the gap; if it cannot be written, it becomes part of a later one."""
        try:
            self.flush_gap()
        except OSError as error:
            logging.error("series %s: a gap could not be recorded: %s", self.name, error)

    def _advance(self, state: str, now_ms: int) -> None:
        try:
            self.set_state(state, now_ms)
        except OSError as error:
            logging.error("series %s: its state could not be written: %s", self.name, error)
        logging.info("series %s: %s", self.name, state)


def grace_ms(schedule: Schedule) -> int:
    """How late a shot may be taken; after that it is missed, and never made up for."""
    return max(MIN_GRACE_MS, min(MAX_GRACE_MS, schedule.interval_ms // 2))
