"""JSON schemas (draft 2020-12): short ways to write them, and those of the document by name."""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]

SCHEMAS: dict[str, Schema] = {}  # by name, see `define`

TEXT: Schema = {"type": "string"}
FLAG: Schema = {"type": "boolean"}
COUNT: Schema = {"type": "integer", "minimum": 0}
NUMBER: Schema = {"type": "number"}
TIME: Schema = {"type": "string", "format": "date-time", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$"}
ZONE = TEXT | {"description": "the time zone of the camera's clock: an IANA name, or a rule as POSIX writes it"}
FRAME: Schema = {"type": "string", "pattern": r"^camera_\d{8}T\d{6}\.\d{3}Z\.jpg$", "description": "a frame's name"}
SIZE: Schema = {"type": "array", "items": COUNT, "minItems": 2, "maxItems": 2, "description": "width, height in pixels"}


def ref(name: str) -> Schema:
    """One of the schemas under components."""
    return {"$ref": f"#/components/schemas/{name}"}


def maybe(schema: Schema, text: str = "") -> Schema:
    """The same, or null."""
    notes = {"description": text} if text else {}
    if isinstance(schema.get("type"), str):
        choices = {"enum": [*schema["enum"], None]} if "enum" in schema else {}
        return {**schema, "type": [schema["type"], "null"], **choices, **notes}
    return {"anyOf": [schema, {"type": "null"}], **notes}


def one_of(*values: str) -> Schema:
    """One of some texts."""
    return {"type": "string", "enum": list(values)}


def list_of(schema: Schema) -> Schema:
    """A list of any length."""
    return {"type": "array", "items": schema}


def record(optional: dict[str, Schema] | None = None, **properties: Schema) -> Schema:
    """An object with these properties and no others; all but the optional ones are required."""
    return {
        "type": "object",
        "properties": {**properties, **(optional or {})},
        "required": list(properties),
        "additionalProperties": False,
    }


def at_least(**properties: Schema) -> Schema:
    """An object with these properties, and maybe others."""
    return {"type": "object", "properties": properties, "required": list(properties)}


def define(**schemas: Schema) -> None:
    """Name schemas of the document: each file of routes does so for the JSON that its routes take and answer."""
    SCHEMAS.update(schemas)
