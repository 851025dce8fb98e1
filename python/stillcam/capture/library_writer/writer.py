"""The library as the camera's thread sees it: where items are made, and who finishes them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from stillcam.capture.library_writer.background import BackgroundWorker, Closing, Task
from stillcam.capture.library_writer.clock_trust import ClockTrust
from stillcam.capture.library_writer.finish_video import ABOUT, RecordedVideo, finish, salvage
from stillcam.capture.library_writer.retention import Retention
from stillcam.common import folders
from stillcam.common.deletion import Undeletable
from stillcam.common.disk_space import Disk
from stillcam.common.errors import CameraError
from stillcam.common.folders import identity, missing
from stillcam.library.pending import FOLDER, PendingItem, recover
from stillcam.settings.schema import Settings

Told = Callable[[str | None, CameraError | None], None]


class LibraryWriter:
    """Makes items of the library at `root`.

    What a crash has left is put right first: whole items appear at once, videos soon.

    Args:
        root: the folder; it is made with the first item.
        settings: gives those in force; may be called from any thread.
        ages: knows whether the clock can be trusted with them.
        others: more folders that may be on a disk of their own.
        came: called when the library's folder is another one than before: see `take_in`.

    Attributes:
        disk: that of the library.
        undeletable: what could not be deleted, of the library and of series.
        missing: which disk is missing; empty: none.
    """

    def __init__(
        self,
        root: Path,
        settings: Callable[[], Settings],
        ages: ClockTrust,
        others: Sequence[Path],
        came: Callable[[], object],
    ) -> None:
        self.root = root
        self._folders = (root, *others)
        self._came = came
        self._finishing: set[str] = set()  # the videos that are no items yet
        self._waiting: set[str] = set()  # those for which the disk had no room; the background worker's alone
        self.disk = Disk(root, lambda: settings().files.floor_mb)
        self.undeletable = Undeletable()
        self.ages = ages
        self._retention = Retention(root, self.disk, lambda: settings().retention, ages, self.over, self.undeletable)
        self._worker = BackgroundWorker(root.parent)
        self.missing = ""
        self._place: tuple[int, int] | None = None  # of the folder whose pending items have been recovered
        self.take_in()

    def start(self, *tasks: Task) -> None:
        """Begin the work in the background.

        Args:
            tasks: done now and then, beside what the library needs.
        """
        self._worker.start((self._look_for_disks, self._retention.regular, *tasks, self._try_again))

    def take_in(self) -> None:
        """Put right what a crash has left in the library's folder; for the camera's thread, when it makes no item."""
        if self._finishing or (place := identity(self.root)) in (None, self._place):
            return
        self._place = place
        try:
            torn = recover(self.root)
        except OSError as error:
            logging.error("cannot put the library right: %s", error)
            return
        if torn:
            self._worker.add(lambda: self._salvage(torn))

    @property
    def pending_folder(self) -> Path:
        """The folder of what is not whole yet."""
        return self.root / FOLDER

    def message(self) -> dict[str, Any]:
        """For the status: the disk's space, how many videos are being finished, what is not deleted and why."""
        undeletable = self.undeletable.message()
        return {
            **self.disk.message(),
            "finishing": len(self._finishing),
            "undeletable": undeletable,
            "waits": self.ages.reason,
        }

    def begin_item(self, kind: str, time_s: float, camera: str) -> PendingItem:
        """Begin an item: see `PendingItem`.

        Raises:
            CameraError: `disk`: the disk is too full for it, or cannot be written to.
        """
        self.disk.check()
        try:
            return PendingItem(self.root, kind, time_s, camera)
        except OSError as error:
            raise unwritable(self.root, error) from error

    def added(self) -> None:
        """There is another item: the oldest may have to go."""
        self._worker.add(self._retention.prune)

    def finish(self, footage: RecordedVideo, stand_in: Path | None, told: Told) -> None:
        """Have a video finished; `told` is called from another thread with its address, or what went wrong."""

        stem = footage.pending.stem
        self._finishing.add(stem)

        def over(id_: str | None, error: CameraError | None) -> None:
            self._finishing.discard(stem)
            told(id_, error)

        def task() -> None:
            try:
                id_ = finish(footage, self._worker.ffmpeg, stand_in)
            except Closing:
                over(None, CameraError("disk", "the daemon ends: the video is finished at its next start"))
                raise
            except CameraError as error:
                logging.error("%s: %s", stem, error)
                if error.cause == "disk":
                    self._waiting.add(stem)
                over(None, error)
            except OSError as error:
                self._waiting.add(stem)
                over(None, unwritable(self.root, error))
                raise
            except Exception as error:
                over(None, CameraError("died", f"the video could not be finished: {error}"))
                raise
            else:
                over(id_, None)
                self._retention.prune()

        self._worker.add(task)

    def soon(self, task: Task) -> None:
        """Have something short done that nobody waits for."""
        self._worker.add(task)

    def later(self, task: Task) -> None:
        """Have something done that takes long: it asks now and then whether it is `over`."""
        self._worker.later(task)

    def over(self) -> bool:
        """For what takes long: see `BackgroundWorker.over`."""
        return self._worker.over()

    def close(self) -> None:
        """The daemon ends."""
        self._worker.close()

    def _look_for_disks(self) -> None:
        """Say which disk is missing, and have one that has come taken in."""
        told = "; ".join(dict.fromkeys(text for folder in self._folders if (text := missing(folder))))
        if told != self.missing:
            logging.log(logging.ERROR if told else logging.INFO, "%s", told or "no disk is missing any more")
        self.missing = told
        if identity(self.root) not in (None, self._place):
            self._came()

    def _try_again(self) -> None:
        """Finish the videos for which there is room by now."""
        for stem in [stem for stem in self._waiting if self._room_for(stem)]:
            self._waiting.discard(stem)
            self._salvage(self._files(stem))

    def _salvage(self, torn: list[Path]) -> None:
        salvage(self.root, torn, self._worker.ffmpeg)
        left = {path.stem for path in torn if path.suffix == f".{ABOUT}" and path.exists()}
        self._waiting |= {stem for stem in left if not self._room_for(stem)}

    def _room_for(self, stem: str) -> bool:
        """Whether there is room for what is made of a video: it is as large again."""
        needed = sum(path.stat().st_size for path in self._files(stem))
        return self.disk.free_bytes() - needed >= self.disk.reserve_bytes()

    def _files(self, stem: str) -> list[Path]:
        return [path for path in self.pending_folder.iterdir() if path.stem == stem]


def unwritable(root: Path, error: OSError) -> CameraError:
    """The reason that a person can act on."""
    return CameraError("disk", folders.unwritable(root, error))
