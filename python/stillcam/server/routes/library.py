"""`library/` and `api/library`: read, download, mark and rename items."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from functools import partial

from stillcam.common.clock import local_zone
from stillcam.common.formats import utc_text
from stillcam.common.safe_read import parse_json, read_regular
from stillcam.http.messages import Answer, Refused
from stillcam.library.catalogue import Cursor, Filter, Library, size_bytes
from stillcam.library.events import event_of
from stillcam.library.items import Item
from stillcam.library.names import MOTION, is_day
from stillcam.library.thumbnails import Thumbnails
from stillcam.server.errors import changing, reading
from stillcam.server.file_answers import file_answer, shown
from stillcam.server.openapi.route import Body, Document, Parameter, api
from stillcam.server.openapi.shapes import Schema, Shape, define, list_of, map_of, maybe, one_of, record, shape
from stillcam.server.route import Access, Request, Route

PAGE, MAX_PAGE = 60, 200  # items
MAX_SIDECAR_BYTES = 1 << 20  # ours have some thousand

KIND = one_of("photo", "raw", "video", "motion", "file")
ID = shape("text", "DAY/NAME")
_DAY: Schema = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\d$", "examples": ["2026-11-20"]}
_ITEM: dict[str, Shape] = {
    "id": ID, "day": _DAY, "title": "text", "name": "text", "kind": KIND, "time": "time", "zone": "zone",
    "camera": shape("text?", "the sensor's model"), "bytes": "count", "favourite": "flag",
}  # fmt: skip
_EVENT = maybe(record(
    start="time", end=shape("time?", "null: not known"), peak=shape("time?", "when most moved"),
    peak_blocks=shape("count?", "blocks that moved then"), columns="count?", rows="count?",
    trigger=shape("text", "`motion`, `request` or `keep`"),
), "of a motion recording, as far as its sidecar is readable; only with `events=1`")  # fmt: skip

define(
    LibraryPage=record(
        items=list_of(record({"event": _EVENT}, **_ITEM)), zone="zone",
        rest=shape("text?", "`start` of the next page; null: this is the last"), cameras="text[]", years="count[]",
    ),
    Calendar=record(year="count", days=map_of("count", "by date")),
    Item=record(
        **_ITEM, files=list_of(record(name="text", bytes="count?")),
        preview=shape("flag", "whether it has a JPEG as its preview"),
        metadata=maybe({"type": "object"}, "metadata from the camera"),
    ),
    ItemChange=record({"favourite": "flag?", "title": "text?"}),
)  # fmt: skip

_FILE = {
    "thumbnail": Parameter("a JPEG of at most 320 pixels instead"),
    "file": Parameter("which of its files", one_of("item", "preview", "metadata")),
    "download": Parameter("makes browsers save the file"),
}
_COUNTED = {"kind": Parameter("only these", KIND), "camera": Parameter("only of this model")}
_SWITCH: Schema = {"enum": ["0", "1"]}
_PAGE = {
    "limit": Parameter("how many; 60", {"type": "integer", "minimum": 1, "maximum": MAX_PAGE}),
    "start": Parameter("`rest` of the page before"),
    **_COUNTED,
    "day": Parameter("only of this day", _DAY, error="day must be a date such as 2026-11-20"),
    "favourites": Parameter("1: only these", _SWITCH),
    "events": Parameter("1: with `event` of each item", _SWITCH),
}
_YEAR = Parameter("which", {"type": "string", "pattern": r"^\d{4}$"}, "year must be a year such as 2026", required=True)


class LibraryRoutes:
    """The routes of items, one by one."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._thumbnails = Thumbnails(library.root)

    def routes(self) -> list[Route]:
        """Reading needs the library right, changes need control."""
        read, control, library = Access.LIBRARY, Access.CONTROL, partial(api, "Library")
        return [
            library("GET", "library/", read, self._file, "A file of an item, with ranges; or its thumbnail.",
                    {200: "*/*", 206: "*/*", 304: ""}, errors=(416,), query=_FILE, rest="id"),
            library("GET", "api/library", read, self._page, "A page of items, the newest first.", {200: "LibraryPage"},
                    query=_PAGE),
            library("GET", "api/library/calendar", read, self._calendar, "How many items each day of a year has.",
                    {200: "Calendar"}, query={"year": _YEAR, **_COUNTED}),
            library("GET", "api/library/items/", read, self._item, "All facts about an item.", {200: "Item"},
                    rest="id"),
            library("PATCH", "api/library/items/", control, self._change,
                    "Mark an item as favourite, or set its title, which changes its id.", {200: "Item"},
                    body=Body("ItemChange"), errors=(409,), rest="id"),
        ]  # fmt: skip

    def _page(self, request: Request) -> Document:
        kind, camera, day = request.value("kind"), request.value("camera"), request.value("day")
        wanted = Filter(kind, camera, day, favourites=request.value("favourites") == "1")
        limit = int(request.value("limit") or PAGE)
        page = self._library.page(limit, _place(request.value("start")), wanted)
        items = self._rows(page.items)
        if request.value("events") == "1":
            for row, item in zip(items, page.items, strict=True):
                row["event"] = event_of(self._metadata(item)) if item.kind == MOTION else None
        return {
            "items": items,
            "zone": local_zone(os.environ),
            "rest": page.next and _cursor(page.next),
            "cameras": self._library.cameras(),
            "years": self._library.years(),
        }

    def _calendar(self, request: Request) -> Document:
        year = int(request.value("year") or 0)
        wanted = Filter(request.value("kind"), request.value("camera"))
        return {"year": year, "days": self._library.calendar(year, wanted)}

    def _item(self, request: Request) -> Document:
        return self._details(self._find(request.rest))

    def _file(self, request: Request) -> Answer:
        item = self._find(request.rest)
        if request.value("thumbnail") is not None:
            return self._thumbnail(item)
        which = request.value("file") or "item"
        names = {"item": item.name, "preview": item.preview, "metadata": item.sidecar}
        if not (name := names.get(which)):
            raise Refused(404, f"{item.id} has no {which}: file may be item, preview or metadata", "file")
        try:
            return file_answer(request, self._library.path(item, name), name)
        except OSError as error:
            raise Refused(404, f"{item.id} cannot be read ({error.strerror}): it may have been deleted") from error

    def _thumbnail(self, item: Item) -> Answer:
        with reading("thumbnails"):
            data = self._thumbnails.of(item)
        return Answer(200, data, {"Content-Type": "image/jpeg", "Cache-Control": "private, max-age=3600"})

    def _change(self, request: Request, changes: Document) -> Document:
        item = self._find(request.rest)
        favourite, title = changes.get("favourite"), changes.get("title")
        with changing("library", "title"):
            if title is not None:
                item = self._rename(item, title.strip())
            if favourite is not None:
                mark = self._library.favourites.add if favourite else self._library.favourites.remove
                mark(item)
        return self._details(item)

    def _rename(self, item: Item, title: str) -> Item:
        renamed = self._library.rename(item, title)
        if renamed != item:
            self._thumbnails.forget(item)
        return renamed

    # --- items as JSON

    def _find(self, id_: str) -> Item:
        with reading("items"):
            return self._library.item(id_)

    def _rows(self, items: list[Item]) -> list[Document]:
        zone = local_zone(os.environ)
        favourites = {day: self._library.favourites.of_day(day) for day in {item.day for item in items}}
        return [{
            "id": item.id,
            "day": item.day,
            "title": item.title,
            "name": shown(item.name),
            "kind": item.kind,
            "time": utc_text(item.time_s),
            "zone": zone,
            "camera": item.camera or None,
            "bytes": size_bytes(self._library.root, item),
            "favourite": item.name in favourites[item.day],
        } for item in items]  # fmt: skip

    def _details(self, item: Item) -> Document:
        [row] = self._rows([item])
        return {
            **row,
            "files": [{"name": shown(name), "bytes": self._size(item, name)} for name in item.files],
            "preview": bool(item.preview),
            "metadata": self._metadata(item),
        }

    def _metadata(self, item: Item) -> Document | None:
        """Its sidecar; None: removed or damaged by hand."""
        with suppress(OSError, ValueError):
            if item.sidecar:
                found = parse_json(read_regular(self._library.path(item, item.sidecar), MAX_SIDECAR_BYTES))
                return found if isinstance(found, dict) else None
        return None

    def _size(self, item: Item, name: str) -> int | None:
        try:
            return self._library.path(item, name).stat().st_size
        except OSError:
            return None


def _place(cursor: str | None) -> Cursor | None:
    """Where a page begins, from what `_cursor` wrote."""
    if cursor is None:
        return None
    try:
        day, time_s, name = parse_json(cursor)
        if not (is_day(day) and isinstance(name, str)):
            raise ValueError
        return Cursor(day, float(time_s), name)
    except (ValueError, TypeError, ArithmeticError) as error:
        raise Refused(400, "start must be the value of rest in the previous answer", "start") from error


def _cursor(place: Cursor) -> str:
    return json.dumps([place.day, str(place.time_s), place.name])
