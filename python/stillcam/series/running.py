"""A series as it runs: which moment is open, which comes next, and what was missed and why.

It asks no clock: all times are given, in milliseconds since the epoch. Looking costs a
comparison until there is something to do.
"""

from __future__ import annotations

import logging
from dataclasses import replace

from stillcam.common.time_zone import zone_named
from stillcam.series.folder import Series, state_at
from stillcam.series.manifest import PAUSED
from stillcam.series.schedule import Schedule, due_between, next_due

NEVER = 1 << 62  # ms since the epoch
MIN_GRACE_MS, MAX_GRACE_MS = 500, 60_000
GAP_MS = 60_000  # a gap that goes on is recorded after a minute, and then as often as it has become twice as long
RUNS = ("planned", "running")


class Active:
    """Watches over one series.

    Args:
        series: on disk.
        now_ms: what was due before and not taken is missed because everything was off.

    Attributes:
        due_ms: the moment that is to be taken now; None: none is.
        next_ms: the one after it; NEVER: there is none.
    """

    def __init__(self, series: Series, now_ms: int) -> None:
        self.series = series
        self.due_ms: int | None = None
        self.next_ms = self._wake_ms = NEVER
        self._gap: tuple[int, int, int, str] | None = None  # not recorded yet
        self._flush_ms = GAP_MS  # when it is so long
        self._high_ms = series.state.tally.until_ms  # the furthest that any clock has come
        self._until_ms = min(self._high_ms, now_ms)
        self.plan_again()
        self.look(now_ms, "off")

    @property
    def name(self) -> str:
        return self.series.name

    @property
    def first_ms(self) -> int:
        """The moment that this series wants the camera for; NEVER: none."""
        return self.next_ms if self.due_ms is None else self.due_ms

    def look(self, now_ms: int, why: str) -> bool:
        """Open the moment that has come, and count those that were missed.

        Args:
            why: they were, if any; one of `manifest.WHYS`.

        Returns:
            whether anything has changed.
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
        """The open moment cannot be taken; one of which there is a shot is done all the same."""
        assert self.due_ms is not None
        if not self.begun:
            self._missed(self.due_ms, self.due_ms, 1, why)
        self.done(now_ms)

    def done(self, now_ms: int) -> None:
        """The open moment has been taken."""
        self.due_ms = None
        self._end_if_over(now_ms)

    def flush(self, now_ms: int | None = None) -> None:
        """Record the gap that has not been recorded.

        Args:
            now_ms: only if it has become long enough; None: in any case.

        Raises:
            OSError: it could not be written; it is recorded with a later one.
        """
        if self._gap is None or (now_ms is not None and now_ms - self._gap[0] < self._flush_ms):
            return
        self.series.gap(*self._gap)
        self._gap = None
        self._flush_ms = GAP_MS if now_ms is None else 2 * self._flush_ms

    def clock_jumped(self, now_ms: int, back: bool) -> None:
        """The clock has been set. Back: what lies ahead comes again; on: what was taken before is not missed."""
        self._record()
        self._close()
        if back:
            self._high_ms = max(self._high_ms, self._until_ms)
            self._until_ms = min(self._until_ms, now_ms)
        else:
            self._until_ms = max(self._until_ms, min(self._high_ms, now_ms))
        self.series.moved(self._until_ms)
        self.plan_again()

    def changed(self, now_ms: int) -> None:
        """The definition is another one, from now on."""
        self._record()
        begins_ms = self.series.definition.schedule.starts_ms
        if self.untouched:
            self._until_ms = now_ms - 1
        elif self.due_ms is None or self.begun:
            self._until_ms = now_ms
        self._close()
        self.series.moved(self._until_ms)
        if self.series.state.state in RUNS:
            state = state_at(begins_ms, now_ms) if self.untouched else "running"
            if state != self.series.state.state:
                self.enter(state, now_ms)
        self.plan_again()

    def follow(self, zone: str, now_ms: int) -> None:
        """The clock of the machine is that of another zone from now on, and the schedule goes by it.

        Raises:
            OSError: that could not be written; it is as it was.
        """
        definition = self.series.definition
        schedule = replace(definition.schedule, zone=zone_named(zone))
        self.series.change(replace(definition, schedule=schedule), zone)
        if self.series.state.state in RUNS:
            self.changed(now_ms)
        else:
            self.plan_again()

    @property
    def begun(self) -> bool:
        """Whether there is a shot of the open moment."""
        return self.series.state.tally.due_ms == self.due_ms

    @property
    def untouched(self) -> bool:
        """Whether nothing has been taken yet."""
        return self.series.state.tally.taken == 0

    def enter(self, state: str, now_ms: int, why: str | None = None) -> None:
        """Another state begins; what was not taken while it was paused, or had failed, is recorded.

        Raises:
            OSError: the state could not be written; it is so all the same.
        """
        before = self.series.state.state
        self._close()
        if state == "running" and before in ("paused", "failed"):
            self._skip(now_ms, PAUSED if before == "paused" else "camera")
        self._record()
        try:
            self.series.enter(state, now_ms, why)
        finally:
            self.plan_again()

    def plan_again(self) -> None:
        """What comes next, by the schedule and the state."""
        schedule, state = self.series.definition.schedule, self.series.state.state
        moment = next_due(schedule, self._until_ms) if state in RUNS else None
        self.next_ms = NEVER if moment is None else moment
        if state == "planned":
            self._wake_ms = schedule.starts_ms
        elif state == "paused" and schedule.ends_ms is not None:
            self._wake_ms = schedule.ends_ms
        else:
            self._wake_ms = self.next_ms

    def _wake(self, now_ms: int, why: str) -> None:
        """What was waited for has come."""
        if self.series.state.state == "paused":
            self._say("finished", now_ms)
            return
        if self.series.state.state == "planned":
            self._say("running", now_ms)
        schedule = self.series.definition.schedule
        since = due_between(schedule, self._until_ms, now_ms)
        if since.last_ms is not None:
            until_ms = since.last_ms
            if now_ms - until_ms <= grace_ms(schedule):
                self.due_ms = until_ms
                since = due_between(schedule, self._until_ms, until_ms - 1)
            if since.last_ms is not None:
                self._missed(self.next_ms, since.last_ms, since.count, why)
            self._until_ms = until_ms
            self.plan_again()
        self._end_if_over(now_ms)

    def _end_if_over(self, now_ms: int) -> None:
        schedule = self.series.definition.schedule
        enough = schedule.shots is not None and self.series.state.tally.taken >= schedule.shots
        if enough or (self.next_ms == NEVER and self.due_ms is None):
            self._say("finished", now_ms)

    def _close(self) -> None:
        """The open moment is as if it had not come yet."""
        if self.due_ms is not None and not self.begun:
            self._until_ms = self.due_ms - 1
        self.due_ms = None

    def _skip(self, now_ms: int, why: str) -> None:
        """Count what was not taken so far."""
        schedule = self.series.definition.schedule
        first, since = next_due(schedule, self._until_ms), due_between(schedule, self._until_ms, now_ms)
        if first is not None and since.last_ms is not None:
            self._missed(first, since.last_ms, since.count, why)
            self._until_ms = since.last_ms

    def _missed(self, from_ms: int, to_ms: int, missed: int, why: str) -> None:
        if self._gap and self._gap[3] != why:
            self._record()
        if self._gap:
            from_ms, missed, why = self._gap[0], self._gap[2] + missed, self._gap[3]
        self._gap = (from_ms, to_ms, missed, why)

    def _record(self) -> None:
        """Write the gap; if that cannot be, it goes into a later one."""
        try:
            self.flush()
        except OSError as error:
            logging.error("series %s: what was missed could not be recorded: %s", self.name, error)

    def _say(self, state: str, now_ms: int) -> None:
        """Another state begins by itself."""
        try:
            self.enter(state, now_ms)
        except OSError as error:
            logging.error("series %s: its state could not be written: %s", self.name, error)
        logging.info("series %s: %s", self.name, state)


def grace_ms(schedule: Schedule) -> int:
    """How late a shot may be taken; after that it is missed, and never made up for."""
    return max(MIN_GRACE_MS, min(MAX_GRACE_MS, schedule.interval_ms // 2))
