"""Waiting for a condition, where no process can die meanwhile (else see `Site.until`, and those of other helpers)."""

import time
from collections.abc import Callable
from typing import Any

DEADLINE_S = 90.0


def until(holds: Callable[[], Any]) -> Any:
    """Wait until `holds` gives something that counts as true, and return that."""
    deadline = time.monotonic() + DEADLINE_S
    while not (result := holds()):
        assert time.monotonic() < deadline, "not in time"
        time.sleep(0.005)
    return result
