"""`library/` and `api/library`: read, download, mark, rename, delete and restore items."""

from __future__ import annotations

import json
import os
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from stillcam.common.deletion import Undeletable
from stillcam.common.formats import utc_text
from stillcam.common.safe_json import parse
from stillcam.common.time_zone import local, local_zone
from stillcam.http.messages import Answer, Refused, as_json
from stillcam.library.batch_jobs import Jobs
from stillcam.library.catalogue import Cursor, Filter, Library
from stillcam.library.days import Item
from stillcam.library.names import is_day
from stillcam.library.thumbnails import Thumbnails
from stillcam.library.trash import Trash, TrashedItem, stamp
from stillcam.library.zip_stream import Member, free_name, member, size_of, stream
from stillcam.server.errors import reading
from stillcam.server.route import Access, Request, Route
from stillcam.server.routes.library_files import (
    MAX_IDS_BYTES,
    attachment,
    details,
    file_answer,
    find,
    ids_in,
    rows,
    shown,
)

MAX_PAGE = 200
MAX_ZIPS = 32  # selected, and not downloaded yet ...
MAX_ZIP_IDS = 100_000  # ... and the items in all of them: some 20 MB


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
        look, control = Access.LIBRARY, Access.CONTROL
        return [
            Route("GET", "library/", look, self._file),
            Route("GET", "library/zip/", look, self._zip),
            Route("GET", "api/library", look, self._page),
            Route("GET", "api/library/calendar", look, self._calendar),
            Route("GET", "api/library/items/", look, self._item),
            Route("PATCH", "api/library/items/", control, self._change),
            Route("POST", "api/library/zip", look, self._select_zip),
            Route("POST", "api/library/delete", control, self._delete),
            Route("POST", "api/library/restore", control, self._restore),
            Route("GET", "api/library/trash", control, self._list_trash),
            Route("DELETE", "api/library/trash", control, self._empty_trash),
            Route("GET", "api/library/jobs/", control, self._job),
        ]

    # --- reading

    def _page(self, request: Request) -> Answer:
        limit = request.value("limit") or "60"
        if not (limit.isascii() and limit.isdigit() and len(limit) <= 9 and 1 <= int(limit) <= MAX_PAGE):
            raise Refused(400, f"limit must be a number from 1 to {MAX_PAGE}", "limit")
        kind, day = request.value("kind"), request.value("day")
        if kind not in (None, "photo", "raw", "video", "file"):
            raise Refused(400, "kind must be photo, raw, video or file", "kind")
        if day is not None and not is_day(day):
            raise Refused(400, "day must be a date such as 2026-11-20", "day")
        wanted = Filter(kind, request.value("camera"), day, favourites=request.value("favourites") == "1")
        page = self._library.page(int(limit), _place(request.value("start")), wanted)
        return as_json(200, {
            "items": rows(self._library, page.items),
            "rest": page.next and _cursor(page.next),
            "cameras": self._library.cameras(),
            "years": self._library.years(),
        })  # fmt: skip

    def _calendar(self, request: Request) -> Answer:
        year = request.value("year") or ""
        if not (year.isascii() and year.isdigit() and len(year) == 4):
            raise Refused(400, "year must be a year such as 2026", "year")
        return as_json(200, {"year": int(year), "days": self._library.calendar(int(year))})

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

    def _select_zip(self, request: Request) -> Answer:
        wanted = ids_in(request.json(MAX_IDS_BYTES))
        selected = [item.id for item in self._library.items(wanted)]  # others would only take memory
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

    def _change(self, request: Request) -> Answer:
        item = find(self._library, request.rest)
        changes = request.json()
        if unknown := set(changes) - {"favourite", "title"}:
            raise Refused(422, "only favourite and title can be changed", min(unknown))
        favourite, title = changes.get("favourite"), changes.get("title")
        if favourite is not None and not isinstance(favourite, bool):
            raise Refused(422, "favourite must be true or false", "favourite")
        if title is not None and not isinstance(title, str):
            raise Refused(422, "title must be a text", "title")
        with _changing():
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

    def _delete(self, request: Request) -> Answer:
        now_s = time.time()
        deleted = stamp(now_s)
        selected = ids_in(request.json(MAX_IDS_BYTES))
        items = {item.id: item for item in self._library.items(selected)}

        def delete(id_: str) -> None:
            if id_ not in items:
                raise LookupError("it has been deleted already")
            self._trash.put(items[id_], now_s)

        job = self._jobs.start(selected, delete)
        return as_json(200 if job.ended else 202, {**job.message(), "deleted": deleted})

    def _restore(self, request: Request) -> Answer:
        document = request.json(MAX_IDS_BYTES)
        deleted = document.get("deleted")
        if not isinstance(deleted, str):
            raise Refused(422, "say which ones by their time of deletion, as api/library/trash gives it", "deleted")
        trashed = {one.item.id: one for one in self._trash.items() if one.deleted == deleted}
        if not trashed:
            raise Refused(404, "nothing in the trash was deleted at that time: see api/library/trash", "deleted")
        chosen = list(trashed) if document.get("items") is None else ids_in(document)

        def restore(id_: str) -> None:
            if id_ not in trashed:
                raise LookupError(f"{id_} is not in the trash")
            self._trash.restore(trashed[id_])

        job = self._jobs.start(chosen, restore)
        return as_json(200 if job.ended else 202, job.message())

    def _list_trash(self, _request: Request) -> Answer:
        return as_json(200, {"items": [_trashed_item(one) for one in self._trash.items()]})

    def _empty_trash(self, _request: Request) -> Answer:
        for one in self._trash.items():
            self._thumbnails.forget(one.item)
        self._trash.empty(None, lambda: False, self._undeletable.note)
        return Answer(204)

    def _job(self, request: Request) -> Answer:
        with reading("jobs"):
            return as_json(200, self._jobs.get(request.rest).message())


def _place(cursor: str | None) -> Cursor | None:
    """Where a page begins, from what `_cursor` wrote."""
    if cursor is None:
        return None
    try:
        day, time_s, name = parse(cursor)
        if not (is_day(day) and isinstance(name, str)):
            raise ValueError
        return Cursor(day, float(time_s), name)
    except (ValueError, TypeError, ArithmeticError) as error:
        raise Refused(400, "start must be what the page before gave as rest", "start") from error


def _cursor(place: Cursor) -> str:
    return json.dumps([place.day, str(place.time_s), place.name])


@contextmanager
def _changing() -> Iterator[None]:
    """Refuse a change of the library that does not succeed."""
    try:
        yield
    except ValueError as error:
        raise Refused(422, str(error), "title") from error
    except FileExistsError as error:
        raise Refused(409, str(error), "title") from error
    except LookupError as error:
        raise Refused(404, error.args[0]) from error
    except OSError as error:
        raise Refused(503, f"the library cannot be changed ({error.strerror}): check the disk with df") from error


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
