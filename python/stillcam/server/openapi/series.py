"""The schemas of series."""

from __future__ import annotations

from stillcam.series.definition import MAX_NAME, MAX_SHOTS, MAX_VALUES, VARIED
from stillcam.server.openapi.shapes import (
    COUNT,
    FLAG,
    NUMBER,
    TEXT,
    TIME,
    ZONE,
    Schema,
    at_least,
    list_of,
    maybe,
    one_of,
    record,
    ref,
)

_NAME: Schema = {"type": "string", "minLength": 1, "maxLength": MAX_NAME, "examples": ["Garden"]}
_KIND = one_of("photo", "raw")
_STATE = one_of("planned", "running", "paused", "finished", "failed")
_MOMENT = TEXT | {"examples": ["2026-11-20T08:30"], "description": "a time; without an offset by the local clock"}
_EDGE = TEXT | {"examples": ["08:30", "sunset", "sunrise-00:30"]}
_FIELDS: dict[str, Schema] = {
    "interval_s": maybe({"type": "number", "minimum": 1, "maximum": 86400}, "60"),
    "start": maybe(_MOMENT, "now"),
    "end": maybe(_MOMENT, "null: never"),
    "shots": maybe({"type": "integer", "minimum": 1, "maximum": MAX_SHOTS}, "null: no number"),
    "marks": maybe(FLAG, "on the dial's marks, not counted from the start"),
    "weekdays": maybe(list_of({"type": "integer", "minimum": 0, "maximum": 6}), "0 is Monday; null: all"),
    "window": maybe(at_least(**{"from": _EDGE, "to": _EDGE}), "daily; null: all day"),
    "place": maybe(record(latitude=NUMBER, longitude=NUMBER), "degrees; the sun's edges need it"),
    "kind": maybe(_KIND, "photo"),
    "fixed": maybe(FLAG, "exposure and white balance stay as for the first shot"),
    "vary": maybe(
        record(
            {"bracket": FLAG | {"description": "all values at every moment; else one at each"}},
            control=one_of(*VARIED),
            values={"type": "array", "items": NUMBER, "minItems": 2, "maxItems": MAX_VALUES},
        )
    ),
    "keep": maybe(
        record({"days": {"type": "integer", "minimum": 1}}, rule=one_of("all", "days", "thin")),
        "which shots stay; thin: half of the oldest go when the disk fills",
    ),
    "daily_film": maybe(FLAG, "a film of each day, once it is over"),
}
STATUS_SERIES = list_of(record(name=_NAME, state=_STATE, taken=COUNT, next=maybe(TIME))) | {
    "description": "those that run, or will"
}


def series_schemas() -> dict[str, Schema]:
    """By name."""
    shot = record(
        n=COUNT, time=TIME, due=TIME, bytes=COUNT, files=list_of(TEXT),
        metadata={"type": "object", "description": "what the camera said: libcamera's names and units"},
        vary={"type": "object", "description": "the controls that were this shot's own"},
    )  # fmt: skip
    place_of = record(n=COUNT, time=TIME)
    return {
        "SeriesDefinition": record(_FIELDS, name=_NAME),
        "SeriesSketch": record({**_FIELDS, "name": TEXT | {"description": "may be missing, empty or in use"}}),
        "SeriesChange": record({**_FIELDS, "name": _NAME}) | {"minProperties": 1},
        "SeriesOrder": record(do=one_of("start", "pause", "resume", "finish")),
        "Series": record(
            {"zone": ZONE}, name=_NAME, state=_STATE, why=maybe(TEXT, "why it failed, or takes no shots now"),
            since=TIME | {"description": "this state"}, kind=_KIND, created=TIME,
            taken=COUNT | {"description": "moments of which there is a shot"}, missed=COUNT,
            shots=COUNT | {"description": "that are kept"}, bytes=COUNT, first=maybe(place_of), last=maybe(place_of),
            next=maybe(TIME), ends=maybe(TIME), planned=maybe(COUNT, "moments in the end; null: it has none"),
            definition=record(_FIELDS, name=_NAME),
            forecast=record(bytes_per_day=maybe(COUNT), full=maybe(TIME, "when the disk is full; null: not before")),
        ),
        "SeriesList": record(series=list_of(ref("Series")), now=TIME, zone=ZONE),
        "SeriesPreview": record(
            {"zone": ZONE}, shots_per_day=NUMBER, shots=maybe(COUNT, "wanted; null: no number"),
            bytes_per_shot=maybe(COUNT, "null: there has been no picture to go by"), bytes_per_day=maybe(COUNT),
            full=maybe(TIME, "when the disk is full; null: not before it ends, or nobody knows"),
            next=list_of(TIME), ends=maybe(TIME, "null: never"),
        ),
        "Shots": record(shots=list_of(shot), rest=maybe(COUNT, "`start` of what follows; null: there are no more")),
        "Timeline": record(
            **{"from": TIME, "to": TIME}, step_s=NUMBER,
            taken=list_of(COUNT), missed=list_of(COUNT), planned=list_of(COUNT),
        ),
    }  # fmt: skip
