"""How large a film is, and what of each picture is in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from stillcam.films.order import Crop

Size = tuple[int, int]
Box = tuple[int, int, int, int]  # left, top, right, bottom in pixels


def common(sizes: Iterable[Size]) -> Size:
    """The size that most pictures have; the larger one of two that are as common."""
    counted = Counter(sizes)
    return max(counted, key=lambda size: (counted[size], size))


def box_of(size: Size, crop: Crop | None) -> Box:
    """What is seen of a picture: even numbers, so that no colour is cut in two."""
    if crop is None:
        return 0, 0, *size
    x, y, width, height = crop
    left, top = (int(size[0] * x) // 2 * 2, int(size[1] * y) // 2 * 2)
    right = min(size[0], left + max(2, round(size[0] * width) // 2 * 2))
    bottom = min(size[1], top + max(2, round(size[1] * height) // 2 * 2))
    return left, top, right, bottom


def scaled(box: Box, width: int | None) -> Size:
    """The size of the film: no wider than asked for, nor than what is seen; both sides even, as H.264 wants it."""
    seen, high = box[2] - box[0], box[3] - box[1]
    wide = min(width or seen, seen)
    return max(2, wide // 2 * 2), max(2, round(high * wide / seen / 2) * 2)
