"""Zones: parts of the picture in which motion counts, or does not, as rows of the settings.

Their corners are in pixels of the whole sensor, before any flip or rotation, as focus windows and ScalerCrop are: they
stay on their subject when the picture is zoomed or turned. `motion.zones` finds them in a picture.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

Point = tuple[int, int]

MAX_CORNERS = 32
MAX_PIXEL = 65535
FORM = '"include 0,0 800,600" (two opposite corners of a rectangle) or "exclude 0,0 800,0 400,600" (a polygon)'
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
        if len(self.points) > 2:
            return self.points
        (left, top), (right, bottom) = self.points
        return (left, top), (right, top), (right, bottom), (left, bottom)


def parse(text: str) -> Zone:
    """The zone in a text such as `exclude 0,0 800,600`; `str` makes the text again.

    Raises:
        ValueError: it is none; the message says what to write.
    """
    kind, *corners = text.split()[: MAX_CORNERS + 2] or [""]
    if kind not in ("include", "exclude"):
        raise ValueError(f"a zone begins with include or exclude: write {FORM}")
    points = tuple(map(_point, corners))
    if not 2 <= len(points) <= MAX_CORNERS:
        raise ValueError(f"a zone has from 2 to {MAX_CORNERS} corners: write {FORM}")
    zone = Zone(kind == "include", points)
    if not _has_area(zone.outline):
        raise ValueError(f"the corners of a zone must not be on one line: write {FORM}")
    return zone


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
