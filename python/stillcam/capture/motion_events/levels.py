"""What the detector has seen lately: for those who choose its settings."""

from __future__ import annotations

import itertools
import time
from collections import deque
from typing import TYPE_CHECKING, Any, NamedTuple

from stillcam.capture.motion_events.items import Clock
from stillcam.motion.blocks import rotated
from stillcam.settings.geometry import Size

if TYPE_CHECKING:  # with Pillow, which the thread of the detector imports
    from PIL import Image

    from stillcam.motion.blocks import Block
    from stillcam.motion.detector import Observation

LEVELS_S = 60.0  # that are kept


class Look(NamedTuple):
    """At one frame."""

    number: int
    time_s: float  # when it was read (monotonic)
    level: int
    ignored: str
    motion: bool


class Levels:
    """The looks of the last minute; the camera's thread adds them, and any may read them."""

    _numbers = itertools.count(1)  # of all looks since the daemon's start

    def __init__(self) -> None:
        self._looks: deque[Look] = deque()
        self._newest: Observation | None = None

    def add(self, seen: Observation) -> None:
        self._looks.append(Look(next(self._numbers), seen.time_s, seen.level, seen.ignored, seen.motion))
        while self._looks[0].time_s < seen.time_s - LEVELS_S:
            self._looks.popleft()
        self._newest = seen

    def to_json(self, after: int, mask: Image.Image | None, rotation: int) -> dict[str, Any]:
        """What it has seen since the look of this number; everything if there was no such look yet.

        Args:
            mask: where motion counts; None: everywhere.
            rotation: clockwise degrees by which frames are rotated after detection: 90, 270, else 0.
        """
        looks, newest, clock = tuple(self._looks), self._newest, Clock.read()
        if looks and after > looks[-1].number:  # of an earlier run of the daemon
            after = 0
        oldest_s = time.monotonic() - LEVELS_S
        shown: dict[str, Any] = {
            "looks": [
                {"number": look.number, "time": clock.utc(look.time_s), "level": look.level, "ignored": look.ignored,
                 "motion": look.motion}
                for look in looks if look.number > after and look.time_s > oldest_s
            ],
            "columns": 0, "rows": 0, "blocks": [], "others": [], "mask": None,
        }  # fmt: skip
        if newest:
            size = newest.columns, newest.rows
            shown["columns"], shown["rows"] = (size[1], size[0]) if rotation else size
            shown["blocks"] = rotated(newest.blocks, size, rotation)
            shown["others"] = rotated(set(newest.changed).difference(newest.blocks), size, rotation)
            if mask:
                counting = set(rotated(_counting(mask, size), size, rotation))
                shown["mask"] = [
                    "".join("1" if (column, row) in counting else "0" for column in range(shown["columns"]))
                    for row in range(shown["rows"])
                ]
        return shown


def _counting(mask: Image.Image, size: Size) -> list[Block]:
    """The blocks of which a half or more is within the zones."""
    values = mask.resize(size).tobytes()
    return [(index % size[0], index // size[0]) for index, value in enumerate(values) if value >= 128]
