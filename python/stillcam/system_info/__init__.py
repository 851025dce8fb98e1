"""Facts about this machine for a person who looks after a camera: label and text.

Everything is read from where Linux keeps it, at the time of asking. A fact that a machine
has not got is left out; none ever raises, and none takes longer than a time-out. `root`
is the folder that stands for `/`, in tests another one.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

Row = tuple[str, str]  # label, text


@dataclass(frozen=True, slots=True)
class Section:
    """Rows under one title."""

    title: str
    rows: list[Row]


def as_document(sections: list[Section]) -> dict[str, Any]:
    """The sections that have rows, ready for JSON."""
    return {"sections": [asdict(section) for section in sections if section.rows]}
