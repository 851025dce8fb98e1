"""Render one film, and report to the daemon: one line of JSON for each message, the last one with the result."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import sys
import time
from pathlib import Path

from stillcam.common.clock import local_zone
from stillcam.common.errors import StillcamError
from stillcam.common.paths import Paths
from stillcam.common.safe_read import open_regular
from stillcam.films.record import Film
from stillcam.films.render.job import Job, Rendered, UnreadablePictures, read_picture
from stillcam.films.render.movie import movie
from stillcam.films.render.stills import keogram, sheet, trails
from stillcam.films.sources import Source, sources_of, zone_of
from stillcam.films.store import FilmStore
from stillcam.frames.jpeg import EOI, SOI, check_leading_jpeg

REPORT_S = 0.5
OOM_SCORE = "800"  # of 1000: when memory runs out, the kernel kills this process and not the camera's (proc(5))
RENDERERS = {"film": movie, "sheet": sheet, "keogram": keogram, "trails": trails}


def main() -> int:
    """Exit status 0: the result is in the work folder."""
    os.nice(19)
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(OOM_SCORE)
    paths = Paths.from_environ(os.environ)
    unreadable = UnreadablePictures()
    try:
        rendered = render(FilmStore(paths).find(sys.argv[1]), paths, unreadable)
    except (StillcamError, LookupError) as error:
        send(error=str(error.args[0]))
        return 1
    except OSError as error:
        send(error=f"{error.strerror or error} ({error.filename}): check the disk with df -h")
        return 1
    send(result={**dataclasses.asdict(rendered), "skipped": len(unreadable), "left_out": unreadable.first_few()})
    return 0


def render(film: Film, paths: Paths, unreadable: UnreadablePictures) -> Rendered:
    """Render a film in its work folder."""
    sources = [source for source in sources_of(film.order, paths) if unreadable.read(source, _check_complete)]
    if not sources:
        raise StillcamError("there are no pictures to use: choose another series or time span")
    target = FilmStore(paths).work_folder(film) / film.file
    target.parent.mkdir()
    zone = zone_of(film.order, paths, local_zone(os.environ))
    sent_s = float("-inf")

    def report(done: int, total: int) -> None:
        nonlocal sent_s
        if time.monotonic() - sent_s >= REPORT_S:
            sent_s = time.monotonic()
            send(done=done, total=total)

    return RENDERERS[film.kind](Job(film.order, sources, zone, target, report, unreadable))


def send(**message: object) -> None:
    print(json.dumps(message), flush=True)


def _check_complete(source: Source) -> bool:
    """Check that it begins and ends like a JPEG: a truncated one would shift the times of all that follow."""
    with os.fdopen(open_regular(source.path), "rb") as file:
        begin = file.read(2)
        file.seek(-2, os.SEEK_END)
        if (begin, file.read(2)) != (SOI, EOI):
            check_leading_jpeg(read_picture(source))  # what a phone has appended does no harm
    return True


if __name__ == "__main__":
    sys.exit(main())
