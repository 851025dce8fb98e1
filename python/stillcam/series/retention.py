"""Retention of a series: deletes shots that are too old, or every second one of the older half.

Deleted shots stay counted as taken; the manifest records which ones are gone.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from stillcam.common.deletion import Note
from stillcam.series.folder import Series, ShotFiles, shots_in
from stillcam.series.manifest import text_to_ms
from stillcam.series.manifest_search import shots_from
from stillcam.series.schedule import DAY_MS

BATCH = 100  # shots between two calls of `should_stop`


def has_old(series: Series, now_ms: int) -> bool:
    """Whether there are shots that are older than the series keeps them."""
    retention, first = series.definition.retention, series.state.tally.first
    limit_ms = now_ms - retention.days * DAY_MS
    return retention.rule == "days" and first is not None and text_to_ms(first["time"]) < limit_ms


def prune(series: Series, now_ms: int, should_stop: Callable[[], bool], note: Note, trash: Path | None = None) -> int:
    """Delete the shots that are older than the series keeps them; how many are gone.

    Args:
        now_ms: ms since the epoch.
        should_stop: called after every few shots.
        note: called with each file that cannot be deleted; the others are deleted all the same.
        trash: a folder on the same disk to move them to; None: they are deleted for good.

    Raises:
        OSError: the series cannot be read or written; what was deleted is recorded.
    """
    retention = series.definition.retention
    if retention.rule != "days":
        return 0
    limit_ms, count = now_ms - retention.days * DAY_MS, 0
    folders = series.shot_folders()
    for folder in folders:
        shots = shots_in(folder)
        old = [shot for shot in shots if shot.time_ms < limit_ms]
        if trash:
            (trash / folder.name).mkdir(parents=True, exist_ok=True)
        deleted = _delete(series, old, should_stop, note, oldest=True, trash=trash)
        count += deleted
        if len(old) < len(shots) or should_stop():
            break
        if folder != folders[-1] and deleted == len(shots):  # the last one gets the next shot
            folder.rmdir()
    return count


def thin(series: Series, should_stop: Callable[[], bool], note: Note) -> int:
    """Delete every second shot of the older half; how many are gone. Arguments and errors are those of `prune`."""
    if series.definition.retention.rule != "thin":
        return 0
    left, seen, count = series.state.tally.shots // 2, 0, 0
    for folder in series.shot_folders():
        older = shots_in(folder)[: left - seen]
        every_second = [shot for place, shot in enumerate(older, seen) if place % 2]  # the first stays
        seen += len(older)
        count += _delete(series, every_second, should_stop, note, oldest=False)
        if seen >= left or should_stop():
            break
    return count


def _delete(
    series: Series,
    shots: list[ShotFiles],
    should_stop: Callable[[], bool],
    note: Note,
    *,
    oldest: bool,
    trash: Path | None = None,
) -> int:
    """Delete shots, and record that in the manifest a batch at a time; how many are gone.

    Args:
        oldest: they are all of the oldest: the first that is left comes after them. Otherwise it is the same as before.
    """
    count = 0
    for begin in range(0, len(shots), BATCH):
        deleted: list[int] = []
        freed = 0
        try:
            for shot in shots[begin : begin + BATCH]:
                size = sum(path.stat().st_size for path in shot.paths)
                if _delete_files(shot.paths, note, trash):
                    freed += size
                    deleted.append(shot.number)
        finally:
            if deleted:
                first = series.state.tally.first
                if oldest:
                    line = next(shots_from(series.folder, deleted[-1] + 1), None)
                    first = line and {"n": line["n"], "time": str(line["time"])}
                series.add_deletion(deleted, freed, first)
        count += len(deleted)
        if should_stop():
            break
    return count


def _delete_files(paths: list[Path], note: Note, trash: Path | None) -> bool:
    for path in paths:
        try:
            if trash:
                path.rename(trash / path.parent.name / path.name)
            else:
                path.unlink()
        except OSError as error:
            note(path, error)
            return False
    return True
