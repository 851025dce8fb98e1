"""How far a series is, and what is due: the whole scheduler, without a clock."""

from __future__ import annotations

from dataclasses import dataclass, replace

from stillcam.series.plan import Plan
from stillcam.series.slots import next_slot, slots_in

MIN_GRACE_MS, MAX_GRACE_MS = 500, 60_000


@dataclass(frozen=True, slots=True)
class Progress:
    """What has been dealt with.

    Args:
        until_ms: every moment up to here has been taken or missed (ms since the epoch).
        taken: shots.
        missed: moments at which none could be taken.
    """

    until_ms: int
    taken: int = 0
    missed: int = 0


@dataclass(frozen=True, slots=True)
class Step:
    """What is to be done now.

    Args:
        progress: with what has been missed since.
        due_ms: the moment for which a shot is to be taken now; None: none is.
        next_ms: when to look again; None: the series is finished.
    """

    progress: Progress
    due_ms: int | None
    next_ms: int | None


def grace_ms(plan: Plan) -> int:
    """How late a shot may be: a later one is missed, and never caught up."""
    return max(MIN_GRACE_MS, min(MAX_GRACE_MS, plan.interval_ms // 2))


def step(plan: Plan, progress: Progress, now_ms: int) -> Step:
    """What is due at `now_ms` (ms since the epoch).

    However long nobody has asked, one shot at most is due: the last one, if it is not too late.
    """
    if plan.shots is not None and progress.taken >= plan.shots:
        return Step(progress, None, None)
    since = slots_in(plan, progress.until_ms, now_ms)
    due = since.last_ms
    if due is not None and now_ms - due > grace_ms(plan):
        due = None
    if since.last_ms is not None:
        missed = progress.missed + since.count - (due is not None)
        progress = replace(progress, until_ms=since.last_ms, missed=missed)
    return Step(progress, due, next_slot(plan, max(progress.until_ms, now_ms)))


def clock_changed(progress: Progress, now_ms: int) -> Progress:
    """After the clock has been put right: what lies ahead has not been dealt with, whatever an earlier clock said."""
    return replace(progress, until_ms=min(progress.until_ms, now_ms))
