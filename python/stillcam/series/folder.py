"""A series on disk, as the capture daemon writes it.

A shot costs its file and one line at the end of the manifest; neither is synced, which would wear out the card. The
state file is written and synced when the state changes, and written without a sync once a minute. Used by the camera's
thread and by the one that prunes.
"""

from __future__ import annotations

import errno
import os
import shutil
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from stillcam.common.atomic_write import sync
from stillcam.common.errors import SettingsError
from stillcam.series.definition import Definition, to_document
from stillcam.series.manifest import (
    MANIFEST,
    SHOT_METADATA,
    Line,
    ShotRef,
    Tally,
    encode,
    gap_line,
    ms_to_text,
    shot_name,
    text_to_ms,
)
from stillcam.series.state import (
    FRAMES,
    SERIES,
    STATE,
    VERSION,
    State,
    load_series,
    read_state,
    write_json,
)

CHECKPOINT_S = 60.0
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class NameTaken(SettingsError):
    """There is already a series of that name."""


class Series:
    """One series; made by `create` or `open`.

    Attributes:
        folder: its folder, of the same name.
        definition: as its owner has defined it.
        zone: the time zone of its clock, see `stillcam.common.clock`.
        state: its present state.
    """

    def __init__(self, folder: Path, created: str, zone: str, definition: Definition, state: State) -> None:
        self.folder = folder
        self.definition = definition
        self.state = state
        self._created = created
        self.zone = zone
        self.boot = boot()
        self._lock = threading.RLock()
        self._saved, self._saved_s = state, time.monotonic()

    @classmethod
    def create(cls, root: Path, definition: Definition, zone: str, now_ms: int) -> Series:
        """Create a series, planned or running.

        Args:
            root: the folder of all series.
            zone: the time zone of its clock, see `stillcam.common.clock`.
            now_ms: ms since the epoch.

        Raises:
            NameTaken: there is a series of that name, ignoring case.
            OSError: it could not be written; nothing has appeared.
        """
        root.mkdir(parents=True, exist_ok=True)
        if definition.name.casefold() in {path.name.casefold() for path in root.iterdir()}:
            raise NameTaken("there is a series of that name already: choose another one", "name")
        starts_ms = definition.schedule.starts_ms
        state = State(state_at(starts_ms, now_ms), None, now_ms, Tally(now_ms - 1))
        new = root / f".new_{definition.name}"  # it appears only when complete
        (new / FRAMES).mkdir(parents=True, exist_ok=True)
        series = cls(new, ms_to_text(now_ms), zone, definition, state)
        series._write_definition()
        series.save()
        series.folder = new.rename(root / definition.name)
        sync(root)
        return series

    @classmethod
    def open(cls, folder: Path) -> Series:
        """Open the series in `folder`; its state is what the manifest comes to.

        Raises:
            StillcamError: there is no series, or its definition is damaged.
            OSError: it cannot be read or written.
        """
        stored = load_series(folder)
        state = read_state(folder, text_to_ms(stored.created))
        size = _size(folder / MANIFEST)
        if size > state.manifest_bytes:  # a line that a power cut has truncated
            os.truncate(folder / MANIFEST, state.manifest_bytes)
        counted = replace(state, manifest_bytes=min(size, state.manifest_bytes))
        series = cls(folder, stored.created, stored.zone, stored.definition, counted)
        if size < state.manifest_bytes:  # lines lost in a power cut stay counted
            series.save()
        return series

    @property
    def name(self) -> str:
        return self.definition.name

    def add_shot(
        self,
        due_ms: int,
        time_ms: int,
        files: Sequence[Path],
        metadata: Mapping[str, Any],
        vary: Mapping[str, float] | None = None,
    ) -> Line:
        """Add a shot.

        Args:
            due_ms: its due time.
            time_ms: when the camera was asked for it.
            files: moved into the series, the picture last; from another disk they are copied.
            metadata: of the shot, from the camera.
            vary: the controls that vary from shot to shot.

        Returns:
            its line of the manifest.

        Raises:
            OSError: it could not be written; nothing of it is left.
        """
        with self._lock:
            number = self.state.tally.sequence + 1
            stem = self.folder / FRAMES / shot_name(number, time_ms)
            for folder in (stem.parent.parent, stem.parent):
                folder.mkdir(exist_ok=True)  # without parents: a deleted series stays deleted
            moved = [_moved(path, Path(f"{stem}{path.suffix}")) for path in files]
            line: dict[str, Any] = {
                "n": number,
                "due": ms_to_text(due_ms),
                "time": ms_to_text(time_ms),
                "files": [f"{path.parent.name}/{path.name}" for path in reversed(moved)],
                "bytes": sum(path.stat().st_size for path in moved),
                "boot": self.boot,
                "metadata": {name: metadata[name] for name in SHOT_METADATA if name in metadata},
            }
            if vary:
                line["vary"] = vary
            try:
                self.append(line)
            except OSError:
                for path in moved:
                    path.unlink(missing_ok=True)
                raise
            return line

    def add_gap(self, from_ms: int, to_ms: int, missed: int, why: str) -> None:
        """Record due times without a shot: the first and the last, how many, and one of GAP_REASONS.

        Raises:
            OSError: it could not be written; the series is as it was.
        """
        self.append(gap_line(from_ms, to_ms, missed, why))

    def add_deletion(self, numbers: Sequence[int], freed_bytes: int, first: ShotRef | None) -> None:
        """Record that shots have been deleted.

        Args:
            first: the first that is left.
        """
        self.append({"thinned": list(numbers), "bytes": freed_bytes, "first": first})

    def append(self, line: Line) -> None:
        """Append a line to the manifest."""
        raw = encode(line)
        with self._lock:
            tally = self.state.tally.add(line)
            size = _append(self.folder / MANIFEST, raw)
            self.state = replace(self.state, tally=tally, manifest_bytes=size)

    def shot_folders(self) -> list[Path]:
        """The folders of its shots, in order.

        Raises:
            OSError: they cannot be listed, or the folder of all of them is gone.
        """
        folders = [path for path in (self.folder / FRAMES).iterdir() if path.name.isdigit()]
        return sorted(folders, key=lambda path: int(path.name))

    def set_until(self, until_ms: int) -> None:
        """Set up to where due times have been handled, after the clock or the schedule has changed."""
        with self._lock:
            self.state = replace(self.state, tally=replace(self.state.tally, until_ms=until_ms))

    def set_state(self, state: str, now_ms: int, why: str | None = None) -> None:
        """Begin another state.

        Raises:
            OSError: it could not be written; it holds until the next start all the same.
        """
        with self._lock:
            self.state = replace(self.state, state=state, why=why, since_ms=now_ms)
            self.save()

    def set_reason(self, why: str | None) -> None:
        """Set why no shots are taken although the series runs; None: they are.

        Raises:
            OSError: it could not be written; it holds until the next start all the same.
        """
        with self._lock:
            if why != self.state.why:
                self.state = replace(self.state, why=why)
                self.save()

    def set_fixed_controls(self, controls: Mapping[str, Any] | None) -> None:
        """Use these controls for all shots from now on; None: the camera's own."""
        with self._lock:
            self.state = replace(self.state, fixed=controls)
            self.save()

    def redefine(self, definition: Definition, zone: str) -> None:
        """Replace the definition; the name stays.

        Raises:
            OSError: it could not be written; the series is as it was.
        """
        with self._lock:
            before = self.definition, self.zone
            self.definition, self.zone = definition, zone
            try:
                self._write_definition()
            except OSError:
                self.definition, self.zone = before
                raise
            self.set_fixed_controls(self.state.fixed if definition.fixed else None)

    @property
    def unsaved(self) -> bool:
        """Whether the state file is older than the state."""
        return self.state is not self._saved

    def checkpoint(self) -> None:
        """Write the state file, without a sync, if the state has changed and the last write was a minute ago."""
        with self._lock:
            if self.unsaved and time.monotonic() - self._saved_s >= CHECKPOINT_S:
                self.save(durable=False)

    def save(self, durable: bool = True) -> None:
        """Write the state file.

        Args:
            durable: manifest and state file are on the disk when this returns.

        Raises:
            OSError: it could not be written.
        """
        with self._lock:
            self._saved_s = time.monotonic()
            if durable and self.state.manifest_bytes:
                sync(self.folder / MANIFEST)
            write_json(self.folder / STATE, self.state.to_document(), durable)
            self._saved = self.state

    def _write_definition(self) -> None:
        document = {
            "version": VERSION,
            "created": self._created,
            "zone": self.zone,
            "definition": to_document(self.definition),
        }
        write_json(self.folder / SERIES, document, durable=True)


def state_at(starts_ms: int, now_ms: int) -> str:
    """The state of a series that starts then: planned or running."""
    return "planned" if starts_ms > now_ms else "running"


def _moved(path: Path, to: Path) -> Path:
    """Move a file, between disks by a copy; an incomplete file never has the name `to`."""
    try:
        return path.rename(to)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
    part = to.with_name(f".{to.name}")
    try:
        shutil.copyfile(path, part)
        part.rename(to)
    except OSError:
        part.unlink(missing_ok=True)
        raise
    path.unlink()
    return to


def boot() -> str:
    """Identifies one start of the machine."""
    return BOOT_ID.read_text()[:8]


def _append(path: Path, raw: bytes) -> int:
    """Append bytes to a file, all or none; its size afterwards."""
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        before = os.fstat(descriptor).st_size
        try:
            written = os.write(descriptor, raw)
            if written < len(raw):
                raise OSError(28, "No space left on device")
        except OSError:
            os.ftruncate(descriptor, before)
            raise
        return before + len(raw)
    finally:
        os.close(descriptor)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
