"""Settings as JSON: validated, written in full, patched, and described.

Every value is validated against the table in `schema`, whether it comes from the file, the page or another program.
"""

import json
from collections.abc import Callable
from dataclasses import Field, fields, is_dataclass
from functools import cache
from typing import Any, cast

from stillcam.common.errors import SettingsError
from stillcam.common.validate import is_number
from stillcam.settings.control_values import check_controls, did_you_mean
from stillcam.settings.controls import Values
from stillcam.settings.schema import Settings, default_of, setting_fields

VERSION = 1
MAX_TEXT = 400  # characters; a zone with the most corners has up to 391
MAX_ITEMS = 64  # in a list


def from_json(document: Any) -> Settings:
    """Validate a parsed settings document, and fill in the defaults.

    Raises:
        SettingsError: names the field, and says what is expected.
    """
    if not isinstance(document, dict):
        raise SettingsError('the settings must be an object like {"version": 1, "snapshot": {"interval_s": 2}}')
    version = document.get("version", VERSION)
    if version != VERSION or isinstance(version, bool):
        raise SettingsError(f"version {version!r} is not supported: this Stillcam reads version {VERSION}", "version")
    sections = _fields(Settings)
    for name, content in document.items():
        if name != "version" and name not in sections:
            raise SettingsError(f"unknown section{did_you_mean(name, sections)}", str(name))
        if name != "version" and not isinstance(content, dict):
            raise SettingsError(f"must be an object, not {_short(content)}", name)
    document = _renamed(document)
    settings = Settings(**{name: _section(name, item, document.get(name, {})) for name, item in sections.items()})
    _check_place(settings)
    return settings


def to_json(settings: Settings) -> dict[str, Any]:
    """All settings as a document for `from_json`, with lists instead of tuples."""
    return {"version": VERSION, **{name: section_to_json(settings, name) for name in _fields(Settings)}}


def section_to_json(settings: Settings, name: str) -> Any:
    """One section of `to_json`."""
    section = getattr(settings, name)
    kind: Any = type(section)
    has_fields = is_dataclass(section)
    content = {field: getattr(section, field) for field in _fields(kind)} if has_fields else section
    return json.loads(json.dumps(content))


def patched(settings: Settings, patch: Any) -> Settings:
    """`settings` with a merge patch (RFC 7396) applied: null means back to the default.

    Raises:
        SettingsError: names the field, and says what is expected.
    """
    return from_json(_merged(to_json(settings), patch))


@cache
def _fields(kind: Any) -> dict[str, Field[Any]]:
    """The fields of a dataclass by name.

    `fields` and `asdict` make a tuple of a generator for each class at each call. Every such tuple leaves one more in
    Python's free list for tuples of its length, which keeps up to 2,000 of each: in an armed daemon 4 kB an event.
    """
    return {item.name: item for item in fields(kind)}


def describe() -> dict[str, dict[str, Any]]:
    """The table for other programs: dotted name -> type, default, low, high, choices, unit, text."""
    return {
        name: {
            "type": "choice" if item.metadata["choices"] else _KINDS[cast(type, item.type)][0],
            "default": list(default) if isinstance(default := default_of(item), tuple) else default,
            **{key: item.metadata[key] for key in ("low", "high", "choices", "unit", "text")},
        }
        for name, item in setting_fields()
    }


def _renamed(document: dict[str, Any]) -> dict[str, Any]:
    """`document` with the names of today for those of older versions: the place was a part of `motion`."""
    motion = document.get("motion", {})
    old = {name: motion[name] for name in ("latitude", "longitude") if name in motion}
    if not old:
        return document
    rest = {name: value for name, value in motion.items() if name not in old}
    return {**document, "motion": rest, "place": {**document.get("place", {}), **old}}


def _check_place(settings: Settings) -> None:
    """Refuse sunrise and sunset without a place for them."""
    if settings.place.known:
        return
    motion = settings.motion
    for name, time in (("active_from", motion.active_from), ("active_to", motion.active_to)):
        if time.startswith("sun"):
            text = f"{time} needs the place of the camera: set place.latitude and place.longitude, too"
            raise SettingsError(text, f"motion.{name}")


def _section(section: str, row: Field[Any], content: dict[str, Any]) -> Any:
    if not is_dataclass(row.type):
        return _value(section, row, content)
    kind = cast(type, row.type)
    known = _fields(kind)
    values = {}
    for name, value in content.items():
        dotted = f"{section}.{name}"
        if name not in known:
            raise SettingsError(f"unknown setting{did_you_mean(name, known)}", dotted)
        values[name] = _value(dotted, known[name], value)
    return kind(**values)


# The name of a field's type in the API, a text for what is expected, and the check of a value.
_KINDS: dict[Any, tuple[str, str, Callable[[Any], bool]]] = {
    bool: ("bool", "true or false", lambda value: isinstance(value, bool)),
    int: ("int", "a whole number", lambda value: isinstance(value, int) and not isinstance(value, bool)),
    float: ("float", "a number", is_number),
    str: ("text", "a text", lambda value: isinstance(value, str)),
    tuple[str, ...]: (
        "list", "a list of texts",
        lambda value: isinstance(value, list | tuple) and all(isinstance(item, str) for item in value),
    ),
    Values: ("controls", "an object of controls", lambda value: isinstance(value, dict)),
}  # fmt: skip


def _value(dotted: str, item: Field[Any], value: Any) -> Any:
    """`value` in the type of `item`, or a SettingsError."""
    low, high, choices, unit, check = (item.metadata[key] for key in ("low", "high", "choices", "unit", "check"))
    _, expected, right = _KINDS[item.type]
    if not right(value):
        raise SettingsError(f"must be {expected}, not {_short(value)}", dotted)
    if item.type == Values:
        return check_controls(value, dotted)
    if choices and value not in choices:
        raise SettingsError(f"must be one of {', '.join(map(str, choices))}, not {_short(value)}", dotted)
    if low is not None and not low <= value <= high:
        suffix = f" {unit}" if unit else ""
        raise SettingsError(f"must be from {low:g} to {high:g}{suffix}, not {_short(value)}", dotted)
    if check and low is not None and (wrong := check(value)):
        raise SettingsError(f"{wrong}, not {_short(value)}", dotted)
    if isinstance(value, list | tuple) and len(value) > MAX_ITEMS:
        raise SettingsError(f"must have at most {MAX_ITEMS} items", dotted)
    for text in value if isinstance(value, list | tuple) else [value] if isinstance(value, str) else []:
        if wrong := _wrong_text(text) or (check and check(text)):
            raise SettingsError(f"{wrong}, not {_short(text)}", dotted)
    return float(value) if item.type is float else tuple(value) if isinstance(value, list) else value


def _wrong_text(text: str) -> str | None:
    if len(text) > MAX_TEXT:
        return f"must have at most {MAX_TEXT} characters"
    return None if text.isprintable() else "must be printable"


def _merged(target: Any, patch: Any) -> Any:
    """RFC 7396, section 2."""
    if not isinstance(patch, dict):
        return patch
    merged = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = _merged(merged.get(name), value)
    return merged


def _short(value: Any) -> str:
    """A value for an error, which may be logged. An address may hold a secret: only its scheme is shown."""
    text = json.dumps(value, default=str)
    if "://" in text:
        text = f"{text.partition('://')[0]}://..."
    return text if len(text) <= 40 else text[:37] + "..."
