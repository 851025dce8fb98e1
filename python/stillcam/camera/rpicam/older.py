"""What a camera program says when it does not know an option: an older one ends at the first such option.

Source: boost::program_options, as rpicam-apps use it (core/options.cpp, Options::Parse). What we ask for, and
since when there is such an option: `--ccm` 2025, `--flicker-period` 2023, `--autofocus-…`, `--hdr` and `--metadata` of
videos 2023. The program's own `--help` lists those that it has.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from stillcam.camera.rpicam.options import without_options
from stillcam.settings.capabilities import Abilities
from stillcam.settings.controls import CONTROLS

# Without these it would do something else.
NEEDED = frozenset({"--camera", "--timeout", "--signal", "--output", "--codec", "--raw", "--encoding"})

# Options that set a control together with others, and the one that is meant.
_CONTROLS = {control.option: control.name for control in CONTROLS.values() if control.option} | {
    "--flicker-period": "AeFlickerPeriod",
    "--autofocus-window": "AfWindows",
    "--autofocus-on-capture": "AfTrigger",
    "--framerate": "FrameDurationLimits",
}
_UPDATE = "update it (sudo apt install rpicam-apps)"
_UNRECOGNISED = re.compile(r"unrecognised option '(--[\w-]+)")
_INVALID = re.compile(r"the argument \('(.*)'\) for option '(--[\w-]+)' is invalid")
_LISTED = re.compile(r"^\s+(?:-\w \[ )?(--[a-z][\w-]*)", re.MULTILINE)


class Older:
    """What the camera programs of this machine have turned out not to know: they go on without it.

    Attributes:
        abilities: what can be set with them.
    """

    def __init__(self, abilities: Abilities) -> None:
        self.abilities = abilities
        self._lacking: dict[str, frozenset[str]] = {}  # program -> options

    def lacks(self, program: str, option: str) -> bool:
        """Whether it does not know the option."""
        return option in self._lacking.get(program, ())

    def spoken_to(self, program: str, arguments: Sequence[str]) -> list[str]:
        """The arguments without the options that it does not know."""
        return without_options(arguments, self._lacking.get(program, frozenset()))

    def learn(self, program: str, option: str, arguments: Sequence[str], help_text: str) -> None:
        """It has ended at an option; see `lacking`."""
        if not (found := lacking(option, arguments, help_text)):
            return
        logging.warning("%s does not know %s: going on without", program, ", ".join(sorted(found)))
        self._lacking[program] = self._lacking.get(program, frozenset()) | found
        refused = {name: _reason(program, option) for option in found if (name := _CONTROLS.get(option))}
        self.abilities = replace(self.abilities, refused={**self.abilities.refused, **refused})


def unrecognised(said: Iterable[str]) -> str | None:
    """The option that the program has ended at, as `--ccm`; None: it has ended for another reason."""
    return next((found[1] for line in said if (found := _UNRECOGNISED.search(line))), None)


def lacking(option: str, arguments: Sequence[str], help_text: str) -> frozenset[str]:
    """The options that can be left out because the program does not know them.

    Args:
        option: the one that it has ended at.
        arguments: those that it was given.
        help_text: what it prints with `--help`; anything else is no help, and no harm.
    """
    listed = set(_LISTED.findall(help_text))
    given = {word.partition("=")[0] for word in arguments if word.startswith("--")}
    return frozenset({option} | (given - listed if listed & given else set())) - NEEDED


def explained(program: str, text: str) -> str | None:
    """The reason in a text about an option that is unknown, or takes no such value; None: it says something else."""
    if option := unrecognised([text]):
        return _reason(program, option)
    if found := _INVALID.search(text):
        return f"{program} takes no {found[1]} for {found[2]}{_meant(found[2])}: choose another value, or {_UPDATE}"
    return None


def _reason(program: str, option: str) -> str:
    return f"{program} has no option {option}{_meant(option)}: {_UPDATE}"


def _meant(option: str) -> str:
    return f" ({_CONTROLS[option]})" if option in _CONTROLS else ""
