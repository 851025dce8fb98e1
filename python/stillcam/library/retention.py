"""Retention of the library: chooses the items to delete, the oldest first, favourites never. A pure function."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from stillcam.library.items import Item


@dataclass(frozen=True, slots=True)
class Rule:
    """The limits of the library; None: no limit."""

    max_age_s: float | None = None  # of an item
    max_bytes: int | None = None  # of all items
    min_free_bytes: int = 0  # on the disk


@dataclass(frozen=True, slots=True)
class Candidate:
    """An item that may be deleted."""

    item: Item
    size_bytes: int
    favourite: bool


def is_too_old(item: Item, rule: Rule, now_s: float) -> bool:
    """Whether an item is deleted for its age alone; `now_s` is in seconds since the epoch."""
    return rule.max_age_s is not None and now_s - item.time_s > rule.max_age_s


def items_to_delete(
    oldest_first: Iterable[Candidate], rule: Rule, now_s: float, used_bytes: int, free_bytes: int
) -> Iterator[Item]:
    """The items to delete; `oldest_first` is consumed only as far as needed.

    Args:
        now_s: seconds since the epoch.
        used_bytes: of all items.
        free_bytes: on the disk.
    """
    surplus = max(0 if rule.max_bytes is None else used_bytes - rule.max_bytes, rule.min_free_bytes - free_bytes)
    for candidate in oldest_first:
        if surplus <= 0 and not is_too_old(candidate.item, rule, now_s):
            return
        if candidate.favourite:
            continue
        surplus -= candidate.size_bytes
        yield candidate.item
