"""The renderer of one film, as the capture daemon runs it: started, paused, listened to and stopped here."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

from stillcam.common.child_process import ChildProcess, find_program, wait_readable
from stillcam.common.errors import StillcamError
from stillcam.common.paths import Paths
from stillcam.films.record import Film

PAUSE_CHECK_S = 1.0  # how often `may_continue` is called
NO_PROGRESS_S = 1800.0  # without a picture; a slow card needs minutes to look through 100,000 shots
_STDERR_LINES = 3  # in an error


class RenderCrashed(StillcamError):
    """The renderer has ended without a result: killed for lack of memory, or by a bug."""


def render_film(
    film: Film, paths: Paths, wake: int, may_continue: Callable[[], bool], on_progress: Callable[[int, int], None]
) -> dict[str, Any]:
    """Render a film in a child process.

    Args:
        wake: an eventfd; a write to it has `may_continue` called at once.
        may_continue: False pauses the renderer. An exception stops it and is raised here.
        on_progress: called with the number of pictures that are done, and of all.

    Returns:
        the fields of `render.job.Rendered`, `skipped` and `left_out`.

    Raises:
        StillcamError: the film could not be rendered.
    """
    argv = [*_idle_priority(), sys.executable, "-P", "-m", "stillcam.films.render", film.id]
    with ChildProcess("film", argv, paths.data, stdout=subprocess.PIPE) as child:
        try:
            last = _follow(child, wake, may_continue, on_progress)
        finally:
            child.send(signal.SIGCONT)  # a stopped process receives no other signal
        child.wait(PAUSE_CHECK_S)
        if "result" in last:
            return dict(last["result"])
        if "error" in last:
            raise StillcamError(last["error"])
        reason = " ".join(child.stderr[-_STDERR_LINES:]) or "lack of memory may be the reason: try a smaller width"
        raise RenderCrashed(f"the renderer ended with status {child.status}: {reason}")


def _follow(
    child: ChildProcess, wake: int, may_continue: Callable[[], bool], on_progress: Callable[[int, int], None]
) -> dict[str, Any]:
    """Follow the renderer to its end; its last message."""
    rest, message, done, progress_s, running = b"", dict[str, Any](), 0, time.monotonic(), True
    while True:
        ready = wait_readable(PAUSE_CHECK_S, child.stdout, wake)
        if wake in ready:
            with contextlib.suppress(BlockingIOError):
                os.eventfd_read(wake)
        before, running = running, may_continue()
        if running != before:
            child.send(signal.SIGCONT if running else signal.SIGSTOP)
        if child.stdout in ready:
            if not (chunk := os.read(child.stdout, 65536)):
                return message
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                message = json.loads(line)
                if "done" in message:
                    on_progress(message["done"], message["total"])
        if not running or message.get("done", 0) > done:
            done, progress_s = message.get("done", 0), time.monotonic()
        if time.monotonic() - progress_s > NO_PROGRESS_S:
            raise StillcamError(
                f"rendering made no progress for {NO_PROGRESS_S / 60:.0f} minutes: try again, or a smaller width"
            )


def _idle_priority() -> list[str]:
    """The prefix of a command that uses the disk only when it is idle, if ionice(1) is installed."""
    ionice = find_program("ionice")
    return [ionice, "-t", "-c", "3"] if ionice else []
