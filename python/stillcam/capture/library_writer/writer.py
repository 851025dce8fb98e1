"""The library as the camera's thread uses it: where items are made, and what is done for it in the background."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from stillcam.camera.metadata import Metadata
from stillcam.camera.use_cases import effective_controls
from stillcam.capture.library_writer.background import BackgroundWorker, Closing, Preempted
from stillcam.capture.library_writer.clock_trust import ClockTrust
from stillcam.capture.library_writer.finish_video import (
    EXTENSIONS,
    NOTES,
    PART,
    Conversion,
    RecordedVideo,
    finish_video,
    recover_videos,
)
from stillcam.capture.library_writer.retention import LibraryRetention
from stillcam.common import folders
from stillcam.common.deletion import Undeletable
from stillcam.common.disk_space import Disk
from stillcam.common.errors import CameraError
from stillcam.common.folders import device_and_inode, missing_disk
from stillcam.common.formats import utc_text
from stillcam.library.names import MOTION, parse_stem
from stillcam.library.pending import DRAFTS_FOLDER, PendingItem
from stillcam.library.pending import recover as recover_items
from stillcam.settings.capabilities import CameraInfo
from stillcam.settings.document import section_to_json
from stillcam.settings.schema import Settings

VERSION = 1  # of sidecars
MOST_LISTED = 20  # videos that wait, in the status

Finished = Callable[[str | None, CameraError | None], None]


class LibraryWriter:
    """Makes items of the library at `root`.

    Leftovers of a crash are recovered first: whole items appear at once, videos soon.

    Args:
        others: further folders that may be on disks of their own.
        on_mount: called when the library's folder is another one than before; it leads to `recover`.

    Attributes:
        undeletable: files of the library and of series that could not be deleted.
        worker: does the work in the background, of series, too.
        tasks: its regular ones for the library.
        missing: names the missing disks; empty: none.
    """

    def __init__(
        self,
        root: Path,
        settings: Callable[[], Settings],
        clock: ClockTrust,
        others: Sequence[Path],
        on_mount: Callable[[], object],
    ) -> None:
        self._root = root
        self._folders = (root, *others)
        self._on_mount = on_mount
        self._finishing: dict[str, None] = {}  # stems of the videos that are no items yet, in the order of their end
        self._waiting: set[str] = set()  # stems of those for which the disk had no room; only for the background
        self._encoding: RecordedVideo | None = None  # the one that is being encoded
        self.clock = clock
        self.disk = Disk(root, lambda: settings().files.floor_mb)
        self.undeletable = Undeletable()
        self.worker = BackgroundWorker(root.parent)
        self._retention = LibraryRetention(
            root, self.disk, lambda: settings().retention, clock, self.worker.checkpoint, self.undeletable
        )
        self.tasks = (self._check_disks, self._retention.regular, self._retry_videos)
        self.missing = ""
        self._place: tuple[int, int] | None = None  # of the folder whose pending items have been recovered
        self.recover()

    def recover(self) -> None:
        """Recover what a crash has left in the library; for the camera's thread, while it makes no item."""
        if self._finishing or (place := device_and_inode(self._root)) in (None, self._place):
            return
        self._place = place
        try:
            torn = recover_items(self._root)
        except OSError as error:
            logging.error("cannot recover the library: %s", error)
            return
        files: dict[str, list[Path]] = {}
        for path in torn:
            files.setdefault(path.stem, []).append(path)
        for stem, paths in files.items():
            if parse_stem(stem) is None:  # of no item: a picture may be among them that has not got its masks
                for path in paths:
                    with suppress(OSError):
                        path.unlink()
                continue
            if any(path.suffix.lstrip(".") in EXTENSIONS for path in paths):
                self._finishing[stem] = None
            self.worker.submit_long(partial(self._recover_video, stem), first=_is_persons(stem))

    def to_json(self) -> dict[str, Any]:
        """For the status: free space, videos that are no items yet, undeletable files, why deletion by age waits."""
        encoding = self._encoding
        progress = encoding and self._progress_of(encoding)
        waiting = [stem for stem in self._finishing.copy() if not encoding or stem != encoding.pending.stem]
        waiting.sort(key=_is_persons, reverse=True)
        listed = [_described(stem) for stem in waiting[:MOST_LISTED]]
        return {
            **self.disk.to_json(),
            "finishing": len(self._finishing),
            "encoding": progress,
            "videos": [progress, *listed] if progress else listed,
            "undeletable": self.undeletable.to_json(),
            "waits": self.clock.reason,
        }

    def unwritable(self, error: OSError) -> CameraError:
        """The error for a library that cannot be written to."""
        return CameraError("disk", folders.unwritable(self._root, error))

    def make_pending_folder(self) -> Path:
        """The folder of items that are not complete, which is created.

        Raises:
            CameraError: `disk`: it cannot be created, or cannot be written to: the camera program would not say why.
        """
        from tempfile import TemporaryFile

        folder = self._root / DRAFTS_FOLDER
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with TemporaryFile(dir=folder):
                return folder
        except OSError as error:
            raise self.unwritable(error) from error

    def begin_item(self, kind: str, time_s: float, camera: str) -> PendingItem:
        """Begin an item: see `PendingItem`.

        Raises:
            CameraError: `disk`: the disk is too full for it, or cannot be written to.
        """
        self.disk.check()
        try:
            return PendingItem.create(self._root, kind, time_s, camera)
        except OSError as error:
            raise self.unwritable(error) from error

    def item_added(self) -> None:
        """Prune the library: there is another item."""
        self.worker.submit(self._retention.prune)

    def finish_video(self, video: RecordedVideo, placeholder: Path | None, finished: Finished) -> None:
        """Finish a video in the background; one that must be encoded lets the others go first.

        Of those, the ones that a person has recorded go before motion recordings. A motion recording that is being
        encoded begins again after them.

        Args:
            placeholder: its preview where none can be made.
            finished: called by another thread with the item's address, or with what went wrong.
        """
        stem = video.pending.stem
        self._finishing[stem] = None
        with suppress(OSError):  # the disk is full: the notes from the beginning stay
            video.save_notes(complete=True)
        is_long = video.conversion is Conversion.ENCODE
        ffmpeg = self.worker.run_long_ffmpeg if is_long else self.worker.run_ffmpeg

        def task() -> None:
            id_ = error = None
            if is_long:
                self._encoding = video
            try:
                id_ = finish_video(video, ffmpeg, placeholder)
            except Preempted:
                self._drop_part(stem)
                raise  # it is run again
            except Exception as failure:
                error = self._video_error(stem, failure)
                if failure is not error:
                    raise
            finally:
                if is_long:
                    self._encoding = None
                if id_ or error:
                    self._finishing.pop(stem, None)
                    finished(id_, error)
            if id_:
                self._retention.prune()

        if is_long:
            self.worker.submit_long(task, first=_is_persons(stem))
        else:
            self.worker.submit(task)

    def _video_error(self, stem: str, failure: Exception) -> CameraError:
        """Why a video could not be finished; one that lacks room is tried again."""
        if isinstance(failure, Closing):
            return CameraError("disk", "the capture daemon is stopping: it finishes the video at its next start")
        if isinstance(failure, OSError):
            self._waiting.add(stem)
            return self.unwritable(failure)
        if not isinstance(failure, CameraError):
            return CameraError("died", f"the video could not be finished: {failure}")
        logging.error("%s: %s", stem, failure)
        if failure.cause == "disk":
            self._waiting.add(stem)
        return failure

    def _progress_of(self, video: RecordedVideo) -> dict[str, Any]:
        frames = video.rate * video.sidecar.get("duration_s", 0.0)
        progress = min(1.0, self.worker.encoded_frames / frames) if frames else 0.0
        return {"kind": video.sidecar["kind"], "time": video.sidecar.get("time"), "progress": round(progress, 3)}

    def _check_disks(self) -> None:
        """Record which disk is missing, and report one that was mounted."""
        before, self.missing = self.missing, "; ".join(dict.fromkeys(filter(None, map(missing_disk, self._folders))))
        if self.missing and self.missing != before:
            logging.error("%s", self.missing)
        elif before and not self.missing:
            logging.info("all disks are back")
        if device_and_inode(self._root) not in (None, self._place):
            self._on_mount()

    def _retry_videos(self) -> None:
        """Finish the videos for which there is room by now."""
        for stem in [stem for stem in self._waiting if self._room_for(stem)]:
            self._waiting.discard(stem)
            self._finishing[stem] = None
            self.worker.submit_long(partial(self._recover_video, stem), first=_is_persons(stem))

    def _recover_video(self, stem: str) -> None:
        """Finish the video that is among the files of a stem, or delete them."""
        torn, preempted = self._files(stem), False

        def begin(video: RecordedVideo) -> None:
            self._encoding = video if video.conversion is Conversion.ENCODE else None

        try:
            recover_videos(self._root, torn, self.worker.run_long_ffmpeg, begin)
        except Preempted:
            preempted = True
            self._drop_part(stem)
            raise
        finally:
            self._encoding = None
            if not preempted:
                self._finishing.pop(stem, None)
        if any(path.suffix == f".{NOTES}" and path.exists() for path in torn) and not self._room_for(stem):
            self._waiting.add(stem)

    def _room_for(self, stem: str) -> bool:
        """Whether there is room for the MP4 of a video: it is as large again."""
        needed = sum(path.stat().st_size for path in self._files(stem))
        return self.disk.free_bytes() - needed >= self.disk.reserve_bytes()

    def _drop_part(self, stem: str) -> None:
        """Delete the MP4 that was begun."""
        (self._root / DRAFTS_FOLDER / f"{stem}.{PART}").unlink(missing_ok=True)

    def _files(self, stem: str) -> list[Path]:
        return [path for path in (self._root / DRAFTS_FOLDER).iterdir() if path.stem == stem]


