"""The detection of motion beside Debian's `motion`, on the same clips: `benchmarks/motion [WORDS OF CLIPS...]`.

Needs `motion` and ffmpeg (`sudo apt install motion ffmpeg`). Takes ten minutes.
"""

import argparse
import io
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path += [str(ROOT / folder) for folder in ("benchmarks", "python")]

from clips import FPS, REPORTED, Clip, found, not_found  # noqa: E402
from debian_motion import DEFAULTS, RECOMMENDED, play, record  # noqa: E402
from PIL import Image  # noqa: E402
from report import Row, measured, print_table  # noqa: E402

from stillcam.frames.jpeg import JpegSplitter  # noqa: E402
from stillcam.motion.detector import Detector  # noqa: E402

QUIET_S = 5.0  # after so long without motion, the next one is another event
EARLY_S, LATE_S = 0.5, 3.0  # what begins so long before, or after, something moves is found, and no false alarm
QUICK = ("a cat", "rain")  # words of the clips of a short run
Seen = tuple[list[float], float]  # times of frames with motion; processor time for a frame in seconds


@dataclass
class Score:
    """What one detector has found in all clips."""

    found: int = 0
    false: int = 0
    hours: float = 0.0
    delays_s: list[float] = field(default_factory=list)
    frames_s: list[float] = field(default_factory=list)  # processor time for a frame, one figure a clip

    def add(self, clip: Clip, seen: Seen) -> str:
        """Count the events of a clip; what they are in words."""
        times, frame_s = seen
        delays, false = judged(clip, times)
        got = [delay for delay in delays if delay is not None]
        self.found += len(got)
        self.false += false
        self.hours += clip.seconds / 3600
        self.delays_s += got
        self.frames_s.append(frame_s)
        words = ["not found" if delay is None else f"after {delay:.1f} s" for delay in delays]
        return ", ".join([*words, f"{false} false"] if false or not words else words)


def judged(clip: Clip, times: list[float]) -> tuple[list[float | None], int]:
    """How late each motion of a clip is found (None: it is not), and the number of false alarms."""
    events: list[list[float]] = []
    for time_s in times:
        if events and time_s - events[-1][1] <= QUIET_S:
            events[-1][1] = time_s
        else:
            events.append([time_s, time_s])
    right = [event for event in events if any(a - EARLY_S <= event[0] <= b + LATE_S for a, b in clip.truth)]
    delays = [
        next((max(0.0, first - a) for first, last in right if first <= b + LATE_S and last >= a - EARLY_S), None)
        for a, b in clip.truth
    ]
    return delays, len(events) - len(right)


def stillcam(recording: Path) -> Seen:
    """What Stillcam finds in a clip."""
    detector, times, taken_s, number = Detector(), [], 0.0, 0
    with recording.open("rb") as file:
        splitter = JpegSplitter()
        while chunk := file.read(1 << 20):
            for jpeg in splitter.feed(chunk):
                began_s = time.thread_time()
                observation = detector.look(jpeg, number / FPS)
                taken_s += time.thread_time() - began_s
                if observation.motion:
                    times.append(number / FPS)
                number += 1
    return times, taken_s / number


def drawn(clip_name: str, seed: int, folder: Path) -> Path:
    """A clip as a file of JPEGs and one that `motion` plays; the path of the first one."""
    clip = next(clip for clip in found(seed) + not_found(seed) if clip.name == clip_name)
    path = folder / f"{clip_name.replace(chr(32), chr(95))}.mjpeg"
    with path.open("wb") as file:
        for jpeg in clip.frames():
            file.write(jpeg)
    record(path)
    return path


