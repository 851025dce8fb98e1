"""Validation of control values against the table of controls."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from stillcam.common.errors import SettingsError
from stillcam.common.validate import is_number
from stillcam.settings.controls import CONTROLS, LARGEST, Control, Values

SMALLEST_CROP = 64  # sensor pixels: the Pi's ISP takes no less


def check_controls(values: Any, field: str = "controls") -> Values:
    """Validate values of controls, each by itself and then together. The driver decides later whether it can set them.

    Returns:
        the same, each value in the type of its control; rectangles, pairs and matrices as lists.

    Raises:
        SettingsError: names the control, below `field`, and says what is expected.
    """
    if not isinstance(values, Mapping):
        raise SettingsError('must be an object like {"ExposureTime": 10000}', field)
    checked = {}
    for name, value in values.items():
        dotted = f"{field}.{name}"
        control = CONTROLS.get(name)
        if control is None:
            raise SettingsError(f"unknown control{did_you_mean(name, CONTROLS)}", dotted)
        checked[name] = _value(control, value, dotted)
    _check_together(checked, field)
    return checked


def did_you_mean(name: object, known: Collection[str]) -> str:
    """The end of an error about an unknown name: the most similar known one, or all of them."""
    from difflib import get_close_matches

    close = get_close_matches(str(name), known, 1)
    return f": did you mean {close[0]!r}?" if close else f": known names are {', '.join(known)}"


def effective(values: Values) -> Values:
    """The values that take effect: not those of what an automatic algorithm controls."""
    return {name: value for name, value in values.items() if not _overridden(name, values)}


def _overridden(name: str, values: Values) -> bool:
    other = CONTROLS[name].overridden_by
    return other is not None and values.get(other.control) in other.values


def _check_together(values: Values, field: str) -> None:
    for name, value in values.items():
        control = CONTROLS[name]
        if set(control.needs) <= set(values) or (control.type == "bool" and value):
            continue
        others = " and ".join(control.needs)
        if control.type == "bool":
            are = "is" if len(control.needs) == 1 else "are"
            raise SettingsError(f"must stay on until {others} {are} set", f"{field}.{name}")
        raise SettingsError(f"has no effect without {others}: set that too", f"{field}.{name}")


def _value(control: Control, value: Any, dotted: str) -> Any:
    if control.type == "bool":
        if not isinstance(value, bool):
            raise SettingsError("must be true or false", dotted)
        return value
    if control.type == "choice":
        if value not in [choice.value for choice in control.choices]:
            raise SettingsError(f"must be one of {', '.join(choice.value for choice in control.choices)}", dotted)
        return value
    if control.type == "crop":
        return _rectangle(value, dotted)
    if control.type == "windows":
        most = control.high or 1
        if not isinstance(value, list | tuple) or not 1 <= len(value) <= most:
            raise SettingsError(f"must be a list of at most {most:g} rectangles like [[0, 0, 640, 480]]", dotted)
        return [_rectangle(window, dotted) for window in value]
    if control.type in ("pair", "matrix"):
        return _numbers(control, value, 2 if control.type == "pair" else 9, dotted)
    return _number(control, value, dotted)


def _number(control: Control, value: Any, dotted: str) -> float:
    whole = control.type == "int" or control.name == "FrameDurationLimits"
    if not is_number(value) or (whole and value % 1):
        raise SettingsError(f"must be a {'whole ' if whole else ''}number", dotted)
    assert control.low is not None
    assert control.high is not None
    if not control.low <= value <= control.high:
        unit = f" {control.unit}" if control.unit else ""
        raise SettingsError(f"must be from {control.low:.10g} to {control.high:.10g}{unit}, not {value:.10g}", dotted)
    return int(value) if whole else float(value)


def _numbers(control: Control, value: Any, count: int, dotted: str) -> list[float]:
    if not isinstance(value, list | tuple) or len(value) != count:
        raise SettingsError(f"must be a list of {count} numbers", dotted)
    numbers = [_number(control, number, dotted) for number in value]
    if control.name == "FrameDurationLimits" and numbers[0] > numbers[1]:
        raise SettingsError("must be the shortest time, then the longest", dotted)
    return numbers


def _rectangle(value: Any, dotted: str) -> list[int]:
    right = isinstance(value, list | tuple) and len(value) == 4 and all(is_number(side) for side in value)
    if not right or any(side % 1 for side in value):
        raise SettingsError("must be x, y, width, height in whole sensor pixels", dotted)
    x, y, width, height = map(int, value)
    if min(x, y) < 0 or min(width, height) < SMALLEST_CROP or max(x + width, y + height) > LARGEST:
        raise SettingsError(f"must lie on the sensor, and be at least {SMALLEST_CROP} pixels wide and high", dotted)
    return [x, y, width, height]
