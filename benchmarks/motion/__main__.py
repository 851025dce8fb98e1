"""Stillcam's detection of motion beside Debian's `motion`, on the same clips: what each finds, and what it takes.

Run it as `PYTHONPATH=python .venv/bin/python benchmarks/motion`. It needs `motion` and `faketime`, and 500 MB below
`/tmp`. `--only WORD` shows what is found in the clips that have this word in their names.
"""

import argparse
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain, groupby
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))

from clips import FPS, REPORTED, Clip, Recording, found, marked, not_found
from costs import costs, memory_armed
from debian_motion import DEFAULTS, RECOMMENDED, fake_time, play
from report import Row, print_table
from scoring import Judgement, Score, compared, judged

from stillcam.capture.motion_events.detection import detector_settings
from stillcam.motion.detector import Detector
from stillcam.settings.schema import MotionSettings

OTHERS = {"defaults": DEFAULTS, "recommended": RECOMMENDED}  # configurations of `motion`
QUICK = ("a person at some distance walks, day", "rain in infrared light")
COSTLY = "nothing, day", "trees in the wind"
COST_S, QUICK_COST_S = 30.0, 10.0
LAG_S = 1.0  # of what `motion` finds, at most

Seen = list[float]
"""Times of frames with motion, in seconds of the clip."""


@dataclass(frozen=True)
class Run:
    """What is measured, and where.

    Attributes:
        seed: of the clips.
        sensitivity: of Stillcam.
        others: configurations of `motion`, by their names.
        folder: for clips, and the files of `motion`.
    """

    seed: int
    sensitivity: int
    others: dict[str, str]
    folder: Path

    def record(self, name: str) -> tuple[Recording, Seen]:
        """Write a clip into a file; what Stillcam sees in it."""
        clip = next(clip for clip in found(self.seed) + not_found(self.seed) if clip.name == name)
        recording = clip.record(self.folder)
        detector = Detector(detector_settings(MotionSettings(sensitivity=self.sensitivity)))
        looks = [detector.look(jpeg, number / FPS) for number, jpeg in enumerate(recording.frames())]
        return recording, [look.time_s for look in looks if look.motion]

    def lag_s(self) -> float:
        """How late `motion` is by its own clock: of something large that is there from one frame to the next.

        Raises:
            RuntimeError: it does not see it at all, or too late.
        """
        clip = marked()
        times = play(clip.record(self.folder), self.folder / clip.name, DEFAULTS)
        began_s = clip.truth[0][0]
        if not times or not -1 / FPS <= times[0] - began_s <= LAG_S:
            raise RuntimeError(f"motion sees the marker of {began_s:g} s at {times[:1]}")
        return times[0] - began_s

    def judgements(self, clips: Sequence[Clip]) -> Iterator[tuple[Clip, list[Judgement]]]:
        """Of each clip: of Stillcam, then of the others."""
        lag_s = self.lag_s() if self.others else 0.0
        with ProcessPoolExecutor(2) as pool, ThreadPoolExecutor(len(OTHERS)) as players:
            coming = [pool.submit(self.record, clip.name) for clip in clips[:2]]
            for number, clip in enumerate(clips):
                recording, ours = coming[number].result()
                if number + 2 < len(clips):  # it is made while this one is played
                    coming.append(pool.submit(self.record, clips[number + 2].name))
                playing = [
                    players.submit(play, recording, self.folder / f"{name}, {clip.name}", more)
                    for name, more in self.others.items()
                ]
                theirs = [[time_s - lag_s for time_s in each.result()] for each in playing]
                recording.path.unlink()
                yield clip, [judged(clip, times) for times in (ours, *theirs)]

    def rows(self, clips: Sequence[Clip]) -> Iterator[Row]:
        """One of each clip or group of clips, then those of all together."""
        ours, *theirs = scores = [Score() for _ in range(1 + len(self.others))]
        for group, judgements in groupby(self.judgements(clips), lambda each: each[0].group or each[0].name):
            clips_of, manners = [], []
            for clip, each in judgements:
                clips_of.append(each)
                manners.append(clip.manner)
                for score, judgement in zip(scores, each, strict=True):
                    score.add(clip, judgement)
            told = [", ".join(map(str, each)) for each in zip(*clips_of, strict=True)]
            named = (f"{name}: {text}" for name, text in zip(self.others, told[1:], strict=True))
            yield Row(f"{group}: {', '.join(manners)}" if manners[0] else group, told[0], "; ".join(named))
        for name, score in zip(self.others, theirs, strict=True):
            yield from compared(name, ours, score)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="benchmarks/motion", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="two clips: to see that it works")
    parser.add_argument("--only", action="append", metavar="WORD", help="clips with this word in their names")
    parser.add_argument("--alone", action="store_true", help="without motion")
    parser.add_argument("--sensitivity", type=int, default=MotionSettings().sensitivity, help="of Stillcam, 1 to 10")
    parser.add_argument("--seed", type=int, default=REPORTED, help=f"of the clips (default: {REPORTED})")
    given = parser.parse_args()
    clips = found(given.seed) + not_found(given.seed)
    if words := QUICK if given.quick else given.only:
        clips = [clip for clip in clips if any(word in clip.name for word in words)]
    if not given.alone and not (shutil.which("motion") and fake_time()):
        sys.exit("benchmarks/motion: install what it compares with: sudo apt install motion faketime")
    with tempfile.TemporaryDirectory(prefix="stillcam-motion-") as name:
        run = Run(given.seed, given.sensitivity, {} if given.alone else OTHERS, Path(name))
        parts = [run.rows(clips)]
        if not (given.only or given.alone):
            seconds, folder = QUICK_COST_S if given.quick else COST_S, run.folder / "costs"
            folder.mkdir()
            parts += [costs(clip, OTHERS, seconds, folder) for clip in not_found(REPORTED) if clip.name in COSTLY]
            parts.append(memory_armed(folder, seconds))
        print_table(chain(*parts))


if __name__ == "__main__":
    main()
