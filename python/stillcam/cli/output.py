"""How results look: aligned tables, with colours where the output goes to a terminal."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from stillcam.common.clock import zone_named

_BOLD, _RED, _GREEN, _YELLOW = 1, 31, 32, 33  # of ECMA-48
_COLOURS = {"ok": _GREEN, "running": _GREEN, "done": _GREEN, "warning": _YELLOW, "paused": _YELLOW, "fault": _RED,
            "failed": _RED}  # fmt: skip
_GAP = "  "  # between columns


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of texts, whose columns are aligned; without headings, the first column names the second."""

    headings: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]

    def lines(self, *, colours: bool) -> list[str]:
        """The rows as text; with `colours`, headings and states stand out."""
        rows = [self.headings, *self.rows] if self.headings else self.rows
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        return [
            _GAP.join(
                _coloured(cell, _BOLD if row is self.headings else _COLOURS.get(cell), colours)
                + " " * (width - len(cell))
                for cell, width in zip(row, widths, strict=True)
            ).rstrip()
            for row in rows
        ]


def _coloured(cell: str, code: int | None, colours: bool) -> str:
    return f"\x1b[{code}m{cell}\x1b[0m" if colours and code else cell


def shows_colours(environ: Mapping[str, str]) -> bool:
    """Whether stdout is a terminal that shows colours, and its user wants them (https://no-color.org)."""
    return sys.stdout.isatty() and not environ.get("NO_COLOR") and environ.get("TERM", "dumb") != "dumb"


def local_text(utc: str, zone: str) -> str:
    """A moment (ISO 8601) as a person reads it in a time zone: `2026-11-30 18:02:03 CET`."""
    return f"{datetime.fromisoformat(utc).astimezone(zone_named(zone)):%Y-%m-%d %H:%M:%S %Z}"
