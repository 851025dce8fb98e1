"""The camera programs as child processes, and the ways in which they report."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from stillcam.camera.metadata import Metadata, TextParser
from stillcam.common.child_process import PIPE_BYTES, find_program, widen_pipe
from stillcam.common.errors import CameraError
from stillcam.common.inotify import CLOSE_WRITE, DELETE_SELF, IGNORED, MOVE_SELF, UNMOUNT, Inotify

_FOLDER_GONE = DELETE_SELF | MOVE_SELF | IGNORED | UNMOUNT


@dataclass(frozen=True, slots=True)
class Programs:
    """How to call the camera programs: program and first arguments."""

    still: tuple[str, ...]
    vid: tuple[str, ...]


def find_programs(path: str | None) -> Programs | None:
    """rpicam-still and rpicam-vid, else libcamera-still and libcamera-vid, on `path` (as PATH); None: not installed."""
    for family in ("rpicam", "libcamera"):
        if still := find_program(f"{family}-still", path=path):
            return Programs((still,), (find_program(f"{family}-vid", path=path) or f"{family}-vid",))
    return None


class ClosedFiles:
    """Reports which files have been closed in `folder`: the only proof that a camera program has written one.

    Raises:
        CameraError: the folder does not exist, or the limit of inotify instances is reached.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        try:
            self._inotify = Inotify()
        except OSError as error:
            raise CameraError(
                "short", f"cannot watch folders ({error.strerror}): raise fs.inotify.max_user_instances with sysctl"
            ) from error
        self.fd = self._inotify.fileno()  # readable when `read` has something to return
        try:
            self._inotify.add_watch(folder, CLOSE_WRITE | DELETE_SELF | MOVE_SELF)
        except OSError as error:
            self.close()
            raise CameraError("disk", f"cannot watch {folder} ({error.strerror}): make the folder again") from error

    def read(self) -> list[str]:
        """The names of the files that were closed since the last call, oldest first.

        Raises:
            CameraError: the folder is gone.
        """
        events = self._inotify.events()
        if any(mask & _FOLDER_GONE for _, mask in events):
            raise CameraError("disk", f"{self._folder} was deleted, moved or unmounted; creating it again")
        return [name for name, _ in events]

    def close(self) -> None:
        """Stop watching."""
        self._inotify.close()


class MetadataPipe:
    """The pipe through which rpicam-vid reports the metadata of its frames while it runs.

    Attributes:
        write_end: to be passed to the program, and then closed here.
        arguments: the options that make the program write to it.
    """

    def __init__(self) -> None:
        self._fd, self.write_end = os.pipe()
        os.set_blocking(self._fd, False)
        widen_pipe(self._fd)
        self.arguments = ["--metadata", f"/proc/self/fd/{self.write_end}", "--metadata-format", "txt"]
        self._parser = TextParser()

    def read(self) -> Metadata | None:
        """The metadata of the newest complete frame that came since the last call; never blocks."""
        try:
            return self._parser.feed(os.read(self._fd, PIPE_BYTES))
        except BlockingIOError:
            return None

    def close(self) -> None:
        """Close the read end."""
        os.close(self._fd)


def has_libav(output: Callable[[str], str]) -> bool:
    """Whether rpicam-vid can write MP4 and MPEG-TS.

    Since rpicam-apps 1.5 `--version` lists the libraries that are installed (core/version.cpp, capabilities); before,
    `--help` lists the options of libav if it was built with it (core/video_options.hpp, LIBAV_PRESENT).

    Args:
        output: returns what rpicam-vid prints for an option.
    """
    version = output("--version")
    return "libav:1" in version if "libav:" in version else "--libav-format" in output("--help")


def name_of(call: tuple[str, ...]) -> str:
    """A camera program's name."""
    return os.path.basename(call[-1])
