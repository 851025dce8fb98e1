"""A profile: a name, a condition, and the settings that it changes. Validated where it enters."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stillcam.common.errors import SettingsError
from stillcam.common.validate import number_error
from stillcam.series.daily_window import WEEKDAYS
from stillcam.series.schedule import Edge
from stillcam.settings.control_values import did_you_mean
from stillcam.settings.document import patched
from stillcam.settings.schema import PlaceSettings, Settings

VERSION = 1
MAX_PROFILES = 32
DEFAULT_FOR_S, MAX_FOR_S = 120.0, 86400.0
# Sections that a profile may change. Others are not about the camera: access, people, programs, what is deleted.
SECTIONS = ("camera", "snapshot", "live", "photo", "raw", "video", "controls", "files", "stamp", "motion")
# What it may not change in these: which camera belongs to which daemon, the space that stays free on the disk, what
# people's browsers do by themselves, and the server that they get live view from.
FIXED = ("camera.index", "files.floor_mb", "live.auto", "live.webrtc")
MEASURES = {"lux": "lux", "exposure": "s"}  # type of a condition -> unit of its thresholds
LARGEST = {"lux": 1_000_000.0, "exposure": 10_000.0}

_NAME = re.compile(r"\S(.{0,38}\S)?")


@dataclass(frozen=True, slots=True)
class Times:
    """A daily window on some days; without days on every day."""

    opens: str  # as `Edge` parses it
    closes: str
    weekdays: tuple[str, ...] = ()

    @property
    def needs_sun(self) -> bool:
        return self.opens.startswith("sun") or self.closes.startswith("sun")


@dataclass(frozen=True, slots=True)
class Brightness:
    """A brightness beyond `begins`, until it is back beyond `ends`, each for `for_s` seconds without a break."""

    measure: str  # `lux`; `exposure`: exposure time (s) × gain, which falls when it gets brighter
    below: bool  # whether it holds below `begins`; else above
    begins: float
    ends: float
    for_s: float


Condition = Times | Brightness | None  # None: by hand only


@dataclass(frozen=True, slots=True)
class Profile:
    """A validated profile; `changes` is a merge patch (RFC 7396) of the settings."""

    name: str
    when: Condition
    changes: Mapping[str, Any]


def from_json(document: Any) -> tuple[Profile, ...]:
    """Validate a document like `{"version": 1, "profiles": [...]}`.

    Raises:
        SettingsError: names the field (`profiles.0.when.from`), and says what is expected.
    """
    if not isinstance(document, dict) or not isinstance(document.get("profiles"), list):
        raise SettingsError('must be an object like {"version": 1, "profiles": []}')
    _check_names(document, ("version", "profiles"), "")
    if document.get("version", VERSION) != VERSION or isinstance(document.get("version"), bool):
        text = f"version {document['version']!r} is not supported: this Stillcam reads version {VERSION}"
        raise SettingsError(text, "version")
    if len(document["profiles"]) > MAX_PROFILES:
        raise SettingsError(f"at most {MAX_PROFILES} profiles are possible", "profiles")
    profiles = tuple(_profile(item, f"profiles.{index}") for index, item in enumerate(document["profiles"]))
    names: dict[str, int] = {}
    for index, profile in enumerate(profiles):
        if (first := names.setdefault(profile.name.casefold(), index)) != index:
            raise SettingsError(f"is also the name of profile {first + 1}: choose another", f"profiles.{index}.name")
    return profiles


def to_json(profiles: Sequence[Profile]) -> dict[str, Any]:
    """The document of `from_json`."""
    return {"version": VERSION, "profiles": [profile_to_json(profile) for profile in profiles]}


def profile_to_json(profile: Profile) -> dict[str, Any]:
    return {"name": profile.name, "when": condition_to_json(profile.when), "changes": dict(profile.changes)}


def condition_to_json(when: Condition) -> dict[str, Any]:
    if isinstance(when, Times):
        return {"type": "times", "from": when.opens, "to": when.closes, "weekdays": list(when.weekdays)}
    if isinstance(when, Brightness):
        side = "below" if when.below else "above"
        return {"type": when.measure, side: when.begins, "until": when.ends, "for_s": when.for_s}
    return {"type": "manual"}


def find(profiles: Sequence[Profile], name: str) -> Profile:
    """The profile of a name.

    Raises:
        SettingsError: there is none.
    """
    for profile in profiles:
        if profile.name == name:
            return profile
    known = ", ".join(profile.name for profile in profiles)
    raise SettingsError(f"there is no profile {name!r}{': the profiles are ' + known if known else ''}", "name")


def problem(profile: Profile, settings: Settings) -> SettingsError | None:
    """Why a valid profile cannot work with these settings; None: nothing is known against it."""
    if isinstance(profile.when, Times) and profile.when.needs_sun and not settings.place.known:
        text = "sunrise and sunset need the place of the camera: set place.latitude and place.longitude"
        return SettingsError(text, "when.from")
    try:
        effective = patched(settings, profile.changes)
    except SettingsError as error:
        return SettingsError(str(error), f"changes.{error.field}")
    return _unmeasurable(profile.when, effective) if isinstance(profile.when, Brightness) else None


def _unmeasurable(when: Brightness, settings: Settings) -> SettingsError | None:
    """Why the camera could not measure the brightness that ends the profile, by the exposure that is fixed in it.

    A picture that is white everywhere does not get whiter. With the tuning files of libcamera (`rpi.lux`), an exposure
    of 1 s at a gain of 1 is white from about 100 lx on.
    """
    controls = {**settings.live.controls, **settings.controls}
    time_s, gain = controls.get("ExposureTime", 0) / 1e6, controls.get("AnalogueGain", 0.0)
    product = time_s * max(1.0, gain)
    if not when.below ^ (when.measure == "exposure"):
        return None  # it ends in the dark, where a longer exposure measures more
    if when.measure == "exposure" and (time_s and gain):
        text = f"exposure time and gain are fixed to {product:g} s: leave one of them to the camera, or use times"
    elif when.measure == "exposure" and product >= when.ends:
        text = f"must be more than {product:g} s, the exposure that this profile fixes"
    elif when.measure == "lux" and product and when.ends > (limit := _WHITE_LUX_S / product):
        text = f"must be at most {limit:.3g} lx: with a fixed exposure of {product:g} s a brighter scene is all white"
    else:
        return None
    return SettingsError(text, "when.until")


_WHITE_LUX_S = 50.0  # half of what the comment above says, as sensors differ


def _profile(item: Any, field: str) -> Profile:
    if not isinstance(item, dict):
        raise SettingsError('must be an object like {"name": "Night", "when": {}, "changes": {}}', field)
    _check_names(item, ("name", "when", "changes"), field)
    name = item.get("name")
    if not isinstance(name, str) or not _NAME.fullmatch(name) or not name.isprintable():
        raise SettingsError("must be 1 to 40 printable characters, without a space at an end", f"{field}.name")
    when = _condition(item.get("when", {"type": "manual"}), f"{field}.when")
    return Profile(name, when, _changes(item.get("changes", {}), f"{field}.changes"))


def _condition(item: Any, field: str) -> Condition:
    if not isinstance(item, dict) or item.get("type") not in _CONDITIONS:
        raise SettingsError(f'must be an object like {{"type": "lux"}}; types: {", ".join(_CONDITIONS)}', field)
    return _CONDITIONS[item["type"]](item, field)


def _times(item: dict[str, Any], field: str) -> Times:
    _check_names(item, ("type", "from", "to", "weekdays"), field)
    for name in ("from", "to"):
        value = item.get(name)
        try:
            Edge.parse(value if isinstance(value, str) else "")
        except ValueError as error:
            text = f"must be a time like 22:00, sunset or sunrise-00:30, not {value!r}"
            raise SettingsError(text, f"{field}.{name}") from error
    days = item.get("weekdays", [])
    if not isinstance(days, list) or not all(day in WEEKDAYS for day in days):
        raise SettingsError(f"must be a list of {', '.join(WEEKDAYS)}; empty: every day", f"{field}.weekdays")
    return Times(item["from"], item["to"], tuple(days))


def _brightness(item: dict[str, Any], field: str) -> Brightness:
    measure = item["type"]
    _check_names(item, ("type", "below", "above", "until", "for_s"), field)
    if ("below" in item) == ("above" in item):
        raise SettingsError("needs a threshold: either below or above", field)
    side = "below" if "below" in item else "above"
    for name in (side, "until"):
        if name not in item:
            raise SettingsError(f"is missing: the brightness ({MEASURES[measure]}) that ends it", f"{field}.{name}")
        if error := number_error(item[name], 0, LARGEST[measure]):
            raise SettingsError(error, f"{field}.{name}")
    begins, ends, for_s = float(item[side]), float(item["until"]), item.get("for_s", DEFAULT_FOR_S)
    if begins == ends or (ends > begins) != (side == "below"):
        order = "more" if side == "below" else "less"
        raise SettingsError(f"must be {order} than {side}, or the profile would change all the time", f"{field}.until")
    if error := number_error(for_s, 0, MAX_FOR_S):
        raise SettingsError(error, f"{field}.for_s")
    return Brightness(measure, side == "below", begins, ends, float(for_s))


def _manual(item: dict[str, Any], field: str) -> None:
    _check_names(item, ("type",), field)


_CONDITIONS: dict[str, Callable[[dict[str, Any], str], Condition]] = {
    "times": _times, "lux": _brightness, "exposure": _brightness, "manual": _manual,
}  # fmt: skip


def _changes(changes: Any, field: str) -> dict[str, Any]:
    """Changes that are valid in themselves; `problem` says what is wrong with them beside other settings."""
    if not isinstance(changes, dict):
        raise SettingsError('must be an object like {"snapshot": {"interval_s": 10}}', field)
    for section, content in changes.items():
        if section not in SECTIONS:
            text = f"a profile cannot change these settings: it can change those of {', '.join(SECTIONS)}"
            raise SettingsError(text, f"{field}.{section}")
        if not isinstance(content, dict):
            raise SettingsError("must be an object with settings", f"{field}.{section}")
        for name in FIXED:
            if name in (f"{section}.{key}" for key in content):
                raise SettingsError("cannot be changed by a profile", f"{field}.{name}")
    try:
        patched(Settings(place=PlaceSettings(1.0, 1.0)), changes)
    except SettingsError as error:
        raise SettingsError(str(error), f"{field}.{error.field}") from error
    return changes


def _check_names(item: dict[str, Any], known: Sequence[str], field: str) -> None:
    for name in item:
        if name not in known:
            raise SettingsError(f"unknown member{did_you_mean(name, known)}", f"{field}.{name}".lstrip("."))
