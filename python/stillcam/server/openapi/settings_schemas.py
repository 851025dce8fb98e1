"""The schemas of settings and controls, out of their tables."""

from __future__ import annotations

from typing import Any

from stillcam.server.openapi.shapes import Schema, Shape, maybe, record, shape
from stillcam.settings.controls import CONTROLS, LARGEST, Control
from stillcam.settings.document import MAX_ITEMS, MAX_TEXT, describe
from stillcam.settings.schema import SHARED_SECTIONS

# Sections that are shown to the owner only, and of several cameras for the first one only.
SOMETIMES = ("webhooks", "notifications", "hooks", *SHARED_SECTIONS)
_SIDE: Schema = {"type": "integer", "minimum": 0, "maximum": LARGEST}
_RECTANGLE: Schema = {
    "type": "array", "items": _SIDE, "minItems": 4, "maxItems": 4,
    "description": "x, y, width, height in sensor pixels",
}  # fmt: skip
_TEXT = shape("text", maxLength=MAX_TEXT)
_PLAIN = {"bool": shape("flag"), "int": {"type": "integer"}, "float": shape("number"), "text": _TEXT}


def settings_schemas() -> dict[str, Schema]:
    """`Settings`, `SettingsPatch`, `StampPatch`, `Controls` and `ControlsPatch`, by name."""
    sections: dict[str, dict[str, Shape]] = {}
    for dotted, row in describe().items():
        section, _, name = dotted.partition(".")
        if name:
            sections.setdefault(section, {})[name] = _setting(row)
    patches: dict[str, Shape] = {
        section: maybe(record({name: _patch(section, name) for name in rows})) for section, rows in sections.items()
    }
    controls: dict[str, Shape] = {name: _control(control) for name, control in CONTROLS.items()}
    return {
        "Settings": record(
            {name: record(**sections[name]) for name in SOMETIMES},
            controls="Controls",
            **{name: record(**rows) for name, rows in sections.items() if name not in SOMETIMES},
        ),
        "SettingsPatch": shape(
            record({**patches, "controls": "ControlsPatch?", "version": {"const": 1}}),
            "a merge patch (RFC 7396): null goes back to the default",
        ),
        "StampPatch": record({name: _patch("stamp", name) for name in sections["stamp"]}),
        "Controls": shape(record(controls), "controls that are set; the others are left to the camera"),
        "ControlsPatch": record({name: f"Controls/properties/{name}?" for name in controls}),
    }


def _patch(section: str, name: str) -> str:
    return "ControlsPatch?" if name == "controls" else f"Settings/properties/{section}/properties/{name}?"


def _setting(row: dict[str, Any]) -> Shape:
    if row["type"] == "controls":
        return "Controls"
    notes = _notes(row["text"], row["unit"]) | {"default": row["default"]}
    if row["type"] == "choice":
        return {"enum": list(row["choices"]), **notes}
    if row["type"] == "list":
        return {"type": "array", "items": _TEXT, "maxItems": MAX_ITEMS, **notes}
    return _PLAIN[row["type"]] | _range(row["low"], row["high"]) | notes


def _control(control: Control) -> Schema:
    notes, limits = _notes(control.text, control.unit), _range(control.low, control.high)
    if control.type == "choice":
        return {"type": "string", "enum": [choice.value for choice in control.choices], **notes}
    if control.type == "crop":
        return _RECTANGLE | notes
    if control.type == "windows":
        return {"type": "array", "items": _RECTANGLE, "minItems": 1, "maxItems": int(control.high or 1), **notes}
    if control.type in ("pair", "matrix"):
        count = 2 if control.type == "pair" else 9
        return {"type": "array", "items": shape("number", **limits), "minItems": count, "maxItems": count, **notes}
    return _PLAIN[control.type] | limits | notes


def _notes(text: str, unit: str) -> Schema:
    return {"description": text} | ({"x-unit": unit} if unit else {})


def _range(low: float | None, high: float | None) -> Schema:
    return {name: value for name, value in (("minimum", low), ("maximum", high)) if value is not None}
