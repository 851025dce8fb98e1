"""The table that every benchmark prints, in Markdown, and what its rows are computed from.

A script in a folder of benchmarks/ finds this module by:

    sys.path.append(str(Path(__file__).resolve().parents[1]))
"""

import platform
import re
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table; `met` is None where there is no target."""

    work: str
    ours: str
    theirs: str = ""
    result: str = ""
    target: str = ""
    met: bool | None = None

    def __str__(self) -> str:
        met = {None: "", True: "yes", False: "**no**"}[self.met]
        return f"| {self.work} | {self.ours} | {self.theirs} | {self.result} | {self.target} | {met} |"


TITLE = "| work | Stillcam | the other | result | target | met |\n| --- | --- | --- | --- | --- | --- |"


def print_table(rows: Iterable[Row]) -> None:
    """On standard output, each row as soon as it is measured."""
    print(TITLE, flush=True)
    for row in rows:
        print(row, flush=True)


def compared(
    work: str,
    ours: Sequence[float],
    theirs: Sequence[float],
    form: str,
    *,
    at_least: float | None = None,
    at_most: float | None = None,
) -> Row:
    """A row of rounds in turn: the medians, each as `form` writes it ("{:.1f} ms"), and the ratio with its target."""
    result = ratio(ours, theirs)
    target, met = _target("{:g} ×", result, at_least, at_most)
    our_median, their_median = (form.format(statistics.median(side)) for side in (ours, theirs))
    return Row(work, our_median, their_median, f"{result:.2f} ×", target, met)


def measured(work: str, value: float, form: str, *, at_least: float | None = None, at_most: float | None = None) -> Row:
    """A row of one value, as `form` writes it, and its target."""
    target, met = _target(re.sub(r"\{.*?\}", "{:,g}", form), value, at_least, at_most)
    return Row(work, form.format(value), "", "", target, met)


def _target(form: str, value: float, at_least: float | None, at_most: float | None) -> tuple[str, bool | None]:
    if at_least is not None:
        return f"≥ {form.format(at_least)}", value >= at_least
    if at_most is not None:
        return f"≤ {form.format(at_most)}", value <= at_most
    return "", None


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """The median of the rounds' ratios: what drifts from round to round strikes both sides of one."""
    return statistics.median(our / max(their, 1e-9) for our, their in zip(ours, theirs, strict=True))


def percentile(values: Sequence[float], percent: int) -> float:
    """The value that `percent` of them do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]


def machine() -> str:
    """When, on what, with what, and how busy it was before."""
    cpu = next(line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name"))
    cores = len([line for line in Path("/proc/stat").read_text().splitlines() if line.startswith("cpu")]) - 1
    memory_kb = int(Path("/proc/meminfo").read_text().split()[1])
    versions = [
        f"Linux {platform.release()}",
        f"Python {platform.python_version()}",
        _first_line("nginx", "-v"),
        _first_line("wrk", "-v").partition(" [")[0],
        f"Flask {_version('flask')} on Werkzeug {_version('werkzeug')}",
    ]
    load = Path("/proc/loadavg").read_text().split()[0]
    now = time.strftime("%Y-%m-%d %H:%M", time.gmtime())
    return (
        f"{now} UTC, {cpu.partition(': ')[2]}, {cores} cores that the server and its load share,"
        f" {memory_kb / 2**20:.0f} GiB; {', '.join(versions)}; load average before: {load}."
    )


def _first_line(program: str, option: str) -> str:
    path = shutil.which(program) or program
    done = subprocess.run([path, option], capture_output=True, text=True, check=False)
    return (done.stdout + done.stderr).splitlines()[0].removeprefix("nginx version: ")


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return f"(not installed: {sys.executable} -m pip install {package})"
