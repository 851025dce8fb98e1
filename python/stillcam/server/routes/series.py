"""`api/series` and `series/`: list, show, create, change, pause and delete series, and read their shots.

Reading takes the folders of the series, with or without a capture daemon; the daemon carries out changes.
"""

from __future__ import annotations

import os
import re
import threading
import time
from functools import partial
from pathlib import Path
from typing import Any

from stillcam.common.clock import local_zone
from stillcam.common.errors import SettingsError
from stillcam.common.formats import utc_text
from stillcam.http.messages import Answer, Refused
from stillcam.ipc.protocol import ask
from stillcam.library.thumbnails import thumbnail
from stillcam.series import reader
from stillcam.series.definition import MAX_NAME, MAX_SHOTS, MAX_VALUES, VARIED, Definition, check_name, from_document
from stillcam.server.camera_context import CameraContext
from stillcam.server.errors import reading
from stillcam.server.file_answers import FOR_EVER, REVALIDATE, file_answer
from stillcam.server.openapi.route import Body, Document, Parameter, api
from stillcam.server.openapi.shapes import Schema, at_least, define, list_of, maybe, one_of, record, shape
from stillcam.server.route import Access, Request, Route
from stillcam.server.series_preview import preview

ORDER_TIMEOUT_S = 30.0  # deleting some hundred thousand files takes a while
_NAMELESS = "series"  # the name in a preview, before there is one
MAX_PAGE, MAX_BUCKETS = 500, 1000
MAX_DIGITS = 9  # of a shot's number
_SHOT_FIELDS = ("n", "time", "due", "bytes", "files", "metadata")
_FILE = re.compile(r"(\d{3,})/\d{6,}_\d{8}T\d{6}\.\d{3}Z(_ev[+-][\d.]+)?\.(jpg|dng)", re.ASCII)  # below frames/
_LIMITS = {
    "start": Parameter("the first number; 0", {"type": "integer", "minimum": 0, "maximum": 10**MAX_DIGITS}),
    "limit": Parameter("how many; 100", {"type": "integer", "minimum": 1, "maximum": MAX_PAGE}),
}
_BUCKETS = Parameter("maximum number of intervals; 200", {"type": "integer", "minimum": 1, "maximum": MAX_BUCKETS})
_PICTURE = {
    "v": Parameter("any value, such as the series' `created`; the answer can then be cached for ever"),
    "thumbnail": Parameter("a JPEG of at most 320 pixels instead"),
    "file": Parameter("the DNG instead", one_of("raw"), error="file must be raw, or left out"),
    "download": Parameter("makes browsers save the file"),
}


NAME: Schema = {"type": "string", "minLength": 1, "maxLength": MAX_NAME, "examples": ["Garden"]}
STATE = one_of("planned", "running", "paused", "finished", "failed")
_KIND = one_of("photo", "raw")
_MOMENT = shape("text", "a time; without an offset by the local clock", examples=["2026-11-20T08:30"])
_EDGE = shape("text", examples=["08:30", "sunset", "sunrise-00:30"])
_FIELDS: dict[str, Schema] = {
    "interval_s": maybe({"type": "number", "minimum": 1, "maximum": 86400}, "60"),
    "start": maybe(_MOMENT, "now"),
    "end": maybe(_MOMENT, "null: never"),
    "shots": maybe({"type": "integer", "minimum": 1, "maximum": MAX_SHOTS}, "null: no number"),
    "marks": shape("flag?", "at round times of the clock, not counted from the start"),
    "weekdays": maybe(list_of({"type": "integer", "minimum": 0, "maximum": 6}), "0 is Monday; null: all"),
    "window": maybe(at_least(**{"from": _EDGE, "to": _EDGE}), "daily; null: all day"),
    "second_window": maybe(at_least(**{"from": _EDGE, "to": _EDGE}), "of the same days; overlaps count once"),
    "place": maybe(record(latitude="number", longitude="number"), "degrees; required for sunrise and sunset"),
    "kind": maybe(_KIND, "photo"),
    "fixed": shape("flag?", "keeps the exposure and white balance of the first shot"),
    "smooth": maybe(
        record(
            {
                "brightness": maybe(
                    {"type": "number", "minimum": 0.02, "maximum": 0.95}, "null: that of the first shot"
                ),
                "longest_s": maybe({"type": "number"}, "seconds; null: as the interval allows"),
                "gain": maybe({"type": "number", "minimum": 1, "maximum": 64}, "the highest; 8"),
                "step_ev": maybe({"type": "number", "minimum": 0.02, "maximum": 2}, "most from shot to shot; 0.3"),
            }
        ),
        "exposure and white balance follow the light without flicker; null: the camera decides",
    ),
    "vary": maybe(
        record(
            {"bracket": shape("flag", "true: all values for each shot; false: another value for each shot")},
            control=one_of(*VARIED),
            values=shape("number[]", minItems=2, maxItems=MAX_VALUES),
        )
    ),
    "keep": maybe(
        record({"days": {"type": "integer", "minimum": 1}}, rule=one_of("all", "days", "thin")),
        "retention; thin: every second shot of the oldest half goes when the disk is nearly full",
    ),
    "daily_film": shape("flag?", "a film of each day, once it is over"),
}
_DISK_FULL = "when the disk is full; null: not before"
_SHOT = record(
    n="count", time="time", due="time", bytes="count", files="text[]",
    metadata=shape("object", "metadata from the camera, with libcamera's names and units"),
    vary=shape("object", "the controls that vary from shot to shot"),
)  # fmt: skip

