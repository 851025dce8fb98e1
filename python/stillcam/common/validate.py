"""Checks of the fields of a JSON document that somebody has sent; what is wrong is named by its field."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from stillcam.common.errors import SettingsError
from stillcam.common.time_zone import zone_named

YEARS = range(2000, 2200)  # of which times may be


def number_in(document: Mapping[str, Any], name: str, low: float, high: float, whole: bool = False) -> float | None:
    """The number in a field; None where there is none.

    Raises:
        SettingsError: it is none, or out of range.
    """
    value = document.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise SettingsError(f"must be a number from {low:g} to {high:g}", name)
    if whole and value != int(value):
        raise SettingsError("must be a whole number", name)
    return float(value)


def choice_in(document: Mapping[str, Any], name: str, choices: tuple[Any, ...], default: Any) -> Any:
    """The value of a field, which is one of some.

    Raises:
        SettingsError: it is not.
    """
    value = document.get(name, default)
    if not any(value == one and type(value) is type(one) for one in choices):
        raise SettingsError(f"must be one of {', '.join(json.dumps(one) for one in choices)}", name)
    return value


def moment_in(document: Mapping[str, Any], name: str, zone: str) -> int | None:
    """The time in a field, in ms since the epoch; without an offset it is the local clock's. None where there is none.

    Args:
        zone: of the local clock, see `stillcam.common.time_zone`.

    Raises:
        SettingsError: it is none.
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
