"""Many items of the library at once: a ZIP of them, deletion into the trash and restoration, with their progress."""

from __future__ import annotations

import os
import threading
import time
from collections import OrderedDict
from functools import partial

from stillcam.common.clock import local, local_zone
from stillcam.common.deletion import Undeletable
from stillcam.common.formats import utc_text
from stillcam.http.messages import Answer, Refused, as_json
from stillcam.library.batch_jobs import Jobs
from stillcam.library.catalogue import Library
from stillcam.library.thumbnails import Thumbnails
from stillcam.library.trash import Trash, TrashedItem, stamp
from stillcam.library.zip_stream import Member, free_name, member, size_of, stream
from stillcam.server.errors import reading
from stillcam.server.file_answers import attachment, shown
from stillcam.server.openapi.route import Body, Document, api
from stillcam.server.openapi.shapes import Shape, define, list_of, maybe, record, shape
from stillcam.server.route import Access, Request, Route
from stillcam.server.routes.library import ID, KIND

MAX_ZIPS = 32  # selected, and not downloaded yet ...
MAX_ZIP_IDS = 100_000  # ... and the items in all of them: some 20 MB
MAX_IDS_BYTES = 4 << 20  # of a request with many items

_IDS = list_of(ID) | {"minItems": 1}
_JOB: dict[str, Shape] = {
    "job": "text", "done": "count", "total": "count", "failed": list_of(record(id=ID, error="text")), "ended": "flag",
}  # fmt: skip

define(
    Choice=record(items=_IDS),
    Chosen=record(
        zip=shape("text", "its address"), files="count", bytes="count",
        left_out=shape("text[]", "files that are missing or unreadable"),
    ),
    Job=record(**_JOB),
    Deletion=record(**_JOB, deleted=shape("text", "key to restore them")),
    Restoration=record({"items": maybe(_IDS, "null: all items of that deletion")}, deleted="text"),
    Trash=record(items=list_of(record(deleted="text", id=ID, title="text", kind=KIND, time="time", zone="zone"))),
)  # fmt: skip

_CHOICE = Body("Choice", MAX_IDS_BYTES)


class SelectionRoutes:
    """The routes of selected items, and of the trash."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._thumbnails = Thumbnails(library.root)
        self._trash = Trash(library.root)
        self._undeletable = Undeletable()
        self._jobs = Jobs()
        self._zips: OrderedDict[str, list[str]] = OrderedDict()  # ids by token
        self._lock = threading.Lock()  # guards the ZIPs

    def routes(self) -> list[Route]:
        """Reading needs the library right, changes need control."""
        read, control, library = Access.LIBRARY, Access.CONTROL, partial(api, "Library")
        return [
            library("GET", "library/zip/", read, self._zip, "The ZIP of selected items.", {200: "application/zip"},
                    rest="token"),
            library("POST", "api/library/zip", read, self._select_zip, "Select items for a ZIP.", {201: "Chosen"},
                    body=_CHOICE),
            library("POST", "api/library/delete", control, self._delete,
                    "Move items to the trash; 202: still in progress.", {200: "Deletion", 202: "Deletion"},
                    body=_CHOICE),
            library("POST", "api/library/restore", control, self._restore,
                    "Restore items from the trash; 202: still in progress.", {200: "Job", 202: "Job"},
                    body=Body("Restoration", MAX_IDS_BYTES), errors=(404,)),
            library("GET", "api/library/trash", control, self._list_trash, "The items in the trash.", {200: "Trash"}),
            library("DELETE", "api/library/trash", control, self._empty_trash, "Empty the trash.", {204: ""}),
            library("GET", "api/library/jobs/", control, self._job, "The progress of a deletion or restoration.",
                    {200: "Job"}, rest="job"),
        ]  # fmt: skip

    # --- ZIP

    def _select_zip(self, _request: Request, choice: Document) -> Document:
        selected = [item.id for item in self._library.items(_ids(choice))]  # others would only take memory
        token = os.urandom(12).hex()
        with self._lock:
            self._zips[token] = selected
            while len(self._zips) > MAX_ZIPS or (len(self._zips) > 1 and self._zip_ids() > MAX_ZIP_IDS):
                self._zips.popitem(last=False)
        members, left_out = self._members(selected)
        zip_ = {"zip": f"library/zip/{token}", "files": len(members), "bytes": size_of(members)}
        return {**zip_, "left_out": left_out}

    def _zip(self, request: Request) -> Answer:
        with self._lock:
            selected = self._zips.get(request.rest)
        if selected is None:
            raise Refused(404, "this download has expired: select the items again")
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

    # --- trash

    def _delete(self, _request: Request, choice: Document) -> Answer:
        now_s = time.time()
        deleted = stamp(now_s)
        selected = _ids(choice)
        items = {item.id: item for item in self._library.items(selected)}

        def delete(id_: str) -> None:
            if id_ not in items:
                raise LookupError("it was already deleted")
            self._trash.put(items[id_], now_s)

        job = self._jobs.start(selected, delete)
        return as_json(200 if job.ended else 202, {**job.to_json(), "deleted": deleted})

    def _restore(self, _request: Request, wanted: Document) -> Answer:
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

    def _list_trash(self, _request: Request) -> Document:
        return {"items": [_trashed_item(one) for one in self._trash.items()]}

    def _empty_trash(self, _request: Request) -> None:
        for one in self._trash.items():
            self._thumbnails.forget(one.item)
        self._trash.empty(None, lambda: False, self._undeletable.note)

    def _job(self, request: Request) -> Document:
        with reading("jobs"):
            return self._jobs.get(request.rest).to_json()


def _ids(document: Document) -> list[str]:
    """The addresses in `items`, each once."""
    return list(dict.fromkeys(document["items"]))


def _trashed_item(one: TrashedItem) -> Document:
    item = one.item
    return {
        "deleted": one.deleted,
        "id": item.id,
        "title": item.title,
        "kind": item.kind,
        "time": utc_text(item.time_s),
        "zone": local_zone(os.environ),
    }
