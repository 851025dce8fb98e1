"""The schemas of the library."""

from __future__ import annotations

from stillcam.server.openapi.shapes import COUNT, FLAG, TEXT, TIME, ZONE, Schema, list_of, maybe, one_of, record

KIND = one_of("photo", "raw", "video", "file")
DAY: Schema = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\d$", "examples": ["2026-11-20"]}
_ID = TEXT | {"description": "DAY/NAME"}
_IDS = list_of(_ID) | {"minItems": 1}
_ITEM = {
    "id": _ID, "day": DAY, "title": TEXT, "name": TEXT, "kind": KIND, "time": TIME, "zone": ZONE,
    "camera": maybe(TEXT, "the sensor's model"), "bytes": COUNT, "favourite": FLAG,
}  # fmt: skip
_JOB = {
    "job": TEXT, "done": COUNT, "total": COUNT, "failed": list_of(record(id=_ID, error=TEXT)), "ended": FLAG,
}  # fmt: skip


def library_schemas() -> dict[str, Schema]:
    """By name."""
    files = list_of(record(name=TEXT, bytes=maybe(COUNT)))
    trashed = record(deleted=TEXT, id=_ID, title=TEXT, kind=KIND, time=TIME, zone=ZONE)
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
        "ItemChange": record({"favourite": maybe(FLAG), "title": maybe(TEXT)}),
        "Choice": record(items=_IDS),
        "Chosen": record(
            zip=TEXT | {"description": "its address"},
            files=COUNT,
            bytes=COUNT,
            left_out=list_of(TEXT) | {"description": "files that are gone or cannot be read"},
        ),
        "Job": record(**_JOB),
        "Deletion": record(**_JOB, deleted=TEXT | {"description": "to restore them by"}),
        "Restoration": record({"items": maybe(_IDS, "null: all of that deletion")}, deleted=TEXT),
        "Trash": record(items=list_of(trashed)),
    }
