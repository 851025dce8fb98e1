"""Decides which profile is in force, for the capture daemon: by conditions, by hand, and by what the camera accepts."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from stillcam.common.errors import SettingsError, StillcamError
from stillcam.common.formats import utc_text
from stillcam.profiles import file
from stillcam.profiles import state as kept
from stillcam.profiles.brightness import LightMeter
from stillcam.profiles.choice import CHANGE, TOMORROW, Hand, World, choose, next_choice, next_midnight_ms, reason
from stillcam.profiles.clock_doubt import ClockDoubt
from stillcam.profiles.definition import Brightness, Profile, find, problem
from stillcam.settings.in_force import NO_OVERLAY, Overlay, with_overlay
from stillcam.settings.schema import Settings


@dataclass(frozen=True, slots=True)
class Clocks:
    """The clocks that profiles need.

    Args:
        now_ms: the time (ms since the epoch).
        up_s: the time since the start of the system, by a clock that nobody sets.
        zone: the zone of the local clock.
        synchronised: whether the kernel says that the clock is right.
    """

    now_ms: Callable[[], int]
    up_s: Callable[[], float]
    zone: Callable[[], str]
    synchronised: Callable[[], bool]


class ProfileSwitch:
    """The profiles of a camera, and the one that is in force; safe to use from any thread.

    A profile is on trial from `settings` until `confirm` or `refuse`. While no pictures come, only a profile that has
    given one before is applied: another one could not be blamed.

    Args:
        data: the data folder.
        clocks: see there.
        healthy: whether pictures come.
    """

    def __init__(self, data: Path, clocks: Clocks, healthy: Callable[[], bool]) -> None:
        self._data = data
        self._clocks = clocks
        self._healthy = healthy
        self._lock = threading.RLock()
        self._doubt = ClockDoubt(clocks.synchronised)
        self._doubted = False  # at the last look
        self._state = kept.load(data)
        self._meter = LightMeter(self._state.bright)
        self._written = self._copy()
        self._profiles: tuple[Profile, ...] = ()
        self._problems: dict[str, str] = {}  # name -> why it cannot work with the present settings
        self._stored = self._good = Settings()  # of the file; and those of them that gave a picture
        self._first = True
        self._applied = self._state.confirmed
        self._proven = {_key(self._applied), _key(NO_OVERLAY)}
        self._next: tuple[object, tuple[int, str | None] | None] | None = None  # its key, and the result
        self._waits = False  # for a picture, before another profile is applied
        self.error: str | None = None  # what is wrong with the file

    @property
    def in_use(self) -> bool:
        """Whether there are profiles, or what is wrong with their file."""
        return bool(self._profiles or self.error)

    # --- the camera's thread

    def settings(self, stored: Settings) -> Settings:
        """Read the file, choose, and return the settings to apply.

        Args:
            stored: those of the settings file.
        """
        try:
            profiles, error = file.load(self._data), None  # the disk may hang: no lock is held
        except StillcamError as failure:
            profiles, error = self._profiles, f"{failure}; the last valid profiles stay in force"
        with self._lock:
            if error and error != self.error:
                logging.error("%s", error)
            self.error = error
            self._take(profiles, stored)
            return self.chosen()

    def chosen(self) -> Settings:
        """As `settings`, without reading the file."""
        with self._lock:
            wanted = self._wanted()
            if self._may_apply(wanted):
                if wanted.name != self._applied.name:
                    self._state.since_ms = self._clocks.now_ms()
                    logging.info("profile: %s", wanted.name or "none")
                self._applied = wanted
            return with_overlay(self._stored, self._applied)

    @property
    def overlay(self) -> dict[str, Any]:
        """The profile that is applied, as `overlay_of` reads it."""
        return {"active": self._applied.name, "changes": dict(self._applied.changes)}

    @property
    def active(self) -> str | None:
        """The profile that is applied; None: the plain settings."""
        return self._applied.name

    @property
    def trial(self) -> str | None:
        """The profile that is applied, and has not given a picture since; None: there is no such profile."""
        return None if _key(self._applied) == _key(self._state.confirmed) else self._applied.name

    def confirm(self) -> bool:
        """A picture was made with the settings that were applied last; whether it is the first one."""
        first = self._state.confirmed is not self._applied
        if first or self._good is not self._stored:
            with self._lock:
                self._good = self._stored
                self._proven.add(_key(self._applied))
                self._state.confirmed = self._applied
        return first

    def undo(self) -> None:
        """The settings of the file are refused: choose for those that gave the last picture."""
        with self._lock:
            self._stored = self._good

    def refuse(self, why: str) -> None:
        """The applied profile gives no picture: it is skipped until it or the settings are changed."""
        with self._lock:
            name = self._applied.name
            if name is not None:
                self._state.refused[name] = (find(self._profiles, name).changes, why)
                self._applied = NO_OVERLAY if self._state.confirmed.name == name else self._state.confirmed

    # --- the thread of the profiles

    def look(self, metadata: Mapping[str, Any]) -> bool:
        """Measure and choose; whether another profile than the applied one is to be applied now.

        Args:
            metadata: of the newest frame; empty: there is none.
        """
        with self._lock:
            conditions = {one.name: one.when for one in self._profiles if isinstance(one.when, Brightness)}
            self._meter.measure(metadata, conditions, self._clocks.up_s())
            wanted = self._wanted()
            return _key(wanted) != _key(self._applied) and self._may_apply(wanted)

    def save(self) -> None:
        """Write the state if it has changed. Raises OSError: it stays as it was on disk."""
        with self._lock:
            state = self._copy()
        if state != self._written:
            kept.save(self._data, state)
            self._written = state

    # --- commands

    def use(self, name: str | None, until: str | int | None) -> Hand | None:
        """Choose a profile by hand, and return the choice before, for `choose_again`.

        Args:
            name: None: the plain settings.
            until: `change`, when the conditions would make another choice; `tomorrow`, the next local midnight; a time
                (ms since the epoch); None: until it is changed by hand.

        Raises:
            SettingsError: there is no such profile, or it cannot work.
            OSError: it could not be saved.
        """
        with self._lock:
            if name is not None:
                find(self._profiles, name)
                if name in self._problems:
                    raise SettingsError(f"{name} cannot be used: {self._problems[name]}", "name")
                self._state.refused.pop(name, None)
            now_ms, over = self._clocks.now_ms(), None
            if until == CHANGE:
                chosen = choose(self._profiles, now_ms, self._world())
                over = (chosen.name if chosen else None,)
            until_ms = next_midnight_ms(now_ms, self._clocks.zone()) if until == TOMORROW else until
            if isinstance(until_ms, int) and until_ms <= now_ms:
                raise SettingsError(f"must be later than now ({utc_text(now_ms / 1000)})", "until")
            before = self._state.hand
            self._state.hand = Hand(name, until_ms if isinstance(until_ms, int) else None, over)
            self._state.armed = None
        self.save()
        return before

    def choose_again(self, hand: Hand | None) -> None:
        """Restore the choice before one that the camera has refused."""
        with self._lock:
            self._state.hand = hand

    def automatic(self) -> None:
        """Let the conditions choose again. Raises OSError: it could not be saved."""
        with self._lock:
            self._state.hand = self._state.armed = None
        self.save()

    def arm(self, armed: bool) -> bool:
        """Arm or disarm until another profile becomes active; False: the active one says nothing of it.

        Raises:
            OSError: it could not be saved.
        """
        with self._lock:
            if "armed" not in self._applied.changes.get("motion", {}):
                return False
            self._state.armed = armed
        self.save()
        return True

    # --- what it shows

    @property
    def notice(self) -> str | None:
        """A problem for the owner; None: there is none."""
        refused = next(iter(self._refusals()), None)
        return self.error or (f"profile {refused[0]} is not used: {refused[1]}" if refused else None)

    def to_json(self) -> dict[str, Any]:
        """For the status of the daemon. A profile is active once a picture was made with it."""
        with self._lock:
            state, on_trial = self._state, self._applied.name != self._state.confirmed.name
            applied = state.confirmed if on_trial else self._applied
            active = next((one for one in self._profiles if one.name == applied.name), None)
            by_hand = state.hand is not None and state.hand.name == applied.name
            until = state.hand.until_ms if by_hand and state.hand else None
            return {
                "names": [one.name for one in self._profiles],
                "active": applied.name,
                "since": utc_text(state.since_ms / 1000) if state.since_ms and not on_trial else None,
                "by": "hand" if by_hand else "conditions",
                "why": self._why(active, by_hand),
                "until": None if until is None else utc_text(until / 1000),
                "next": self._next_to_json(by_hand),
                "refused": [{"name": name, "reason": why} for name, why in self._refusals()],
                "measured": self._meter.values,
            }

    def _why(self, active: Profile | None, by_hand: bool) -> str:
        if self._doubted:
            return "the clock is not set yet: the profile stays as it was"
        if self._waits:
            return "another profile is applied as soon as the camera gives pictures"
        if self._applied.name != self._state.confirmed.name:
            return f"{self._applied.name or 'the plain settings'} will be active with the next picture"
        if not by_hand:
            return reason(active, self._profiles)
        return "chosen by hand, until the conditions make another choice" if self._over else "chosen by hand"

    @property
    def _over(self) -> bool:
        return self._state.hand is not None and self._state.hand.over is not None

    def _next_to_json(self, by_hand: bool) -> dict[str, Any] | None:
        """The next change by the clock, as far as it is known."""
        if self._doubted or (by_hand and not self._over):
            return None
        world, now_ms = self._world(), self._clocks.now_ms()
        key = (world.place, world.zone, sorted(world.bright.items()), world.skipped, id(self._profiles))
        if self._next is None or self._next[0] != key or (self._next[1] and now_ms >= self._next[1][0]):
            self._next = key, next_choice(self._profiles, now_ms, world)
        change = self._next[1]
        return change and {"time": utc_text(change[0] / 1000), "profile": change[1]}

    # --- the choice

    def _take(self, profiles: tuple[Profile, ...], stored: Settings) -> None:
        """Use these profiles and settings; what was refused before is tried again if it is another one now."""
        state = self._state
        if not self._first and stored != self._stored:
            state.refused.clear()
        changes = {one.name: one.changes for one in profiles}
        state.refused = {name: one for name, one in state.refused.items() if changes.get(name) == one[0]}
        if profiles != self._profiles:
            self._meter.keep({one.name for one in profiles if isinstance(one.when, Brightness)})
            self._profiles = profiles
        self._good = stored if self._first else self._good
        self._stored, self._first = stored, False
        found = ((one.name, problem(one, stored)) for one in profiles)
        self._problems = {name: f"{error.field}: {error}" for name, error in found if error}
        if state.hand and (not profiles or state.hand.name not in (None, *changes)):
            state.hand = None

    def _wanted(self) -> Overlay:
        """The profile that should be in force now."""
        now_ms = self._clocks.now_ms()
        self._doubted = self._doubt.doubted(now_ms / 1000, self._clocks.up_s())
        name = self._name(now_ms)
        if name != self._applied.name:
            self._state.armed = None
        armed = self._state.armed
        if name is None:
            return NO_OVERLAY
        changes = find(self._profiles, name).changes
        if armed is not None and "armed" in changes.get("motion", {}):
            changes = {**changes, "motion": {**changes["motion"], "armed": armed}}
        return Overlay(name, changes)

    def _name(self, now_ms: int) -> str | None:
        world, state = self._world(), self._state
        if self._doubted:
            name = state.hand.name if state.hand else self._applied.name
            return name if name in {one.name for one in self._profiles} - world.skipped else None
        chosen = choose(self._profiles, now_ms, world)
        automatic = chosen.name if chosen else None
        hand = state.hand
        if hand and hand.until_ms is not None and now_ms >= hand.until_ms:
            hand = state.hand = None
        if hand and hand.over and hand.over[0] != automatic:
            hand = state.hand = None
        return hand.name if hand and hand.name not in world.skipped else automatic

    def _may_apply(self, wanted: Overlay) -> bool:
        self._waits = not (wanted.name is None or _key(wanted) in self._proven or self._healthy())
        return not self._waits

    def _world(self) -> World:
        place = self._stored.place
        skipped = frozenset(self._problems) | frozenset(self._state.refused)
        return World((place.latitude, place.longitude), self._clocks.zone(), self._meter.holds, skipped)

    def _refusals(self) -> list[tuple[str, str]]:
        return [*self._problems.items(), *((name, why) for name, (_, why) in self._state.refused.items())]

    def _copy(self) -> kept.State:
        return replace(self._state, bright=self._meter.holds, refused=dict(self._state.refused))


def _key(overlay: Overlay) -> str:
    return json.dumps([overlay.name, overlay.changes], sort_keys=True)
