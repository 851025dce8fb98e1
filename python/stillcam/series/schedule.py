"""The plan of a series: what a person asked for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from zoneinfo import ZoneInfo

MIN_INTERVAL_MS, MAX_INTERVAL_MS = 1000, 86_400_000
DAY_MINUTES, MAX_OFFSET_MINUTES = 1440, 720

_CLOCK = re.compile(r"(?P<hours>\d\d):(?P<minutes>[0-5]\d)", re.ASCII)
_SUN = re.compile(rf"(?P<sun>sunrise|sunset)(?:(?P<sign>[+-]){_CLOCK.pattern})?", re.ASCII)
UTC = ZoneInfo("UTC")


@dataclass(frozen=True, slots=True)
class Edge:
    """Where a daily window begins or ends.

    Args:
        sun: `sunrise` or `sunset`; empty: the clock counts.
        minutes: after midnight by the local clock, or after (negative: before) the sun's event.
    """

    sun: str
    minutes: int

    @classmethod
    def parse(cls, text: str) -> Edge:
        """Read `08:30`, `sunset`, `sunrise-00:30` or `sunset+01:00`.

        Raises:
            ValueError: it is none of these.
        """
        match = _CLOCK.fullmatch(text) or _SUN.fullmatch(text)
        if not match:
            raise ValueError(f"must be like 08:30, sunset or sunrise-00:30, not {text!r}")
        said = match.groupdict()
        minutes = int(said["hours"] or 0) * 60 + int(said["minutes"] or 0)
        sun = said.get("sun", "")
        if minutes > (MAX_OFFSET_MINUTES if sun else DAY_MINUTES):
            raise ValueError(f"there is no such time: {text!r}")
        return cls(sun, -minutes if said.get("sign") == "-" else minutes)

    def __str__(self) -> str:
        """As `parse` reads it."""
        hours, minutes = divmod(abs(self.minutes), 60)
        clock = f"{hours:02}:{minutes:02}"
        if not self.sun:
            return clock
        return f"{self.sun}{'-' if self.minutes < 0 else '+'}{clock}" if self.minutes else self.sun


@dataclass(frozen=True, slots=True)
class Plan:
    """When shots are wanted. Times are milliseconds since the epoch, so that no sum of them is rounded.

    Args:
        interval_ms: from one shot to the next.
        starts_ms: none before.
        ends_ms: none from then on; None: it goes on until it is finished.
        shots: so many are to be taken; None: no limit.
        marks: shots fall on the dial's marks (multiples of the interval since midnight), not on the start's.
        weekdays: those wanted, 0 is Monday; a window over midnight belongs to the day on which it begins.
        window: daily, from and to; None: all day.
        place: latitude and longitude in degrees, for the sun.
        zone: of the local clock.
    """

    interval_ms: int
    starts_ms: int
    ends_ms: int | None = None
    shots: int | None = None
    marks: bool = False
    weekdays: frozenset[int] = frozenset(range(7))
    window: tuple[Edge, Edge] | None = None
    place: tuple[float, float] | None = None
    zone: ZoneInfo = UTC

    def __post_init__(self) -> None:
        if not MIN_INTERVAL_MS <= self.interval_ms <= MAX_INTERVAL_MS:
            raise ValueError("the interval must be from 1 second to a day")
        if self.ends_ms is not None and self.ends_ms <= self.starts_ms:
            raise ValueError("the end must come after the start")
        if self.shots is not None and self.shots < 1:
            raise ValueError("the number of shots must be 1 or more")
        if not self.weekdays or not self.weekdays <= set(range(7)):
            raise ValueError("choose one weekday at least")
        if self.window and any(edge.sun for edge in self.window) and self.place is None:
            raise ValueError("sunrise and sunset need the place: its latitude and longitude")
        if self.place and not (-90 <= self.place[0] <= 90 and -180 <= self.place[1] <= 180):
            raise ValueError("latitude is from -90 to 90, longitude from -180 to 180 degrees")

    @property
    def always(self) -> bool:
        """Whether every hour of every day is wanted."""
        return self.window is None and len(self.weekdays) == 7
