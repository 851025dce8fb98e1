"""The camera programs as child processes, and the ways in which they report."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from inotify_simple import INotify, flags

from stillcam.camera.machine_lock import MachineLock
from stillcam.camera.metadata import Metadata, TextParser
from stillcam.common.child_process import PIPE_BYTES, TERM_GRACE_S, ChildProcess, wait_readable, widen_pipe
from stillcam.common.errors import CameraError

OPENED_POLL_S = 0.01
METADATA_POLL_S = 0.05
_FOLDER_GONE = flags.DELETE_SELF | flags.MOVE_SELF | flags.IGNORED | flags.UNMOUNT


@dataclass(frozen=True, slots=True)
class Programs:
    """How to call the camera programs: program and first arguments."""

    still: tuple[str, ...]
    vid: tuple[str, ...]


def find_programs(path: str | None) -> Programs | None:
    """rpicam-still and rpicam-vid, else libcamera-still and libcamera-vid, on `path` (as PATH); None: not installed."""
    for family in ("rpicam", "libcamera"):
        if still := shutil.which(f"{family}-still", path=path):
            return Programs((still,), (shutil.which(f"{family}-vid", path=path) or f"{family}-vid",))
    return None


class ClosedFiles:
    """Reports which files have been closed in `folder`: the only proof that a camera program has written one.

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
        self.fd = int(self._inotify.fileno())  # readable when `read` has something to return
        try:
            self._inotify.add_watch(folder, flags.CLOSE_WRITE | flags.DELETE_SELF | flags.MOVE_SELF)
        except OSError as error:
            self.close()
            raise CameraError("disk", f"cannot watch {folder} ({error.strerror}): make the folder again") from error

    def read(self) -> list[str]:
        """The names of the files that were closed since the last call, oldest first.

        Raises:
            CameraError: the folder is gone.
        """
        events = self._inotify.read(timeout=0)
        if any(event.mask & _FOLDER_GONE for event in events):
            raise CameraError("disk", f"{self._folder} was deleted, moved or unmounted: it is made again")
        return [event.name for event in events]

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


class CameraProcess:
    """A running rpicam-still or rpicam-vid, from its start to `stop`.

    Args:
        child: just started.
        lock: the machine's, released when the program has opened its camera.
        stop_signal: the signal that ends it.
    """

    def __init__(self, child: ChildProcess, lock: MachineLock, metadata: MetadataPipe | None, stop_signal: int) -> None:
        self.child = child
        self._lock = lock
        self._metadata = metadata
        self._stop_signal = stop_signal
        self._opened = False

    def has_opened(self) -> bool:
        """Whether the program has opened its camera: it then handles SIGUSR1. Other daemons may list cameras again."""
        if not self._opened and self.child.catches(signal.SIGUSR1):
            self._opened = True
            self._lock.close()
        return self._opened

    def wait(self, timeout_s: float, *descriptors: int) -> tuple[set[int], Metadata | None]:
        """Wait until one of `descriptors` is readable; it may return earlier.

        rpicam-vid writes metadata line by line, some forty lines a frame (output/output.cpp, write_metadata:
        std::endl): they are polled, so that they do not end the wait.

        Returns:
            the readable descriptors, and the metadata of the newest frame if new ones came.
        """
        if not self.has_opened():
            timeout_s = min(timeout_s, OPENED_POLL_S)
        if self._metadata is None:
            return wait_readable(timeout_s, *descriptors), None
        ready = wait_readable(min(timeout_s, METADATA_POLL_S), *descriptors)
        return ready, self._metadata.read()

    def stop(self, grace_s: float = TERM_GRACE_S, interrupts: Sequence[int] = ()) -> int:
        """See ChildProcess.stop."""
        status = self.child.stop(self._stop_signal, grace_s, interrupts)
        self._lock.close()
        if self._metadata is not None:
            self._metadata.close()
            self._metadata = None
        return status


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
