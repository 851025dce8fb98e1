"""What is to be deleted so that the rest fits: a pure choice, the oldest first, favourites never."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from stillcam.library.day import Item


@dataclass(frozen=True, slots=True)
class Rule:
    """What is kept.

    Args:
        max_age_s: what is older goes; None: no limit.
        max_bytes: what the library may take in all; None: no limit.
        min_free_bytes: what must be free on the disk.
    """

    max_age_s: float | None = None
    max_bytes: int | None = None
    min_free_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Kept:
    """An item with what the choice needs to know."""

    item: Item
    size_bytes: int
    favourite: bool


def is_old(item: Item, rule: Rule, now_s: float) -> bool:
    """Whether an item goes for its age alone.

    Args:
        now_s: seconds since the epoch.
    """
    return rule.max_age_s is not None and now_s - item.time_s > rule.max_age_s


def doomed(oldest_first: Iterable[Kept], rule: Rule, now_s: float, used_bytes: int, free_bytes: int) -> Iterator[Item]:
    """The items to delete.

    Args:
        oldest_first: items, which are taken only as far as they are needed.
        rule: what is kept.
        now_s: seconds since the epoch.
        used_bytes: what the library takes.
        free_bytes: what is free on its disk.
    """
    surplus = max(
        used_bytes - rule.max_bytes if rule.max_bytes is not None else 0,
        rule.min_free_bytes - free_bytes,
    )
    for kept in oldest_first:
        if surplus <= 0 and not is_old(kept.item, rule, now_s):
            return
        if kept.favourite:
            continue
        surplus -= kept.size_bytes
        yield kept.item
