"""All faults in random order, for as long as one likes: does the picture always come back, and does nothing grow?

Run it as `PYTHONPATH=python .venv/bin/python benchmarks/soak --minutes 60`. It needs Linux with mount and network
namespaces (root, or a kernel that lets users have them). What happens is printed on standard error; the table says
what a viewer has seen, how long each kind of fault took to be over, and memory and descriptors at the start and at
the end. With `--armed`, there are no faults but many events of motion: see `armed.py`.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))

from armed import CAMERA, DISK, SETTINGS, armed
from faults import table
from installation import DAEMON, PATIENCE_S, SERVER, Installation, NeverCame
from report import Row, print_table
from sizes import Size
from viewer import Viewer, say, seen_rows

APART = "STILLCAM_SOAK_APART"
HOLD_S = (1.0, 12.0)  # how long a fault lasts
REST_S = 3.0  # pictures between two faults
LIVE = 0.3  # the part of the faults that come while somebody watches live
SETTLE_S = 30.0  # before memory is looked at
PORT = 8080  # in a network of our own


def sizes(installation: Installation) -> dict[str, Size]:
    """Of daemon and server, once they have been left in peace."""
    time.sleep(SETTLE_S)
    return {name: Size.of(installation.pid(name)) for name in (DAEMON, SERVER)}


def suffer(installation: Installation, viewer: Viewer, name: str, hold_s: float) -> float:
    """One fault, for so long; how long it took from its end until there was a new picture, and all is well.

    Raises:
        NeverCame: it is not over.
    """
    with table()[name](installation):
        time.sleep(hold_s)
    before, began_s = viewer.newest, time.monotonic()
    installation.until(lambda: viewer.newest != before and installation.well(), f"a picture after: {name}")
    return time.monotonic() - began_s


def soak(installation: Installation, minutes: float, chance: random.Random, faults: list[str]) -> bool:
    """Do it, and say how it went; whether all is well."""
    viewer = Viewer(installation)
    viewer.start()
    installation.until(lambda: viewer.newest, "the first picture")
    before = sizes(installation)
    took: defaultdict[str, list[float]] = defaultdict(list)
    end_s = time.monotonic() + 60 * minutes
    began_s, waiting, stuck = time.monotonic(), list[str](), list[str]()
    try:
        while time.monotonic() < end_s:
            if not waiting:  # all of them, then all in another order
                waiting = faults.copy()
                chance.shuffle(waiting)
            name, hold_s = waiting.pop(), chance.uniform(*HOLD_S)
            viewer.live = chance.random() < LIVE
            how = ", live" if viewer.live else ""
            say(f"{time.monotonic() - began_s:7.0f} s  {name}{how}: for {hold_s:.0f} s")
            try:
                took[name].append(suffer(installation, viewer, name, hold_s))
                say(f"           over after {took[name][-1]:.1f} s")
            except NeverCame as error:
                stuck.append(name)
                say(f"           not over after {PATIENCE_S:.0f} s: both are killed\n{error}")
                viewer.live = False
                took[name].append(suffer(installation, viewer, "all killed", 0.0) + PATIENCE_S)
            time.sleep(REST_S)
        viewer.live = False
        after = sizes(installation)
    except NeverCame as error:
        say(f"it has never come: {error}")
        return False
    finally:
        viewer.close()
    said = installation.said(lines=1 << 20)
    bugs = said.count("Traceback")
    if bugs:
        say(said)
    print_table(
        [
            *seen_rows(viewer, time.monotonic() - began_s),
            *(Row(f"{name}: memory at the end, at the start", f"{after[name]}", f"{before[name]}") for name in before),
            Row("tracebacks in the logs", f"{bugs}", target="none", met=not bugs),
            Row("faults after which all had to be killed", ", ".join(stuck) or "0", target="none", met=not stuck),
            *(
                Row(
                    f"{name}, {len(times)} times: time to recover, median",
                    f"{statistics.median(times):.1f} s, at most {max(times):.1f} s",
                )
                for name, times in took.items()
            ),
        ]
    )
    return not (viewer.seen.wrong or bugs or stuck)


def main() -> int:
    """Soak; exit status 1 if a picture never came back, or came wrong."""
    parser = argparse.ArgumentParser(prog="soak", description="All faults in random order.")
    parser.add_argument("--minutes", type=float, default=60, help="how long: 60")
    parser.add_argument("--armed", action="store_true", help="a camera that looks for motion, without faults")
    parser.add_argument("--seed", type=int, default=1, help="another one gives another order: 1")
    parser.add_argument("--faults", default="", metavar="TEXT", help="only those with TEXT in their name")
    given = parser.parse_args()
    if not (faults := [name for name in table() if given.faults in name]):
        parser.error(f"no fault has {given.faults} in its name: there are {', '.join(table())}")
    if APART not in os.environ:  # mounts and addresses are nobody else's business
        user = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
        apart = ["unshare", *user, "--mount", "--net", "--propagation", "private"]
        os.environ[APART] = "yes"
        os.execvp(apart[0], [*apart, sys.executable, *sys.argv])
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # in good order: nothing is left running
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    with tempfile.TemporaryDirectory() as folder:
        if given.armed:
            with Installation(Path(folder), PORT, SETTINGS, CAMERA, DISK) as installation:
                return 0 if armed(installation, given.minutes) else 1
        say(f"seed {given.seed}, {given.minutes:g} minutes")
        with Installation(Path(folder), PORT) as installation:
            return 0 if soak(installation, given.minutes, random.Random(given.seed), faults) else 1


if __name__ == "__main__":
    sys.exit(main())
