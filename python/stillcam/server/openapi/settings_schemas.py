"""The schemas of settings and controls, out of their tables."""

from __future__ import annotations

from typing import Any

from stillcam.server.openapi.shapes import FLAG, NUMBER, TEXT, Schema, maybe, record, ref
from stillcam.settings.controls import CONTROLS, LARGEST, Control
from stillcam.settings.document import MAX_ITEMS, MAX_TEXT, describe
from stillcam.settings.schema import SHARED_SECTIONS

# Sections that are shown to the owner only, and of several cameras for the first one only.
SOMETIMES = ("webhooks", "hooks", *SHARED_SECTIONS)
_SIDE: Schema = {"type": "integer", "minimum": 0, "maximum": LARGEST}
_RECTANGLE: Schema = {
    "type": "array", "items": _SIDE, "minItems": 4, "maxItems": 4,
    "description": "x, y, width, height in sensor pixels",
}  # fmt: skip
_CONTROLS_PATCH = maybe(ref("ControlsPatch"))
_PLAIN = {"bool": FLAG, "int": {"type": "integer"}, "float": NUMBER, "text": TEXT | {"maxLength": MAX_TEXT}}


def settings_schemas() -> dict[str, Schema]:
    """`Settings`, `SettingsPatch`, `Controls` and `ControlsPatch`, by name."""
    sections: dict[str, dict[str, Schema]] = {}
    for dotted, row in describe().items():
        section, _, name = dotted.partition(".")
        if name:
            sections.setdefault(section, {})[name] = _setting(row)
    patches = {
        section: maybe(record({name: _patch(section, name) for name in rows})) for section, rows in sections.items()
    }
    controls = {name: _control(control) for name, control in CONTROLS.items()}
    text = "a merge patch (RFC 7396): null goes back to the default"
    return {
        "Settings": record(
            {name: record(**sections[name]) for name in SOMETIMES},
            controls=ref("Controls"),
            **{name: record(**rows) for name, rows in sections.items() if name not in SOMETIMES},
        ),
        "SettingsPatch": record({**patches, "controls": _CONTROLS_PATCH, "version": {"const": 1}})
        | {"description": text},
        "Controls": record(controls) | {"description": "those that are set; the camera sees to the others"},
        "ControlsPatch": record({name: maybe(ref(f"Controls/properties/{name}")) for name in controls}),
    }


def _patch(section: str, name: str) -> Schema:
    return _CONTROLS_PATCH if name == "controls" else maybe(ref(f"Settings/properties/{section}/properties/{name}"))


def _setting(row: dict[str, Any]) -> Schema:
    if row["type"] == "controls":
        return ref("Controls")
    notes = {"description": row["text"], "default": row["default"]} | ({"x-unit": row["unit"]} if row["unit"] else {})
    if row["type"] == "choice":
        return {"enum": list(row["choices"]), **notes}
    if row["type"] == "list":
        return {"type": "array", "items": TEXT | {"maxLength": MAX_TEXT}, "maxItems": MAX_ITEMS, **notes}
    return _PLAIN[row["type"]] | _range(row["low"], row["high"]) | notes


def _control(control: Control) -> Schema:
    notes = {"description": control.text} | ({"x-unit": control.unit} if control.unit else {})
    within = _range(control.low, control.high)
    if control.type == "choice":
        return {"type": "string", "enum": [choice.value for choice in control.choices], **notes}
    if control.type == "crop":
        return _RECTANGLE | notes
    if control.type == "windows":
        return {"type": "array", "items": _RECTANGLE, "minItems": 1, "maxItems": int(control.high or 1), **notes}
    if control.type in ("pair", "matrix"):
        count = 2 if control.type == "pair" else 9
        return {"type": "array", "items": NUMBER | within, "minItems": count, "maxItems": count, **notes}
    return _PLAIN[control.type] | within | notes


def _range(low: float | None, high: float | None) -> Schema:
    return {name: value for name, value in (("minimum", low), ("maximum", high)) if value is not None}
