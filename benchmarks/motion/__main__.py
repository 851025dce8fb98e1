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
from itertools import chain
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))

from clips import FPS, REPORTED, Clip, Recording, found, marked, not_found
from costs import costs, memory
from debian_motion import DEFAULTS, RECOMMENDED, play
from report import Row, print_table
from scoring import Score, compared, judged

from stillcam.motion.detector import Detector, DetectorSettings

OTHERS = {"motion, defaults": DEFAULTS, "motion, recommended": RECOMMENDED}
OURS = "Stillcam"
QUICK = ("a person at some distance walks, day", "rain in infrared light")
COSTLY = "nothing, day", "trees in the wind"
COST_S, QUICK_COST_S = 30.0, 3.0
LAG_S = 1.0  # of what `motion` finds, at most

Seen = list[float]
"""Times of frames with motion, in seconds of the clip."""


def recorded(name: str, seed: int, sensitivity: int, folder: Path) -> tuple[Recording, Seen]:
    """Write a clip into a file; what Stillcam sees in it."""
    recording = next(clip for clip in found(seed) + not_found(seed) if clip.name == name).record(folder)
    detector = Detector(DetectorSettings.of_sensitivity(sensitivity) if sensitivity else None)
    looks = [detector.look(jpeg, number / FPS) for number, jpeg in enumerate(recording.frames())]
    return recording, [look.time_s for look in looks if look.motion]


def lag_s(folder: Path) -> float:
    """How late `motion` is by its own clock: of something large that is there from one frame to the next.

    Raises:
        RuntimeError: it does not see it at all, or too late.
    """
    clip = marked()
    times = play(clip.record(folder), folder / "marked", DEFAULTS)
    began_s = clip.truth[0][0]
    if not times or not -1 / FPS <= times[0] - began_s <= LAG_S:
        raise RuntimeError(f"motion sees the marker of {began_s:g} s at {times[:1]}")
    return times[0] - began_s


def rows(clips: Sequence[Clip], seed: int, sensitivity: int, alone: bool, folder: Path) -> Iterator[Row]:
    """One of each clip, then those of all together.

    Args:
        sensitivity: of Stillcam; 0: its default.
        alone: without the other detectors.
    """
    others = {} if alone else OTHERS
    scores = {name: Score() for name in (OURS, *others)}
    late_s = 0.0 if alone else lag_s(folder)
    with ProcessPoolExecutor(2) as pool, ThreadPoolExecutor(len(OTHERS)) as players:
        coming = [pool.submit(recorded, clip.name, seed, sensitivity, folder) for clip in clips[:2]]
        for number, clip in enumerate(clips):
            recording, ours = coming[number].result()
            if number + 2 < len(clips):  # it is made while this one is played
                coming.append(pool.submit(recorded, clips[number + 2].name, seed, sensitivity, folder))
            playing = [
                players.submit(play, recording, folder / f"{number} {name}", more) for name, more in others.items()
            ]
            seen = [ours, *([time_s - late_s for time_s in each.result()] for each in playing)]
            recording.path.unlink()
            judgements = [judged(clip, times) for times in seen]
            for score, judgement in zip(scores.values(), judgements, strict=True):
                score.add(clip, judgement)
            yield Row(
                clip.name,
                str(judgements[0]),
                "; ".join(
                    f"{name.removeprefix('motion, ')}: {judgement}"
                    for name, judgement in zip(others, judgements[1:], strict=True)
                ),
            )
    for name in others:
        yield from compared(name, scores[OURS], scores[name])


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="benchmarks/motion", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="two clips: to see that it works")
    parser.add_argument("--only", action="append", metavar="WORD", help="clips with this word in their names")
    parser.add_argument("--alone", action="store_true", help="without motion")
    parser.add_argument("--sensitivity", type=int, default=0, help="of Stillcam, 1 to 10")
    parser.add_argument("--seed", type=int, default=REPORTED, help=f"of the clips (default: {REPORTED})")
    given = parser.parse_args()
    words = QUICK if given.quick else given.only
    clips = [
        clip for clip in found(given.seed) + not_found(given.seed) if not words or any(w in clip.name for w in words)
    ]
    if not given.alone and shutil.which("motion") is None:
        sys.exit("benchmarks/motion: there is no motion: sudo apt install motion faketime")
    with tempfile.TemporaryDirectory(prefix="stillcam-motion-") as name:
        folder = Path(name)
        parts = [rows(clips, given.seed, given.sensitivity, given.alone, folder)]
        if not (given.only or given.alone):
            seconds = QUICK_COST_S if given.quick else COST_S
            parts += [costs(clip, OTHERS, seconds, folder) for clip in not_found(given.seed) if clip.name in COSTLY]
            parts.append(memory(folder, seconds))
        print_table(chain(*parts))


if __name__ == "__main__":
    main()
