"""Series: what a tick of the scheduler costs, and what of a 1-second series is lost while everything is killed.

Run it as `PYTHONPATH=python python3 benchmarks/series`: the tick and the looks, with 50 series of
a million shots. With `--minutes 20`: a series with a shot a second on the simulated camera, while the
capture daemon, the camera program and the web server are killed at random.
"""

import argparse
import random
import sys
import tempfile
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))

import killing
import ticks
from report import print_table


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks/series")
    parser.add_argument("--minutes", type=float, help="so long a 1-second series is taken while everything is killed")
    parser.add_argument("--seed", type=int, default=random.randrange(1000), help="of what is killed when")
    parser.add_argument("--quick", action="store_true", help="fewer shots: to see that it works")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="stillcam-series-") as folder:
        if options.minutes:
            killing.run(Path(folder), options.minutes, options.seed)
        else:
            print_table(ticks.run(Path(folder), options.quick))


if __name__ == "__main__":
    main()
