"""How fast the server is, beside other servers and beside the least that Python needs.

    .venv/bin/python benchmarks/serve [--quick] [PART…]

Everything is measured side by side in one run, all sides in turn and in alternating order, five rounds of each; what
is printed is the median. Load and server share the machine, so the ratios count and not the rates.
Needs nginx and wrk; ustreamer (all three are Debian packages) and Flask are left out where they are not installed.
"""

import argparse
import resource
import sys
import tempfile
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))

from report import TITLE
from snapshots import SnapshotBench
from viewing import ViewingBench


def main() -> None:
    """Measure what was asked for."""
    benches: dict[str, type[SnapshotBench | ViewingBench]] = {"pictures": SnapshotBench, "viewers": ViewingBench}
    parts: dict[str, type[SnapshotBench | ViewingBench]] = {}
    groups: dict[str, list[str]] = {}
    for group, bench in benches.items():
        groups[group] = [name for name, part in vars(bench).items() if callable(part) and not name.startswith("_")]
        parts |= dict.fromkeys(groups[group], bench)
    parser = argparse.ArgumentParser(prog="benchmarks/serve", description=(__doc__ or "").partition("\n")[0])
    names = f"{', '.join(parts)}, or a group of parts: {', '.join(groups)}"
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"one of {names}; all of them without")
    parser.add_argument("--quick", action="store_true", help="one short round of each: to see that it works")
    arguments = parser.parse_args()
    if unknown := set(arguments.parts) - set(parts) - set(groups):
        parser.error(f"there is no part {', '.join(sorted(unknown))}: there are {names}")
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # a connection for each of a thousand viewers
    print(TITLE, flush=True)
    for name in [part for given in arguments.parts or groups for part in groups.get(given, [given])]:
        with tempfile.TemporaryDirectory(prefix="stillcam-serve-") as folder:
            try:
                for row in getattr(parts[name](Path(folder), arguments.quick), name)():
                    print(row, flush=True)
            except RuntimeError as error:  # a program that is needed does not run; what it said is in it
                sys.exit(f"benchmarks/serve: {name}: {error}")


if __name__ == "__main__":
    main()
