"""A series on disk, as the capture daemon writes it.

A shot costs its file and one line at the end of the manifest; neither is synced, which would wear out the card. The
state file is written and synced when the state changes, and written without a sync once a minute. Used by the camera's
thread and by the one that prunes.
"""

from __future__ import annotations

import errno
import os
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from stillcam.common.atomic_write import sync
from stillcam.common.errors import SettingsError
from stillcam.series.definition import Definition
from stillcam.series.manifest import (
    MANIFEST,
    Gap,
    Line,
    ShotRef,
    Tally,
    encode,
    gap_line,
    ms_to_text,
    parse_shot_file,
    shot_line,
    shot_name,
)
from stillcam.series.state import (
    FRAMES,
    SERIES,
    STATE,
    State,
    StoredSeries,
    load_series,
    shot_folder_names,
    write_json,
)

CHECKPOINT_S = 60.0
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class NameTaken(SettingsError):
    """There is already a series of that name."""


class ShotFiles(NamedTuple):
    """The files of one shot, by their names; the picture comes before the DNG."""

    number: int
    time_ms: int  # since the epoch
    paths: list[Path]


class Series:
    """One series; made by `create` or `open`.

    What changes its state raises OSError if that cannot be written; the change holds until the next start all the same.

    Attributes:
        folder: its folder, of the same name.
        zone: the time zone of its clock, see `stillcam.common.clock`.
        boot: identifies the start of the machine.
    """

    def __init__(self, stored: StoredSeries) -> None:
        self.folder = stored.folder
        self.definition = stored.definition
        self.zone = stored.zone
        self.state = stored.state
        self.boot = BOOT_ID.read_text()[:8]
        self._created = stored.created
        self._lock = threading.RLock()
        self._saved, self._saved_s = stored.state, time.monotonic()

    @classmethod
    def create(cls, root: Path, definition: Definition, zone: str, now_ms: int) -> Series:
        """Create a series, planned or running, in `root`, the folder of all series.

        Raises:
            NameTaken: there is a series of that name, ignoring case.
            OSError: it could not be written; nothing has appeared.
        """
        root.mkdir(parents=True, exist_ok=True)
        if definition.name.casefold() in {path.name.casefold() for path in root.iterdir()}:
            raise NameTaken("a series of that name already exists: choose another name", "name")
        state = State(state_at(definition.schedule.starts_ms, now_ms), None, now_ms, Tally(now_ms - 1))
        new = root / f".new_{definition.name}"  # it appears only when complete
        (new / FRAMES).mkdir(parents=True, exist_ok=True)
        series = cls(StoredSeries(new, ms_to_text(now_ms), zone, definition, state))
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
        counted = stored.state.manifest_bytes
        size = (folder / MANIFEST).stat().st_size if (folder / MANIFEST).exists() else 0
        if size > counted:  # a line that a power cut has truncated
            os.truncate(folder / MANIFEST, counted)
        series = cls(replace(stored, state=replace(stored.state, manifest_bytes=min(size, counted))))
        if size < counted:  # lines lost in a power cut stay counted
            series.save()
        elif stored.uncounted_bytes:
            with suppress(OSError):  # a full disk: they are counted again by the next reader
                series.save(durable=False)
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
        bracket_ms: int | None = None,
    ) -> Line:
        """Add a shot, and return its line of the manifest.

        Args:
            due_ms, time_ms: when it was due, and when the camera was asked for it (ms since the epoch).
            files: moved into the series, the picture last; from another disk they are copied.
            metadata: of the shot, from the camera.
            vary: the controls that vary from shot to shot.
            bracket_ms: when the first picture of its exposure bracket was taken; None: it is none of a bracket.

        Raises:
            OSError: it could not be written; nothing of it is left.
        """
        with self._lock:
            number = self.state.tally.sequence + 1
            stem = self.folder / FRAMES / _name(number, time_ms, vary, bracket_ms)
            for folder in (stem.parent.parent, stem.parent):
                folder.mkdir(exist_ok=True)  # without parents: a deleted series stays deleted
            moved = [_moved(path, Path(f"{stem}{path.suffix}")) for path in files]
            line = shot_line(number, due_ms, time_ms, moved[::-1], self.boot, metadata)
            if vary:
                line["vary"] = vary
            try:
                self.append(line)
            except OSError:
                for path in moved:
                    path.unlink(missing_ok=True)
                raise
            return line

    def add_gap(self, gap: Gap) -> None:
        """Record due times without a shot; OSError: it could not be written, and the series is as it was."""
        self.append(gap_line(*gap))

    def add_deletion(self, numbers: Sequence[int], freed_bytes: int, first: ShotRef | None) -> None:
        """Record that shots have been deleted; `first` is the first that is left."""
        self.append({"thinned": list(numbers), "bytes": freed_bytes, "first": first})

    def append(self, line: Line) -> None:
        with self._lock:
            raw = encode({**line, "missed": self.state.tally.missed} if "n" in line else line)
            tally = self.state.tally.add(line)
            size = _append(self.folder / MANIFEST, raw)
            self.state = replace(self.state, tally=tally, manifest_bytes=size)

    def shot_folders(self) -> list[Path]:
        """The folders of its shots, in order; OSError: they cannot be listed, or are gone with their disk."""
        return [self.folder / FRAMES / name for name in shot_folder_names(self.folder)]

    def set_until(self, until_ms: int) -> None:
        """Set up to where due times have been handled, after the clock or the schedule has changed."""
        with self._lock:
            self.state = replace(self.state, tally=replace(self.state.tally, until_ms=until_ms))

    def set_state(self, state: str, now_ms: int, why: str | None = None) -> None:
        self._update(state=state, why=why, since_ms=now_ms)

    def set_reason(self, why: str | None) -> None:
        """Set why no shots are taken although the series runs; None: they are."""
        if why != self.state.why:
            self._update(why=why)

    def set_fixed_controls(self, controls: Mapping[str, Any] | None) -> None:
        """Use these controls for all shots from now on; None: the camera's own."""
        self._update(fixed=controls)

    def set_course(self, course: Mapping[str, Any]) -> None:
        """Use this course of a smooth exposure from now on; it is written without a sync, as the shot is."""
        with self._lock:
            self.state = replace(self.state, course=course)
            self.save(durable=False)

    def redefine(self, definition: Definition, zone: str) -> None:
        """Replace the definition; the name stays. OSError: it could not be written, and the series is as it was."""
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
        """Write the state file; if `durable`, it and the manifest are on the disk when this returns."""
        with self._lock:
            self._saved_s = time.monotonic()
            if durable and self.state.manifest_bytes:
                sync(self.folder / MANIFEST)
            write_json(self.folder / STATE, self.state.to_document(), durable)
            self._saved = self.state

    def _update(self, **changes: Any) -> None:
        with self._lock:
            self.state = replace(self.state, **changes)
            self.save()

    def _write_definition(self) -> None:
        stored = StoredSeries(self.folder, self._created, self.zone, self.definition, self.state)
        write_json(self.folder / SERIES, stored.to_document(), durable=True)


