"""The library as the camera's thread sees it: where items are made, and who finishes them."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

from stillcam.capture.backroom import Backroom, Closing
from stillcam.capture.disk import Disk
from stillcam.capture.footage import Footage, finish, salvage
from stillcam.capture.retention_run import Retention
from stillcam.errors import CameraError
from stillcam.library.drafts import FOLDER, Draft, recover
from stillcam.settings import Settings

Told = Callable[[str | None, CameraError | None], None]


class Archive:
    """Makes items of the library at `root`.

    What a crash has left is put right first: whole items appear at once, videos soon.

    Args:
        root: the folder; it is made with the first item.
        settings: gives those in force; may be called from any thread.

    Attributes:
        disk: that of the library.
    """

    def __init__(self, root: Path, settings: Callable[[], Settings]) -> None:
        self.root = root
        self.disk = Disk(root, lambda: settings().files)
        self._retention = Retention(
            root, self.disk.free_bytes, lambda: settings().retention, lambda: self._backroom.closing
        )
        self._backroom = Backroom(root.parent, self._retention.regular)
        try:
            torn = recover(root)
        except OSError as error:
            logging.error("cannot put the library right: %s", error)
            torn = []
        if torn:
            self._backroom.add(lambda: self._salvage(torn))
        self._backroom.start()

    @property
    def drafts(self) -> Path:
        """The folder of what is not whole yet."""
        return self.root / FOLDER

    def draft(self, kind: str, time_s: float, camera: str) -> Draft:
        """Begin an item: see `Draft`.

        Raises:
            CameraError: `disk`: the disk is too full for it, or cannot be written to.
        """
        self.disk.check()
        try:
            return Draft(self.root, kind, time_s, camera)
        except OSError as error:
            raise unwritable(self.root, error) from error

    def added(self) -> None:
        """There is another item: the oldest may have to go."""
        self._backroom.add(self._retention.prune)

    def finish(self, footage: Footage, stand_in: Path | None, told: Told) -> None:
        """Have a video finished; `told` is called from another thread with its address, or what went wrong."""

        def task() -> None:
            try:
                id_ = finish(footage, self._backroom.ffmpeg, stand_in)
            except Closing:
                told(None, CameraError("disk", "the daemon ends: the video is finished at its next start"))
                raise
            except CameraError as error:
                logging.error("%s: %s", footage.draft.stem, error)
                told(None, error)
            except OSError as error:
                told(None, unwritable(self.root, error))
                raise
            except Exception as error:
                told(None, CameraError("died", f"the video could not be finished: {error}"))
                raise
            else:
                told(id_, None)
                self._retention.prune()

        self._backroom.add(task)

    def close(self) -> None:
        """The daemon ends."""
        self._backroom.close()

    def _salvage(self, torn: list[Path]) -> None:
        salvage(self.root, torn, self._backroom.ffmpeg)


def unwritable(root: Path, error: OSError) -> CameraError:
    """The reason that a person can act on."""
    return CameraError("disk", f"cannot write to {root} ({error.strerror}): check it with df -h")