def rows(words: list[str], seed: int, folder: Path) -> Iterator[Row]:
    """One for each clip, then the sums."""
    names = "Stillcam", "motion, defaults", "motion, tuned"
    scores = {name: Score() for name in names}
    clips = [clip for clip in found(seed) + not_found(seed) if not words or any(word in clip.name for word in words)]
    with ProcessPoolExecutor(1) as pool, ThreadPoolExecutor(2) as players:
        coming = [pool.submit(drawn, clip.name, seed, folder) for clip in clips[:2]]
        for number, clip in enumerate(clips):
            path = coming[number].result()
            if number + 2 < len(clips):  # it is drawn while this one is played
                coming.append(pool.submit(drawn, clips[number + 2].name, seed, folder))
            playing = [
                players.submit(play, path.with_suffix(".mkv"), folder / f"{number}-{which}", clip.seconds, more)
                for which, more in (("defaults", DEFAULTS), ("tuned", RECOMMENDED))
            ]
            seen = [stillcam(path), *(each.result() for each in playing)]
            told = [scores[name].add(clip, each) for name, each in zip(names, seen, strict=True)]
            for suffix in (".mjpeg", ".mkv"):
                path.with_suffix(suffix).unlink()
            yield Row(clip.name, told[0], f"{told[1]}; tuned: {told[2]}")
    motions = sum(len(clip.truth) for clip in clips)
    ours = scores["Stillcam"]
    for name in names[1:]:
        yield from _compared(name, ours, scores[name], motions)
    yield measured("memory of the detector", _memory_mb(), "{:.1f} MB", at_most=12)


def _compared(name: str, ours: Score, theirs: Score, motions: int) -> Iterator[Row]:
    yield Row(f"motions found of {motions}, {name}", f"{ours.found}", f"{theirs.found}",
              f"{ours.found / max(theirs.found, 1):.2f} ×", "≥ 1 ×", ours.found >= theirs.found)  # fmt: skip
    our_rate, their_rate = (score.false / score.hours for score in (ours, theirs))
    yield Row(f"false alarms an hour, {name}", f"{our_rate:.1f}", f"{their_rate:.1f}",
              f"{our_rate / max(their_rate, 1e-9):.2f} ×", "≤ 0.5 ×", our_rate <= their_rate / 2)  # fmt: skip
    our_delay, their_delay = (
        f"{statistics.median(score.delays_s):.1f} s" if score.delays_s else "" for score in (ours, theirs)
    )
    yield Row(f"delay to the event, {name}", our_delay, their_delay)
    our_ms, their_ms = (1000 * statistics.mean(score.frames_s) for score in (ours, theirs))
    yield Row(f"processor time for a frame, {name}", f"{our_ms:.1f} ms", f"{their_ms:.1f} ms",
              f"{our_ms / their_ms:.2f} ×", "≤ 0.5 ×", our_ms <= their_ms / 2)  # fmt: skip


def _memory_mb() -> float:
    """How much a detector takes that has seen frames: Pillow's pictures are in no object of Python's."""
    file = io.BytesIO()
    Image.effect_noise((1280, 720), 20).save(file, "JPEG")
    detectors, before = [], _resident()
    for _ in range(10):
        detectors.append(Detector())
        for time_s in range(3):
            detectors[-1].look(file.getvalue(), float(time_s))
    return (_resident() - before) / 10 / 1e6


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


def main() -> int:
    """Print the table; exit status 0 if all could be measured."""
    parser = argparse.ArgumentParser(prog="benchmarks/motion", description="Stillcam's detection beside motion's.")
    parser.add_argument("words", nargs="*", metavar="WORD", help="of the names of clips; without: all clips")
    parser.add_argument("--seed", type=int, default=REPORTED, help=f"of the clips (default: {REPORTED})")
    parser.add_argument("--quick", action="store_true", help="only a few clips")
    given = parser.parse_args()
    missing = [name for name in ("motion", "ffmpeg") if shutil.which(name) is None]
    if missing:
        print(f"benchmarks/motion: install {' '.join(missing)} by apt", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as folder:
        print_table(rows(given.words or list(QUICK if given.quick else ()), given.seed, Path(folder)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
