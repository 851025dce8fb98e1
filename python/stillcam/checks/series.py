"""Check of the series: whether they run."""

from __future__ import annotations

from pathlib import Path

from stillcam.checks.finding import Finding, Installation, fault, ok, warning
from stillcam.common.errors import StillcamError
from stillcam.series import reader
from stillcam.series.state import load_series


def series(installation: Installation) -> list[Finding]:
    """Failed and damaged series, and those that miss more shots than they take."""
    folder = installation.paths.series
    try:
        found = reader.states(folder)
        damaged = _damaged(folder, {one["name"] for one in found})
    except OSError as error:
        advice = f"check that {folder} is a readable folder"
        return fault("series", f"cannot be read: {error.strerror}", advice)
    if damaged:
        return fault("series", damaged, "restore the folder from a backup")
    if failed := [one for one in found if one["state"] == "failed"]:
        text = "; ".join(f"{one['name']}: {one['why']}" for one in failed)
        first = failed[0]["name"]
        return fault("series", f"failed: {text}", f"remove the cause, then run: stillcam series resume {first!r}")
    running = [one for one in found if one["state"] == "running"]
    gaps = [one for one in running if one["missed"] > one["taken"]]
    if gaps:
        text = "; ".join(f"{one['name']}: {one['taken']} taken, {one['missed']} missed" for one in gaps)
        return warning("series", text, "the Timelapse tab shows when; `stillcam log` shows why")
    return ok("series", f"{len(running)} running, of {len(found)}" if found else "no series")


def _damaged(folder: Path, known: set[str]) -> str:
    """What is wrong with the first folder that is no readable series; empty: all are."""
    if not folder.exists():
        return ""
    for path in sorted(folder.iterdir()):
        if path.is_dir() and not path.name.startswith(".") and path.name not in known:
            try:
                load_series(path)
            except StillcamError as error:
                return str(error)
    return ""
