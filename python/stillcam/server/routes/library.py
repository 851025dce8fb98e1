"""The library over HTTP: look through it, open its files, take them home."""

from __future__ import annotations

import json
import secrets
import threading
import time
from collections import OrderedDict

from stillcam.common.safe_json import parse
from stillcam.common.time_zone import local
from stillcam.http.messages import Access, Answer, Refused, Request, Route, as_json
from stillcam.library.catalogue import Filter, Library, Place
from stillcam.library.day import Item
from stillcam.library.names import is_day
from stillcam.library.thumbnails import Thumbnails
from stillcam.library.zip_stream import Member, free_name, member, size_of, stream
from stillcam.server.routes.library_files import attachment, file_answer
from stillcam.server.routes.library_items import described, find, ids, listed, shown

MAX_PAGE = 200
KEPT_ZIPS = 32  # chosen, and not fetched yet ...
KEPT_IDS = 100_000  # ... and so many items in all of them: some 20 MB


class LibraryRoutes:
    """The routes of the library.

    Args:
        library: what they show.
    """

    def __init__(self, library: Library) -> None:
        self._library = library
        self._thumbnails = Thumbnails(library.root)
        self._zips: OrderedDict[str, list[str]] = OrderedDict()
        self._lock = threading.Lock()

    def routes(self) -> list[Route]:
        """Reading needs the library right."""
        look = Access.LIBRARY
        return [
            Route("GET", "library/", look, self._file),
            Route("GET", "library/zip/", look, self._zip),
            Route("GET", "api/library", look, self._page),
            Route("GET", "api/library/calendar", look, self._calendar),
            Route("GET", "api/library/items/", look, self._item),
            Route("POST", "api/library/zip", look, self._choose),
        ]

    # --- looking

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
            "items": listed(self._library, page.items),
            "rest": page.rest and _cursor(page.rest),
            "cameras": self._library.cameras(),
            "years": self._library.years(),
        })  # fmt: skip

    def _calendar(self, request: Request) -> Answer:
        year = request.value("year") or ""
        if not (year.isascii() and year.isdigit() and len(year) == 4):
            raise Refused(400, "year must be a year such as 2026", "year")
        return as_json(200, {"year": int(year), "days": self._library.calendar(int(year))})

    def _item(self, request: Request) -> Answer:
        return as_json(200, described(self._library, find(self._library, request.rest)))

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
        try:
            data = self._thumbnails.of(item)
        except LookupError as error:
            raise Refused(404, error.args[0]) from error
        return Answer(200, data, {"Content-Type": "image/jpeg", "Cache-Control": "private, max-age=3600"})

    # --- taking home

    def _choose(self, request: Request) -> Answer:
        chosen = [item.id for item in self._library.items(ids(request))]  # what is not there would only take memory
        token = secrets.token_urlsafe(12)
        with self._lock:
            self._zips[token] = chosen
            while len(self._zips) > KEPT_ZIPS or (len(self._zips) > 1 and self._kept_ids() > KEPT_IDS):
                self._zips.popitem(last=False)
        members, left_out = self._members(chosen)
        zip_ = {"zip": f"library/zip/{token}", "files": len(members), "bytes": size_of(members)}
        return as_json(201, {**zip_, "left_out": left_out})

    def _zip(self, request: Request) -> Answer:
        with self._lock:
            chosen = self._zips.get(request.rest)
        if chosen is None:
            raise Refused(404, "this ZIP is not known any more: choose its items again")
        members, _ = self._members(chosen)
        headers = {
            "Content-Type": "application/zip",
            "Content-Length": str(size_of(members)),
            "Content-Disposition": attachment(f"stillcam-{local(time.time()):%Y%m%d-%H%M%S}.zip"),
            "Cache-Control": "no-store",
        }
        return Answer(200, headers=headers, stream=stream(members))

    def _kept_ids(self) -> int:
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


def _place(cursor: str | None) -> Place | None:
    """Where a page begins, from what `_cursor` wrote."""
    if cursor is None:
        return None
    try:
        day, time_s, name = parse(cursor)
        if not (is_day(day) and isinstance(name, str)):
            raise ValueError
        return Place(day, float(time_s), name)
    except (ValueError, TypeError, ArithmeticError) as error:
        raise Refused(400, "start must be what the page before gave as rest", "start") from error


def _cursor(place: Place) -> str:
    return json.dumps([place.day, str(place.time_s), place.name])
