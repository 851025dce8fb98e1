"""Runs the owner's command for each new item: without a shell, one at a time, with a time limit."""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import select
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from stillcam.common.threads import lower_priority, start_restarting

TIMEOUT_S = 600.0  # then a command counts as hanging
TERM_GRACE_S = 5.0
ENDED_POLL_S = 1.0  # between two checks whether a command has ended
MAX_QUEUED = 100  # items; then the newest one is dropped, and the log says so
PLACEHOLDER = "{}"  # as in find(1)
_NICE = 10
_TAIL_BYTES = 2000  # of a command's output


def argv_for(command: Sequence[str], file: Path) -> list[str]:
    """The command with the file in place of `{}`, or else at its end."""
    argv = [str(file) if word == PLACEHOLDER else word for word in command]
    return argv if PLACEHOLDER in command else [*argv, str(file)]


class CommandHook:
    """Runs commands in a thread of its own. A command outlives the server, except under systemd."""

    def __init__(self) -> None:
        self._queue: queue.Queue[list[str]] = queue.Queue(MAX_QUEUED)
        start_restarting(self._run, "hook")

    def add(self, command: Sequence[str], file: Path) -> None:
        """Queue a command for a file."""
        try:
            self._queue.put_nowait(argv_for(command, file))
        except queue.Full:
            logging.warning("hooks.item: too many items are waiting; skipped %s", file.name)

    def _run(self) -> None:
        lower_priority(_NICE)
        while True:
            argv = self._queue.get()
            if problem := run(argv):
                logging.warning("hooks.item: %s: %s", argv[0], problem)


def run(argv: Sequence[str], timeout_s: float = TIMEOUT_S) -> str | None:
    """Run a command to its end; returns what went wrong, None: nothing.

    After `timeout_s` it is ended, with the processes that it has started.
    """
    try:
        process = subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, bufsize=0, process_group=0
        )
    except OSError as error:
        return f"cannot be started: {error.strerror}"
    with process:
        output = _read_until_end(process, timeout_s)
        if process.poll() is None:
            _terminate(process)
            return f"was stopped after {timeout_s:g} s: {_last_line(output)}"
    return f"ended with status {process.returncode}: {_last_line(output)}" if process.returncode else None


def _read_until_end(process: subprocess.Popen[bytes], timeout_s: float) -> bytes:
    """The last bytes of its output, when it has ended or the time is over."""
    assert process.stdout is not None
    until_s, output = time.monotonic() + timeout_s, b""
    poller = select.poll()  # select(2) takes no descriptor beyond 1,023, and each connection has one
    poller.register(process.stdout, select.POLLIN)
    while (left_s := until_s - time.monotonic()) > 0:
        if poller.poll(min(left_s, ENDED_POLL_S) * 1000):
            if not (chunk := process.stdout.read(65536)):
                break
            output = (output + chunk)[-_TAIL_BYTES:]
        elif process.poll() is not None:  # a process that it has left behind may hold the pipe
            return output
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(max(0.0, until_s - time.monotonic()))
    return output


def _terminate(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(TERM_GRACE_S)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)


def _last_line(output: bytes) -> str:
    """The last line of the output, with what is not printable as `?`."""
    lines = output.decode(errors="replace").split("\n")
    text = next((line for line in reversed(lines) if line.strip()), "no output")
    return "".join(character if character.isprintable() else "?" for character in text.strip())
