"""Parts of the picture as rows of the settings: zones of motion, and privacy masks.

Their corners are in pixels of the whole sensor, before any flip or rotation, as focus windows and ScalerCrop are: they
stay on their subject when the picture is zoomed or turned. `motion.zones` and `edits.masks` find them in a picture.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

Point = tuple[int, int]

MAX_CORNERS = 32
MAX_PIXEL = 65535
FORM = '"include 0,0 800,600" (two opposite corners of a rectangle) or "exclude 0,0 800,0 400,600" (a polygon)'
MASK_FORM = '"0,0 800,600" (two opposite corners of a rectangle) or "0,0 800,0 400,600" (a polygon)'
_CORNER = re.compile(r"([0-9]{1,5}),([0-9]{1,5})")


@dataclass(frozen=True, slots=True)
class Zone:
    """A rectangle or a polygon on the sensor.

    Attributes:
        include: motion counts only in such zones; otherwise it does not count in this one.
        points: its corners; two of them are opposite corners of a rectangle.
    """

    include: bool
    points: tuple[Point, ...]

    def __str__(self) -> str:
        corners = (f"{x},{y}" for x, y in self.points)
        return " ".join(("include" if self.include else "exclude", *corners))

    @property
    def outline(self) -> tuple[Point, ...]:
        """All corners, also of a rectangle."""
        return outline_of(self.points)


def parse(text: str) -> Zone:
    """The zone in a text such as `exclude 0,0 800,600`; `str` makes the text again.

    Raises:
        ValueError: it is none; the message says what to write.
    """
    kind, *corners = text.split()[: MAX_CORNERS + 2] or [""]
    if kind not in ("include", "exclude"):
        raise ValueError(f"a zone begins with include or exclude: write {FORM}")
    return Zone(kind == "include", _area(corners, "zone", FORM))


def parse_mask(text: str) -> tuple[Point, ...]:
    """The corners of a privacy mask in a text such as `0,0 800,600`; two of them are opposite corners of a rectangle.

    Raises:
        ValueError: as `parse`.
    """
    return _area(text.split()[: MAX_CORNERS + 1], "mask", MASK_FORM)


def outline_of(points: tuple[Point, ...]) -> tuple[Point, ...]:
    """All corners of a polygon, or of a rectangle that is given by two."""
    if len(points) > 2:
        return points
    (left, top), (right, bottom) = points
    return (left, top), (right, top), (right, bottom), (left, bottom)


def _area(corners: Sequence[str], name: str, form: str) -> tuple[Point, ...]:
    points = tuple(map(_point, corners))
    if not 2 <= len(points) <= MAX_CORNERS:
        raise ValueError(f"a {name} has from 2 to {MAX_CORNERS} corners: write {form}")
    if not _has_area(outline_of(points)):
        raise ValueError(f"the corners of a {name} must not be on one line: write {form}")
    return points


def _point(text: str) -> Point:
    match = _CORNER.fullmatch(text)
    point = (int(match[1]), int(match[2])) if match else (-1, -1)
    if not 0 <= min(point) <= max(point) <= MAX_PIXEL:
        raise ValueError(f"{text[:40]} is no corner: write X,Y in whole pixels of the sensor, from 0 to {MAX_PIXEL}")
    return point


def _has_area(points: Sequence[Point]) -> bool:
    """Whether the points are not all on one line."""
    x, y = points[0]
    far = max(points, key=lambda point: abs(point[0] - x) + abs(point[1] - y))
    return any((far[0] - x) * (point[1] - y) != (far[1] - y) * (point[0] - x) for point in points)
