"""`library/` and `api/library`: read, download, mark, rename, delete and restore items."""

from __future__ import annotations

import json
import os
import secrets
import threading
import time
from collections import OrderedDict
from functools import partial
from typing import Any

from stillcam.common.clock import local, local_zone
from stillcam.common.deletion import Undeletable
from stillcam.common.formats import utc_text
from stillcam.common.safe_read import parse_json
from stillcam.http.messages import Answer, Refused, as_json
from stillcam.library.batch_jobs import Jobs
from stillcam.library.catalogue import Cursor, Filter, Library
from stillcam.library.days import Item
from stillcam.library.names import is_day
from stillcam.library.thumbnails import Thumbnails
from stillcam.library.trash import Trash, TrashedItem, stamp
from stillcam.library.zip_stream import Member, free_name, member, size_of, stream
from stillcam.server.errors import changing, reading
from stillcam.server.openapi.library import DAY, KIND
from stillcam.server.openapi.route import Body, Parameter, api
from stillcam.server.openapi.shapes import TEXT, one_of
from stillcam.server.route import Access, Request, Route
from stillcam.server.routes.library_files import (
    attachment,
    details,
    file_answer,
    find,
    rows,
    shown,
)

PAGE, MAX_PAGE = 60, 200  # items
MAX_ZIPS = 32  # selected, and not downloaded yet ...
MAX_ZIP_IDS = 100_000  # ... and the items in all of them: some 20 MB
MAX_IDS_BYTES = 4 << 20  # of a request with many items

_CHOICE = Body("Choice", MAX_IDS_BYTES)
_FILE = {
    "thumbnail": Parameter(TEXT, "a JPEG of at most 320 pixels instead"),
    "file": Parameter(one_of("item", "preview", "metadata"), "which of its files"),
    "download": Parameter(TEXT, "to be saved, not shown"),
}
_PAGE = {
    "limit": Parameter({"type": "integer", "minimum": 1, "maximum": MAX_PAGE}, "how many; 60"),
    "start": Parameter(TEXT, "`rest` of the page before"),
    "kind": Parameter(KIND, "only these"),
    "camera": Parameter(TEXT, "only of this model"),
    "day": Parameter(DAY, "only of this day", error="day must be a date such as 2026-11-20"),
    "favourites": Parameter({"enum": ["0", "1"]}, "1: only these"),
}
_YEAR = Parameter({"type": "string", "pattern": r"^\d{4}$"}, "which", "year must be a year such as 2026", required=True)


