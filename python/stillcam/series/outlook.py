"""What is to be expected of a series, from what it is and how it is: how much a day, its end, a full disk."""

from __future__ import annotations

from functools import lru_cache

from stillcam.series import estimate
from stillcam.series.definition import Definition
from stillcam.series.schedule import DAY_MS, Schedule, due_between, next_due
from stillcam.series.state import State

ACTIVE = ("planned", "running")
GUESSED_BYTES = {"photo": 4_000_000, "raw": 24_000_000}  # of a shot, before there is one: 12 megapixels


def next_ms(definition: Definition, state: State, now_ms: int) -> int | None:
    """The next moment (ms since the epoch); None: nothing is to be taken now or later."""
    if state.state not in ACTIVE or _left(definition.schedule, state) == 0:
        return None
    return next_due(definition.schedule, now_ms)


def ends_ms(definition: Definition, state: State, now_ms: int) -> int | None:
    """When it will be over (ms since the epoch); None: it is over, or nobody knows."""
    if state.state == "finished":
        return None
    return estimate.last_ms(definition.schedule, now_ms, _left(definition.schedule, state))


@lru_cache(maxsize=256)
def planned(schedule: Schedule) -> int | None:
    """How many moments there will have been in the end; None: no end is set."""
    if schedule.ends_ms is None:
        return schedule.shots
    moments = due_between(schedule, schedule.starts_ms - 1, schedule.ends_ms).count
    return min(moments, schedule.shots or moments)


def bytes_per_day(definition: Definition, state: State, now_ms: int) -> float:
    """What it writes in a day while it runs; nothing once it is over."""
    if state.state in ("finished", "failed"):
        return 0.0
    return _moments_per_day(definition.schedule, now_ms // DAY_MS * DAY_MS) * _moment_bytes(definition, state)


def full_ms(definition: Definition, state: State, now_ms: int, all_per_day: float, room_bytes: float) -> int | None:
    """The first moment for which there is no room (ms since the epoch); None: not before it is over.

    Args:
        all_per_day: bytes that all series together write in a day.
        room_bytes: that may be written.
    """
    own = bytes_per_day(definition, state, now_ms)
    may = estimate.may_fill(definition.keep, own, state.tally.bytes, room_bytes)
    if state.state not in ACTIVE or own <= 0 or not may:
        return None
    share = max(1.0, all_per_day / own)
    left = _left(definition.schedule, state)
    return estimate.full_ms(definition.schedule, now_ms, left, _moment_bytes(definition, state) * share, room_bytes)


def _left(schedule: Schedule, state: State) -> int | None:
    return None if schedule.shots is None else max(0, schedule.shots - state.tally.taken)


def _moment_bytes(definition: Definition, state: State) -> float:
    tally = state.tally
    shot = tally.bytes / tally.shots if tally.shots else GUESSED_BYTES[definition.kind]
    return shot * len(definition.shots_at)


@lru_cache(maxsize=256)
def _moments_per_day(schedule: Schedule, day_ms: int) -> float:
    return estimate.moments_per_day(schedule, day_ms)
