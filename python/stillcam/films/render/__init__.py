"""`python -m stillcam.films.render ID`: the child process of the capture daemon that renders one film.

A process of its own, at the lowest priority: neither a crash of Pillow or ffmpeg nor their memory affects the shots.

`movie` makes films, with `timestamp`; `sheet_and_keogram` the two others; `pictures` reads what they are made from.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

OnProgress = Callable[[int, int], None]  # called with the number of pictures that are done, and of all


@dataclass(frozen=True, slots=True)
class Rendered:
    """The result.

    Args:
        file: its name in the work folder.
        pictures: the number of pictures it was made from.
        size: width and height in pixels.
        duration_s: of a film.
    """

    file: str
    pictures: int
    size: tuple[int, int]
    duration_s: float | None = None
