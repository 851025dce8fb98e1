"""Items that are being made: their files are written in `.drafts` and appear in the library only when complete.

A crash leaves pending items. One with a sidecar was complete, and `recover` finishes it; the files of the others are
returned to the caller, which saves or deletes them.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from stillcam.common.atomic_write import replace_file, sync
from stillcam.common.formats import json_text
from stillcam.library.names import KINDS, MOTION, SIDECAR, day_of, kind_of, main_kind, parse_stem, stem_of

DRAFTS_FOLDER = ".drafts"


class PendingItem:
    """One item that is being made; see `create`."""

    def __init__(self, root: Path, stem: str, time_s: float) -> None:
        self.stem = stem  # the name of its files, without the extension
        self.time_s = time_s  # when it was taken, since the epoch
        self._root = root
        self._folder = root / DRAFTS_FOLDER

    @classmethod
    def create(cls, root: Path, kind: str, time_s: float, camera: str) -> PendingItem:
        """Begin an item.

        Args:
            kind: photo, raw, video or motion.
            time_s: since the epoch; milliseconds are added if there is already an item of that time.
            camera: the sensor's model.

        Raises:
            OSError: the folder cannot be made.
        """
        (root / DRAFTS_FOLDER).mkdir(parents=True, exist_ok=True)
        while not _free(root, stem_of(kind, time_s, camera)):
            time_s += 0.001
        return cls(root, stem_of(kind, time_s, camera), time_s)

    @classmethod
    def of_file(cls, root: Path, path: Path) -> PendingItem | None:
        """The item that a file returned by `recover` belongs to; None: it belongs to none."""
        parts = parse_stem(path.stem)
        return cls(root, path.stem, parts.time_s) if parts else None

    def path(self, extension: str) -> Path:
        """The path of its file with this extension."""
        return self._folder / f"{self.stem}.{extension}"

    def finish(self, metadata: Mapping[str, Any]) -> str:
        """Make the item appear in the library, synced to the disk, with a sidecar of `metadata`.

        Returns:
            its id, the address below `library/`.

        Raises:
            OSError: it could not be written; nothing has appeared.
        """
        for path in self._files():
            sync(path)
        sidecar = self.path(SIDECAR)
        replace_file(sidecar, json_text(metadata).encode())
        files = self._files()
        main = next(path.name for path in files if _is_main(path, files))
        return f"{_appear(self._root, self.stem, files)}/{main}"

    def discard(self) -> None:
        """Delete what has been written."""
        for path in self._files():
            path.unlink(missing_ok=True)

    def _files(self) -> list[Path]:
        return [path for path in self._folder.iterdir() if path.stem == self.stem]


def recover(root: Path) -> list[Path]:
    """Finish the complete items that a crash has left.

    Returns:
        the files of incomplete ones, for the caller to save or to delete.
    """
    try:
        paths = sorted((root / DRAFTS_FOLDER).iterdir())
    except FileNotFoundError:
        return []
    groups: defaultdict[str, list[Path]] = defaultdict(list)
    for path in paths:
        groups[path.stem].append(path)
    incomplete: list[Path] = []
    for stem, files in groups.items():
        if parse_stem(stem) and any(path.suffix == f".{SIDECAR}" for path in files):
            logging.info("finished %s of %s, which a crash had left", stem, _appear(root, stem, files))
        else:
            incomplete += files
    return incomplete


def _appear(root: Path, stem: str, files: list[Path]) -> str:
    """Move the files of a complete item to its day; the name of that day.

    The sidecar is moved last: while it is in `.drafts`, `recover` knows that the item was complete. A preview is moved
    before its item, but for motion, where it would be an item itself while there is no video. Files that only helped to
    make the item are deleted.
    """
    parts = parse_stem(stem)
    assert parts is not None
    day = root / day_of(parts.time_s)
    day.mkdir(exist_ok=True)
    main_last = parts.kind != MOTION
    for path in sorted(files, key=lambda path: (path.suffix == f".{SIDECAR}", _is_main(path, files) == main_last)):
        if kind_of(path.name) == "file" and path.suffix != f".{SIDECAR}":
            path.unlink()
        else:
            path.rename(day / path.name)
    sync(day)
    sync(root)
    return day.name


def _is_main(path: Path, files: list[Path]) -> bool:
    """Whether this is the item's own file among its files, and neither preview nor sidecar."""
    parts = parse_stem(path.stem)
    return parts is not None and kind_of(path.name) == main_kind(parts.kind, (file.name for file in files))


def _free(root: Path, stem: str) -> bool:
    """Whether no file has this stem, neither in `.drafts` nor in the library."""
    parts = parse_stem(stem)
    assert parts is not None
    folders = root / DRAFTS_FOLDER, root / day_of(parts.time_s)
    return not any((folder / f"{stem}.{extension}").exists() for folder in folders for extension in (*KINDS, SIDECAR))