class LibraryRoutes:
    """The routes of the library.

    Args:
        library: what they show.
    """

    def __init__(self, library: Library) -> None:
        self._library = library
        self._thumbnails = Thumbnails(library.root)
        self._trash = Trash(library.root)
        self._undeletable = Undeletable()
        self._jobs = Jobs()
        self._zips: OrderedDict[str, list[str]] = OrderedDict()
        self._lock = threading.Lock()

    def routes(self) -> list[Route]:
        """Reading needs the library right, changes need control."""
        read, control, library = Access.LIBRARY, Access.CONTROL, partial(api, "Library")
        return [
            library("GET", "library/", read, self._file, "A file of an item, with ranges; or its thumbnail.",
                    {200: "*/*", 206: "*/*", 304: ""}, errors=(404, 416), query=_FILE, rest="id"),
            library("GET", "library/zip/", read, self._zip, "The ZIP of chosen items.",
                    {200: "application/zip"}, errors=(404,), rest="token"),
            library("GET", "api/library", read, self._page, "A page of items, the newest first.",
                    {200: "LibraryPage"}, errors=(400,), query=_PAGE),
            library("GET", "api/library/calendar", read, self._calendar, "How many items each day of a year has.",
                    {200: "Calendar"}, errors=(400,), query={"year": _YEAR}),
            library("GET", "api/library/items/", read, self._item, "All that is known of an item.",
                    {200: "Item"}, errors=(404,), rest="id"),
            library("PATCH", "api/library/items/", control, self._change,
                    "Mark an item, or give it a title; its address may change.",
                    {200: "Item"}, body="ItemChange", errors=(404, 409, 422, 503), rest="id"),
            library("POST", "api/library/zip", read, self._select_zip, "Choose items to take home in a ZIP.",
                    {201: "Chosen"}, body=_CHOICE, errors=(422,)),
            library("POST", "api/library/delete", control, self._delete, "Put items into the trash; 202: it goes on.",
                    {200: "Deletion", 202: "Deletion"}, body=_CHOICE, errors=(422,)),
            library("POST", "api/library/restore", control, self._restore, "Take items out of the trash again.",
                    {200: "Job", 202: "Job"}, body=Body("Restoration", MAX_IDS_BYTES), errors=(404, 422)),
            library("GET", "api/library/trash", control, self._list_trash, "What lies in the trash.", {200: "Trash"}),
            library("DELETE", "api/library/trash", control, self._empty_trash, "Empty the trash.", {204: ""}),
            library("GET", "api/library/jobs/", control, self._job, "How far a deletion or restoration is.",
                    {200: "Job"}, errors=(404,), rest="job"),
        ]  # fmt: skip

    # --- reading

    def _page(self, request: Request) -> Answer:
        kind, camera, day = request.value("kind"), request.value("camera"), request.value("day")
        wanted = Filter(kind, camera, day, favourites=request.value("favourites") == "1")
        limit = int(request.value("limit") or PAGE)
        page = self._library.page(limit, _place(request.value("start")), wanted)
        return as_json(200, {
            "items": rows(self._library, page.items),
            "rest": page.next and _cursor(page.next),
            "cameras": self._library.cameras(),
            "years": self._library.years(),
        })  # fmt: skip

    def _calendar(self, request: Request) -> Answer:
        year = int(request.value("year") or 0)
        return as_json(200, {"year": year, "days": self._library.calendar(year)})

    def _item(self, request: Request) -> Answer:
        return as_json(200, details(self._library, find(self._library, request.rest)))

    def _file(self, request: Request) -> Answer:
        item = find(self._library, request.rest)
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

    # --- ZIP

    def _select_zip(self, _request: Request, choice: dict[str, Any]) -> Answer:
        selected = [item.id for item in self._library.items(_ids(choice))]  # others would only take memory
        token = secrets.token_urlsafe(12)
        with self._lock:
            self._zips[token] = selected
            while len(self._zips) > MAX_ZIPS or (len(self._zips) > 1 and self._zip_ids() > MAX_ZIP_IDS):
                self._zips.popitem(last=False)
        members, left_out = self._members(selected)
        zip_ = {"zip": f"library/zip/{token}", "files": len(members), "bytes": size_of(members)}
        return as_json(201, {**zip_, "left_out": left_out})

    def _zip(self, request: Request) -> Answer:
        with self._lock:
            selected = self._zips.get(request.rest)
        if selected is None:
            raise Refused(404, "this ZIP is not known any more: choose its items again")
        members, _ = self._members(selected)
        headers = {
            "Content-Type": "application/zip",
            "Content-Length": str(size_of(members)),
            "Content-Disposition": attachment(f"stillcam-{local(time.time()):%Y%m%d-%H%M%S}.zip"),
            "Cache-Control": "no-store",
        }
        return Answer(200, headers=headers, stream=stream(members))

    def _zip_ids(self) -> int:
        return sum(map(len, self._zips.values()))

    def _members(self, ids: list[str]) -> tuple[list[Member], list[str]]:
        """The files of these items, and what of them is gone or cannot be read: it costs no other."""
        members: list[Member] = []
        left_out: list[str] = []
        names: set[str] = set()
        for item in self._library.items(ids):
            changed = local(item.time_s).timetuple()[:6]
            for name in item.files:
                inside = free_name(f"{item.day}/{shown(name)}", names)
                try:
                    members.append(member(self._library.path(item, name), inside, changed))
                    names.add(inside)
                except OSError:
                    left_out.append(inside)
        return members, left_out

    # --- changes

    def _change(self, request: Request, changes: dict[str, Any]) -> Answer:
        item = find(self._library, request.rest)
        favourite, title = changes.get("favourite"), changes.get("title")
        with changing("library", "title"):
            if title is not None:
                item = self._rename(item, title.strip())
            if favourite is not None:
                mark = self._library.favourites.add if favourite else self._library.favourites.remove
                mark(item)
        return as_json(200, details(self._library, item))

    def _rename(self, item: Item, title: str) -> Item:
        renamed = self._library.rename(item, title)
        if renamed != item:
            self._thumbnails.forget(item)
        return renamed

    def _delete(self, _request: Request, choice: dict[str, Any]) -> Answer:
        now_s = time.time()
        deleted = stamp(now_s)
        selected = _ids(choice)
        items = {item.id: item for item in self._library.items(selected)}

        def delete(id_: str) -> None:
            if id_ not in items:
                raise LookupError("it has been deleted already")
            self._trash.put(items[id_], now_s)

        job = self._jobs.start(selected, delete)
        return as_json(200 if job.ended else 202, {**job.to_json(), "deleted": deleted})

    def _restore(self, _request: Request, wanted: dict[str, Any]) -> Answer:
        deleted = wanted["deleted"]
        trashed = {one.item.id: one for one in self._trash.items() if one.deleted == deleted}
        if not trashed:
            raise Refused(404, "nothing in the trash was deleted at that time: see api/library/trash", "deleted")
        selected = list(trashed) if wanted.get("items") is None else _ids(wanted)

        def restore(id_: str) -> None:
            if id_ not in trashed:
                raise LookupError(f"{id_} is not in the trash")
            self._trash.restore(trashed[id_])

        job = self._jobs.start(selected, restore)
        return as_json(200 if job.ended else 202, job.to_json())

    def _list_trash(self, _request: Request) -> Answer:
        return as_json(200, {"items": [_trashed_item(one) for one in self._trash.items()]})

    def _empty_trash(self, _request: Request) -> Answer:
        for one in self._trash.items():
            self._thumbnails.forget(one.item)
        self._trash.empty(None, lambda: False, self._undeletable.note)
        return Answer(204)

    def _job(self, request: Request) -> Answer:
        with reading("jobs"):
            return as_json(200, self._jobs.get(request.rest).to_json())


def _ids(document: dict[str, Any]) -> list[str]:
    """The addresses in `items`, each once."""
    return list(dict.fromkeys(document["items"]))


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
        raise Refused(400, "start must be what the page before gave as rest", "start") from error


def _cursor(place: Cursor) -> str:
    return json.dumps([place.day, str(place.time_s), place.name])


def _trashed_item(one: TrashedItem) -> dict[str, Any]:
    item = one.item
    return {
        "deleted": one.deleted,
        "id": item.id,
        "title": item.title,
        "kind": item.kind,
        "time": utc_text(item.time_s),
        "zone": local_zone(os.environ),
    }
