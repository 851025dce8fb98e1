"""Changing the library over HTTP: mark, rename, delete, and bring back."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any, TypeVar

from stillcam.common.deletion import Undeletable
from stillcam.common.time_zone import local_zone
from stillcam.common.utc import utc_text
from stillcam.http.messages import Access, Answer, Refused, Request, Route, as_json
from stillcam.library.batch_jobs import Jobs
from stillcam.library.catalogue import Library
from stillcam.library.day import Item
from stillcam.library.thumbnails import Thumbnails
from stillcam.library.trash import Trash, Trashed, stamp
from stillcam.server.routes.library_items import MAX_IDS_BYTES, checked_ids, described, find, ids

_T = TypeVar("_T")


class LibraryChanges:
    """The routes that change `library`."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._trash = Trash(library.root)
        self._undeletable = Undeletable()
        self._thumbnails = Thumbnails(library.root)
        self._jobs = Jobs()

    def routes(self) -> list[Route]:
        """For who may control."""
        return [
            Route("PATCH", "api/library/items/", Access.CONTROL, self._change),
            Route("POST", "api/library/delete", Access.CONTROL, self._delete),
            Route("POST", "api/library/restore", Access.CONTROL, self._restore),
            Route("GET", "api/library/trash", Access.CONTROL, self._trashed),
            Route("DELETE", "api/library/trash", Access.CONTROL, self._empty),
            Route("GET", "api/library/jobs/", Access.CONTROL, self._job),
        ]

    def _change(self, request: Request) -> Answer:
        item = find(self._library, request.rest)
        changes = request.json()
        if unknown := set(changes) - {"favourite", "title"}:
            raise Refused(422, "only favourite and title can be changed", min(unknown))
        favourite, title = changes.get("favourite"), changes.get("title")
        if favourite is not None and not isinstance(favourite, bool):
            raise Refused(422, "favourite must be true or false", "favourite")
        if title is not None:
            if not isinstance(title, str):
                raise Refused(422, "title must be a text", "title")
            item = self._tried(lambda: self._rename(item, title.strip()))
        if favourite is not None:
            mark = self._library.favourites.add if favourite else self._library.favourites.remove
            self._tried(lambda: mark(item))
        return as_json(200, described(self._library, item))

    def _rename(self, item: Item, title: str) -> Item:
        renamed = self._library.rename(item, title)
        if renamed != item:
            self._thumbnails.forget(item)
        return renamed

    def _tried(self, act: Callable[[], _T]) -> _T:
        try:
            return act()
        except ValueError as error:
            raise Refused(422, str(error), "title") from error
        except FileExistsError as error:
            raise Refused(409, str(error), "title") from error
        except LookupError as error:
            raise Refused(404, error.args[0]) from error
        except OSError as error:
            raise Refused(503, f"the library cannot be changed ({error.strerror}): check the disk with df") from error

    def _delete(self, request: Request) -> Answer:
        now_s = time.time()
        deleted = stamp(now_s)
        chosen = ids(request)
        there = {item.id: item for item in self._library.items(chosen)}

        def put(id_: str) -> None:
            if id_ not in there:
                raise LookupError("it has been deleted already")
            self._trash.put(there[id_], now_s)

        job = self._jobs.start(chosen, put)
        return as_json(200 if job.ended else 202, {**job.message(), "deleted": deleted})

    def _restore(self, request: Request) -> Answer:
        document = request.json(MAX_IDS_BYTES)
        deleted = document.get("deleted")
        if not isinstance(deleted, str):
            raise Refused(422, "say which ones by their time of deletion, as api/library/trash gives it", "deleted")
        wanted = document.get("items")
        there = {one.item.id: one for one in self._trash.items() if one.deleted == deleted}
        if not there:
            raise Refused(404, "nothing in the trash was deleted at that time: see api/library/trash", "deleted")
        ids = list(there) if wanted is None else checked_ids(wanted)

        def bring_back(id_: str) -> None:
            if id_ not in there:
                raise LookupError(f"{id_} is not in the trash")
            self._trash.restore(there[id_])

        job = self._jobs.start(ids, bring_back)
        return as_json(200 if job.ended else 202, job.message())

    def _trashed(self, _request: Request) -> Answer:
        return as_json(200, {"items": [self._of_trash(one) for one in self._trash.items()]})

    def _of_trash(self, one: Trashed) -> dict[str, Any]:
        item = one.item
        return {
            "deleted": one.deleted,
            "id": item.id,
            "title": item.title,
            "kind": item.kind,
            "time": utc_text(item.time_s),
            "zone": local_zone(os.environ),
        }

    def _empty(self, _request: Request) -> Answer:
        for one in self._trash.items():
            self._thumbnails.forget(one.item)
        self._trash.empty(None, lambda: False, self._undeletable.note)
        return Answer(204)

    def _job(self, request: Request) -> Answer:
        try:
            return as_json(200, self._jobs.get(request.rest).message())
        except LookupError as error:
            raise Refused(404, error.args[0]) from error
