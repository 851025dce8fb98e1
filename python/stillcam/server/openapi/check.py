"""Checks of a request against the schemas that OpenAPI names: those parts of JSON Schema that our requests use.

Lengths are not checked here: accounts and backups have their own rules of what a name or a password may be.
"""

from __future__ import annotations

import re
from typing import Any

from stillcam.http.messages import Refused
from stillcam.server.openapi.shapes import Schema

_WHOLE = re.compile(r"[0-9]{1,10}", re.ASCII)
_DECIMAL = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?", re.ASCII)
_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "boolean": (bool,),
    "integer": (int, float),
    "number": (int, float),
    "array": (list,),
    "null": (type(None),),
}


def check_query(name: str, text: str, schema: Schema, error: str = "") -> None:
    """Raise Refused (400) if a value in the query of an address is wrong.

    Args:
        name: the parameter's.
        text: its value.
        schema: the parameter's.
        error: what is answered; empty: a text made of the schema.
    """
    value: Any = text
    kind = schema.get("type")
    if kind in ("integer", "number"):
        pattern = _WHOLE if kind == "integer" else _DECIMAL
        value = float(text) if pattern.fullmatch(text) else None
    if not _fits(value, schema):
        raise Refused(400, error or f"{name} {_expected(schema)}", name)


def check_body(document: dict[str, Any], schema: Schema) -> None:
    """Raise Refused (422) if a field of a request is unknown, missing or wrong, or there is none; it names the field.

    Args:
        document: the JSON object of the request.
        schema: made by `record`.
    """
    properties: dict[str, Schema] = schema["properties"]
    for name, value in document.items():
        if name not in properties:
            raise Refused(422, f"unknown field: known fields are {', '.join(properties)}", name)
        if value is None and not _fits(None, properties[name]):
            raise Refused(422, "must not be null", name)
        if not _fits(value, properties[name]):
            raise Refused(422, _expected(properties[name]), name)
    for name in schema["required"]:
        if name not in document:
            raise Refused(422, "is missing", name)
    if len(document) < schema.get("minProperties", 0):
        raise Refused(422, f"nothing to change: send {_alternatives(list(properties))}")


def _fits(value: Any, schema: Schema) -> bool:
    kinds = schema.get("type", ())
    kinds = (kinds,) if isinstance(kinds, str) else kinds
    if kinds and not any(_is_a(kind, value) for kind in kinds):
        return False
    if isinstance(value, list):
        items = schema.get("items", {})
        return len(value) >= schema.get("minItems", 0) and all(_fits(item, items) for item in value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        if "integer" in kinds and value % 1:
            return False
        return bool(schema.get("minimum", value) <= value <= schema.get("maximum", value))
    if isinstance(value, str) and not re.fullmatch(schema.get("pattern", ".*"), value, re.ASCII | re.DOTALL):
        return False
    return value is None or "enum" not in schema or value in schema["enum"]


def _is_a(kind: str, value: Any) -> bool:
    return isinstance(value, _TYPES[kind]) and isinstance(value, bool) == (kind == "boolean")  # True is no number


def _expected(schema: Schema) -> str:
    """What would be right, as the rest of a sentence."""
    if "enum" in schema:
        return f"must be {_alternatives([choice for choice in schema['enum'] if choice is not None])}"
    kinds = schema.get("type", [])
    if "boolean" in kinds:
        return "must be true or false"
    if "array" in kinds:
        return "must be a list of texts, and not empty"
    if "integer" in kinds or "number" in kinds:
        whole = "whole " if "integer" in kinds else ""
        if "maximum" in schema:
            return f"must be a {whole}number from {schema.get('minimum', 0):g} to {schema['maximum']:.10g}"
        return f"must be a {whole}number"
    return f"must match {schema['pattern']}" if "pattern" in schema else "must be a text"


def _alternatives(choices: list[str]) -> str:
    return " or ".join(filter(None, (", ".join(choices[:-1]), choices[-1])))
