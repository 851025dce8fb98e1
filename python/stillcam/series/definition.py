"""The definition of a series: a JSON document, validated where it enters."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from stillcam.common.clock import zone_named
from stillcam.common.errors import SettingsError
from stillcam.common.formats import utc_text
from stillcam.common.validate import FLAG, choice_in, is_number, moment_in, number_in
from stillcam.series.exposure import (
    DEFAULT_GAIN,
    DEFAULT_STEP_EV,
    LEAST_LONGEST_S,
    MAX_LONGEST_S,
    Smooth,
    needed_s,
    with_limits,
)
from stillcam.series.schedule import Edge, Schedule, Window
from stillcam.settings.controls import CONTROLS

MAX_NAME, MAX_SHOTS, MAX_VALUES, MAX_DAYS = 60, 10_000_000, 100, 36_500
VARIED = ("LensPosition", "ExposureTime", "AnalogueGain", "ExposureValue")
_RETENTION = {"all": {"rule"}, "days": {"rule", "days"}, "thin": {"rule"}}  # the fields by rule
_FIELDS = {
    *("name", "interval_s", "start", "end", "shots", "marks", "weekdays", "window", "second_window"),
    *("place", "kind", "fixed", "smooth", "vary", "keep", "daily_film"),
}
_NAME = re.compile(r"[^\W_](?:[\w .-]*[\w-])?")  # names a folder, and is typed over SSH


@dataclass(frozen=True, slots=True)
class Variation:
    """A control that varies from shot to shot: a focus series, or an exposure bracket."""

    control: str
    values: tuple[float, ...]
    bracket: bool  # one shot of each value at every due time; otherwise one value at each, up to the last


@dataclass(frozen=True, slots=True)
class Retention:
    """Which shots of a series are kept.

    By the rule `all`; `days`: those of so many `days`; `thin`: once the disk is nearly full, every second one of the
    older half is deleted.
    """

    rule: str = "all"
    days: int = 0


@dataclass(frozen=True, slots=True)
class Definition:
    """A series as its owner wants it."""

    name: str  # of its folder, too
    schedule: Schedule
    kind: str = "photo"  # or `raw`: the configuration of its shots
    fixed: bool = False  # exposure and white balance stay as in the first shot, against flicker
    smooth: Smooth | None = None  # exposure and white balance follow the light from day to night without flicker
    variation: Variation | None = None
    retention: Retention = Retention()
    daily_film: bool = False  # make a film of every day

    @property
    def shots_at(self) -> tuple[dict[str, float], ...]:
        """The controls of each shot of one due time, if they are the same at every due time."""
        if self.variation and self.variation.bracket:
            values = self.variation.values
            # The exposure of a bracket is measured with its first picture, which is the one in the middle.
            ordered = sorted(values, key=abs) if self.variation.control == "ExposureValue" else values
            return tuple({self.variation.control: value} for value in ordered)
        return ({},)

    @property
    def smooth_within_interval(self) -> Smooth | None:
        """The options of a smooth exposure, with the longest exposure that the interval allows."""
        return self.smooth and with_limits(self.smooth, self.schedule.interval_ms)

    def controls_of(self, number: int) -> tuple[dict[str, float], ...]:
        """The controls of each shot of the due time with this number, from 0."""
        if self.variation and not self.variation.bracket:
            return ({self.variation.control: self.variation.values[min(number, len(self.variation.values) - 1)]},)
        return self.shots_at


def from_document(document: Any, now_ms: int, zone: str) -> Definition:
    """Validate a definition.

    Args:
        document: as `docs/reference/api.md` describes it; missing fields have their defaults.
        now_ms: ms since the epoch: the default start.
        zone: of the local clock, see `stillcam.common.clock`.

    Raises:
        SettingsError: names the field and the values that are allowed.
    """
    if not isinstance(document, Mapping):
        raise SettingsError('a series is an object like {"name": "Garden", "interval_s": 60}')
    if unknown := set(document) - _FIELDS:
        raise SettingsError(f"unknown field: known fields are {', '.join(sorted(_FIELDS))}", min(unknown, key=str))
    variation = _variation(document.get("vary"))
    shots = number_in(document, "shots", 1, MAX_SHOTS, whole=True)
    if variation and not variation.bracket:
        shots = min(shots or MAX_SHOTS, len(variation.values))
    schedule = Schedule(
        interval_ms=round((number_in(document, "interval_s", 1, 86400) or 60.0) * 1000),
        starts_ms=moment_in(document, "start", zone) or now_ms,
        ends_ms=moment_in(document, "end", zone),
        shots=int(shots) if shots else None,
        marks=choice_in(document, "marks", FLAG),
        weekdays=_weekdays(document.get("weekdays")),
        window=_window(document, "window"),
        second_window=_window(document, "second_window"),
        place=_place(document.get("place")),
        zone=zone_named(zone),
    )
    if schedule.ends_ms is not None and schedule.ends_ms <= schedule.starts_ms:
        raise SettingsError("the end must come after the start", "plan")
    if schedule.second_window and not schedule.window:
        raise SettingsError("needs a first one: set window", "second_window")
    edges = (*(schedule.window or ()), *(schedule.second_window or ()))
    if any(edge.sun for edge in edges) and schedule.place is None:
        raise SettingsError("sunrise and sunset need the place: its latitude and longitude", "plan")
    smooth = _smooth(document.get("smooth"), schedule.interval_ms / 1000)
    if smooth and (document.get("fixed") or (variation and variation.control != "LensPosition")):
        raise SettingsError("smooth exposure excludes fixed exposure, and one that varies", "smooth")
    return Definition(
        name=check_name(document.get("name")),
        schedule=schedule,
        kind=choice_in(document, "kind", ("photo", "raw")),
        fixed=choice_in(document, "fixed", FLAG),
        smooth=smooth,
        variation=variation,
        retention=_retention(document.get("keep")),
        daily_film=choice_in(document, "daily_film", FLAG),
    )


def to_document(definition: Definition) -> dict[str, Any]:
    """The complete document, from which `from_document` makes the same definition at any time."""
    schedule, vary, retention = definition.schedule, definition.variation, definition.retention
    seconds, millis = divmod(schedule.interval_ms, 1000)
    return {
        "name": definition.name,
        "interval_s": schedule.interval_ms / 1000 if millis else seconds,
        "start": utc_text(schedule.starts_ms / 1000),
        "end": None if schedule.ends_ms is None else utc_text(schedule.ends_ms / 1000),
        "shots": schedule.shots,
        "marks": schedule.marks,
        "weekdays": sorted(schedule.weekdays),
        **{
            name: window and {"from": str(window[0]), "to": str(window[1])}
            for name, window in (("window", schedule.window), ("second_window", schedule.second_window))
        },
        "place": schedule.place and {"latitude": schedule.place[0], "longitude": schedule.place[1]},
        "kind": definition.kind,
        "fixed": definition.fixed,
        "smooth": definition.smooth and asdict(definition.smooth) | {"longest_s": definition.smooth.longest_s or None},
        "vary": vary and asdict(vary) | {"values": list(vary.values)},
        "keep": {name: value for name, value in asdict(retention).items() if name in _RETENTION[retention.rule]},
        "daily_film": definition.daily_film,
    }


def check_name(name: Any) -> str:
    """Check that a series, and its folder, can have this name; SettingsError: it cannot."""
    if not isinstance(name, str) or len(name) > MAX_NAME or not _NAME.fullmatch(name) or not name.isprintable():
        raise SettingsError(
            f"must have 1 to {MAX_NAME} characters: letters and digits, with spaces, dots and hyphens between", "name"
        )
    return name


def _weekdays(value: Any) -> frozenset[int]:
    if value is None:
        return frozenset(range(7))
    if not isinstance(value, list) or not all(type(day) is int and 0 <= day <= 6 for day in value) or not value:
        raise SettingsError("must be a list of days, 0 for Monday to 6 for Sunday", "weekdays")
    return frozenset(value)


def _window(document: Mapping[str, Any], name: str) -> Window | None:
    value = document.get(name)
    if value is None:
        return None
    if not isinstance(value, Mapping) or set(value) != {"from", "to"}:
        raise SettingsError('must be like {"from": "08:00", "to": "sunset+00:30"}', name)
    try:
        return Edge.parse(str(value["from"])), Edge.parse(str(value["to"]))
    except ValueError as error:
        raise SettingsError(str(error), name) from error


def _place(value: Any) -> tuple[float, float] | None:
    if value is None:
        return None
    if not isinstance(value, Mapping) or set(value) != {"latitude", "longitude"}:
        raise SettingsError('must be like {"latitude": 48.1, "longitude": 11.6}', "place")
    latitude, longitude = number_in(value, "latitude", -90, 90), number_in(value, "longitude", -180, 180)
    if latitude is None or longitude is None:
        raise SettingsError("both are needed", "place")
    return latitude, longitude


def _smooth(value: Any, interval_s: float) -> Smooth | None:
    if value is None:
        return None
    if not isinstance(value, Mapping) or set(value) - {"brightness", "longest_s", "gain", "step_ev"}:
        raise SettingsError('must be like {"longest_s": 5, "gain": 8}', "smooth")

    def number(name: str, low: float, high: float) -> float | None:
        try:
            return number_in(value, name, low, high)
        except SettingsError as error:
            raise SettingsError(f"{name} {error}", "smooth") from error

    longest_s = number("longest_s", 0.001, MAX_LONGEST_S)
    if longest_s and longest_s > LEAST_LONGEST_S and needed_s(longest_s) > interval_s:
        raise SettingsError(
            f"an exposure of {longest_s:g} s needs an interval of at least {needed_s(longest_s):g} s", "smooth"
        )
    return Smooth(
        brightness=number("brightness", 0.02, 0.95),
        longest_s=longest_s or 0.0,
        gain=number("gain", 1, 64) or DEFAULT_GAIN,
        step_ev=number("step_ev", 0.02, 2) or DEFAULT_STEP_EV,
    )


def _variation(value: Any) -> Variation | None:
    if value is None:
        return None
    if not isinstance(value, Mapping) or set(value) - {"control", "values", "bracket"}:
        raise SettingsError('must be like {"control": "LensPosition", "values": [0, 1, 2], "bracket": false}', "vary")
    control, values = value.get("control"), value.get("values")
    if control not in VARIED:
        raise SettingsError(f"control must be one of {', '.join(VARIED)}", "vary")
    if not isinstance(values, list) or not 1 < len(values) <= MAX_VALUES:
        raise SettingsError(f"values must be a list of 2 to {MAX_VALUES} numbers", "vary")
    low, high = CONTROLS[control].low, CONTROLS[control].high
    assert low is not None
    assert high is not None
    if not all(is_number(number) and low <= number <= high for number in values):
        raise SettingsError(f"{control} must be a number from {low} to {high}", "vary")
    return Variation(control, tuple(map(float, values)), choice_in(value, "bracket", FLAG))


def _retention(value: Any) -> Retention:
    if value is None:
        return Retention()
    if not isinstance(value, Mapping) or value.get("rule") not in tuple(_RETENTION):
        raise SettingsError('must be like {"rule": "days", "days": 30}; a rule is all, days or thin', "keep")
    if set(value) != _RETENTION[value["rule"]]:
        raise SettingsError("days are required with the rule days, and allowed only with it", "keep")
    return Retention(value["rule"], int(number_in(value, "days", 1, MAX_DAYS, whole=True) or 0))
