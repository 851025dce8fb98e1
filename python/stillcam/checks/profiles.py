"""Check of the profiles: whether each can become active."""

from __future__ import annotations

from stillcam.checks.finding import Finding, Installation, fault, ok, warning
from stillcam.common.errors import StillcamError
from stillcam.profiles import file
from stillcam.profiles.definition import Brightness, Profile, problem
from stillcam.settings.file import load_or_last_good
from stillcam.settings.schema import Settings


def profiles(installation: Installation) -> list[Finding]:
    """An invalid file, profiles that the camera refuses, and those that can never be active."""
    try:
        found = file.load(installation.paths.data)
        settings, _ = load_or_last_good(installation.paths.settings)
    except StillcamError as error:
        return fault("profiles", str(error), "correct the file; the last valid profiles stay in force")
    state = installation.status.get("profile") or {}
    metadata = installation.status.get("metadata") or {}
    reasons = {one["name"]: one["reason"] for one in state.get("refused", ())}
    for profile in found:
        if profile.name not in reasons and (why := _never(profile, settings, metadata)):
            reasons[profile.name] = why
    if reasons:
        text = "; ".join(f"{name} is never active: {why}" for name, why in reasons.items())
        return warning("profiles", text, "change these profiles, or the settings that they depend on")
    active = state.get("active")
    count = f"{len(found)}, {f'{active} is active' if active else 'none is active'}"
    return ok("profiles", count if found else "no profiles")


def _never(profile: Profile, settings: Settings, metadata: dict[str, object]) -> str:
    """Why a profile can never be active; empty: it can."""
    if error := problem(profile, settings):
        return f"{error.field}: {error}"
    measures = isinstance(profile.when, Brightness) and profile.when.measure == "lux"
    if measures and metadata and "Lux" not in metadata:
        return "this camera does not measure lux: use the exposure instead"
    return ""
