"""Runs the owner's command for each new item: without a shell, one after the other, never for ever."""

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

from stillcam.common.threads import keep, lower_priority

PATIENCE_S = 600.0  # a command that runs so long hangs
TERM_GRACE_S = 5.0
LOOK_S = 1.0  # from one look to the next whether it has ended
MAX_WAITING = 100  # items; the newest is left out, and the log says so
PLACE = "{}"  # as of find(1)
_NICE = 10
_LAST_BYTES = 2000  # of what a command says


def argv_for(command: Sequence[str], file: Path) -> list[str]:
    """The command with the file in its place; at its end where it has none."""
    argv = [str(file) if word == PLACE else word for word in command]
    return argv if PLACE in command else [*argv, str(file)]


class ItemHook:
    """Runs commands in a thread of its own. One that runs when the server ends goes on, but under systemd."""

    def __init__(self) -> None:
        self._tasks: queue.Queue[list[str]] = queue.Queue(MAX_WAITING)
        keep(self._run, "hook")

    def add(self, command: Sequence[str], file: Path) -> None:
        """Queue it."""
        try:
            self._tasks.put_nowait(argv_for(command, file))
        except queue.Full:
            logging.warning("hooks.item: too many items wait, it is not run for %s", file.name)

    def _run(self) -> None:
        lower_priority(_NICE)
        while True:
            argv = self._tasks.get()
            if problem := run(argv):
                logging.warning("hooks.item: %s: %s", argv[0], problem)


def run(argv: Sequence[str], patience_s: float = PATIENCE_S) -> str | None:
    """Run a command to its end; what went wrong, None: nothing.

    Args:
        argv: program and arguments.
        patience_s: then it is ended, with what it has started.
    """
    try:
        process = subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, bufsize=0, process_group=0
        )
    except OSError as error:
        return f"cannot be started: {error.strerror}"
    with process:
        said = _follow(process, patience_s)
        if process.poll() is None:
            _end(process)
            return f"was ended after {patience_s:g} s: {_last(said)}"
    return f"ended with status {process.returncode}: {_last(said)}" if process.returncode else None


def _follow(process: subprocess.Popen[bytes], patience_s: float) -> bytes:
    """The last that it says before it ends, or before the time is over."""
    assert process.stdout is not None
    until_s, said = time.monotonic() + patience_s, b""
    poller = select.poll()  # select(2) takes no descriptor beyond 1,023, and each connection has one
    poller.register(process.stdout, select.POLLIN)
    while (left_s := until_s - time.monotonic()) > 0:
        if poller.poll(min(left_s, LOOK_S) * 1000):
            if not (chunk := process.stdout.read(65536)):
                break
            said = (said + chunk)[-_LAST_BYTES:]
        elif process.poll() is not None:  # what it has left behind may hold the pipe
            return said
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(max(0.0, until_s - time.monotonic()))
    return said


def _end(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(TERM_GRACE_S)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)


def _last(said: bytes) -> str:
    """The last line, in characters that a log takes."""
    lines = said.decode(errors="replace").split("\n")
    text = next((line for line in reversed(lines) if line.strip()), "it said nothing")
    return "".join(character if character.isprintable() else "?" for character in text.strip())
