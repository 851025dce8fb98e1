"""The state of the profiles, `data/profiles.state.json`, which the capture daemon writes: what survives a restart."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stillcam.common.atomic_write import replace_file
from stillcam.common.formats import json_text
from stillcam.profiles.choice import Hand
from stillcam.settings.in_force import NO_OVERLAY, STATE, Overlay, overlay_of, read_state

VERSION = 1


@dataclass(slots=True)
class State:
    """What is kept.

    Attributes:
        confirmed: the profile with which a picture was taken last.
        since_ms: when it became active (ms since the epoch).
        hand: the choice by hand; None: the conditions decide.
        armed: whether motion detection is armed, instead of what the active profile says; None: as it says.
        bright: by name, whether the brightness condition of a profile holds.
        refused: by name, the changes of a profile that the camera refused, and its reason.
    """

    confirmed: Overlay = NO_OVERLAY
    since_ms: int = 0
    hand: Hand | None = None
    armed: bool | None = None
    bright: dict[str, bool] = field(default_factory=dict)
    refused: dict[str, tuple[Mapping[str, Any], str]] = field(default_factory=dict)


def load(data: Path) -> State:
    """The state in a data folder; what is missing or invalid in its file is as at first."""
    document = read_state(data)
    state = State(confirmed=overlay_of(document))
    with suppress(KeyError, TypeError, ValueError):
        state.since_ms = int(document["since_ms"])
    with suppress(KeyError, TypeError, ValueError):
        hand = document["hand"]
        name, until, over = hand["name"], hand["until_ms"], hand["over"]
        if isinstance(name, str | None) and isinstance(until, int | None) and isinstance(over, list | None):
            state.hand = Hand(name, until, (over[0],) if over else None)
    if isinstance(document.get("armed"), bool):
        state.armed = document["armed"]
    with suppress(KeyError, TypeError, AttributeError):
        state.bright = {name: value is True for name, value in document["bright"].items()}
    with suppress(KeyError, TypeError, AttributeError):
        state.refused = {name: (one["changes"], str(one["reason"])) for name, one in document["refused"].items()}
    return state


def save(data: Path, state: State) -> None:
    """Replace the file in one step; a state without anything in it needs none.

    Raises:
        OSError: it cannot be written; the old file is unchanged.
    """
    path, hand = data / STATE, state.hand
    if state == State(since_ms=state.since_ms):
        path.unlink(missing_ok=True)
        return
    document = {
        "version": VERSION,
        "active": state.confirmed.name,
        "since_ms": state.since_ms,
        "changes": state.confirmed.changes,
        "hand": hand and {"name": hand.name, "until_ms": hand.until_ms, "over": hand.over and list(hand.over)},
        "armed": state.armed,
        "bright": state.bright,
        "refused": {name: {"changes": changes, "reason": why} for name, (changes, why) in state.refused.items()},
    }
    replace_file(path, json_text(document).encode(), concurrent=True)
