"""Recovery of a series after a crash or a power cut: the files on disk decide.

A picture without a line in the manifest gets one; a line without its picture is recorded as deleted. Only what a power
cut can have damaged is checked: the last two folders of pictures, and the last 120 lines.
"""

from __future__ import annotations

import logging
import mmap
from pathlib import Path

from stillcam.frames.jpeg import InvalidJpeg, check_jpeg
from stillcam.series.folder import Series, ShotFiles, shots_in
from stillcam.series.manifest import Line, shot_line
from stillcam.series.manifest_search import deleted_numbers, shots_from
from stillcam.series.state import FRAMES

UNSYNCED = 120  # shots that may not be on the disk after a power cut: Linux writes within 30 s


def open_series(folder: Path) -> Series:
    """Open the series in `folder`, and recover it unless it is over; errors are those of `Series.open`."""
    series = Series.open(folder)
    if series.state.state not in ("finished", "failed"):
        recover(series)
    return series


def recover(series: Series) -> None:
    """Make the manifest agree with the files; OSError: one cannot be read or written."""
    _record_lost(series)
    adopted = 0
    folders = series.shot_folders() if (series.folder / FRAMES).is_dir() else []
    for folder in folders[-2:]:  # those before are complete
        for incomplete in folder.glob(".*"):
            incomplete.unlink(missing_ok=True)
        for shot in shots_in(folder):
            if shot.number > series.state.tally.sequence:
                adopted += _adopt(series, shot)
    if adopted:
        logging.info("series %s: added %s shots from before a crash to the manifest", series.name, adopted)
    if series.unsaved:
        series.save()


def _adopt(series: Series, shot: ShotFiles) -> bool:
    """Add a shot that has no line; without a complete picture, its files are deleted."""
    if shot.paths[0].suffix != ".jpg" or not _is_complete(shot.paths[0]):
        for path in shot.paths:
            path.unlink()
        return False
    due_ms = max(shot.time_ms, series.state.tally.until_ms + 1)
    series.append(shot_line(shot.number, due_ms, shot.time_ms, shot.paths, "", {}))
    return True


def _record_lost(series: Series) -> None:
    """Record shots whose pictures a power cut has destroyed as deleted."""
    tally, frames = series.state.tally, series.folder / FRAMES
    lines = list(shots_from(series.folder, tally.sequence - UNSYNCED))
    if not lines or lines[-1]["boot"] == series.boot:
        return
    lost = [line for line in lines if not _on_disk(frames, line)]
    known = deleted_numbers(series.folder, lost[0]["n"]) if lost else set()
    lost = [line for line in lost if line["n"] not in known]
    if not lost:
        return
    for line in lost:
        for name in line["files"]:
            (frames / name).unlink(missing_ok=True)
    logging.warning("series %s: %s pictures were lost in a power cut", series.name, len(lost))
    series.add_deletion([line["n"] for line in lost], sum(line["bytes"] for line in lost), tally.first)


def _on_disk(frames: Path, line: Line) -> bool:
    """Whether the files exist and have their recorded size."""
    try:
        size = sum((frames / name).stat().st_size for name in line["files"])
    except FileNotFoundError:
        return False
    return bool(size == line["bytes"]) and _is_complete(frames / line["files"][0])


def _is_complete(path: Path) -> bool:
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            check_jpeg(data)
    except (InvalidJpeg, ValueError):  # empty, or cut
        return False
    return True
