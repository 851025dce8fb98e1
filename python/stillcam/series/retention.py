"""Takes shots away that are not to be kept: those that are too old, or every second of the older half.

What was taken away stays counted as taken; the manifest says which shots are gone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

from stillcam.common.deletion import Note
from stillcam.series.folder import Series
from stillcam.series.index import shots_from
from stillcam.series.manifest import Mark, millis
from stillcam.series.schedule import DAY_MS
from stillcam.series.state import FRAMES

BATCH = 100  # shots, between two looks at what is more urgent
Shot = tuple[int, int, list[Path]]  # number, time in ms since the epoch, files


def has_old(series: Series, now_ms: int) -> bool:
    """Whether there are shots that are older than the series keeps them."""
    keep, first = series.definition.keep, series.state.tally.first
    return keep.rule == "days" and first is not None and millis(first["time"]) < now_ms - keep.days * DAY_MS


def prune(series: Series, now_ms: int, over: Callable[[], bool], note: Note, aside: Path | None = None) -> int:
    """Delete shots that are older than the series keeps them; how many.

    Args:
        now_ms: ms since the epoch.
        over: whether to break off; asked after every few shots.
        note: is told what cannot be deleted; the rest is.
        aside: a folder on the same disk that they are moved to; None: they go for good.

    Raises:
        OSError: it cannot be read or written; what was deleted is recorded.
    """
    keep = series.definition.keep
    if keep.rule != "days":
        return 0
    limit_ms, count = now_ms - keep.days * DAY_MS, 0
    folders = _folders(series)
    for folder in folders:
        shots = list(_shots(folder))
        old = [shot for shot in shots if shot[1] < limit_ms]
        if aside:
            (aside / folder.name).mkdir(parents=True, exist_ok=True)
        gone = _delete(series, old, over, note, prunes=True, aside=aside)
        count += gone
        if len(old) < len(shots) or over():
            break
        if folder != folders[-1] and gone == len(shots):  # in the last one the next shot will be
            folder.rmdir()
    return count


def thin(series: Series, over: Callable[[], bool], note: Note) -> int:
    """Delete every second shot of the older half of those that there are; how many.

    Args:
        over: as for `prune`.
        note: as for `prune`.

    Raises:
        OSError: as `prune`.
    """
    if series.definition.keep.rule != "thin":
        return 0
    left, seen, count = series.state.tally.shots // 2, 0, 0
    for folder in _folders(series):
        older = list(_shots(folder))[: left - seen]
        doomed = [shot for place, shot in enumerate(older, seen) if place % 2]  # the first stays
        seen += len(older)
        count += _delete(series, doomed, over, note, prunes=False)
        if seen >= left or over():
            break
    return count


def _folders(series: Series) -> list[Path]:
    folders = [path for path in (series.folder / FRAMES).iterdir() if path.name.isdigit()]
    return sorted(folders, key=lambda path: int(path.name))


def _shots(folder: Path) -> Iterator[Shot]:
    """The shots of one folder, in order."""
    files: dict[str, list[Path]] = {}
    for path in sorted(folder.iterdir()):
        if path.name[:1].isdigit():
            files.setdefault(path.stem, []).append(path)
    for stem, paths in files.items():
        number, _, stamp = stem.partition("_")
        yield int(number), round(datetime.fromisoformat(stamp).timestamp() * 1000), paths


def _delete(
    series: Series,
    shots: list[Shot],
    over: Callable[[], bool],
    note: Note,
    *,
    prunes: bool,
    aside: Path | None = None,
) -> int:
    """Delete them, and say so in the manifest a few at a time; how many are gone.

    Args:
        prunes: all before the last of them are gone then, and the first that is kept comes after it; else the first
            is the same as before.
    """
    count = 0
    for begin in range(0, len(shots), BATCH):
        gone: list[int] = []
        freed = 0
        try:
            for number, _, paths in shots[begin : begin + BATCH]:
                size = sum(path.stat().st_size for path in paths)
                if _gone(paths, note, aside):
                    freed += size
                    gone.append(number)
        finally:
            if gone:
                first = _mark(series, gone[-1] + 1) if prunes else series.state.tally.first
                series.thinned(gone, freed, first)
        count += len(gone)
        if over():
            break
    return count


def _gone(paths: list[Path], note: Note, aside: Path | None) -> bool:
    for path in paths:
        try:
            if aside:
                path.rename(aside / path.parent.name / path.name)
            else:
                path.unlink()
        except OSError as error:
            note(path, error)
            return False
    return True


def _mark(series: Series, number: int) -> Mark | None:
    line = next(shots_from(series.folder, number), None)
    return None if line is None else {"n": line["n"], "time": str(line["time"])}
