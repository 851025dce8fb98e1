"""`python -m stillcam.films.render`: the child of the capture daemon that makes one film.

A process of its own, at the lowest priority: whatever a picture does to Pillow or ffmpeg, and whatever
memory it takes, the shots go on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

Tell = Callable[[int, int], None]  # so many pictures are done, of so many


@dataclass(frozen=True, slots=True)
class Made:
    """What has come of it.

    Args:
        file: its name in the work folder.
        pictures: of which it was made.
        size: width and height in pixels.
        duration_s: of a film.
    """

    file: str
    pictures: int
    size: tuple[int, int]
    duration_s: float | None = None
