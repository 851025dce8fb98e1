"""The library's part of the description: what its routes are for, and what they take and answer."""

from __future__ import annotations

from stillcam.server.openapi.operation import Operation
from stillcam.server.openapi.shapes import COUNT, FLAG, TEXT, TIME, ZONE, Schema, list_of, maybe, one_of, record

_KIND = one_of("photo", "raw", "video", "file")
_DAY: Schema = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\d$", "examples": ["2026-11-20"]}
_ID = TEXT | {"description": "DAY/NAME"}
_IDS = list_of(_ID) | {"minItems": 1}
_ITEM = {
    "id": _ID, "day": _DAY, "title": TEXT, "name": TEXT, "kind": _KIND, "time": TIME, "zone": ZONE,
    "camera": maybe(TEXT, "the sensor's model"), "bytes": COUNT, "favourite": FLAG,
}  # fmt: skip
_JOB = {
    "job": TEXT, "done": COUNT, "total": COUNT, "failed": list_of(record(id=_ID, error=TEXT)), "ended": FLAG,
}  # fmt: skip
_FILE = {
    "thumbnail": (TEXT, "a JPEG of at most 320 pixels instead"),
    "file": (one_of("item", "preview", "metadata"), "which of its files"),
    "download": (TEXT, "to be saved, not shown"),
}
_PAGE = {
    "limit": ({"type": "integer", "minimum": 1, "maximum": 200}, "how many; 60"),
    "start": (TEXT, "`rest` of the page before"),
    "kind": (_KIND, "only these"),
    "camera": (TEXT, "only of this model"),
    "day": (_DAY, "only of this day"),
    "favourites": ({"enum": ["0", "1"]}, "1: only these"),
}

LIBRARY_OPERATIONS = {
    ("GET", "library/"): Operation(
        "Library", "A file of an item, with ranges; or its thumbnail.",
        {200: "*/*", 206: "*/*", 304: ""}, errors=(404, 416), query=_FILE, rest="id"),
    ("GET", "library/zip/"): Operation(
        "Library", "The ZIP of chosen items.", {200: "application/zip"}, errors=(404,), rest="token"),
    ("GET", "api/library"): Operation(
        "Library", "A page of items, the newest first.", {200: "LibraryPage"}, errors=(400,), query=_PAGE),
    ("GET", "api/library/calendar"): Operation(
        "Library", "How many items each day of a year has.", {200: "Calendar"}, errors=(400,),
        query={"year": ({"type": "integer"}, "which; needed")}),
    ("GET", "api/library/items/"): Operation(
        "Library", "All that is known of an item.", {200: "Item"}, errors=(404,), rest="id"),
    ("PATCH", "api/library/items/"): Operation(
        "Library", "Mark an item, or give it a title; its address may change.",
        {200: "Item"}, "ItemChange", (404, 409, 422, 503), rest="id"),
    ("POST", "api/library/zip"): Operation(
        "Library", "Choose items to take home in a ZIP.", {201: "Chosen"}, "Choice", (422,)),
    ("POST", "api/library/delete"): Operation(
        "Library", "Put items into the trash; 202: it goes on.", {200: "Deletion", 202: "Deletion"}, "Choice", (422,)),
    ("POST", "api/library/restore"): Operation(
        "Library", "Take items out of the trash again.", {200: "Job", 202: "Job"}, "Restoration", (404, 422)),
    ("GET", "api/library/trash"): Operation("Library", "What lies in the trash.", {200: "Trash"}),
    ("DELETE", "api/library/trash"): Operation("Library", "Empty the trash.", {204: ""}),
    ("GET", "api/library/jobs/"): Operation(
        "Library", "How far a deletion or restoration is.", {200: "Job"}, errors=(404,), rest="job"),
}  # fmt: skip


def library_schemas() -> dict[str, Schema]:
    """By name."""
    files = list_of(record(name=TEXT, bytes=maybe(COUNT)))
    trashed = record(deleted=TEXT, id=_ID, title=TEXT, kind=_KIND, time=TIME, zone=ZONE)
    return {
        "LibraryPage": record(
            items=list_of(record(**_ITEM)),
            rest=maybe(TEXT, "`start` of the next page; null: this is the last"),
            cameras=list_of(TEXT),
            years=list_of(COUNT),
        ),
        "Calendar": record(year=COUNT, days={"type": "object", "additionalProperties": COUNT}),
        "Item": record(
            **_ITEM,
            files=files,
            preview=FLAG | {"description": "whether a JPEG stands for it"},
            metadata=maybe({"type": "object"}, "what the camera said when it was taken"),
        ),
        "ItemChange": record({"favourite": FLAG, "title": TEXT}),
        "Choice": record(items=_IDS),
        "Chosen": record(
            zip=TEXT | {"description": "its address"},
            files=COUNT,
            bytes=COUNT,
            left_out=list_of(TEXT) | {"description": "files that are gone or cannot be read"},
        ),
        "Job": record(**_JOB),
        "Deletion": record(**_JOB, deleted=TEXT | {"description": "to restore them by"}),
        "Restoration": record({"items": _IDS}, deleted=TEXT),
        "Trash": record(items=list_of(trashed)),
    }
