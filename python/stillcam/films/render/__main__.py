"""Make one film, and tell how far it is: a line of JSON each time, the last one with what has come of it."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import sys
import time
from pathlib import Path

from stillcam.common.errors import StillcamError
from stillcam.common.paths import Paths
from stillcam.common.safe_open import open_regular
from stillcam.common.time_zone import local_zone
from stillcam.films.record import Film
from stillcam.films.render import Made
from stillcam.films.render.movie import movie
from stillcam.films.render.pictures import LeftOut, read_whole
from stillcam.films.render.sheet_and_keogram import keogram, sheet
from stillcam.films.sources import Shot, shots_of, zone_of
from stillcam.films.store import Shelf
from stillcam.frames.jpeg import EOI, SOI, NotWhole, leading

TELL_S = 0.5
EXPENDABLE = "800"  # of 1000: when memory runs out, the kernel takes this process, and not the camera's (proc(5))
MAKERS = {"film": movie, "sheet": sheet, "keogram": keogram}


class Teller:
    """Says now and then how far it is."""

    def __init__(self) -> None:
        self._told_s = float("-inf")

    def __call__(self, done: int, of: int) -> None:
        if time.monotonic() - self._told_s >= TELL_S:
            self._told_s = time.monotonic()
            say(done=done, of=of)


def main() -> int:
    """Exit status 0: it lies in its work folder."""
    os.nice(19)
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(EXPENDABLE)
    paths = Paths.from_environ(os.environ)
    left_out = LeftOut()
    try:
        made = make(Shelf(paths).find(sys.argv[1]), paths, left_out)
    except (StillcamError, LookupError) as error:
        say(error=str(error.args[0]))
        return 1
    except OSError as error:
        say(error=f"{error.strerror or error} ({error.filename}): check the disk with df -h")
        return 1
    say(made={**dataclasses.asdict(made), "skipped": len(left_out), "left_out": left_out.named()})
    return 0


def make(film: Film, paths: Paths, left_out: LeftOut) -> Made:
    """Make it in its work folder.

    Raises:
        StillcamError: there is no picture, or something is missing.
        OSError: it cannot be read or written.
    """
    shots = [shot for shot in shots_of(film.order, paths) if _looks_whole(shot, left_out)]
    if not shots:
        raise StillcamError("there is no picture that it could be made of")
    work = Shelf(paths).work(film)
    work.mkdir()
    zone = zone_of(film.order, paths, local_zone(os.environ))
    return MAKERS[film.kind](film.order, shots, zone, work, Teller(), left_out)


def say(**told: object) -> None:
    """One line to the daemon."""
    print(json.dumps(told), flush=True)


def _looks_whole(shot: Shot, left_out: LeftOut) -> bool:
    """Whether it begins and ends as a JPEG does: half a picture must not move the times of all that follow."""
    try:
        with os.fdopen(open_regular(shot.path), "rb") as file:
            begin = file.read(2)
            file.seek(-2, os.SEEK_END)
            if (begin, file.read(2)) != (SOI, EOI):
                leading(read_whole(shot))  # what a phone has appended is no fault
    except (OSError, NotWhole) as error:
        left_out.add(shot, error)
        return False
    return True


if __name__ == "__main__":
    sys.exit(main())
