"""Processor time and memory of processes, from /proc."""

import os
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


def family(pid: int) -> list[int]:
    """A process and its children."""
    return [pid, *map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())]


def cpu_s(*pids: int) -> float:
    """Seconds of processor time, user and system, of these processes together."""
    fields = [Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split() for each in pids]
    return sum(int(each[11]) + int(each[12]) for each in fields) / TICKS


def memory_mb(*pids: int) -> float:
    """Memory of these processes together; of pages that processes share, each has its part (Pss)."""
    rollups = [Path(f"/proc/{each}/smaps_rollup").read_text() for each in pids]
    return sum(int(text.partition("\nPss:")[2].split()[0]) for text in rollups) / 1000
