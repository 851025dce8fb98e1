"""Takes shots away that are not to be kept: those that are too old, or every second of the older half.

What was taken away stays counted as taken; the manifest says which shots are gone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

from stillcam.series.index import shots_from
from stillcam.series.manifest import Mark
from stillcam.series.state import FRAMES
from stillcam.series.store import Series
from stillcam.series.windows import DAY_MS

Shot = tuple[int, int, list[Path]]  # number, time in ms since the epoch, files


def prune(series: Series, now_ms: int, closing: Callable[[], bool]) -> int:
    """Delete shots that are older than the series keeps them; how many.

    Args:
        closing: whether to break off.

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
        count += len(old)
        _delete(series, old, first_of=old[-1][0] + 1 if old else 0)
        if len(old) < len(shots) or closing():
            break
        if folder != folders[-1]:  # there the next shot will be
            folder.rmdir()
    return count


def thin(series: Series, closing: Callable[[], bool]) -> int:
    """Delete every second shot of the older half of those that there are; how many.

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
        count += len(doomed)
        _delete(series, doomed, first_of=0)
        if seen >= left or closing():
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


def _delete(series: Series, shots: list[Shot], first_of: int) -> None:
    """Delete them, and say so in the manifest.

    Args:
        first_of: the first shot that is kept has this number or a later one; 0: it is the same as before.
    """
    gone, freed = [], 0
    try:
        for number, _, paths in shots:
            freed += sum(path.stat().st_size for path in paths)
            for path in paths:
                path.unlink()
            gone.append(number)
    finally:
        if gone:
            series.thinned(gone, freed, _mark(series, first_of) if first_of else series.state.tally.first)


def _mark(series: Series, number: int) -> Mark | None:
    line = next(shots_from(series.folder, number), None)
    return None if line is None else {"n": line["n"], "time": str(line["time"])}
