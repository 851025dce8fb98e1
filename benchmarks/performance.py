"""Runs the benchmarks one after the other, and puts their tables into docs/operate/performance.md.

The document says what is run and where its table goes: a block begins with `<!-- benchmarks/NAME ARGUMENT… -->` and
ends with `<!-- end -->`. A benchmark that fails is named, and its block stays as it is. SIGTERM and Ctrl-C also end the
running benchmark, with the servers and the load that it has started.
"""

import argparse
import re
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from machine import busy_percent, machine
from report import TITLE

ROOT = Path(__file__).resolve().parents[1]
DOCUMENT = Path("docs/operate/performance.md")
BLOCK = re.compile(r"<!-- (benchmarks/(\w+)[^>]*) -->\n(.*?)<!-- end -->", re.DOTALL)
BUSY_PERCENT = 10.0  # of all cores, by other programs
BUSY_S = 3.0
LIMIT_S = 3600.0  # for one benchmark


@dataclass(frozen=True, slots=True)
class Block:
    """A place in the document: the command whose output belongs there, its benchmark's name, and what is there now."""

    command: str
    name: str
    text: str


def blocks(document: str) -> list[Block]:
    """All of them, in order."""
    return [Block(*found.groups()) for found in BLOCK.finditer(document)]


def replaced(document: str, command: str, text: str) -> str:
    """The document with another text in the block of this command."""
    return BLOCK.sub(
        lambda found: f"<!-- {command} -->\n{text}\n<!-- end -->" if found[1] == command else found[0], document
    )


def is_table(text: str) -> bool:
    """Whether a benchmark's output is the common table, with a row at least, and nothing else."""
    lines = text.strip().splitlines()
    return text.startswith(TITLE) and len(lines) > 2 and all(re.fullmatch(r"\|(?:[^|]*\|){6}", line) for line in lines)


def measure(root: Path, command: str, quick: bool) -> str:
    """What a benchmark prints; its rows appear on standard output as they come.

    Raises:
        RuntimeError: it failed, took too long, or printed no table.
    """
    program, *arguments = command.split()
    argv = ["timeout", str(LIMIT_S), sys.executable, program, *arguments, *(["--quick"] if quick else [])]
    with subprocess.Popen(argv, cwd=root, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout
        lines = []
        try:
            for line in child.stdout:
                print(line, end="", flush=True)
                lines.append(line)
        except BaseException:
            child.terminate()  # timeout(1) passes it on to all that the benchmark has started
            raise
    text = "".join(lines)
    if child.returncode:
        raise RuntimeError(f"exit status {child.returncode}")
    if not is_table(text):
        raise RuntimeError("its output is not a table as benchmarks/report.py has it")
    return text


def main(arguments: Sequence[str], root: Path = ROOT) -> int:
    """Run what was asked for; returns the exit status."""
    document = root / DOCUMENT
    there_are = blocks(document.read_text())
    names = list(dict.fromkeys(block.name for block in there_are))
    parser = argparse.ArgumentParser(
        prog="benchmarks/run", description=f"Run the benchmarks, and put their tables into {DOCUMENT}."
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(names)}; all of them without")
    parser.add_argument("--quick", action="store_true", help="short runs, to see that all work; nothing is written")
    parser.add_argument("--busy", action="store_true", help="run although other programs use the processors")
    given = parser.parse_args(arguments)
    if unknown := set(given.names) - set(names):
        parser.error(f"there is no benchmark {', '.join(sorted(unknown))}: there are {', '.join(names)}")
    if not given.busy and (busy := busy_percent(BUSY_S)) > BUSY_PERCENT:
        return _say(f"other programs use {busy:.0f} % of the processors: wait until they have ended, or pass --busy")
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    failed, missed = [], 0
    for block in there_are:
        if given.names and block.name not in given.names:
            continue
        stamp = machine(busy_percent(BUSY_S))
        print(f"\n{block.command}: {stamp}", flush=True)
        try:
            table = measure(root, block.command, given.quick)
        except RuntimeError as error:
            _say(f"{block.command}: {error}; its table stays as it is")
            failed.append(block.command)
            continue
        missed += table.count("**no**")
        if not given.quick:
            document.write_text(replaced(document.read_text(), block.command, f"{stamp}\n\n{table}"))
    print(f"\nmissed targets: {missed}")
    return _say(f"failed: {', '.join(failed)}") if failed else 0


def _say(text: str) -> int:
    print(f"benchmarks/run: {text}", file=sys.stderr, flush=True)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
