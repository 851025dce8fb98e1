"""The worker process as the daemon sees it, and the messages between the two: JSON objects.

A socket of type SOCK_SEQPACKET keeps each message in one piece (unix(7)), so several threads may send.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

from stillcam.camera.driver import Interrupted
from stillcam.camera.rpicam.errors import failure
from stillcam.common.child_process import ChildProcess, wait_readable, widen_pipe
from stillcam.common.errors import CameraError
from stillcam.common.paths import ROOT

Message = dict[str, Any]

NAME = "picamera2"
EXIT_TIMEOUT_S = 1.0  # for a worker that has closed a descriptor
_MAX_BYTES = 1 << 17  # below the kernel's default for a message, 212,992


class WorkerExited(CameraError):
    """The worker has exited without sending a reason."""


class Channel:
    """One end of the connection.

    Args:
        end: the socket; `close` closes it.
    """

    def __init__(self, end: socket.socket) -> None:
        self._socket = end

    @property
    def fd(self) -> int:
        """Readable when a message has come or the other end is closed; -1 once this end is closed."""
        return self._socket.fileno()

    def send(self, message: Message) -> None:
        """Send; blocks while the buffer is full, unless `fd` is non-blocking.

        Raises:
            OSError: the other end is closed, or the buffer is full (BlockingIOError).
        """
        self._socket.send(json.dumps(message, default=_to_json).encode())

    def send_or_drop(self, message: Message) -> None:
        """Send without blocking; drop the message if the buffer is full or the other end is closed."""
        try:
            self._socket.send(json.dumps(message, default=_to_json).encode(), socket.MSG_DONTWAIT)
        except OSError:
            return

    def receive(self) -> Message | None:
        """The next message; blocks until it comes, unless `fd` is non-blocking. None: the other end is closed.

        Raises:
            BlockingIOError: there is none yet.
        """
        try:
            raw = self._socket.recv(_MAX_BYTES)
        except ConnectionError:
            return None
        if not raw:
            return None
        message: Message = json.loads(raw)
        return message

    def close(self) -> None:
        """Close this end."""
        self._socket.close()


def channel_pair() -> tuple[Channel, socket.socket]:
    """The daemon's end, which is non-blocking, and the worker's, to be passed on."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ours.setblocking(False)
    return Channel(ours), theirs


class WorkerProcess:
    """The worker, from its start to `stop`.

    Args:
        env: its environment; Stillcam's folder comes first in PYTHONPATH.
        machine: the folder that stands for the machine, see MachineLock.

    Raises:
        CameraError: it cannot be started.
    """

    def __init__(self, env: Mapping[str, str], machine: Path) -> None:
        path = os.pathsep.join(filter(None, [str(ROOT / "python"), env.get("PYTHONPATH")]))
        self._channel, theirs = channel_pair()
        argv = [sys.executable, "-P", "-m", "stillcam.camera.picamera2", str(theirs.fileno()), str(machine)]
        try:
            self._child = ChildProcess(
                NAME, argv, Path("/"), {**env, "PYTHONPATH": path}, subprocess.PIPE, (theirs.fileno(),)
            )
        except CameraError:
            self._channel.close()
            raise
        finally:
            theirs.close()
        widen_pipe(self._child.stdout)

    @property
    def stdout(self) -> int:
        """The descriptor from which the JPEGs of a live view are read."""
        return self._child.stdout

    @property
    def status(self) -> int | None:
        """The exit status; None while it runs."""
        return self._child.status

    def send(self, command: Message) -> None:
        """Send a command.

        Raises:
            CameraError: the worker does not read commands any more, or has exited.
        """
        try:
            self._channel.send(command)
        except BlockingIOError as error:
            raise CameraError("stalled", "picamera2 takes no more commands") from error
        except OSError:
            self.raise_exit()

    def wait(self, timeout_s: float, interrupts: Sequence[int], *more: int) -> tuple[Message, set[int]]:
        """Wait for a message (empty: none came), or until one of the descriptors `more` is readable.

        Returns:
            the message, and the readable ones of `more`.

        Raises:
            Interrupted: one of `interrupts` is readable, and nothing else.
            CameraError: the worker has failed.
            WorkerExited: it has exited.
        """
        ready = wait_readable(timeout_s, self._channel.fd, *more, *interrupts)
        message: Message = {}
        if self._channel.fd in ready:
            message = self._receive()
        elif not ready.intersection(more) and ready.intersection(interrupts):
            raise Interrupted
        return message, ready.intersection(more)

    def raise_exit(self) -> NoReturn:
        """Raise the reason that the worker sent before it exited, or WorkerExited."""
        deadline = time.monotonic() + EXIT_TIMEOUT_S
        while (left := deadline - time.monotonic()) > 0:
            self.wait(left, ())
        raise self._exited()

    def stop(self, grace_s: float, interrupts: Sequence[int] = ()) -> bool:
        """Stop it, see Driver.stop. False: it was killed."""
        status = self._child.stop(signal.SIGTERM, grace_s, interrupts)
        self._channel.close()
        return status != -signal.SIGKILL

    def _receive(self) -> Message:
        try:
            message = self._channel.receive()
        except BlockingIOError:
            return {}
        if message is None:
            raise self._exited()
        if "failed" in message:
            raise CameraError(message["failed"], message["reason"])
        return message

    def _exited(self) -> WorkerExited:
        self._child.wait(EXIT_TIMEOUT_S)
        error = failure(NAME, self._child.stop(), self._child.stderr)
        return WorkerExited(error.cause, error.reason)


def _to_json(value: Any) -> Any:
    """A value of libcamera's metadata in JSON's types: numbers may be numpy's or enumerators."""
    for number_type in (int, float):
        try:
            number = number_type(value)
        except (TypeError, ValueError):
            continue
        if number == value:
            return number
    return str(value)
