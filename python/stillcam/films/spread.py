"""Choosing some of many, evenly."""

from __future__ import annotations


def spread(many: int, wanted: int) -> list[int]:
    """Which of `many` things, counted from 0, are taken when `wanted` are: the first, the last, and evenly between."""
    if many <= wanted:
        return list(range(many))
    if wanted == 1:
        return [0]
    return [number * (many - 1) // (wanted - 1) for number in range(wanted)]
