"""Zones: parts of the picture in which motion counts, or does not.

Their corners are in pixels of the whole sensor, before any flip or rotation, as focus windows and ScalerCrop are: they
stay on their subject when the picture is zoomed or turned.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw

from stillcam.settings.geometry import Flips, Rectangle, Size

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


def mask(
    zones: Sequence[Zone], crop: Rectangle, size: Size, flips: Flips = (False, False), rotation: int = 0
) -> Image.Image:
    """Where motion counts in a picture: `DetectorSettings` takes it.

    Args:
        zones: motion counts in those that include, or everywhere if none does; but in none that excludes.
        crop: the part of the sensor that the picture shows, before any flip: the ScalerCrop of a frame's metadata.
        size: of the mask in pixels; the detector scales it.
        flips: by the camera, as `camera.use_cases.Geometry` has them: a rotation by 180 degrees is both.
        rotation: clockwise degrees, of which only 90 and 270 count, by which the picture was rotated after that.

    Returns:
        255 where motion counts, and 0 elsewhere (mode L).
    """
    drawn = Image.new("L", size, 0 if any(zone.include for zone in zones) else 255)
    pen = ImageDraw.Draw(drawn)
    for zone in sorted(zones, key=lambda zone: not zone.include):
        corners = [_in_picture(point, crop, flips, rotation) for point in zone.outline]
        scaled = [(across * size[0] - 0.5, down * size[1] - 0.5) for across, down in corners]
        pen.polygon(scaled, fill=255 if zone.include else 0)
    return drawn


def _in_picture(point: Point, crop: Rectangle, flips: Flips, rotation: int) -> tuple[float, float]:
    """Where a point of the sensor is: 0 to 1 from left to right and from top to bottom; beyond that: outside."""
    across, down = (point[0] - crop[0]) / crop[2], (point[1] - crop[1]) / crop[3]
    across, down = 1 - across if flips[0] else across, 1 - down if flips[1] else down
    if rotation == 90:
        return 1 - down, across
    return (down, 1 - across) if rotation == 270 else (across, down)


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
