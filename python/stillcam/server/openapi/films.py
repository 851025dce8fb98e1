"""The schemas of films."""

from __future__ import annotations

from stillcam.films.order import DEFAULT_FPS, FPS, KINDS, WIDTHS
from stillcam.films.record import STATES
from stillcam.series.definition import MAX_NAME
from stillcam.server.openapi.shapes import (
    COUNT,
    FLAG,
    NUMBER,
    SIZE,
    TEXT,
    TIME,
    Schema,
    list_of,
    maybe,
    one_of,
    record,
    ref,
)

_KIND = one_of(*KINDS)
_SERIES = maybe({"type": "string", "minLength": 1, "maxLength": MAX_NAME}, "whose pictures; null: the library's")
_MOMENT = TEXT | {"examples": ["2026-11-20T08:30"]}
_CROP: Schema = {"type": "array", "items": {"type": "number", "minimum": 0, "maximum": 1}, "minItems": 4, "maxItems": 4}
_FPS: Schema = {"type": "integer", "minimum": FPS[0], "maximum": FPS[1]}
_WIDTH = maybe({"type": "integer", "minimum": WIDTHS[0], "maximum": WIDTHS[1]}, "pixels; null: as taken")
_ORDER: dict[str, Schema] = {
    "kind": maybe(_KIND, "film"),
    "series": _SERIES,
    "fps": maybe(_FPS, f"pictures a second, of a film; {DEFAULT_FPS}"),
    "width": _WIDTH,
    "crop": maybe(_CROP, "x, y, width, height as fractions of the picture; null: all of it"),
    "deflicker": maybe(FLAG, "small steps of brightness are evened out; of a film"),
    "stamp": maybe(FLAG, "each picture shows its date and time; of a film"),
    "from": maybe(_MOMENT, "the first moment; without an offset by the local clock"),
    "to": maybe(_MOMENT, "the last moment"),
}


def film_schemas() -> dict[str, Schema]:
    """By name."""
    made = {name: _ORDER[name] for name in ("fps", "deflicker", "stamp")}
    ordered = {"width": _WIDTH, "crop": _ORDER["crop"], "from": maybe(TIME), "to": maybe(TIME)}
    day = maybe(TEXT, "the local day that it is made of by itself; null: it was ordered")
    return {
        "FilmOrder": record(_ORDER),
        "Film": record(
            id=TEXT, kind=_KIND, series=_SERIES, state=one_of(*STATES), progress=NUMBER | {"minimum": 0, "maximum": 1},
            left_s=maybe(NUMBER, "seconds; null: nobody knows yet"), error=maybe(TEXT, "why it failed"),
            made=maybe(TIME), bytes=maybe(COUNT), duration_s=maybe(NUMBER), pictures=maybe(COUNT),
            skipped=maybe(COUNT, "pictures that could not be read"),
            left_out=maybe(list_of(TEXT), "the first of these by name, each with the reason"), size=maybe(SIZE),
            order=record(made, **ordered, day=day),
        ),
        "Films": record(films=list_of(ref("Film"))),
    }  # fmt: skip
