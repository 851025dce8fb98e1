"""The camera programs as child processes: found, started, read and stopped.

A program that opens a camera starts under the machine's lock (camera/machine_lock.py) and releases it when the camera
is open. Options that a program has turned out not to support are left out.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from inotify_simple import INotify, flags

from stillcam.camera.driver import Interrupted
from stillcam.camera.machine_lock import LIST_TIMEOUT_S, LIST_WAIT_S, OPEN_WAIT_S, MachineLock
from stillcam.camera.metadata import Metadata, TextParser
from stillcam.camera.rpicam.errors import UnsupportedOptions, failure, unrecognised_option
from stillcam.common.child_process import TERM_GRACE_S, ChildProcess, wait_readable, widen_pipe
from stillcam.common.errors import CameraError
from stillcam.settings.capabilities import Capabilities

OPENED_POLL_S = 0.01
METADATA_POLL_S = 0.05
_MAX_READS = 16  # of metadata at once, so that live frames do not wait
_ROOT = Path("/")
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
        fd: the read end; -1 once it is closed.
        write_end: to be passed to the camera program, and then closed here.
        arguments: the options that make the program write to it.
    """

    def __init__(self) -> None:
        self.fd, self.write_end = os.pipe()
        os.set_blocking(self.fd, False)
        widen_pipe(self.fd)
        self.arguments = ["--metadata", f"/proc/self/fd/{self.write_end}", "--metadata-format", "txt"]
        self._parser = TextParser()

    def read(self) -> Metadata | None:
        """The metadata of the newest complete frame; None: there is none yet."""
        newest = None
        for _ in range(_MAX_READS):
            try:
                chunk = os.read(self.fd, 1 << 16)
            except BlockingIOError:
                break
            if not chunk:  # a closed pipe would stay readable
                self.close()
                break
            newest = self._parser.feed(chunk) or newest
        return newest

    def close(self) -> None:
        """Close the read end; may be called again."""
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1


