"""Puts right what a crash or a power cut has left of a series: the folder is the last word.

A picture without its line gets one; a line without its picture is made known as gone. Looked
at is only what can have been cut: the last thousands of pictures, and of the lines those of a minute.
"""

from __future__ import annotations

import contextlib
import logging
import mmap
import re
from datetime import datetime
from pathlib import Path

from stillcam.frames.jpeg import NotWhole, check
from stillcam.series.folder import Series
from stillcam.series.index import shots_from, thinned
from stillcam.series.manifest import Line, text
from stillcam.series.state import FRAMES

DOUBTED = 120  # so many of the last shots may not be on the disk after a power cut: Linux writes within 30 s
_NAME = re.compile(r"(?P<n>\d{6,})_(?P<stamp>\d{8}T\d{6}\.\d{3}Z)\.jpg", re.ASCII)


def opened(folder: Path) -> Series:
    """The series in `folder`; what a crash has left of one that is not over is put right.

    Raises:
        StillcamError: it is none, or its definition is damaged.
        OSError: it cannot be read or written.
    """
    series = Series.open(folder)
    if series.state.state not in ("finished", "failed"):
        recover(series)
    return series


def recover(series: Series) -> None:
    """Make manifest and folder one again.

    Raises:
        OSError: it cannot be read or written.
    """
    _forget_torn(series)
    found = 0
    for folder in _newest(series.folder / FRAMES):
        for path in sorted(folder.iterdir()):
            match = _NAME.fullmatch(path.name)
            number = int(match["n"]) if match else 0
            if match and number > series.state.tally.sequence and _whole(path):
                _adopt(series, number, round(datetime.fromisoformat(match["stamp"]).timestamp() * 1000), path)
                found += 1
            elif _is_litter(path, series.state.tally.sequence):
                path.unlink(missing_ok=True)
    if found:
        logging.info("series %s: %s shots that a crash had left have their lines again", series.name, found)
    if series.unsaved:
        series.save()


def _newest(frames: Path) -> list[Path]:
    """The last two folders, in order: there may be shots in them without a line."""
    try:
        folders = [path for path in frames.iterdir() if path.name.isdigit()]
    except FileNotFoundError:
        return []
    return sorted(folders, key=lambda path: int(path.name))[-2:]


def _adopt(series: Series, number: int, time_ms: int, path: Path) -> None:
    raw = path.with_suffix(".dng")
    files = [path, raw] if raw.exists() else [path]
    series.add(
        {
            "n": number,
            "due": text(max(time_ms, series.state.tally.until_ms + 1)),
            "time": text(time_ms),
            "files": [f"{file.parent.name}/{file.name}" for file in files],
            "bytes": sum(file.stat().st_size for file in files),
            "boot": "",
            "metadata": {},
        }
    )


def _forget_torn(series: Series) -> None:
    """Shots of an earlier start of the machine whose pictures never came to the disk."""
    tally = series.state.tally
    lines = list(shots_from(series.folder, tally.sequence - DOUBTED))
    if not lines or lines[-1]["boot"] == series.boot:
        return
    gone = [line for line in lines if not _on_disk(series.folder / FRAMES, line)]
    if gone:
        known = thinned(series.folder)
        gone = [line for line in gone if line["n"] not in known]
    if not gone:
        return
    for line in gone:
        for name in line["files"]:
            (series.folder / FRAMES / name).unlink(missing_ok=True)
    logging.warning("series %s: a power cut has taken %s pictures", series.name, len(gone))
    series.thinned([line["n"] for line in gone], sum(line["bytes"] for line in gone), tally.first)


def _on_disk(frames: Path, line: Line) -> bool:
    """Whether the files are there, and as large as they were."""
    sizes = []
    with contextlib.suppress(FileNotFoundError):
        sizes = [(frames / name).stat().st_size for name in line["files"]]
        return sum(sizes) == line["bytes"] and _whole(frames / line["files"][0])
    return False


def _whole(path: Path) -> bool:
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            check(data)
    except (NotWhole, ValueError):  # empty, or cut
        return False
    return True


def _is_litter(path: Path, sequence: int) -> bool:
    """Whether this is of no shot: half-written, or a raw file whose picture never came."""
    if path.name.startswith("."):
        return True
    number, _, _ = path.name.partition("_")
    return number.isdigit() and int(number) > sequence
