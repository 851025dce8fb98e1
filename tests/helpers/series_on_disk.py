"""Creates series on disk, and adds shots to them."""

from pathlib import Path
from typing import Any

from pictures import picture

from stillcam.series.definition import from_document
from stillcam.series.folder import Series

START_MS = 1_795_176_000_000  # 2026-11-20T12:00:00Z
JPEG = picture()


def created(root: Path, name: str = "Garden", now_ms: int = START_MS, **document: Any) -> Series:
    """A new series that takes a shot a minute where nothing else is said."""
    return Series.create(root, from_document({"name": name, **document}, now_ms, "UTC"), "UTC", now_ms)


def shoot(series: Series, due_ms: int, *, raw: bool = False, late_ms: int = 7, **metadata: Any) -> int:
    """Add a shot; its number."""
    files = []
    for extension in ["dng", "jpg"] if raw else ["jpg"]:
        path = series.folder / f".shot.{extension}"
        path.write_bytes(JPEG)
        files.append(path)
    return int(series.add_shot(due_ms, due_ms + late_ms, files, metadata)["n"])


def minutes(number: int) -> int:
    """So many minutes after the start, in ms since the epoch."""
    return START_MS + 60_000 * number