def _is_persons(stem: str) -> bool:
    """Whether a person has recorded this video; motion recordings wait for it."""
    parts = parse_stem(stem)
    return parts is not None and parts.kind != MOTION


def _described(stem: str) -> dict[str, Any]:
    """A video that waits, as `_progress_of` describes one that is being encoded."""
    parts = parse_stem(stem)
    assert parts is not None
    return {"kind": parts.kind, "time": utc_text(parts.time_s), "progress": None}


def make_sidecar(
    settings: Settings,
    camera: CameraInfo,
    kind: str,
    time_s: float,
    size: tuple[int, int],
    metadata: Metadata,
    sensor_mode: str = "",
) -> dict[str, Any]:
    """Make the sidecar of an item: `controls` are those that were set, `configuration` that of the use case.

    Args:
        kind: `photo`, `raw` or `video`.
        size: width and height in pixels, as shown.
        metadata, sensor_mode: empty where they are unknown.
    """
    return {
        "version": VERSION,
        "kind": kind,
        "time": utc_text(time_s),
        "camera": {"index": camera.index, "model": camera.model},
        "size": list(size),
        "controls": effective_controls(settings, kind),
        "configuration": section_to_json(settings, kind),
        "sensor_mode": sensor_mode or None,
        "metadata": metadata or None,
    }
