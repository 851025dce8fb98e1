"""Validation of values from JSON: numbers, and the fields of a document. An error names the field."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from stillcam.common.clock import zone_named
from stillcam.common.errors import SettingsError

YEARS = range(2000, 2200)  # of which times may be
FLAG = (False, True)  # the choices of a field that is off by default


def is_number(value: Any) -> bool:
    """Whether a value from JSON is a finite number."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e300


def number_error(value: Any, low: float, high: float, *, whole: bool = False) -> str | None:
    """What is wrong with a number; None: nothing. It must be from `low` to `high`, and without fraction if `whole`."""
    if is_number(value) and not (whole and value % 1) and low <= value <= high:
        return None
    return f"must be a {'whole ' if whole else ''}number from {low:g} to {high:g}"


def number_in(document: Mapping[str, Any], name: str, low: float, high: float, whole: bool = False) -> float | None:
    """The number in a field; None: the field is missing or null.

    Raises:
        SettingsError: it is no number, or out of range.
    """
    value = document.get(name)
    if value is None:
        return None
    if error := number_error(value, low, high, whole=whole):
        raise SettingsError(error, name)
    return float(value)


def choice_in(document: Mapping[str, Any], name: str, choices: tuple[Any, ...]) -> Any:
    """The value of a field that must be one of `choices`; the first of them if the field is missing.

    Raises:
        SettingsError: it is another one.
    """
    value = document.get(name, choices[0])
    if not any(value == one and type(value) is type(one) for one in choices):
        raise SettingsError(f"must be one of {', '.join(json.dumps(one) for one in choices)}", name)
    return value


def moment_in(document: Mapping[str, Any], name: str, zone: str) -> int | None:
    """The time in a field, in ms since the epoch; None: the field is missing or null.

    A time without an offset is local; `zone` is the local one, see `stillcam.common.clock`.

    Raises:
        SettingsError: it is no time.
    """
    value = document.get(name)
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=zone_named(zone))
        if moment.year not in YEARS:
            raise ValueError(f"no year of ours: {moment.year}")  # calendars end, and days are counted one by one
        return round(moment.timestamp() * 1000)
    except (TypeError, ValueError, OverflowError) as error:
        raise SettingsError("must be a time like 2026-11-20T08:30", name) from error
