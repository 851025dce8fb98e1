"""The lines of a series' `manifest.jsonl`: what each says, and what they come to.

A line is a shot (`n`, `due`, `time`, `files`, `bytes`, `boot`, `metadata`, `vary`), a `gap`
(`from`, `to`, `missed`, `why`) or the numbers of shots that were `thinned`. Lines are only
added; numbers rise from line to line and are never used again. All shots of one moment have the same `due`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from stillcam.common.safe_json import parse
from stillcam.common.utc import utc_text

Line = Mapping[str, Any]
Mark = Mapping[str, Any]  # {"n": number, "time": text} of a shot

PAUSED = "paused"  # why of a gap that somebody wanted: what was not taken then is not missed
WHYS = ("off", "camera", "busy", "disk", PAUSED, "clock")
TOLD = ("ExposureTime", "AnalogueGain", "ColourTemperature", "Lux", "LensPosition")  # of a shot's metadata


def text(time_ms: int) -> str:
    """A moment (ms since the epoch) as lines have it: `2026-11-20T23:45:01.123Z`."""
    return utc_text(time_ms / 1000)


def millis(moment: str) -> int:
    """The moment that `text` has written.

    Raises:
        ValueError: it is none.
    """
    return round(datetime.fromisoformat(moment).timestamp() * 1000)


@dataclass(frozen=True, slots=True)
class Tally:
    """What the lines come to.

    Args:
        until_ms: every moment up to here has been dealt with (ms since the epoch).
        taken: moments of which there is a shot, whether or not it has been kept.
        missed: moments of which there is none.
        sequence: the number of the last shot; 0: there was none.
        shots: that are kept.
        bytes: of them, without what is made of them.
        due_ms: the moment of the last shot.
        first, last: number and time of the first and the last shot that are kept.
    """

    until_ms: int
    taken: int = 0
    missed: int = 0
    sequence: int = 0
    shots: int = 0
    bytes: int = 0
    due_ms: int | None = None
    first: Mark | None = None
    last: Mark | None = None

    def add(self, line: Line) -> Tally:
        """With one more line.

        Raises:
            KeyError, TypeError, ValueError: it is no line of a manifest.
        """
        if "n" in line:
            return self._shot(line)
        if "gap" in line:
            gap = line["gap"]
            missed = 0 if gap["why"] == PAUSED else int(gap["missed"])
            return replace(self, until_ms=millis(gap["to"]), missed=self.missed + missed)
        gone = self.shots - len(line["thinned"])
        return replace(self, shots=gone, bytes=self.bytes - int(line["bytes"]), first=line["first"])

    def _shot(self, line: Line) -> Tally:
        due_ms = millis(line["due"])
        number = int(line["n"])
        mark = {"n": number, "time": str(line["time"])}
        return replace(
            self,
            until_ms=due_ms,
            taken=self.taken + (due_ms != self.due_ms),
            sequence=number,
            shots=self.shots + 1,
            bytes=self.bytes + int(line["bytes"]),
            due_ms=due_ms,
            first=self.first or mark,
            last=mark,
        )


def encode(line: Line) -> bytes:
    """A line as it stands in the file."""
    return json.dumps(line, separators=(",", ":")).encode() + b"\n"


def decode(raw: bytes) -> Line | None:
    """What a line says; None: nothing that a power cut, or a worn card, has left whole."""
    try:
        line = parse(raw)
        return line if _whole(line) else None
    except (ValueError, KeyError, TypeError):
        return None


def _whole(line: Any) -> bool:
    """Whether all is there that is read of a line, as what it should be; raises where it is not."""
    if "n" in line:
        right = millis(line["due"]) and millis(line["time"]) and line["files"] and isinstance(line["metadata"], dict)
        texts = isinstance(line["files"], list) and all(isinstance(file, str) for file in line["files"])
        return (
            bool(right)
            and texts
            and isinstance(line.get("vary", {}), dict)
            and type(line["n"]) is type(line["bytes"]) is int
        )
    if "gap" in line:
        gap = line["gap"]
        return bool(millis(gap["from"]) and millis(gap["to"])) and type(gap["missed"]) is int and gap["why"] in WHYS
    return isinstance(line["thinned"], list) and type(line["bytes"]) is int and check_mark(line["first"])


def check_mark(mark: Any) -> bool:
    """Whether it names a shot, or is None.

    Raises:
        KeyError, TypeError, ValueError: it does not.
    """
    return mark is None or (type(mark["n"]) is int and bool(millis(mark["time"])))


def gap_line(from_ms: int, to_ms: int, missed: int, why: str) -> Line:
    """Moments without a shot: the first and the last of them (ms since the epoch), how many, and why."""
    return {"gap": {"from": text(from_ms), "to": text(to_ms), "missed": missed, "why": why}}


def shot_name(number: int, time_ms: int) -> str:
    """The file of a shot, without its extension, below `frames/`: `000/000123_20261120T234501.123Z`."""
    stamp = text(time_ms).replace("-", "").replace(":", "")
    return f"{number // 1000:03}/{number:06}_{stamp}"
