"""Processor time and memory of processes, from /proc."""

import os
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


def family(pid: int) -> list[int]:
    """A process and its children."""
    return [pid, *map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())]


def cpu_s(pid: int) -> float:
    """Seconds of processor time, user and system, of a process and its children."""
    fields = [Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split() for each in family(pid)]
    return sum(int(each[11]) + int(each[12]) for each in fields) / TICKS


def memory_mb(pid: int) -> float:
    """Their memory; what several share counts once (Pss)."""
    rollups = [Path(f"/proc/{each}/smaps_rollup").read_text() for each in family(pid)]
    return sum(int(text.partition("\nPss:")[2].split()[0]) for text in rollups) / 1000
