"""Which profile applies at a moment, why, and when that changes. No clock is read.

The first profile whose condition holds applies; without one, the plain settings do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from stillcam.common.clock import zone_named
from stillcam.profiles.definition import MEASURES, Brightness, Profile, Times
from stillcam.series.daily_window import DailyWindow

MAX_CHANGES = 100  # of the time conditions that are looked at until one of them changes the choice
CHANGE, TOMORROW = "change", "tomorrow"  # ends of a choice by hand


@dataclass(frozen=True, slots=True)
class World:
    """What conditions depend on, beside the time.

    Args:
        place: latitude and longitude in degrees.
        zone: of the local clock.
        bright: by the name of a profile with a brightness condition, whether that holds.
        skipped: names of profiles that do not work.
    """

    place: tuple[float, float]
    zone: str
    bright: Mapping[str, bool]
    skipped: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Hand:
    """A choice by hand.

    Args:
        name: of the profile; None: the plain settings.
        until_ms: when it ends (ms since the epoch); None: by hand, or by `over`.
        over: the choice of the conditions that it replaces, as a list of one: it ends when that is another one.
    """

    name: str | None
    until_ms: int | None = None
    over: tuple[str | None] | None = None


@lru_cache(maxsize=64)
def _window(when: Times, place: tuple[float, float], zone: str) -> DailyWindow:
    return DailyWindow(when.weekdays, (when.opens, when.closes), place, zone)


def choose(profiles: Sequence[Profile], now_ms: int, world: World) -> Profile | None:
    """The profile that the conditions choose; None: the plain settings."""
    return next((one for one in profiles if one.name not in world.skipped and _holds(one, now_ms, world)), None)


def next_choice(profiles: Sequence[Profile], now_ms: int, world: World) -> tuple[int, str | None] | None:
    """When the clock and the sun change the choice (ms since the epoch), and to which profile; None: not in a year.

    The brightness is taken to stay as it is.
    """
    now = choose(profiles, now_ms, world)
    windows = [
        _window(one.when, world.place, world.zone)
        for one in profiles
        if isinstance(one.when, Times) and one.name not in world.skipped
    ]
    at_ms = now_ms
    for _ in range(MAX_CHANGES):
        changes = [change for window in windows if (change := window.next_change(at_ms)) is not None]
        if not changes:
            return None
        at_ms = min(changes)
        if (then := choose(profiles, at_ms, world)) is not now:
            return at_ms, then.name if then else None
    return None


def next_midnight_ms(now_ms: int, zone: str) -> int:
    """When the next local day begins (ms since the epoch)."""
    local = datetime.fromtimestamp(now_ms / 1000, zone_named(zone))
    day = (local + timedelta(1)).date()
    return int(datetime(day.year, day.month, day.day, tzinfo=zone_named(zone)).timestamp() * 1000)


def reason(profile: Profile | None, profiles: Sequence[Profile]) -> str:
    """Why the conditions choose this profile, for a person."""
    if profile is None:
        return "no condition is met" if any(one.when for one in profiles) else "all profiles are switched by hand"
    return words(profile)


def words(profile: Profile) -> str:
    """The condition of a profile, for a person."""
    when = profile.when
    if isinstance(when, Times):
        days = f" on {', '.join(when.weekdays)}" if when.weekdays else ""
        return f"from {when.opens} to {when.closes}{days}"
    if isinstance(when, Brightness):
        unit, side = MEASURES[when.measure], "below" if when.below else "above"
        what = "brightness" if when.measure == "lux" else "exposure × gain"
        return f"{what} {side} {when.begins:g} {unit}, until {when.ends:g} {unit}"
    return "by hand only"


def _holds(profile: Profile, now_ms: int, world: World) -> bool:
    if isinstance(profile.when, Times):
        return _window(profile.when, world.place, world.zone).is_open(now_ms)
    return isinstance(profile.when, Brightness) and world.bright.get(profile.name, False)
