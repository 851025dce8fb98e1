"""Making an item: its files are written out of sight, and appear in the library when all of them are whole.

A crash leaves drafts. One whose sidecar is there was whole and is finished by `recover`; of
the others, what is worth it can be saved, and the rest is deleted.
"""

from __future__ import annotations

import json
import logging
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from stillcam.common.atomic_write import replace_file, sync
from stillcam.library.names import KINDS, SIDECAR, day_of, said_by, split, stem_of

FOLDER = ".drafts"


class Draft:
    """One item that is being made.

    Args:
        root: the library's folder.
        kind: photo, raw or video.
        time_s: when it is taken, in seconds since the epoch; moved on by milliseconds if there is one of that moment.
        camera: the sensor's model.

    Raises:
        OSError: the folder cannot be made.
    """

    def __init__(self, root: Path, kind: str, time_s: float, camera: str) -> None:
        self._root = root
        self._folder = root / FOLDER
        self._folder.mkdir(parents=True, exist_ok=True)
        while not _free(root, stem_of(kind, time_s, camera)):
            time_s += 0.001
        self.time_s = time_s
        self.stem = stem_of(kind, time_s, camera)

    @classmethod
    def left(cls, root: Path, path: Path) -> Draft | None:
        """The draft that `path`, one of those that `recover` gives, is of; None: it is of none."""
        if not (said := said_by(path.stem)):
            return None
        draft = cls.__new__(cls)
        draft._root, draft._folder, draft.stem, draft.time_s = root, path.parent, path.stem, said[0]
        return draft

    def path(self, extension: str) -> Path:
        """Where to write the file with `extension`."""
        return self._folder / f"{self.stem}.{extension}"

    def finish(self, metadata: Mapping[str, Any]) -> str:
        """Make the item appear, on disk for good; its address below `library/`.

        Args:
            metadata: what its sidecar says.

        Raises:
            OSError: it could not be written; nothing has appeared.
        """
        for path in self._files():
            sync(path)
        sidecar = self.path(SIDECAR)
        replace_file(sidecar, (json.dumps(metadata, indent=1, ensure_ascii=False) + "\n").encode())
        files = self._files()
        main = next(path.name for path in files if _is_main(path))
        return f"{_appear(self._root, self.stem, files)}/{main}"

    def discard(self) -> None:
        """Delete what has been written."""
        for path in self._files():
            path.unlink(missing_ok=True)

    def _files(self) -> list[Path]:
        return [path for path in self._folder.iterdir() if path.stem == self.stem]


def recover(root: Path) -> list[Path]:
    """Put right what a crash has left: whole items appear.

    Returns:
        the files of those that were not whole, for the caller to save or to delete.
    """
    try:
        paths = sorted((root / FOLDER).iterdir())
    except FileNotFoundError:
        return []
    groups: defaultdict[str, list[Path]] = defaultdict(list)
    for path in paths:
        groups[path.stem].append(path)
    torn: list[Path] = []
    for stem, files in groups.items():
        if said_by(stem) and any(path.suffix == f".{SIDECAR}" for path in files):
            logging.info("finished %s of %s, which a crash had left", stem, _appear(root, stem, files))
        else:
            torn += files
    return torn


def _appear(root: Path, stem: str, files: list[Path]) -> str:
    """Move the files of a whole item to its day, and give that day.

    The sidecar goes last: as long as it is here, `recover` knows that all of it was whole.
    """
    said = said_by(stem)
    assert said is not None  # a draft's name is ours
    day = root / day_of(said[0])
    day.mkdir(exist_ok=True)
    for path in sorted(files, key=lambda path: (path.suffix == f".{SIDECAR}", _is_main(path))):
        path.rename(day / path.name)
    sync(day)
    sync(root)
    return day.name


def _is_main(path: Path) -> bool:
    """Whether this file is what the item is named after, and not what stands for it or tells about it."""
    said = said_by(path.stem)
    return said is not None and KINDS.get(split(path.name)[1]) == said[1]


def _free(root: Path, stem: str) -> bool:
    """Whether no file has this stem, neither here nor in the library."""
    said = said_by(stem)
    assert said is not None
    folders = root / FOLDER, root / day_of(said[0])
    return not any((folder / f"{stem}.{extension}").exists() for folder in folders for extension in (*KINDS, SIDECAR))
