"""What a process takes: memory, descriptors, threads."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Size:
    """Of one process.

    Attributes:
        pss_kb: memory, of which pages that processes share count in parts.
        rss_kb: resident memory.
    """

    pss_kb: int
    rss_kb: int
    descriptors: int
    threads: int

    @classmethod
    def of(cls, pid: int) -> Size:
        """Of a process that runs."""
        status = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
        return cls(
            int(rollup.split("\nPss:")[1].split()[0]),
            int(status["VmRSS"].split()[0]),
            len(os.listdir(f"/proc/{pid}/fd")),
            int(status["Threads"]),
        )

    def __str__(self) -> str:
        return f"{self.rss_kb / 1000:.1f} MB, {self.descriptors} descriptors, {self.threads} threads"
