"""What the daemon adds to the camera: from the closed file to the swapped link, starts, changes of use, and at rest.

Run it as `PYTHONPATH=python .venv/bin/python benchmarks/capture [changes] [--quick]`; `changes` measures changes of use
only, and without it they are left out. Everything is measured in one run, ours and the bare thing in turn.
"""

import argparse
import io
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import chain
from pathlib import Path

from PIL import Image

sys.path.append(str(Path(__file__).resolve().parents[1]))

from changing import changes_of_use
from report import Row, percentile, print_table, ratio
from resting import at_rest
from starting import starts

from stillcam.camera.driver import Still
from stillcam.capture.publish_frame import FramePublisher
from stillcam.capture.status import Histogram

ROUNDS, QUICK_ROUNDS = 100, 10
STARTS, QUICK_STARTS = 5, 1
IDLE_S, QUICK_IDLE_S = 60.0, 4.0
SIZES = ((1280, 720), (4608, 2592))
PACE_S = 0.006  # a camera's: the daemon lets a replaced frame live for 5 ms

Work = Callable[[], object]


def photograph(size: tuple[int, int]) -> list[bytes]:
    """Two different JPEGs of a photograph's entropy."""
    pictures = []
    for sigma in (20, 21):
        noise = Image.effect_noise((size[0] // 4, size[1] // 4), sigma).resize(size).convert("RGB")
        buffer = io.BytesIO()
        noise.save(buffer, "JPEG", quality=90)
        pictures.append(buffer.getvalue())
    return pictures


def in_turn(rounds: int, prepare: Callable[[int], None], *works: Work) -> list[list[float]]:
    """Milliseconds of each round of each work, without its preparation; the works take turns, so that load hits all."""
    taken: list[list[float]] = [[] for _ in works]
    for n in range(-5, rounds):  # the first ones warm up
        for times, work in zip(taken, works, strict=True):
            prepare(n)
            began = time.perf_counter()
            work()
            if n >= 0:
                times.append((time.perf_counter() - began) * 1000)
    return taken


def swap_row(work: str, bare: list[float], ours: list[float]) -> Row:
    """Of p50 and p99."""
    texts = [f"{percentile(side, 50):.2f} ms, p99 {percentile(side, 99):.2f} ms" for side in (ours, bare)]
    return Row(work, texts[0], texts[1], f"{ratio(ours, bare):.2f} ×")


def swap(folder: Path, rounds: int) -> Iterator[Row]:
    """From the camera's closed file to `current.jpg`."""
    still, other = folder / ".still_1.jpg", folder / "other.jpg"
    jpegtran = shutil.which("jpegtran")
    for size in SIZES:
        work = f"closed file to current.jpg, {size[0]}x{size[1]}"
        pictures = photograph(size)

        def prepare(n: int, pictures: list[bytes] = pictures) -> None:
            time.sleep(PACE_S)
            other.unlink(missing_ok=True)  # a file system may flush what replaces a file
            still.write_bytes(pictures[n % 2])

        def publish(publisher: FramePublisher) -> Work:
            return lambda: publisher.publish(Still(still, time.time()))

        straight = FramePublisher(folder, 0, jpegtran, Histogram())
        yield swap_row(f"{work}, rename", *in_turn(rounds, prepare, lambda: still.rename(other), publish(straight)))
        if jpegtran:
            argv = [jpegtran, "-rotate", "90", "-trim", "-copy", "all", "-outfile", str(other), str(still)]
            turning, bare = FramePublisher(folder, 90, jpegtran, Histogram()), partial(subprocess.run, argv, check=True)
            yield swap_row(f"{work}, turned by 90°, jpegtran", *in_turn(rounds, prepare, bare, publish(turning)))


def main() -> None:
    """Measure all of it."""
    parser = argparse.ArgumentParser(prog="benchmarks/capture", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="short: to see that it works")
    parser.add_argument("part", nargs="?", choices=("changes",), help="changes of use; without, everything else")
    given = parser.parse_args()
    quick = given.quick
    rounds, few, idle_s = (QUICK_ROUNDS, QUICK_STARTS, QUICK_IDLE_S) if quick else (ROUNDS, STARTS, IDLE_S)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if given.part == "changes":
            print_table(changes_of_use(folder, few))
        else:
            print_table(chain(swap(folder, rounds), starts(folder, few), at_rest(idle_s)))


if __name__ == "__main__":
    main()
