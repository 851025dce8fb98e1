"""The shots of a series over HTTP: lists of them, their pictures, and when there were none."""

from __future__ import annotations

import re
import threading
import time
from pathlib import Path

from stillcam.http.messages import Access, Answer, Refused, Request, Route, as_json
from stillcam.library.thumbnails import thumbnail
from stillcam.series import reader
from stillcam.server.routes.library_files import FOR_EVER, REVALIDATE, file_answer
from stillcam.server.routes.series import looking, name_in_address

MAX_SHOTS, MAX_BUCKETS = 500, 1000
MAX_DIGITS = 9  # of a shot's number
_TOLD = ("n", "time", "due", "bytes", "files", "metadata")
_FILE = re.compile(r"(\d{3,})/\d{6,}_\d{8}T\d{6}\.\d{3}Z\.(jpg|dng)", re.ASCII)  # below frames/


class SeriesShots:
    """The routes of what is in a series.

    Args:
        folder: of all series.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._one = threading.Lock()  # one thumbnail at a time: the live picture needs the processor too

    def routes(self) -> list[Route]:
        """Looking is for those who may open the library."""
        look = Access.LIBRARY
        return [
            Route("GET", "api/series/{name}/shots", look, self._shots),
            Route("GET", "api/series/{name}/timeline", look, self._timeline),
            Route("GET", "series/{name}/shots/", look, self._picture),
        ]

    def _shots(self, request: Request) -> Answer:
        start = _number(request, "start", 0, 0, 10**MAX_DIGITS)
        limit = _number(request, "limit", 100, 1, MAX_SHOTS)
        name = name_in_address(request.named)
        with looking():
            found = reader.shots(self._folder, name, start, limit + 1)
        rest = found[limit]["n"] if len(found) > limit else None
        shots = [{**{field: shot[field] for field in _TOLD}, "vary": shot.get("vary", {})} for shot in found[:limit]]
        return as_json(200, {"shots": shots, "rest": rest})

    def _timeline(self, request: Request) -> Answer:
        buckets = _number(request, "buckets", 200, 1, MAX_BUCKETS)
        name = name_in_address(request.named)
        with looking():
            return as_json(200, reader.timeline(self._folder, name, buckets, int(time.time() * 1000)))

    def _picture(self, request: Request) -> Answer:
        name, number = name_in_address(request.named), request.rest
        if not (number.isascii() and number.isdigit() and len(number) <= MAX_DIGITS):
            raise Refused(404, f"{name} has no such shot")
        if (kind := request.value("file")) not in (None, "raw"):
            raise Refused(400, "file must be raw, or left out", "file")
        try:
            path = self._path(name, int(number), raw=kind == "raw")
            # A series that is deleted and made again has the same addresses: only one that tells them apart is kept.
            caching = FOR_EVER if request.value("v") else REVALIDATE
            if request.value("thumbnail") is not None:
                with self._one:
                    data = thumbnail(path)
                return Answer(200, data, {"Content-Type": "image/jpeg", "Cache-Control": caching})
            return file_answer(request, path, f"{name}_{path.name}", caching)
        except LookupError as error:
            raise Refused(404, error.args[0]) from error
        except OSError as error:
            raise Refused(404, f"shot {number} of {name} cannot be read ({error.strerror}): is it gone?") from error

    def _path(self, name: str, number: int, raw: bool) -> Path:
        """The file of a shot; whatever a manifest says, it is one of the series' own.

        Raises:
            LookupError: there is none.
        """
        path = reader.picture(self._folder, name, number, raw=raw)
        frames = self._folder / name / "frames"
        ours = path.is_relative_to(frames) and _FILE.fullmatch(path.relative_to(frames).as_posix())
        if not ours or path.is_symlink():
            raise LookupError(f"shot {number} of {name} is no picture")
        return path


def _number(request: Request, name: str, default: int, low: int, high: int) -> int:
    text = request.value(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS + 1 and low <= int(text) <= high):
        raise Refused(400, f"{name} must be a number from {low} to {high}", name)
    return int(text)