def state_at(starts_ms: int, now_ms: int) -> str:
    """The state of a series that starts then: planned or running."""
    return "planned" if starts_ms > now_ms else "running"


def shots_in(folder: Path) -> list[ShotFiles]:
    """The shots whose files are in a folder, in order."""
    shots: dict[int, ShotFiles] = {}
    for path in sorted(folder.iterdir(), reverse=True):
        if parts := parse_shot_file(path.name):
            shots.setdefault(parts.number, ShotFiles(*parts, [])).paths.append(path)
    return [shots[number] for number in sorted(shots)]


def _name(number: int, time_ms: int, vary: Mapping[str, float] | None, bracket_ms: int | None) -> str:
    if bracket_ms is None:
        return shot_name(number, time_ms)
    return shot_name(number, bracket_ms, (vary or {}).get("ExposureValue"))


def _moved(path: Path, to: Path) -> Path:
    """Move a file, between disks by a copy; an incomplete file never has the name `to`."""
    try:
        return path.rename(to)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
    import shutil

    copy = to.with_name(f".{to.name}")
    try:
        shutil.copyfile(path, copy)
        copy.rename(to)
    except OSError:
        copy.unlink(missing_ok=True)
        raise
    path.unlink()
    return to


def _append(path: Path, raw: bytes) -> int:
    """Append bytes to a file, all or none; its size afterwards."""
    with path.open("ab", buffering=0) as file:
        before = file.tell()
        try:
            if file.write(raw) < len(raw):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError:
            file.truncate(before)
            raise
        return before + len(raw)
