"""On what, with what and when something was measured."""

import os
import platform
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from stillcam import __version__


def busy_percent(seconds: float) -> float:
    """How much of all cores is in use, measured for so long."""
    before = _processor_ticks()
    time.sleep(seconds)
    busy, total = (now - then for now, then in zip(_processor_ticks(), before, strict=True))
    return 100 * busy / max(1, total)


def _processor_ticks() -> tuple[int, int]:
    """In use, and in all, since the start of the machine (proc(5))."""
    user, nice, system, idle, waiting, *others = map(int, Path("/proc/stat").read_text().split("\n")[0].split()[1:9])
    busy = user + nice + system + sum(others)
    return busy, busy + idle + waiting


def machine(busy: float) -> str:
    """When, on what, with what, and what other programs used of it (`busy`, in percent); one line."""
    cpu = re.search(r"^(?:model name|Model)\s*: (.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    memory_kb = int(Path("/proc/meminfo").read_text().split()[1])
    parts = [
        f"Measured {time.strftime('%Y-%m-%d %H:%M', time.gmtime())} UTC",
        f"{cpu[1] if cpu else platform.machine()}, {os.cpu_count()} cores, {memory_kb / 2**20:.0f} GiB",
        f"Linux {platform.release()}",
        f"Stillcam {__version__}, Python {platform.python_version()}",
        *filter(None, [", ".join(_others())]),
        f"other programs before: {busy:.0f} %",
    ]
    return "; ".join(parts) + "."


def _others() -> Iterator[str]:
    """The programs that benchmarks/serve and benchmarks/motion compare with, and the load of the former."""
    for program, option in (("nginx", "-v"), ("ustreamer", "--version"), ("wrk", "-v"), ("motion", "-h")):
        if path := shutil.which(program):
            done = subprocess.run([path, option], capture_output=True, text=True, check=False)
            found = re.search(r"\d+(\.\d+)+", done.stdout + done.stderr)
            yield f"{program} {found[0]}" if found else program
    with suppress(PackageNotFoundError):
        yield f"Flask {version('flask')} on Werkzeug {version('werkzeug')}"
