"""Facts about the machine, the software and the camera, as rows of label and text.

Everything is read at the time of the request, from where Linux keeps it. A fact that a machine does not have is left
out; no function raises, and none takes longer than its time-out. `root` stands for `/`; tests pass another folder.

Reading order: `machine` (model, memory, operating system), `board` (heat and power), `storage`, `software`, `camera`.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from subprocess import DEVNULL, PIPE, STDOUT
from typing import Any

Row = tuple[str, str]  # label, text


@dataclass(frozen=True, slots=True)
class Section:
    """Rows under one title."""

    title: str
    rows: list[Row]


def known(rows: Iterable[tuple[str, object]]) -> list[Row]:
    """The rows that have a value, as text."""
    return [(label, str(value)) for label, value in rows if value not in (None, "")]


def as_document(sections: list[Section]) -> dict[str, Any]:
    """The sections that have rows, ready for JSON."""
    return {"sections": [asdict(section) for section in sections if section.rows]}


def output_of(argv: Sequence[str], timeout_s: float) -> str:
    """What a program prints; empty if it is not there or does not end in time."""
    try:
        done = subprocess.run(argv, stdin=DEVNULL, stdout=PIPE, stderr=STDOUT, timeout=timeout_s, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.decode(errors="replace")