define(
    SeriesDefinition=record(_FIELDS, name=NAME),
    SeriesSketch=record({**_FIELDS, "name": shape("text", "may be missing, empty or in use")}),
    SeriesChange=record({**_FIELDS, "name": NAME}) | {"minProperties": 1},
    SeriesOrder=record(do=one_of("start", "pause", "resume", "finish")),
    Series=record(
        {"zone": "zone"}, name=NAME, state=STATE, why=shape("text?", "why it failed, or takes no shots now"),
        since=shape("time", "this state"), kind=_KIND, created="time",
        taken=shape("count", "moments with a shot"), missed="count",
        shots=shape("count", "that are kept"), bytes="count",
        first=maybe(record(n="count", time="time")), last=maybe(record(n="count", time="time")),
        next="time?", ends="time?", planned=shape("count?", "moments in the end; null: it has none"),
        definition=record(_FIELDS, name=NAME),
        forecast=record(bytes_per_day="count?", full=shape("time?", _DISK_FULL)),
    ),
    SeriesList=record(series="Series[]", now="time", zone="zone"),
    SeriesPreview=record(
        {"zone": "zone"}, shots_per_day="number", shots=shape("count?", "number of shots to take; null: no limit"),
        bytes_per_shot=shape("count?", "null: not known before the first picture"), bytes_per_day="count?",
        full=shape("time?", f"{_DISK_FULL} it ends, or nobody knows"), next="time[]",
        ends=shape("time?", "null: never"), warning=shape("text?", "what will not work as intended"),
    ),
    Shots=record(shots=list_of(_SHOT), rest=shape("count?", "`start` of what follows; null: there are no more")),
    Timeline=record(
        **{"from": "time", "to": "time"}, step_s="number",
        taken="count[]", missed="count[]", planned="count[]",
    ),
)  # fmt: skip


