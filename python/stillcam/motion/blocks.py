"""Groups of connected blocks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from stillcam.settings.geometry import Size

Block = tuple[int, int]
"""Column and row, from 0 at the top left."""


def groups(values: Sequence[float], columns: int, least: float) -> list[list[Block]]:
    """Find the groups of blocks that touch each other, also at their corners; the largest first.

    Args:
        values: of all blocks, row by row.
        columns: in a row.
        least: of a block that counts.
    """
    left = {index for index, value in enumerate(values) if value >= least}
    found: list[list[Block]] = []
    while left:
        group, waiting = [], [left.pop()]
        while waiting:
            index = waiting.pop()
            row, column = divmod(index, columns)
            group.append((column, row))
            for beside in range(max(0, column - 1), min(columns, column + 2)):
                for near in (index - columns, index, index + columns):
                    neighbour = near - column + beside
                    if neighbour in left:
                        left.remove(neighbour)
                        waiting.append(neighbour)
        found.append(group)
    return sorted(found, key=len, reverse=True)


def rotated(blocks: Iterable[Block], size: Size, degrees: int) -> list[Block]:
    """Where blocks are in a picture that is rotated clockwise by 90 or 270 degrees, or not at all.

    Args:
        size: columns and rows before.
    """
    columns, rows = size
    if degrees == 90:
        return [(rows - 1 - row, column) for column, row in blocks]
    if degrees == 270:
        return [(row, columns - 1 - column) for column, row in blocks]
    return list(blocks)
