"""When the frames of a recording were taken, where their rate changes.

A camera gives fewer frames when it gets dark, and a disk that is too slow costs some. At one average rate, a frame
would be shown seconds before or after its sound.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

Point = tuple[int, float]  # the number of a frame, and when it was taken: seconds after the first one

NEAR_S = 0.05  # a frame may be shown so much too early or too late, about
WINDOW_S = 1.0  # of the frames that were read in such a time, one counts: the daemon may read several together
MOST_POINTS = 500  # they become a part of ffmpeg's command line


class Pace:
    """Follows the frames of a recording: a point wherever their rate changes.

    Args:
        rate: frames a second, as the camera should give them.
        near_s: how far from a straight line between two points a frame may be.
    """

    def __init__(self, rate: float, near_s: float = NEAR_S) -> None:
        self._rate = rate
        self._near_s = near_s
        self._points: list[Point] = [(0, 0.0)]
        self._low, self._high = 0.0, math.inf  # slopes of the lines from the last point past all that were taken since
        self._last: Point = (0, 0.0)  # the newest of these
        self._best: Point | None = None  # of the present window: the one that was read with the least delay
        self._window = 0

    def add(self, frame: int, time_s: float) -> None:
        """A frame was read then; called in order, with numbers from 0 on."""
        window = int(time_s / WINDOW_S)
        if self._best and window != self._window:
            self._take(self._best)
            self._best = None
        self._window = window
        if frame and (self._best is None or self._delay_s(frame, time_s) < self._delay_s(*self._best)):
            self._best = frame, time_s

    def points(self) -> list[Point]:
        """Between two of them, frames came at a steady rate; empty: all frames did."""
        newest = [point for point in (self._last, self._best) if point]
        points = list(dict.fromkeys([*self._points, *newest]))
        near_s = self._near_s
        while len(points) > MOST_POINTS:
            near_s *= 2
            coarser = Pace(self._rate, near_s)
            for point in points[1:]:
                coarser._take(point)
            points = [*coarser._points, coarser._last]
        return points if self._is_uneven(points) else []

    def _is_uneven(self, points: list[Point]) -> bool:
        frames, duration_s = points[-1]  # of one frame: 0, and nothing to compare
        return any(abs(time_s - frame * duration_s / frames) > 2 * self._near_s for frame, time_s in points[1:])

    def _delay_s(self, frame: int, time_s: float) -> float:
        return time_s - frame / self._rate

    def _take(self, point: Point) -> None:
        """Where no line leads past all that came since the last point, the newest of them becomes a point, too."""
        if not self._leads_to(point):
            self._points.append(self._last)
            self._low, self._high = 0.0, math.inf
            self._leads_to(point)
        self._last = point

    def _leads_to(self, point: Point) -> bool:
        frame, time_s = self._points[-1]
        frames = point[0] - frame
        self._low = max(self._low, (point[1] - self._near_s - time_s) / frames)
        self._high = min(self._high, (point[1] + self._near_s - time_s) / frames)
        return self._low <= self._high


def frame_at(points: Sequence[Point], time_s: float) -> int:
    """The number of the frame that was taken then.

    Args:
        points: two or more, see `Pace.points`.
    """
    pairs = list(pairwise(points))
    (first, first_s), (last, last_s) = next((pair for pair in pairs if time_s <= pair[1][1]), pairs[-1])
    return round(first + (time_s - first_s) * (last - first) / (last_s - first_s))
