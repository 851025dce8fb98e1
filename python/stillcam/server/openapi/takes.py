"""The schemas of photos and videos that are taken."""

from __future__ import annotations

from stillcam.server.openapi.shapes import COUNT, NUMBER, TEXT, TIME, Schema, list_of, maybe, one_of, record

_ITEMS = list_of(TEXT | {"description": "DAY/NAME"}) | {"description": "addresses below library/"}
_KIND = one_of("photo", "raw")
_TAKING = record(
    kind=_KIND, done=COUNT, of=COUNT, due=maybe(TIME, "the moment of the self-timer; null: it is being taken")
)
_RECORDING = record(since=TIME, seconds=maybe(COUNT, "null: until it is stopped"), bytes=COUNT, left_s=maybe(NUMBER))
STATUS_EXTRAS: dict[str, Schema] = {
    "threads": list_of(record(name=TEXT, count=COUNT, error=TEXT, time=TIME))
    | {"description": "background threads of the daemon that have died and were restarted; empty: none"},
    "taking": maybe(_TAKING, "photos that are being taken, or wait for their moment"),
    "recording": maybe(_RECORDING, "the video that is being made"),
    "waiting": list_of(record(kind=one_of("photo", "raw", "video"), of=COUNT))
    | {"description": "requests that wait until another one is done"},
    "library": record(
        {
            "finishing": COUNT | {"description": "videos that are no items yet"},
            "waits": maybe(TEXT, "why deletion by age waits, and what to do; null: it does not"),
            "undeletable": list_of(record(path=TEXT, error=TEXT)) | {"description": "some that cannot be deleted"},
        },
        free_bytes=maybe(COUNT),
        floor_bytes=maybe(COUNT, "below that nothing is taken"),
    ),
}


def take_schemas() -> dict[str, Schema]:
    """By name."""
    count: Schema = {"type": "integer", "minimum": 1, "maximum": 100, "description": "of a burst; 1"}
    delay: Schema = {"type": "number", "minimum": 0, "maximum": 3600, "description": "of the self-timer; 0"}
    seconds: Schema = {"type": ["integer", "null"], "minimum": 1, "maximum": 86400}
    return {
        "PhotoOrder": record({"kind": _KIND, "count": count, "delay_s": delay}),
        "VideoOrder": record({"seconds": seconds}),
        "Items": record(items=_ITEMS),
        "Taking": record(taking=maybe(_TAKING)),
        "Recording": record(recording=maybe(_RECORDING)),
    }
