"""Counts the processor instructions of the hot paths, and fails if one has grown.

valgrind counts them, so the load of the machine hardly matters. Each path runs `REPEATS` times in one process
(`paths.py`); what the kernel and other threads do is not counted. The figures depend on the interpreter:
`figures.json` has them for each version of Debian's Python.

    PYTHONPATH=python .venv/bin/python benchmarks/guard          compares; exit status 1 if a path grew by over 5 %
    PYTHONPATH=python .venv/bin/python benchmarks/guard --write  writes the figures; commit them with the reason
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))

from paths import PATHS, REPEATS
from report import Row, print_table

HERE = Path(__file__).resolve().parent
FIGURES = HERE / "figures.json"
GROWTH = 1.05
THREAD = "01"  # the main one, as callgrind numbers them
TRIES = 3  # a busy machine adds instructions, as threads take turns more often: the least of them counts
SWITCH = """
#include <valgrind/callgrind.h>
void start(void) { CALLGRIND_START_INSTRUMENTATION; CALLGRIND_ZERO_STATS; }
void stop(void) { CALLGRIND_DUMP_STATS; CALLGRIND_STOP_INSTRUMENTATION; }
"""  # for paths.py: what is not counted runs faster
TIMEOUT_S = 1200  # beside all tests on a small machine


def measured() -> dict[str, int]:
    """Instructions of each path, for one run of it."""
    with tempfile.TemporaryDirectory() as folder:
        profile, switch = Path(folder) / "profile", Path(folder) / "switch.so"
        subprocess.run(["cc", "-shared", "-fPIC", "-xc", "-", "-o", switch], input=SWITCH, text=True, check=True)
        command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={profile}", "--instr-atstart=no"]
        done = subprocess.run(
            [*command, "--separate-threads=yes", sys.executable, HERE / "paths.py", folder, switch],
            env={**os.environ, "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": ""},
            capture_output=True, text=True, timeout=TIMEOUT_S, check=False,
        )  # fmt: skip
        if done.returncode:
            sys.exit(f"benchmarks/guard: valgrind or paths.py failed:\n{done.stderr[-4000:]}")
        totals = []
        for number in range(1, len(PATHS) + 1):
            text = Path(f"{profile}.{number}-{THREAD}").read_text()
            found = re.search(r"^(?:totals|summary): (\d+)", text, re.MULTILINE)
            assert found, f"{profile}.{number} has no total"
            totals.append(int(found[1]))
    return {path: total // REPEATS for path, total in zip(PATHS, totals, strict=True)}


def main() -> int:
    """Compare or write the figures; returns the exit status."""
    parser = argparse.ArgumentParser(description="count the instructions of the hot paths")
    parser.add_argument("--write", action="store_true", help="write figures.json")
    parser.add_argument("--quick", action="store_true", help="for benchmarks/run; nothing can be left out")
    arguments = parser.parse_args()
    python = f"{sys.implementation.name} {sys.version_info.major}.{sys.version_info.minor}"
    figures = json.loads(FIGURES.read_text()) if FIGURES.exists() else {}
    now = measured()
    if arguments.write:
        FIGURES.write_text(json.dumps({**figures, python: now}, indent=2, sort_keys=True) + "\n")
        return 0
    if not (known := figures.get(python)):
        print(f"no figures for {python}: run benchmarks/guard --write", file=sys.stderr)
        return 0
    for _ in range(TRIES - 1):
        if not any(now[path] > GROWTH * known.get(path, now[path]) for path in now):
            break
        again = measured()
        now = {path: min(count, again[path]) for path, count in now.items()}
    rows = [_row(path, count, known.get(path, count)) for path, count in now.items()]
    print_table(rows)
    grown = any(row.met is False for row in rows)
    if grown:
        print(
            "a hot path became slower: see what it does now, or record the figures with the reason (--write)",
            file=sys.stderr,
        )
    return int(grown)


def _row(path: str, now: int, known: int) -> Row:
    work, result = f"instructions: {path}, as recorded", now / known
    return Row(work, f"{now:,}", f"{known:,}", f"{result:.3f} ×", f"≤ {GROWTH} ×", result <= GROWTH)


if __name__ == "__main__":
    sys.exit(main())
