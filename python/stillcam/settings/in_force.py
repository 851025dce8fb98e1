"""The settings in force: those of the settings file, with the changes of the active profile.

The capture daemon decides which profile is active (`stillcam.profiles`), and writes it to `data/profiles.state.json`
once a picture was taken with it. What is needed to read that file is here, for those who use no profiles.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stillcam.common.errors import SettingsError
from stillcam.settings.document import patched
from stillcam.settings.schema import Settings

STATE = "profiles.state.json"
MAX_STATE_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Overlay:
    """The active profile: its name (None: no profile), and its changes as a merge patch (RFC 7396)."""

    name: str | None = None
    changes: Mapping[str, Any] = field(default_factory=dict)


NO_OVERLAY = Overlay()


def read_state(data: Path) -> dict[str, Any]:
    """The state of the profiles in a data folder; empty without a file, or if it is damaged, which is logged."""
    path = data / STATE
    try:
        with path.open("rb") as file:
            state = json.loads(file.read(MAX_STATE_BYTES))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        logging.warning("%s cannot be read (%s): the profile is chosen anew", path, error)
        return {}
    return state if isinstance(state, dict) else {}


def overlay_of(state: Mapping[str, Any]) -> Overlay:
    """The active profile in a state that `read_state` has returned."""
    name, changes = state.get("active"), state.get("changes")
    return Overlay(name, changes) if isinstance(name, str) and isinstance(changes, dict) else NO_OVERLAY


def with_overlay(settings: Settings, overlay: Overlay) -> Settings:
    """`settings` with the changes of the active profile; without those that are invalid beside these settings."""
    if not overlay.changes:
        return settings
    try:
        return patched(settings, overlay.changes)
    except SettingsError as error:
        logging.warning("profile %s is not applied: %s: %s", overlay.name, error.field, error)
        return settings


def dotted_names(changes: Mapping[str, Any]) -> list[str]:
    """The settings and controls that a profile changes: `snapshot.interval_s`, `live.controls.Brightness`."""
    names: list[str] = []
    for section, content in changes.items():
        for name, value in content.items():
            if name == "controls" and isinstance(value, dict):
                names += [f"{section}.controls.{control}" for control in value]
            else:
                names.append(f"{section}.{name}")
    return names
