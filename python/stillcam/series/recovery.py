"""Recovery of a series after a crash or a power cut: the files on disk decide.

A picture without a line in the manifest gets one; a line without its picture is recorded as deleted. Only what a power
cut can have damaged is checked: the last two folders of pictures, and the last 120 lines.
"""

from __future__ import annotations

import contextlib
import logging
import mmap
import re
from pathlib import Path

from stillcam.frames.jpeg import InvalidJpeg, check_jpeg
from stillcam.series.folder import Series
from stillcam.series.manifest import Line, deleted_numbers, ms_to_text, shots_from, text_to_ms
from stillcam.series.state import FRAMES

UNSYNCED = 120  # shots that may not be on the disk after a power cut: Linux writes within 30 s
_NAME = re.compile(r"(?P<n>\d{6,})_(?P<stamp>\d{8}T\d{6}\.\d{3}Z)\.jpg", re.ASCII)


def open_series(folder: Path) -> Series:
    """Open the series in `folder`, and recover it unless it is over.

    Raises:
        StillcamError: there is no series, or its definition is damaged.
        OSError: it cannot be read or written.
    """
    series = Series.open(folder)
    if series.state.state not in ("finished", "failed"):
        recover(series)
    return series


def recover(series: Series) -> None:
    """Make the manifest agree with the files.

    Raises:
        OSError: it cannot be read or written.
    """
    _record_lost(series)
    adopted = 0
    folders = series.shot_folders() if (series.folder / FRAMES).is_dir() else []
    for folder in folders[-2:]:  # those before are complete
        for path in sorted(folder.iterdir()):
            match = _NAME.fullmatch(path.name)
            number = int(match["n"]) if match else 0
            if match and number > series.state.tally.sequence and _is_complete(path):
                _adopt(series, number, text_to_ms(match["stamp"]), path)
                adopted += 1
            elif _is_leftover(path, series.state.tally.sequence):
                path.unlink(missing_ok=True)
    if adopted:
        logging.info("series %s: added %s shots from before a crash to the manifest", series.name, adopted)
    if series.unsaved:
        series.save()


def _adopt(series: Series, number: int, time_ms: int, path: Path) -> None:
    raw = path.with_suffix(".dng")
    files = [path, raw] if raw.exists() else [path]
    series.append(
        {
            "n": number,
            "due": ms_to_text(max(time_ms, series.state.tally.until_ms + 1)),
            "time": ms_to_text(time_ms),
            "files": [f"{file.parent.name}/{file.name}" for file in files],
            "bytes": sum(file.stat().st_size for file in files),
            "boot": "",
            "metadata": {},
        }
    )


def _record_lost(series: Series) -> None:
    """Record shots whose pictures a power cut has destroyed as deleted."""
    tally = series.state.tally
    lines = list(shots_from(series.folder, tally.sequence - UNSYNCED))
    if not lines or lines[-1]["boot"] == series.boot:
        return
    lost = [line for line in lines if not _on_disk(series.folder / FRAMES, line)]
    if lost:
        known = deleted_numbers(series.folder)
        lost = [line for line in lost if line["n"] not in known]
    if not lost:
        return
    for line in lost:
        for name in line["files"]:
            (series.folder / FRAMES / name).unlink(missing_ok=True)
    logging.warning("series %s: %s pictures were lost in a power cut", series.name, len(lost))
    series.add_deletion([line["n"] for line in lost], sum(line["bytes"] for line in lost), tally.first)


def _on_disk(frames: Path, line: Line) -> bool:
    """Whether the files exist and have their recorded size."""
    sizes = []
    with contextlib.suppress(FileNotFoundError):
        sizes = [(frames / name).stat().st_size for name in line["files"]]
        return sum(sizes) == line["bytes"] and _is_complete(frames / line["files"][0])
    return False


def _is_complete(path: Path) -> bool:
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            check_jpeg(data)
    except (InvalidJpeg, ValueError):  # empty, or cut
        return False
    return True


def _is_leftover(path: Path, sequence: int) -> bool:
    """Whether a file belongs to no shot: incomplete, or a raw file without its picture."""
    if path.name.startswith("."):
        return True
    number, _, _ = path.name.partition("_")
    return number.isdigit() and int(number) > sequence