class CameraProcess:
    """A running rpicam-still or rpicam-vid, from its start to `stop`.

    Args:
        child: just started.
        lock: released when the program has opened its camera.
        metadata: the pipe that it writes metadata to, if any.
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
        return ready, self._metadata.read() if self._metadata.fd >= 0 else None

    def stop(self, grace_s: float = TERM_GRACE_S, interrupts: Sequence[int] = ()) -> int:
        """See ChildProcess.stop."""
        status = self.child.stop(self._stop_signal, grace_s, interrupts)
        self._lock.close()
        if self._metadata is not None:
            self._metadata.close()
        return status


class Launcher:
    """Starts the camera programs.

    Args:
        programs: how to call them.
        env: their environment; None: this process's own.
        machine: the folder that stands for the machine, see MachineLock.
        capabilities: of the driver if the programs support all options.
    """

    def __init__(
        self, programs: Programs, env: Mapping[str, str] | None, machine: Path, capabilities: Capabilities
    ) -> None:
        self.unsupported = UnsupportedOptions(capabilities)
        self._programs = programs
        self._env = env
        self._machine = machine
        self._has_libav: bool | None = None  # not asked yet

    @property
    def writes_metadata(self) -> bool:
        """Whether rpicam-still writes metadata files."""
        return self.unsupported.supports(_name(self._programs.still), "--metadata")

    def list_cameras(self, index: int, interrupts: Sequence[int]) -> str:
        """The list of cameras as printed. Raises CameraError when the program cannot be run, fails, or hangs.

        Args:
            index: the camera whose HDR mode the program resets; it would reset the first one's by default.
            interrupts: descriptors that raise Interrupted when they become readable.
        """
        arguments = ["--list-cameras", f"--camera={index}", "--verbose=2"]
        with MachineLock(self._machine, shared=False, timeout_s=LIST_WAIT_S, interrupts=interrupts):
            return self._output(self._programs.still, arguments, interrupts)

    def has_libav(self, interrupts: Sequence[int]) -> bool:
        """Whether rpicam-vid can write MP4 and MPEG-TS."""
        if self._has_libav is None:
            self._has_libav = has_libav(lambda option: self._output(self._programs.vid, [option], interrupts))
        return self._has_libav

    def open(
        self,
        call: tuple[str, ...],
        arguments: Sequence[str],
        folder: Path,
        *,
        metadata: bool = False,
        stdout: int = subprocess.DEVNULL,
        stop_signal: int = signal.SIGTERM,
    ) -> CameraProcess:
        """Start a program in `folder`; it has not opened its camera yet.

        Args:
            call: one of `Programs`.
            metadata: whether it writes the metadata of its frames to a pipe.
            stdout: `subprocess.PIPE` to read frames from it.
            stop_signal: the signal that ends it.
        """
        with contextlib.ExitStack() as undo:
            lock = undo.enter_context(MachineLock(self._machine, shared=True, timeout_s=OPEN_WAIT_S))
            pipe = None
            if metadata:
                pipe = MetadataPipe()
                undo.callback(pipe.close)
            try:
                more, passed = (pipe.arguments, (pipe.write_end,)) if pipe else ([], ())
                child = self._start(call, [*arguments, *more], folder, stdout, passed)
            finally:
                if pipe:
                    os.close(pipe.write_end)
            undo.pop_all()
        return CameraProcess(child, lock, pipe, stop_signal)

    def error(self, process: CameraProcess, interrupts: Sequence[int]) -> CameraError:
        """Why a program has ended. If an option was the reason, later starts leave it out.

        Raises:
            Interrupted: one of `interrupts` is readable; may be called again.
        """
        child = process.child
        child.wait(1.0)  # its output may end a moment before itself
        if option := unrecognised_option(child.stderr):
            call = next(call for call in (self._programs.still, self._programs.vid) if _name(call) == child.name)
            help_text = ""
            with contextlib.suppress(CameraError):
                help_text = self._output(call, ["--help"], interrupts)
            self.unsupported.add(child.name, option, child.argv, help_text)
        return failure(child.name, process.stop(interrupts=interrupts), child.stderr)

    def _start(
        self,
        call: tuple[str, ...],
        arguments: Sequence[str],
        folder: Path,
        stdout: int,
        pass_fds: Sequence[int] = (),
    ) -> ChildProcess:
        name = _name(call)
        argv = [*call, *self.unsupported.remove(name, arguments)]
        return ChildProcess(name, argv, folder, self._env, stdout, pass_fds)

    def _output(self, call: tuple[str, ...], arguments: Sequence[str], interrupts: Sequence[int]) -> str:
        """What a program prints on stdout before it ends by itself.

        Raises:
            CameraError: it fails, or hangs.
            Interrupted: one of `interrupts` became readable.
        """
        output = bytearray()
        deadline = time.monotonic() + LIST_TIMEOUT_S
        with self._start(call, arguments, _ROOT, subprocess.PIPE) as child:
            while ready := wait_readable(deadline - time.monotonic(), child.stdout, *interrupts):
                if child.stdout not in ready:
                    child.stop(grace_s=0.0)  # it has nothing to lose
                    raise Interrupted
                if not (chunk := os.read(child.stdout, 65536)):
                    break
                output += chunk
            else:
                raise CameraError("stalled", f"{child.name} does not answer: restart the Pi")
            child.wait(1.0)
            if child.status:
                raise failure(child.name, child.status, child.stderr)
            return output.decode(errors="replace")


def has_libav(output: Callable[[str], str]) -> bool:
    """Whether rpicam-vid can write MP4 and MPEG-TS.

    Since rpicam-apps 1.5 `--version` lists the libraries that are installed (core/version.cpp, capabilities); before,
    `--help` lists the options of libav if it was built with it (core/video_options.hpp, LIBAV_PRESENT).

    Args:
        output: returns what rpicam-vid prints for an option.
    """
    version = output("--version")
    return "libav:1" in version if "libav:" in version else "--libav-format" in output("--help")


def _name(call: tuple[str, ...]) -> str:
    """A camera program's name."""
    return os.path.basename(call[-1])
