"""A child process: a camera program, ffmpeg or one of our own."""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import logging
import os
import select
import signal
import subprocess
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from stillcam.common.errors import CameraError
from stillcam.common.threads import start

TERM_GRACE_S = 2.0
INTERRUPTED_GRACE_S = 1.0  # the same when the daemon ends: enough to finish the file of a video
PIPE_BYTES = 1 << 20
_PR_SET_PDEATHSIG = 1
_STDERR_LINES = 40
_STDERR_PAUSE_S = 3.0  # the camera programs log some twenty lines a still: those of several stills are read together

_libc = ctypes.CDLL(None, use_errno=True)


def before_exec(parent: int) -> None:
    """In the child: let the program survive an early SIGUSR1, and not outlive the daemon.

    rpicam-still dies of a SIGUSR1 before its handler is installed, unless the signal is ignored, which a program
    inherits through exec(2). PR_SET_PDEATHSIG (prctl(2)) kills the program when the thread that started it ends, also
    if the daemon is killed by SIGKILL.
    """
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # the parent has died already
        os._exit(1)


def find_program(name: str, path: str | None = None) -> str | None:
    """The path of a program in one of the folders of `path` (None: `PATH`); None: it is not installed.

    As `shutil.which`, whose module loads three compression libraries.
    """
    folders = os.environ.get("PATH", os.defpath) if path is None else path
    for folder in filter(None, folders.split(os.pathsep)):
        program = os.path.join(folder, name)
        if os.path.isfile(program) and os.access(program, os.X_OK):
            return program
    return None


class ChildProcess:
    """One running program.

    Args:
        name: for logs and errors.
        argv: program and arguments.
        folder: its working directory.
        env: its environment; None: this process's own.
        stdout: `subprocess.PIPE` to read from `stdout`; by default the output is discarded.
        pass_fds: descriptors that it inherits, with the same numbers.
        stdin: a descriptor to read from; by default there is no input.

    Raises:
        CameraError: it cannot be started.
    """

    def __init__(
        self,
        name: str,
        argv: Sequence[str],
        folder: Path,
        env: Mapping[str, str] | None = None,
        stdout: int = subprocess.DEVNULL,
        pass_fds: Sequence[int] = (),
        stdin: int = subprocess.DEVNULL,
    ) -> None:
        self.name = name
        self.argv = list(argv)
        logging.debug("starting %s", " ".join(argv))
        try:
            self._process = subprocess.Popen(
                argv,
                cwd=folder,
                env=env,
                stdin=stdin,
                stdout=stdout,
                stderr=subprocess.PIPE,
                bufsize=0,
                pass_fds=pass_fds,
                preexec_fn=partial(before_exec, os.getpid()),  # noqa: PLW1509 - two system calls, no lock
                start_new_session=True,  # a Ctrl-C in the terminal is the daemon's to handle
            )
        except OSError as error:
            raise CameraError("missing", f"cannot start {argv[0]}: {error.strerror} ({error.filename})") from error
        self.pid = self._process.pid
        self.pidfd = os.pidfd_open(self.pid)  # readable once the program has ended
        self._stderr: deque[str] = deque(maxlen=_STDERR_LINES)
        self._ended = threading.Event()  # what is left of its output is read at once
        try:
            self._read = start(self._read_stderr, f"{self.name} stderr")
        except RuntimeError as error:  # no program without a reader, which would hold the camera
            self._process.kill()
            self._process.wait()
            os.close(self.pidfd)
            raise CameraError("short", f"not enough memory for another thread: see free -m ({error})") from error

    def __enter__(self) -> ChildProcess:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _read_stderr(self) -> None:
        """Keep the last lines; a pipe that nobody reads would block a program that logs for weeks."""
        assert self._process.stderr is not None
        with self._process.stderr as pipe:
            poller, rest = select.poll(), b""
            poller.register(pipe, select.POLLIN)
            widen_pipe(pipe.fileno())  # libcamera may log a lot
            while True:
                poller.poll()
                self._ended.wait(_STDERR_PAUSE_S)
                if not (chunk := pipe.read(PIPE_BYTES)):  # all that a pipe holds
                    break
                *lines, rest = (rest + chunk).split(b"\n")
                self._stderr.extend(line.decode(errors="replace") for line in lines)
                rest = rest[-8192:]
            if rest:
                self._stderr.append(rest.decode(errors="replace"))

    @property
    def stdout(self) -> int:
        """The descriptor of its standard output."""
        assert self._process.stdout is not None
        return self._process.stdout.fileno()

    @property
    def stderr(self) -> list[str]:
        """The last lines of stderr; complete once the program has ended."""
        if self.status is not None:
            self._ended.set()
            self._read.wait(1.0)
        return list(self._stderr)

    @property
    def status(self) -> int | None:
        """Its exit status, negative for a signal; None while it runs."""
        return self._process.poll()

    def catches(self, signum: int) -> bool:
        """Whether it has installed a handler for the signal (SigCgt in proc(5))."""
        try:
            with open(f"/proc/{self.pid}/status", "rb") as file:
                caught = next(line for line in file if line.startswith(b"SigCgt:"))
        except (OSError, StopIteration):
            return False
        return bool(int(caught.split()[1], 16) >> (signum - 1) & 1)

    def send(self, signum: int) -> None:
        """Send a signal; no effect if it has ended."""
        if self.pidfd >= 0:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self.pidfd, signum)

    def wait(self, timeout_s: float) -> None:
        """Wait until it has ended, at most `timeout_s`."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout_s)

    def stop(self, signum: int = signal.SIGTERM, grace_s: float = TERM_GRACE_S, interrupts: Sequence[int] = ()) -> int:
        """Send the signal, then SIGKILL after `grace_s`; return the exit status.

        Once one of the descriptors `interrupts` is readable, it gets `INTERRUPTED_GRACE_S` at most.
        """
        self.send(signum)
        began_s = time.monotonic()
        if not self._wait_until_ended(grace_s, interrupts):
            took_s = time.monotonic() - began_s
            logging.warning("%s (pid %s) did not end within %.1f s: killed", self.name, self.pid, took_s)
            self._process.kill()
        status = self._process.wait()
        self._ended.set()
        self._read.wait(1.0)
        if self._process.stdout is not None:
            self._process.stdout.close()
        if self.pidfd >= 0:
            os.close(self.pidfd)
            self.pidfd = -1
        return status

    def _wait_until_ended(self, grace_s: float, interrupts: Sequence[int]) -> bool:
        deadline_s = time.monotonic() + grace_s
        while self.status is None and (left_s := deadline_s - time.monotonic()) > 0:
            ready = wait_readable(left_s, self.pidfd, *interrupts)
            if ready and self.pidfd not in ready:
                interrupts, deadline_s = (), min(deadline_s, time.monotonic() + INTERRUPTED_GRACE_S)
        return self.status is not None


def wait_readable(timeout_s: float, *descriptors: int) -> set[int]:
    """Wait until one of `descriptors` can be read or its other end is closed; return those, none at the time-out.

    Negative descriptors are ignored.
    """
    poller = select.poll()
    for descriptor in filter(lambda number: number >= 0, descriptors):
        poller.register(descriptor, select.POLLIN)
    return {descriptor for descriptor, _ in poller.poll(max(0.0, timeout_s) * 1000)}


def widen_pipe(pipe: int) -> None:
    """Let a pipe hold `PIPE_BYTES`, so that a frame fits. The kernel may refuse it (pipe(7)); the pipe works anyway."""
    try:
        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
    except OSError as error:
        logging.debug("a pipe keeps its default size: %s", error)
