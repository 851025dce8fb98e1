"""The manifest of a series, `manifest.jsonl`: the format of its lines, and what they come to.

A line is a shot (`n`, `due`, `time`, `files`, `bytes`, `boot`, `metadata`, `vary`, and in `missed` the number of due
times that had been missed before it, which older versions did not write), a `gap` (`from`, `to`, `missed`, `why`) or
the numbers of shots that were `thinned` (deleted). Lines are only appended; numbers rise from line to line and are
never used again. All shots of one due time have the same `due`. `manifest_search` reads and searches it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from stillcam.common.formats import utc_text
from stillcam.common.safe_read import parse_json

MANIFEST = "manifest.jsonl"
PAUSED = "paused"  # the reason of a gap that was wanted: its due times do not count as missed
GAP_REASONS = ("off", "camera", "busy", "disk", PAUSED, "clock")
SHOT_METADATA = ("ExposureTime", "AnalogueGain", "ColourTemperature", "Lux", "LensPosition")  # kept of each shot

Line = Mapping[str, Any]
ShotRef = Mapping[str, Any]  # {"n": number, "time": text} of a shot

_SHOT_FILE = re.compile(
    r"(\d{6,})_(\d{8}T\d{6}\.\d{3}Z)(?:_ev[+-]\d+(?:\.\d+)?)?\.(?:jpg|dng)", re.ASCII
)  # see `shot_name`
_FOLDER_SHOTS = 1000  # in one folder


def ms_to_text(time_ms: int) -> str:
    """A time (ms since the epoch) as lines have it: `2026-11-20T23:45:01.123Z`."""
    return utc_text(time_ms / 1000)


def text_to_ms(moment: str) -> int:
    """Parse what `ms_to_text` has formatted; ValueError: it is not a time."""
    return round(datetime.fromisoformat(moment).timestamp() * 1000)


# --- lines


@dataclass(frozen=True, slots=True)
class Tally:
    """The sums over the lines of a manifest."""

    until_ms: int  # every due time up to here has been handled (ms since the epoch)
    taken: int = 0  # due times with a shot, even if that has been deleted since
    missed: int = 0  # due times without one
    sequence: int = 0  # the number of the last shot; 0: there was none
    shots: int = 0  # that are left
    bytes: int = 0  # of these, without what is derived from them
    due_ms: int | None = None  # the due time of the last shot
    first: ShotRef | None = None  # the first and the last shot that are left
    last: ShotRef | None = None

    def add(self, line: Line) -> Tally:
        """The tally with one more line, which is valid: see `decode`."""
        if "n" in line:
            number, due_ms = line["n"], text_to_ms(line["due"])
            shot = {"n": number, "time": line["time"]}
            return replace(
                self,
                until_ms=due_ms,
                taken=self.taken + (due_ms != self.due_ms),
                sequence=number,
                shots=self.shots + 1,
                bytes=self.bytes + line["bytes"],
                due_ms=due_ms,
                first=self.first or shot,
                last=shot,
            )
        if "gap" in line:
            gap = line["gap"]
            missed = 0 if gap["why"] == PAUSED else gap["missed"]
            return replace(self, until_ms=text_to_ms(gap["to"]), missed=self.missed + missed)
        left = self.shots - len(line["thinned"])
        return replace(self, shots=left, bytes=self.bytes - line["bytes"], first=line["first"])


def encode(line: Line) -> bytes:
    return json.dumps(line, separators=(",", ":")).encode() + b"\n"


def decode(raw: bytes) -> Line | None:
    """Parse a line; None: a power cut, or a worn card, has damaged it."""
    try:
        line = parse_json(raw)
        return line if _is_valid(line) else None
    except (ValueError, KeyError, TypeError):
        return None


def _is_valid(line: Any) -> bool:
    """Whether a line has all fields that are ever read, of the right types; may raise where it does not."""
    if "n" in line:
        files = line["files"]
        return (
            type(line["n"]) is type(line["bytes"]) is int
            and bool(files and text_to_ms(line["due"]) and text_to_ms(line["time"]))
            and isinstance(files, list)
            and all(isinstance(file, str) for file in files)
            and isinstance(line["metadata"], dict)
            and isinstance(line.get("vary", {}), dict)
            and type(line.get("missed", 0)) is int
        )
    if "gap" in line:
        gap = line["gap"]
        known = gap["why"] in GAP_REASONS
        return known and type(gap["missed"]) is int and bool(text_to_ms(gap["from"]) and text_to_ms(gap["to"]))
    return isinstance(line["thinned"], list) and type(line["bytes"]) is int and is_shot_ref(line["first"])


def is_shot_ref(ref: Any) -> bool:
    """Whether it names a shot, or is None; may raise KeyError, TypeError or ValueError where it does not."""
    return ref is None or (type(ref["n"]) is int and bool(text_to_ms(ref["time"])))


def shot_line(
    number: int, due_ms: int, time_ms: int, files: Sequence[Path], boot: str, metadata: Mapping[str, Any]
) -> dict[str, Any]:
    """The line of a shot.

    Args:
        files: in the folder of the series; the picture first.
        boot: the start of the machine in which it was taken.
        metadata: from the camera; only SHOT_METADATA is kept.
    """
    return {
        "n": number,
        "due": ms_to_text(due_ms),
        "time": ms_to_text(time_ms),
        "files": [f"{path.parent.name}/{path.name}" for path in files],
        "bytes": sum(path.stat().st_size for path in files),
        "boot": boot,
        "metadata": {name: metadata[name] for name in SHOT_METADATA if name in metadata},
    }


def gap_line(from_ms: int, to_ms: int, missed: int, why: str) -> Line:
    """The line of a gap: see `Gap`."""
    return {"gap": {"from": ms_to_text(from_ms), "to": ms_to_text(to_ms), "missed": missed, "why": why}}


def shot_name(number: int, time_ms: int, bias_ev: float | None = None) -> str:
    """The file of a shot, without its extension, below `frames/`: `000/000123_20261120T234501.123Z`.

    Args:
        time_ms: when it was taken; all pictures of an exposure bracket have the time of the first.
        bias_ev: of a picture of such a bracket: its exposure, which ends the name, like `_ev-2`.
    """
    stamp = ms_to_text(time_ms).replace("-", "").replace(":", "")
    return f"{shot_folder(number)}/{number:06}_{stamp}{'' if bias_ev is None else f'_ev{round(bias_ev, 2) + 0.0:+g}'}"


def shot_folder(number: int) -> str:
    """The name of the folder of a shot, below `frames/`."""
    return f"{number // _FOLDER_SHOTS:03}"


class ShotFile(NamedTuple):
    """The parts of the name of a shot's file."""

    number: int
    time_ms: int  # when it was taken, since the epoch; of an exposure bracket, its first picture


def parse_shot_file(name: str) -> ShotFile | None:
    """Parse the name of a file, without its folder; None: it is not that of a shot."""
    if match := _SHOT_FILE.fullmatch(name):
        with suppress(ValueError):  # 31 February
            return ShotFile(int(match[1]), text_to_ms(match[2]))
    return None


class Gap(NamedTuple):
    """Due times without a shot: the first and the last (ms since the epoch), how many, and one of GAP_REASONS."""

    from_ms: int
    to_ms: int
    missed: int
    why: str

    def missed_before(self, time_ms: int) -> int:
        """The number of its due times before this time (ms since the epoch), as if they were evenly spaced."""
        if self.why == PAUSED or time_ms <= self.from_ms:
            return 0
        if time_ms > self.to_ms:
            return self.missed
        return -(-(time_ms - self.from_ms) * (self.missed - 1) // (self.to_ms - self.from_ms))
