"""How long publishing takes, counted the way Prometheus wants it."""

from __future__ import annotations

import threading
from bisect import bisect_left
from itertools import accumulate
from typing import Any

BOUNDS_S = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)


class Histogram:
    """Durations in buckets; safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts = [0] * (len(BOUNDS_S) + 1)  # the last one: longer than all bounds
        self._sum_s = 0.0

    def add(self, seconds: float) -> None:
        """One more."""
        with self._lock:
            self._counts[bisect_left(BOUNDS_S, seconds)] += 1
            self._sum_s += seconds

    def message(self) -> dict[str, Any]:
        """`buckets`: pairs of a bound (s) and how many took at most so long; `count` and `sum_s` of all."""
        with self._lock:
            upto = list(accumulate(self._counts))
            return {"buckets": list(zip(BOUNDS_S, upto, strict=False)), "count": upto[-1], "sum_s": self._sum_s}
