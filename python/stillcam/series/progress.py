"""How late a shot of a series may be."""

from __future__ import annotations

from stillcam.series.schedule import Plan

MIN_GRACE_MS, MAX_GRACE_MS = 500, 60_000


def grace_ms(plan: Plan) -> int:
    """How late a shot may be: a later one is missed, and never caught up."""
    return max(MIN_GRACE_MS, min(MAX_GRACE_MS, plan.interval_ms // 2))
