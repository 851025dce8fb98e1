"""One film being made: its child is started, listened to, and ended here."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

from stillcam.common.child_process import ChildProcess, wait_readable
from stillcam.common.errors import StillcamError
from stillcam.common.paths import Paths
from stillcam.films.record import Film

LOOK_S = 1.0  # how often it is looked at whether it may go on
STALL_S = 1800.0  # no picture for so long: it stands still; a slow card needs minutes to look through 100,000 shots
_LAST_WORDS = 3  # lines


class Crashed(StillcamError):
    """The child has ended without a word: killed for want of memory, or by a bug."""


def make(
    film: Film, paths: Paths, wake: int, may_go_on: Callable[[], bool], tell: Callable[[int, int], None]
) -> dict[str, Any]:
    """Make it; what has come of it, as `Made` has it.

    Args:
        film: what is wanted.
        paths: of the camera.
        wake: an eventfd; once it is written to, it is looked at at once whether it may go on.
        may_go_on: False: it rests for now. Raises what is to come out of here where it may not at all; the child has
            then ended.
        tell: is told how many pictures are done, and of how many.

    Raises:
        Crashed: the child ended without a result.
        StillcamError: it could not be made.
    """
    argv = [*_idle(), sys.executable, "-P", "-m", "stillcam.films.render", film.id]
    said: dict[str, Any] = {}
    with ChildProcess("film", argv, paths.data, stdout=subprocess.PIPE) as child:
        try:
            _listen(child, wake, may_go_on, tell, said)
        finally:
            child.send(signal.SIGCONT)  # what rests hears no other signal
        child.wait(LOOK_S)
        if "made" in said:
            return dict(said["made"])
        if "error" in said:
            raise StillcamError(said["error"])
        words = " ".join(child.stderr[-_LAST_WORDS:]) or "want of memory may be the reason: try a smaller width"
        raise Crashed(f"its program ended with status {child.status}: {words}")


def _listen(
    child: ChildProcess,
    wake: int,
    may_go_on: Callable[[], bool],
    tell: Callable[[int, int], None],
    said: dict[str, Any],
) -> None:
    """Follow it to its end; what it has said last is in `said`."""
    rest, far, far_s, goes = b"", 0, time.monotonic(), True
    while True:
        ready = wait_readable(LOOK_S, child.stdout, wake)
        if wake in ready:
            with contextlib.suppress(BlockingIOError):
                os.eventfd_read(wake)
        before, goes = goes, may_go_on()
        if goes != before:
            child.send(signal.SIGCONT if goes else signal.SIGSTOP)
        if child.stdout in ready:
            if not (chunk := os.read(child.stdout, 65536)):
                return
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                said.clear()
                said.update(json.loads(line))
                if "done" in said:
                    tell(said["done"], said["of"])
        if not goes or said.get("done", 0) > far:
            far, far_s = said.get("done", 0), time.monotonic()
        if time.monotonic() - far_s > STALL_S:
            raise StillcamError("it did not get on any more: try again, or a smaller width")


def _idle() -> list[str]:
    """Before the command: the disk is for others first, where there is ionice(1)."""
    ionice = shutil.which("ionice")
    return [ionice, "-t", "-c", "3"] if ionice else []
