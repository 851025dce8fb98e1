"""`api/series/{name}/zip` and `series/{name}/zip`: the shots of a series, or a range of them, as a ZIP."""

from __future__ import annotations

import os
from functools import partial
from urllib.parse import quote, urlencode

from stillcam.common.clock import local_zone
from stillcam.common.errors import SettingsError
from stillcam.common.paths import Paths
from stillcam.common.validate import moment_in
from stillcam.http import ranges
from stillcam.http.messages import Answer, Refused
from stillcam.library.zip_stream import stream
from stillcam.series.archive import SeriesArchive, Wanted
from stillcam.series.definition import check_name
from stillcam.server.errors import reading
from stillcam.server.file_answers import attachment
from stillcam.server.openapi.route import Document, Parameter, api
from stillcam.server.openapi.shapes import Schema, define, record, shape
from stillcam.server.route import Access, Request, Route
from stillcam.server.routes.series import MAX_DIGITS

_NUMBER: Schema = {"type": "integer", "minimum": 0, "maximum": 10**MAX_DIGITS}
_RANGE = {
    "first": Parameter("the first number", _NUMBER),
    "last": Parameter("the last number", _NUMBER),
    "from": Parameter("no shots before this time; without an offset by the clock of the Pi"),
    "to": Parameter("no shots after this time"),
}

define(
    SeriesZip=record(
        zip=shape("text", "its address"), bytes="count", files="count", shots="count",
        first=shape("count", "the number of the first shot"), last=shape("count", "of the last one"),
    ),
)  # fmt: skip


class SeriesZipRoutes:
    """The routes of the ZIPs of one camera's series."""

    def __init__(self, paths: Paths) -> None:
        self._folder = paths.series

    def routes(self) -> list[Route]:
        """Both need the library right, as the shots do."""
        read, series = Access.LIBRARY, partial(api, "Series")
        return [
            series("GET", "api/series/{name}/zip", read, self._describe, "The address and size of a ZIP of a series.",
                   {200: "SeriesZip"}, errors=(422,), query=_RANGE),
            series("GET", "series/{name}/zip", read, self._zip, "The ZIP of a series, with ranges.",
                   {200: "application/zip", 206: "application/zip"}, errors=(416, 422), query=_RANGE),
        ]  # fmt: skip

    def _describe(self, request: Request) -> Document:
        """The address names the shots, so that the ZIP stays the same while the series continues."""
        archive = self._archive(request)
        times = {name: value for name in ("from", "to") if (value := request.value(name)) is not None}
        query = urlencode({"first": archive.first, "last": archive.last, **times})
        return {
            "zip": f"series/{quote(request.variable, safe='')}/zip?{query}",
            "bytes": archive.size_bytes(),
            "files": archive.files,
            "shots": archive.shots,
            "first": archive.first,
            "last": archive.last,
        }

    def _zip(self, request: Request) -> Answer:
        archive = self._archive(request)
        size, wanted, tag = archive.size_bytes(), request.headers.get("range"), f'"{archive.tag}"'
        begin, end, status = 0, size, 200
        headers = {
            "Content-Type": "application/zip",
            "Content-Disposition": attachment(f"{request.variable}_{archive.first}-{archive.last}.zip"),
            "Cache-Control": "no-store",
            "Accept-Ranges": "bytes",
            "ETag": tag,
        }
        if wanted is not None and request.headers.get("if-range", tag) == tag:
            try:
                begin, end = ranges.span(wanted, size) or (0, size)
            except ValueError as error:
                text = "the requested range is outside the ZIP"
                raise Refused(416, text, headers={"Content-Range": f"bytes */{size}"}) from error
            if (begin, end) != (0, size):
                status, headers["Content-Range"] = 206, f"bytes {begin}-{end - 1}/{size}"
        headers["Content-Length"] = str(end - begin)
        pieces = stream(archive, begin, end, lambda: not request.client_gone())
        return Answer(status, headers=headers, stream=pieces)

    def _archive(self, request: Request) -> SeriesArchive:
        try:
            folder = self._folder / check_name(request.variable)
        except SettingsError as error:
            raise Refused(404, "there is no such series") from error
        given = {name: int(value) for name in ("first", "last") if (value := request.value(name)) is not None}
        times = {name: value for name in ("from", "to") if (value := request.value(name)) is not None}
        try:
            given |= {f"{name}_ms": moment_in(times, name, local_zone(os.environ)) or 0 for name in times}
        except SettingsError as error:
            raise Refused(422, str(error), error.field) from error
        with reading("series"):
            return SeriesArchive(folder, Wanted(**given))
