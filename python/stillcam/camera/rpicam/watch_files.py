"""Reports which files have been closed in a folder: the only proof that a camera program has written one."""

from __future__ import annotations

from pathlib import Path

from inotify_simple import INotify, flags

from stillcam.common.errors import CameraError

_GONE = flags.DELETE_SELF | flags.MOVE_SELF | flags.IGNORED | flags.UNMOUNT


class ClosedFiles:
    """Watches `folder`.

    Raises:
        CameraError: the folder does not exist, or the limit of inotify instances is reached.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        try:
            self._inotify = INotify()
        except OSError as error:
            raise CameraError(
                "short", f"cannot watch folders ({error.strerror}): raise fs.inotify.max_user_instances with sysctl"
            ) from error
        try:
            self._inotify.add_watch(folder, flags.CLOSE_WRITE | flags.DELETE_SELF | flags.MOVE_SELF)
        except OSError as error:
            self.close()
            raise CameraError("disk", f"cannot watch {folder} ({error.strerror}): make the folder again") from error

    @property
    def fd(self) -> int:
        """Readable when `read` has something to return."""
        return int(self._inotify.fileno())

    def read(self) -> list[str]:
        """The names of the files that were closed since the last call, oldest first.

        Raises:
            CameraError: the folder is gone.
        """
        events = self._inotify.read(timeout=0)
        if any(event.mask & _GONE for event in events):
            raise CameraError("disk", f"{self._folder} was deleted, moved or unmounted: it is made again")
        return [event.name for event in events]

    def close(self) -> None:
        """Stop watching."""
        self._inotify.close()
