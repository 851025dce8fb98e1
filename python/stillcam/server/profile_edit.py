"""Changes of the profiles over HTTP, and of settings that the active profile sets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stillcam.common.errors import SettingsError, StillcamError
from stillcam.http.messages import Refused
from stillcam.settings.document import patched
from stillcam.settings.schema import Settings

if TYPE_CHECKING:  # most installations have no profiles
    from stillcam.profiles.definition import Profile

    Profiles = tuple[Profile, ...]

ProfileChange = Callable[[Settings, "Profiles"], "Profiles"]


class ProfileEdit:
    """One change of the profiles file, which can be undone.

    Args:
        data: the data folder.
        change: returns the new profiles from the old ones, or raises SettingsError.
    """

    def __init__(self, data: Path, change: Callable[[Profiles], Profiles]) -> None:
        self._data = data
        self._change = change
        self._before: Profiles | None = None

    def save(self) -> None:
        """Write the file.

        Raises:
            SettingsError: the change is wrong.
            Refused: the file is invalid (409).
            StillcamError: it cannot be written. The file is unchanged in all of these cases.
        """
        from stillcam.profiles import file

        try:
            before = file.load(self._data)
        except StillcamError as error:
            raise Refused(409, f"{error}: correct or delete this file, then try again") from error
        new = self._change(before)
        if new != before:
            file.save(self._data, new)
            self._before = before

    def undo(self) -> None:
        """Write the old profiles, because the camera refuses the new ones."""
        from stillcam.profiles import file

        if self._before is not None:
            file.save(self._data, self._before)


def profile_rows(data: Path) -> list[Any]:
    """The profiles of a data folder as JSON. Raises StillcamError if their file is invalid."""
    from stillcam.profiles import file
    from stillcam.profiles.definition import to_json

    rows: list[Any] = to_json(file.load(data))["profiles"]
    return rows


def profiles_of(rows: list[Any]) -> Profiles:
    """The profiles of a backup. Raises SettingsError if one is invalid."""
    from stillcam.profiles.definition import from_json

    return from_json({"profiles": rows})


def reset_patch(names: Any) -> dict[str, Any]:
    """The merge patch that sets settings back to their defaults, of those that a profile may change.

    Args:
        names: dotted.

    Raises:
        SettingsError: it is no list of such names.
    """
    from stillcam.profiles.definition import SECTIONS

    patch: dict[str, Any] = {}
    for name in names if isinstance(names, list) else [None]:
        section, dot, rest = name.partition(".") if isinstance(name, str) else ("", "", "")
        if section not in SECTIONS or not dot:
            raise SettingsError(f"must be names of settings that a profile may change, not {name!r}", "reset")
        value: Any = None
        for part in reversed(rest.split(".")):
            value = {part: value}
        patch = _merged(patch, {section: value})
    return patch


def split(patch: Mapping[str, Any], changes: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What of a merge patch concerns the settings that a profile changes, and the rest of it."""
    mine: dict[str, Any] = {}
    rest: dict[str, Any] = {}
    for name, value in patch.items():
        inner = changes.get(name)
        if name not in changes:
            rest[name] = value
        elif not isinstance(inner, dict):
            mine[name] = value
        elif not isinstance(value, dict):  # a whole section back to its defaults
            rest[name] = value
        else:
            own, others = split(value, inner)
            mine |= {name: own} if own else {}
            rest |= {name: others} if others or not own else {}
    return mine, rest


def with_changes(profiles: Profiles, name: str | None, patch: Mapping[str, Any]) -> Profiles:
    """The profiles, with other values of what one of them changes. Raises SettingsError if one is wrong."""
    from stillcam.profiles.definition import from_json, to_json

    document = to_json(profiles)
    for row in document["profiles"]:
        if row["name"] == name:
            row["changes"] = _merged(row["changes"], patch)
    return from_json(document)


def as_setting(error: SettingsError) -> SettingsError:
    """An error about a change of a profile as one about that setting."""
    setting = error.field.partition(".changes.")[2]
    return SettingsError(str(error), setting) if setting else error


def _merged(changes: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    """A patch in a patch: a null stays, as it is the default that the profile sets."""
    merged = dict(changes)
    for name, value in patch.items():
        before = merged.get(name)
        merged[name] = _merged(before, value) if isinstance(before, dict) and isinstance(value, dict) else value
    return merged


def check_profiles(
    profiles: Profiles, before: Profiles, settings: Settings, check: Callable[[Settings, Settings], None]
) -> None:
    """Refuse new or changed profiles that cannot work with these settings or this camera.

    Args:
        check: raises SettingsError for new settings that the camera does not support beside the old ones.

    Raises:
        SettingsError: names the field.
    """
    from stillcam.profiles.definition import problem

    for index, profile in enumerate(profiles):
        if profile in before:
            continue
        if error := problem(profile, settings):
            raise SettingsError(str(error), f"profiles.{index}.{error.field}")
        try:
            check(settings, patched(settings, profile.changes))
        except SettingsError as error:
            raise SettingsError(str(error), f"profiles.{index}.changes.{error.field}") from error
