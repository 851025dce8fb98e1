"""Which blocks of a picture its privacy masks cover: never less than the masks. Pure functions."""

from __future__ import annotations

import math
from collections.abc import Sequence

from stillcam.settings.geometry import Rectangle, Size, View
from stillcam.settings.zones import Point, outline_of, parse_mask

PIXELS = 2.0  # a picture's pixel has something of its neighbours, by the scaling in the camera and by the JPEG
SENSOR_PIXELS = 8.0  # libcamera rounds a crop to pixels of the sensor mode, which may be 4 pixels of the sensor wide

TRIMMED = 15.0  # pixels that a rotation by 90 or 270 degrees leaves out at most, at one edge

Span = tuple[int, int]
"""The first cell in a row, and the one after the last."""
Corner = tuple[float, float]


def covered(masks: Sequence[str], view: View, size: Size, cell: Size) -> list[list[Span]]:
    """The cells of a picture that masks touch, for each row of cells.

    Args:
        masks: as in the settings; without any of them, nothing is covered.
        view: what the picture shows; where that is not known, the whole picture is covered.
        size: of the picture in pixels.
        cell: width and height of a cell in pixels.
    """
    columns, rows = math.ceil(size[0] / cell[0]), math.ceil(size[1] / cell[1])
    found: list[list[Span]] = [[] for _ in range(rows)]
    if masks and not view.crops:
        return [[(0, columns)] for _ in range(rows)]
    wide, high = size[::-1] if view.rotation else size
    for crop in view.crops:
        margin = max(PIXELS + SENSOR_PIXELS * wide / crop[2], PIXELS + SENSOR_PIXELS * high / crop[3])
        margin += TRIMMED if view.rotation else 0.0
        for mask in masks:
            corners = [_in_picture(point, crop, view, size) for point in outline_of(parse_mask(mask))]
            for row, spans in enumerate(_touched(corners, rows, columns, cell, margin)):
                found[row] += spans
    return [_merged(spans) for spans in found]


def _in_picture(point: Point, crop: Rectangle, view: View, size: Size) -> Corner:
    """Where a point of the sensor is in the picture, in pixels; possibly outside."""
    across, down = (point[0] - crop[0]) / crop[2], (point[1] - crop[1]) / crop[3]
    across, down = 1 - across if view.flips[0] else across, 1 - down if view.flips[1] else down
    if view.rotation == 90:
        across, down = 1 - down, across
    elif view.rotation == 270:
        across, down = down, 1 - across
    return size[0] * across, size[1] * down


def _touched(corners: Sequence[Corner], rows: int, columns: int, cell: Size, margin: float) -> list[list[Span]]:
    """The cells that come nearer than `margin` to the inside of a polygon.

    Such a cell, grown by the margin, is crossed by an edge, or lies inside as a whole with its middle.
    """
    found: list[list[Span]] = []
    edges = list(zip(corners, [*corners[1:], corners[0]], strict=True))
    for row in range(rows):
        top, bottom = row * cell[1] - margin, (row + 1) * cell[1] + margin
        spans = [_cells(left, right, columns, cell[0], margin) for left, right in _crossings(edges, top, bottom)]
        spans += [_cells(left, right, columns, cell[0], 0.0) for left, right in _inside(edges, (top + bottom) / 2)]
        found.append([span for span in spans if span[0] < span[1]])
    return found


def _crossings(edges: Sequence[tuple[Corner, Corner]], top: float, bottom: float) -> list[tuple[float, float]]:
    """From where to where each edge goes between two horizontal lines, across."""
    found = []
    for (x, y), (other_x, other_y) in edges:
        if max(y, other_y) < top or min(y, other_y) > bottom:
            continue
        ends = [x, other_x]
        if y != other_y:
            parts = [min(1.0, max(0.0, (line - y) / (other_y - y))) for line in (top, bottom)]
            ends = [x + part * (other_x - x) for part in parts]
        found.append((min(ends), max(ends)))
    return found


def _inside(edges: Sequence[tuple[Corner, Corner]], line: float) -> list[tuple[float, float]]:
    """The parts of a horizontal line inside of a polygon; where it crosses itself, all that it goes around."""
    steps = []
    for (x, y), (other_x, other_y) in edges:
        if (y <= line) != (other_y <= line):
            steps.append((x + (line - y) / (other_y - y) * (other_x - x), 1 if y < other_y else -1))
    found, winding, begin = [], 0, 0.0
    for x, turn in sorted(steps):
        if winding == 0:
            begin = x
        winding += turn
        if winding == 0:
            found.append((begin, x))
    return found


def _cells(left: float, right: float, columns: int, width: int, margin: float) -> Span:
    """The cells that something from `left` to `right` touches."""
    first, last = math.floor((left - margin) / width), math.floor((right + margin) / width)
    return max(0, first), min(columns, last + 1)


def _merged(spans: list[Span]) -> list[Span]:
    """The same cells in as few spans as possible, from left to right."""
    merged: list[Span] = []
    for first, end in sorted(spans):
        if merged and first <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(merged[-1][1], end)
        else:
            merged.append((first, end))
    return merged
