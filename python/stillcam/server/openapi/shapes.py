"""JSON schemas (draft 2020-12): short ways to write them, and those of the document by name.

A schema is written out, or named: by a name of `_NAMED`, or of another schema of the document. A question mark behind
a name allows null, and brackets make a list: `count?`, `User[]`, `text[]?`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

Schema = dict[str, Any]
Shape = Schema | str  # a schema, or its name

SCHEMAS: dict[str, Schema] = {}  # of the document, by name: see `define`

TEXT: Schema = {"type": "string"}
_COUNT: Schema = {"type": "integer", "minimum": 0}
_NAMED: dict[str, Schema] = {
    "text": TEXT,
    "flag": {"type": "boolean"},
    "count": _COUNT,
    "number": {"type": "number"},
    "object": {"type": "object"},
    "time": {"type": "string", "format": "date-time", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$"},
    "zone": TEXT | {"description": "the time zone of the camera's clock: an IANA name, or a rule as POSIX writes it"},
    "frame": TEXT | {"pattern": r"^camera_\d{8}T\d{6}\.\d{3}Z\.jpg$", "description": "a frame's name"},
    "size": {
        "type": "array", "items": _COUNT, "minItems": 2, "maxItems": 2, "description": "width, height in pixels",
    },
}  # fmt: skip


def shape(base: Shape, text: str = "", **more: Any) -> Schema:
    """The schema of that name, or the same one, with a description (`text`) and further keywords of JSON Schema."""
    notes = ({"description": text} if text else {}) | more
    schema = _named(base) if isinstance(base, str) else base
    return schema | notes if notes else schema


@cache  # hundreds of properties share a few schemas, which nothing changes
def _named(name: str) -> Schema:
    if name.endswith("?"):
        return maybe(name[:-1])
    if name.endswith("[]"):
        return list_of(name[:-2])
    return _NAMED.get(name) or {"$ref": f"#/components/schemas/{name}"}


def maybe(base: Shape, text: str = "") -> Schema:
    """The same, or null."""
    schema, notes = shape(base), {"description": text} if text else {}
    if isinstance(schema.get("type"), str):
        choices = {"enum": [*schema["enum"], None]} if "enum" in schema else {}
        return {**schema, "type": [schema["type"], "null"], **choices, **notes}
    return {"anyOf": [schema, {"type": "null"}], **notes}


def one_of(*values: str) -> Schema:
    """One of some texts."""
    return {"type": "string", "enum": list(values)}


def list_of(items: Shape) -> Schema:
    """A list of any length."""
    return {"type": "array", "items": shape(items)}


def map_of(values: Shape, text: str) -> Schema:
    """An object with any properties; `text` says by what."""
    return {"type": "object", "additionalProperties": shape(values), "description": text}


def record(optional: Mapping[str, Shape] | None = None, /, **properties: Shape) -> Schema:
    """An object with these properties and no others; all but the optional ones are required."""
    everything = {**properties, **(optional or {})}
    return {
        "type": "object",
        "properties": {name: shape(one) for name, one in everything.items()},
        "required": list(properties),
        "additionalProperties": False,
    }


def at_least(**properties: Shape) -> Schema:
    """An object with these properties, and maybe others."""
    described = {name: shape(one) for name, one in properties.items()}
    return {"type": "object", "properties": described, "required": list(properties)}


def define(**schemas: Schema) -> None:
    """Name schemas of the document: each file of routes does so for the JSON that its routes take and answer."""
    SCHEMAS.update(schemas)
