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

from stillcam.camera.driver import Interrupted
from stillcam.camera.machine_lock import LIST_TIMEOUT_S, LIST_WAIT_S, OPEN_WAIT_S, MachineLock
from stillcam.camera.metadata import Metadata
from stillcam.camera.rpicam.errors import UnsupportedOptions, failure, unrecognised_option
from stillcam.camera.rpicam.metadata_pipe import MetadataPipe
from stillcam.common.child_process import TERM_GRACE_S, ChildProcess, wait_readable
from stillcam.common.errors import CameraError
from stillcam.settings.capabilities import Capabilities

READY_POLL_S = 0.01
_METADATA_POLL_S = 0.05
_ROOT = Path("/")


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
            timeout_s = min(timeout_s, READY_POLL_S)
        if self._metadata is None:
            return wait_readable(timeout_s, *descriptors), None
        ready = wait_readable(min(timeout_s, _METADATA_POLL_S), *descriptors)
        return ready, self._metadata.read() if wait_readable(0.0, self._metadata.fd) else None

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
        self._programs = programs
        self._env = env
        self._machine = machine
        self._unsupported = UnsupportedOptions(capabilities)
        self._has_libav: bool | None = None  # not asked yet

    @property
    def capabilities(self) -> Capabilities:
        """What can be set with the options that the programs support."""
        return self._unsupported.capabilities

    @property
    def writes_metadata(self) -> bool:
        """Whether rpicam-still writes metadata files."""
        return self._unsupported.supports(_name(self._programs.still), "--metadata")

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

    def start_still(self, arguments: Sequence[str], folder: Path) -> CameraProcess:
        """Start rpicam-still in `folder`; it has not opened its camera yet."""
        return self._open(self._programs.still, arguments, folder)

    def start_vid(
        self,
        arguments: Sequence[str],
        folder: Path,
        *,
        metadata: bool,
        stdout: int = subprocess.DEVNULL,
        stop_signal: int = signal.SIGTERM,
    ) -> CameraProcess:
        """Start rpicam-vid in `folder`; it has not opened its camera yet.

        Args:
            metadata: whether it writes the metadata of its frames to a pipe.
            stdout: `subprocess.PIPE` to read frames from it.
            stop_signal: the signal that ends it.
        """
        return self._open(self._programs.vid, arguments, folder, stdout, stop_signal, metadata=metadata)

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
            self._unsupported.add(child.name, option, child.argv, help_text)
        return failure(child.name, process.stop(interrupts=interrupts), child.stderr)

    def _open(
        self,
        call: tuple[str, ...],
        arguments: Sequence[str],
        folder: Path,
        stdout: int = subprocess.DEVNULL,
        stop_signal: int = signal.SIGTERM,
        *,
        metadata: bool = False,
    ) -> CameraProcess:
        with contextlib.ExitStack() as undo:
            lock = MachineLock(self._machine, shared=True, timeout_s=OPEN_WAIT_S)
            undo.callback(lock.close)
            pipe = MetadataPipe() if metadata else None
            if pipe is None:
                child = self._start(call, arguments, folder, stdout)
            else:
                undo.callback(pipe.close)
                child = self._start(call, [*arguments, *pipe.arguments], folder, stdout, (pipe.write_end,))
                pipe.close_write_end()
            undo.pop_all()
        return CameraProcess(child, lock, pipe, stop_signal)

    def _start(
        self,
        call: tuple[str, ...],
        arguments: Sequence[str],
        folder: Path,
        stdout: int = subprocess.DEVNULL,
        pass_fds: Sequence[int] = (),
    ) -> ChildProcess:
        name = _name(call)
        argv = [*call, *self._unsupported.remove(name, arguments)]
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
