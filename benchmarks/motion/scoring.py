"""What a detector has found in a clip, against what there is to be found."""

import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from clips import Clip
from drawing import Interval
from report import Row

QUIET_S = 5.0  # after so long without motion, the next one is another alarm; for both
EARLY_S, LATE_S = 0.5, 3.0  # what begins so long before, or after, something moves is no false alarm


@dataclass(frozen=True)
class Judgement:
    """Of one clip.

    Attributes:
        delays_s: of each motion, from its beginning until it was found; None: it was not.
        false_s: when false alarms began.
        minutes: in how many minutes there was one.
    """

    delays_s: tuple[float | None, ...]
    false_s: tuple[float, ...]
    minutes: int

    def __str__(self) -> str:
        words = ["missed" if delay is None else f"after {delay:.1f} s" for delay in self.delays_s]
        if self.false_s or not words:
            words.append(f"{len(self.false_s)} false")
        return ", ".join(words)


def judged(clip: Clip, times: Sequence[float]) -> Judgement:
    """Judge a clip.

    Args:
        times: of the frames with motion, in seconds of the clip.
    """
    alarms: list[list[float]] = []
    for time_s in times:
        if not alarms or time_s - alarms[-1][-1] > QUIET_S:
            alarms.append([])
        alarms[-1].append(time_s)
    false = [alarm for alarm in alarms if not any(_is_of(motion, alarm[0]) for motion in clip.truth)]
    delays = [
        next((max(0.0, time_s - motion[0]) for time_s in times if _is_of(motion, time_s)), None)
        for motion in clip.truth
    ]
    wrong = [time_s for alarm in false for time_s in alarm if not any(_is_of(motion, time_s) for motion in clip.truth)]
    return Judgement(tuple(delays), tuple(alarm[0] for alarm in false), len({int(time_s // 60) for time_s in wrong}))


def _is_of(motion: Interval, time_s: float) -> bool:
    return motion[0] - EARLY_S <= time_s <= motion[1] + LATE_S


@dataclass
class Score:
    """Of all clips."""

    found: int = 0
    missed: int = 0
    false: int = 0
    minutes: int = 0
    seconds: float = 0.0
    delays_s: list[float] = field(default_factory=list)

    def add(self, clip: Clip, judgement: Judgement) -> None:
        """Count a clip."""
        delays = [delay for delay in judgement.delays_s if delay is not None]
        self.found += len(delays)
        self.missed += len(judgement.delays_s) - len(delays)
        self.delays_s += delays
        self.false += len(judgement.false_s)
        self.minutes += judgement.minutes
        self.seconds += clip.seconds

    @property
    def false_an_hour(self) -> float:
        return self.false / self.seconds * 3600

    @property
    def false_minutes_an_hour(self) -> float:
        return self.minutes / self.seconds * 3600


def compared(name: str, ours: Score, theirs: Score) -> Iterator[Row]:
    """Rows of all clips together, beside `motion` with the configuration of that name."""
    if both := ours.found + ours.missed:
        ratio = f"{ours.found / theirs.found:.2f} ×" if theirs.found else ""
        yield Row(f"motions found of {both}, motion ({name})", f"{ours.found}", f"{theirs.found}",
                  ratio, "≥ 1 ×", ours.found >= theirs.found)  # fmt: skip
        delays = [f"{statistics.median(each.delays_s):.1f} s" if each.delays_s else "" for each in (ours, theirs)]
        yield Row(f"delay until motion is found, median, motion ({name})", delays[0], delays[1])
    for work, our, their in (
        ("false alarms an hour", ours.false_an_hour, theirs.false_an_hour),
        ("minutes of an hour with a false alarm", ours.false_minutes_an_hour, theirs.false_minutes_an_hour),
    ):
        ratio = f"{our / their:.2f} ×" if their else ""
        yield Row(f"{work}, motion ({name})", f"{our:.1f}", f"{their:.1f}", ratio, "≤ 0.5 ×", our <= their / 2)
