"""Series as the daemon leaves them on disk, made by hand."""

import json
from pathlib import Path
from typing import Any

from pictures import picture

from stillcam.series.manifest import MANIFEST, Line, Tally, encode, gap_line, ms_to_text, shot_name
from stillcam.series.state import FRAMES, SERIES, STATE, State

START_MS = 1_795_161_600_000  # 2026-11-20T08:00:00Z
MINUTE_MS = 60_000
DEFINITION: dict[str, Any] = {"name": "Garden", "interval_s": 60, "start": "2026-11-20T08:00:00+00:00"}


def moment_ms(n: int) -> int:
    """When the shot with this number, from 1, was due and taken."""
    return START_MS + (n - 1) * MINUTE_MS


def file_of(n: int, suffix: str = "jpg") -> str:
    """Its file, below `frames/`."""
    return f"{shot_name(n, moment_ms(n))}.{suffix}"


def make_series(
    root: Path,
    shots: int = 0,
    /,
    *,
    state: str = "running",
    why: str | None = None,
    missed: int = 0,
    zone: str = "UTC",
    **definition: Any,
) -> Path:
    """A series with shots a minute from 2026-11-20T08:00Z on, then a gap; its folder.

    Args:
        root: of all series.
        shots: how many.
        missed: moments of the gap.
        zone: of its clock.
        definition: what differs from `DEFINITION`.
    """
    document = {**DEFINITION, **definition}
    folder = root / str(document["name"])
    (folder / FRAMES).mkdir(parents=True)
    lines = [_shot(folder, n, document.get("kind", "photo")) for n in range(1, shots + 1)]
    if missed:
        lines.append(gap_line(moment_ms(shots + 1), moment_ms(shots + missed), missed, "off"))
    tally = Tally(START_MS - 1)
    for line in lines:
        tally = tally.add(line)
    manifest = b"".join(map(encode, lines))
    (folder / MANIFEST).write_bytes(manifest)
    about = {"version": 1, "created": ms_to_text(START_MS), "zone": zone, "definition": document}
    (folder / SERIES).write_text(json.dumps(about))
    reached = State(state, why, START_MS, tally, len(manifest))
    (folder / STATE).write_text(json.dumps(reached.to_document()))
    return folder


def thin(folder: Path, *numbers: int) -> None:
    """Take shots away, as the rule of retention does; their state is read from the manifest."""
    for n in numbers:
        (folder / FRAMES / file_of(n)).unlink()
    first = next(n for n in range(1, 1000) if (folder / FRAMES / file_of(n)).exists())
    line = {"thinned": list(numbers), "bytes": 0, "first": {"n": first, "time": ms_to_text(moment_ms(first))}}
    with (folder / MANIFEST).open("ab") as manifest:
        manifest.write(encode(line))


def _shot(folder: Path, n: int, kind: str) -> Line:
    names = [file_of(n)] + ([file_of(n, "dng")] if kind == "raw" else [])
    size = 0
    for name in names:
        path = folder / FRAMES / name
        path.parent.mkdir(exist_ok=True)
        size += path.write_bytes(picture((320, 240)) if name.endswith("jpg") else b"II*\0 raw")
    time = ms_to_text(moment_ms(n))
    return {"n": n, "due": time, "time": time, "files": names, "bytes": size, "boot": "0f3c9a1b",
            "metadata": {"ExposureTime": 10000}, "vary": {}}  # fmt: skip
