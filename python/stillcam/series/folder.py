"""A series on disk, for the one who writes it: the capture daemon.

What a shot costs is its file, and a line at the end of the manifest: nothing is flushed for
it, the card would wear out. The state file is written for good when the state changes, and without
haste once a minute. Used by the camera's thread, and by one that takes away what is not to be kept.
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
from stillcam.series.manifest import TOLD, Line, Mark, Tally, encode, gap_line, millis, shot_name, text
from stillcam.series.state import FRAMES, MANIFEST, SERIES, STATE, VERSION, State, load, read_state, write_whole

CHECKPOINT_S = 60.0
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class NameTaken(SettingsError):
    """There is a series of that name."""


class Series:
    """One series; see `create` and `open`.

    Attributes:
        folder: its own; named as it is.
        definition: what it is.
        zone: of its clock, see `stillcam.common.time_zone`.
        state: how it is.
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
        """A new series, planned or running.

        Args:
            root: the folder of all series.
            zone: of its clock, see `stillcam.common.time_zone`.
            now_ms: ms since the epoch.

        Raises:
            NameTaken: in capitals or not.
            OSError: it could not be written; there is nothing of it.
        """
        root.mkdir(parents=True, exist_ok=True)
        if definition.name.casefold() in {path.name.casefold() for path in root.iterdir()}:
            raise NameTaken("there is a series of that name already: choose another one", "name")
        starts_ms = definition.schedule.starts_ms
        state = State(state_at(starts_ms, now_ms), None, now_ms, Tally(now_ms - 1))
        new = root / f".new_{definition.name}"  # it appears as a whole
        (new / FRAMES).mkdir(parents=True, exist_ok=True)
        series = cls(new, text(now_ms), zone, definition, state)
        series._define()
        series.save()
        series.folder = new.rename(root / definition.name)
        sync(root)
        return series

    @classmethod
    def open(cls, folder: Path) -> Series:
        """The series in `folder`, as its manifest says.

        Raises:
            StillcamError: it is none, or its definition is damaged.
            OSError: it cannot be read or written.
        """
        created, zone, definition = load(folder)
        state = read_state(folder, millis(created))
        size = _size(folder / MANIFEST)
        if size > state.manifest_bytes:  # a line that a power cut has torn
            os.truncate(folder / MANIFEST, state.manifest_bytes)
        series = cls(folder, created, zone, definition, replace(state, manifest_bytes=min(size, state.manifest_bytes)))
        if size < state.manifest_bytes:  # lines that a power cut has taken are counted all the same
            series.save()
        return series

    @property
    def name(self) -> str:
        return self.definition.name

    def place(
        self,
        due_ms: int,
        time_ms: int,
        files: Sequence[Path],
        metadata: Mapping[str, Any],
        vary: Mapping[str, float] | None = None,
    ) -> Line:
        """Keep a shot.

        Args:
            due_ms: the moment that it is of.
            time_ms: when the camera was asked for it.
            files: moved into the series, the picture last; from another disk they are copied.
            metadata: what the camera says of it.
            vary: the controls that were its own.

        Returns:
            its line.

        Raises:
            OSError: it could not be written; there is nothing of it.
        """
        with self._lock:
            number = self.state.tally.sequence + 1
            stem = self.folder / FRAMES / shot_name(number, time_ms)
            for folder in (stem.parent.parent, stem.parent):
                folder.mkdir(exist_ok=True)  # not more: a series that is gone stays so
            kept = [_moved(path, Path(f"{stem}{path.suffix}")) for path in files]
            line: dict[str, Any] = {
                "n": number,
                "due": text(due_ms),
                "time": text(time_ms),
                "files": [f"{path.parent.name}/{path.name}" for path in reversed(kept)],
                "bytes": sum(path.stat().st_size for path in kept),
                "boot": self.boot,
                "metadata": {name: metadata[name] for name in TOLD if name in metadata},
            }
            if vary:
                line["vary"] = vary
            try:
                self.add(line)
            except OSError:
                for path in kept:
                    path.unlink(missing_ok=True)
                raise
            return line

    def gap(self, from_ms: int, to_ms: int, missed: int, why: str) -> None:
        """Record moments without a shot: the first and the last, how many, and one of WHYS.

        Raises:
            OSError: it could not be written; it is as it was.
        """
        self.add(gap_line(from_ms, to_ms, missed, why))

    def thinned(self, numbers: Sequence[int], freed_bytes: int, first: Mark | None) -> None:
        """Record that shots have been taken away.

        Args:
            first: the first that is kept now.
        """
        self.add({"thinned": list(numbers), "bytes": freed_bytes, "first": first})

    def add(self, line: Line) -> None:
        """One line more."""
        raw = encode(line)
        with self._lock:
            tally = self.state.tally.add(line)
            size = _append(self.folder / MANIFEST, raw)
            self.state = replace(self.state, tally=tally, manifest_bytes=size)

    def moved(self, until_ms: int) -> None:
        """The moments up to `until_ms` have been dealt with, and no others: the clock or the schedule has changed."""
        with self._lock:
            self.state = replace(self.state, tally=replace(self.state.tally, until_ms=until_ms))

    def enter(self, state: str, now_ms: int, why: str | None = None) -> None:
        """Another state begins.

        Raises:
            OSError: it could not be written; until the next start it is so all the same.
        """
        with self._lock:
            self.state = replace(self.state, state=state, why=why, since_ms=now_ms)
            self.save()

    def tell(self, why: str | None) -> None:
        """Why no shots come while the state is what it was; None: they come.

        Raises:
            OSError: it could not be written; until the next start it is so all the same.
        """
        with self._lock:
            if why != self.state.why:
                self.state = replace(self.state, why=why)
                self.save()

    def fix(self, controls: Mapping[str, Any] | None) -> None:
        """These controls are those of all shots from now on."""
        with self._lock:
            self.state = replace(self.state, fixed=controls)
            self.save()

    def change(self, definition: Definition, zone: str) -> None:
        """Another definition under the same name, from now on.

        Raises:
            OSError: it could not be written; it is as it was.
        """
        with self._lock:
            before = self.definition, self.zone
            self.definition, self.zone = definition, zone
            try:
                self._define()
            except OSError:
                self.definition, self.zone = before
                raise
            self.fix(self.state.fixed if definition.fixed else None)

    @property
    def unsaved(self) -> bool:
        """Whether the state file is older than the state."""
        return self.state is not self._saved

    def checkpoint(self) -> None:
        """Write the state file if there is something new in it and the last time was a minute ago."""
        with self._lock:
            if self.unsaved and time.monotonic() - self._saved_s >= CHECKPOINT_S:
                self.save(for_good=False)

    def save(self, for_good: bool = True) -> None:
        """Write the state file.

        Raises:
            OSError: it could not be written.
        """
        with self._lock:
            self._saved_s = time.monotonic()
            if for_good and self.state.manifest_bytes:
                sync(self.folder / MANIFEST)
            write_whole(self.folder / STATE, self.state.document(), for_good)
            self._saved = self.state

    def _define(self) -> None:
        document = {
            "version": VERSION,
            "created": self._created,
            "zone": self.zone,
            "definition": to_document(self.definition),
        }
        write_whole(self.folder / SERIES, document, for_good=True)


def state_at(starts_ms: int, now_ms: int) -> str:
    """Whether a series that starts then is planned or running."""
    return "planned" if starts_ms > now_ms else "running"


def _moved(path: Path, to: Path) -> Path:
    """Move a file, from another disk by a copy; `to` never names an incomplete one."""
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
    """What tells one start of the machine from another."""
    return BOOT_ID.read_text()[:8]


def _append(path: Path, raw: bytes) -> int:
    """Add bytes to a file, all or none; its size then."""
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