class SeriesRoutes:
    """The routes of the series of one camera."""

    def __init__(self, context: CameraContext) -> None:
        self._context = context
        self._folder = context.paths.series
        self._thumbnail_lock = threading.Lock()  # one at a time: the live picture needs the processor too

    def routes(self) -> list[Route]:
        """Reading needs the library right, changes need control."""
        read, control, series = Access.LIBRARY, Access.CONTROL, partial(api, "Series")
        return [
            series("GET", "api/series", read, self._list, "All series, with their progress.", {200: "SeriesList"}),
            series("POST", "api/series", control, self._create, "Create a series; it begins now, or at its start.",
                   {201: "Series"}, body=Body("SeriesDefinition", checked=False), errors=(409, 507)),
            series("POST", "api/series/check", control, self._check, "Estimate a series; nothing is stored.",
                   {200: "SeriesPreview"}, body=Body("SeriesSketch", checked=False)),
            series("GET", "api/series/", read, self._show, "One series.", {200: "Series"}, rest="name"),
            series("PATCH", "api/series/", control, self._change,
                   "Change a series: fields that are left out stay, null restores the default.", {200: "Series"},
                   body=Body("SeriesChange", checked=False), errors=(409, 507), rest="name"),
            series("DELETE", "api/series/", control, self._delete,
                   "Delete a series with all its shots and films, for good.", {204: ""}, errors=(409,), rest="name"),
            series("POST", "api/series/{name}/state", control, self._state, "Start, pause, resume or finish a series.",
                   {200: "Series"}, body=Body("SeriesOrder"), errors=(409, 507)),
            series("GET", "api/series/{name}/shots", read, self._shots, "Shots in the order of their numbers.",
                   {200: "Shots"}, query=_LIMITS),
            series("GET", "api/series/{name}/timeline", read, self._timeline,
                   "Numbers of shots taken, missed and planned in each interval of time.", {200: "Timeline"},
                   query={"buckets": _BUCKETS}),
            series("GET", "series/{name}/shots/", read, self._picture, "The picture of a shot.",
                   {200: "*/*", 206: "*/*", 304: ""}, errors=(416,), query=_PICTURE, rest="n"),
        ]  # fmt: skip

    # --- reading

    def _list(self, _request: Request) -> Document:
        now_ms = _now_ms()
        clock = {"now": utc_text(now_ms / 1000), "zone": local_zone(os.environ)}
        return {"series": self._all(now_ms), **clock}

    def _show(self, request: Request) -> Document:
        return self._summary(request.rest)

    def _all(self, now_ms: int) -> list[Document]:
        with reading("series"):
            return reader.summaries(self._folder, now_ms, self._context.settings().files.floor_mb)

    def _summary(self, name: str) -> Document:
        floor_mb = self._context.settings().files.floor_mb
        with reading("series"):
            return reader.summary(self._folder, _name(name), _now_ms(), floor_mb)

    def _check(self, _request: Request, sketch: Document) -> Document:
        now_ms, wanted = _now_ms(), _given(sketch)
        definition = _checked({**wanted, "name": wanted.get("name") or _NAMELESS}, now_ms)
        return preview(self._context, definition, self._all(now_ms), now_ms)

    # --- changing

    def _create(self, _request: Request, definition: Document) -> Document:
        wanted = _given(definition)
        _checked(wanted, _now_ms())
        return self._ask("create", definition=wanted)

    def _change(self, request: Request, changes: Document) -> Document:
        series = self._summary(request.rest)
        if changes.get("name", series["name"]) != series["name"]:
            raise Refused(422, "the name of a series cannot be changed", "name")
        wanted = _given({**series["definition"], **changes})
        _checked(wanted, _now_ms())
        return self._ask("change", name=series["name"], definition=wanted)

    def _state(self, request: Request, order: Document) -> Document:
        return self._ask(order["do"], name=_name(request.variable))

    def _delete(self, request: Request) -> None:
        self._ask("delete", name=_name(request.rest))

    def _ask(self, do: str, **arguments: Any) -> Document:
        """The series as the daemon has changed it; empty: it is deleted."""
        answer = ask(self._context.paths.socket, {"command": "series", "do": do, **arguments}, ORDER_TIMEOUT_S)
        return dict(answer["series"] or {})

    # --- shots

    def _shots(self, request: Request) -> Document:
        start, limit = int(request.value("start") or 0), int(request.value("limit") or 100)
        name = _name(request.variable)
        with reading("series"):
            found = reader.shots(self._folder, name, start, limit + 1)
        rest = found[limit]["n"] if len(found) > limit else None
        shots = [
            {**{field: shot[field] for field in _SHOT_FIELDS}, "vary": shot.get("vary", {})} for shot in found[:limit]
        ]
        return {"shots": shots, "rest": rest}

    def _timeline(self, request: Request) -> Document:
        buckets = int(request.value("buckets") or 200)
        name = _name(request.variable)
        with reading("series"):
            return reader.timeline(self._folder, name, buckets, _now_ms())

    def _picture(self, request: Request) -> Answer:
        name, number = _name(request.variable), request.rest
        if not (number.isascii() and number.isdigit() and len(number) <= MAX_DIGITS):
            raise Refused(404, f"{name} has no such shot")
        try:
            path = self._path(name, int(number), raw=request.value("file") == "raw")
            # A series that is deleted and made again has the same addresses: `v` tells them apart.
            caching = FOR_EVER if request.value("v") else REVALIDATE
            if request.value("thumbnail") is not None:
                with self._thumbnail_lock:
                    data = thumbnail(path)
                return Answer(200, data, {"Content-Type": "image/jpeg", "Cache-Control": caching})
            return file_answer(request, path, f"{name}_{path.name}", caching)
        except LookupError as error:
            raise Refused(404, error.args[0]) from error
        except OSError as error:
            text = f"shot {number} of {name} cannot be read ({error.strerror}): it may have been deleted"
            raise Refused(404, text) from error

    def _path(self, name: str, number: int, raw: bool) -> Path:
        """The file of a shot, which is always in the folder of the series, even if the manifest is wrong.

        Raises:
            LookupError: there is none.
        """
        path = reader.picture(self._folder, name, number, raw=raw)
        frames = self._folder / name / "frames"
        ours = path.is_relative_to(frames) and _FILE.fullmatch(path.relative_to(frames).as_posix())
        if not ours or path.is_symlink():
            raise LookupError(f"shot {number} of {name} is not a picture")
        return path


def _name(text: str) -> str:
    """The name of a series in an address; 404 if it cannot be one."""
    try:
        return check_name(text)
    except SettingsError as error:
        raise Refused(404, "there is no such series") from error


def _given(document: Document) -> Document:
    """The fields that are not null: null stands for the default."""
    return {field: value for field, value in document.items() if value is not None}


def _checked(document: Document, now_ms: int) -> Definition:
    return from_document(document, now_ms, local_zone(os.environ))


def _now_ms() -> int:
    return int(time.time() * 1000)
