"""`api/profiles`: settings for day and night, which one is active, and the choice by hand."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any
from zlib import crc32

from stillcam.common.errors import SettingsError, StillcamError
from stillcam.http.messages import Answer, Refused, as_json
from stillcam.server.camera_context import CameraContext
from stillcam.server.openapi.route import Body, Document, api
from stillcam.server.openapi.shapes import Schema, define, list_of, map_of, maybe, one_of, record, shape
from stillcam.server.profile_edit import reset_patch
from stillcam.server.route import Access, Request, Route
from stillcam.server.settings_service import SettingsService
from stillcam.settings.document import patched

if TYPE_CHECKING:
    from stillcam.server.profile_edit import Profiles
    from stillcam.settings.schema import Settings

_CONFLICT = "someone else has just changed the profiles: check the current ones, then repeat your change"
_IF_MATCH = "the ETag of the profiles to change; 409 if they have another one"
_TIME = shape("text", "a time of day like 22:00, or sunset, or sunrise-00:30")
_DAYS = shape(list_of(one_of("mon", "tue", "wed", "thu", "fri", "sat", "sun")), "empty: every day")
_FOR_S = shape("number", "time beyond the threshold before the profile changes; 120", **{"x-unit": "s"})


def _measured(measure: str, unit: str, text: str) -> Schema:
    sides = [
        record({"for_s": _FOR_S}, **{"type": {"const": measure}, side: shape("number", text, **{"x-unit": unit}),
                "until": shape("number", "where it ends: the second threshold", **{"x-unit": unit})})
        for side in ("below", "above")
    ]  # fmt: skip
    return {"anyOf": sides}


_CONDITION: Schema = {
    "anyOf": [
        record({"weekdays": _DAYS}, **{"type": {"const": "times"}, "from": _TIME, "to": _TIME}),
        *_measured("lux", "lx", "brightness that the camera measures")["anyOf"],
        *_measured("exposure", "s", "exposure time × gain, where the camera measures no lux")["anyOf"],
        record(type={"const": "manual"}),
    ]
}

PROFILE_STATE = maybe(record(
    names=shape("text[]", "of all profiles, in order"),
    active=shape("text?", "its name; null: the plain settings"), since="time?",
    by=one_of("conditions", "hand"), why=shape("text", "why it is active"),
    until=shape("time?", "when the choice by hand ends; null: not at a known time"),
    next=maybe(record(time="time", profile="text?"), "the next change by the clock or the sun; null: none is known"),
    refused=shape(list_of(record(name="text", reason="text")), "profiles that are not used, and why"),
    measured=map_of("number", "brightness by the newest picture: lux, exposure (s)"),
))  # fmt: skip

define(
    Profile=record(
        name={"type": "string", "minLength": 1, "maxLength": 40},
        when=_CONDITION,
        changes=shape("object", "a merge patch of settings in the sections that a profile may change"),
    ),
    ProfilesDocument=record(
        profiles="Profile[]", state=shape(PROFILE_STATE, "null: there are no profiles"),
        sections=shape("text[]", "sections of settings that a profile may change"),
        fixed=shape("text[]", "settings in them that it may not change"),
        error=shape("text?", "what is wrong with the file; null: nothing"),
        notice=shape("text?", "why the change has not taken effect; null: it has"),
    ),
    NewProfiles=record(
        {"reset": shape("text[]", "dotted names of plain settings to set back to their defaults with this change")},
        profiles="Profile[]",
    ),
    ActiveProfile=record(
        {"until": shape("text?", "change, tomorrow, or a time in UTC; null: until it is changed by hand")},
        name=shape("text?", "null: the plain settings"),
    ),
    ProfileState=record(state=PROFILE_STATE),
)  # fmt: skip


class ProfileRoutes:
    """The routes of the profiles of one camera."""

    def __init__(self, context: CameraContext, service: SettingsService) -> None:
        self._context = context
        self._service = service

    def routes(self) -> list[Route]:
        """A profile changes only settings that whoever controls the camera may change anyway."""
        control, profiles = Access.CONTROL, partial(api, "Profiles")
        return [
            profiles("GET", "api/profiles", control, self._get, "All profiles, in order, and which is active.",
                     {200: "ProfilesDocument"}),
            profiles("PUT", "api/profiles", control, self._put,
                     "Replace all profiles; the first whose condition holds is active.", {200: "ProfilesDocument"},
                     body=Body("NewProfiles", checked=False), errors=(409,), headers={"If-Match": _IF_MATCH}),
            profiles("POST", "api/profiles/active", control, self._use,
                     "Choose a profile by hand, or the plain settings.", {200: "ProfileState"},
                     body=Body("ActiveProfile")),
            profiles("DELETE", "api/profiles/active", control, self._automatic,
                     "Let the conditions choose the profile again.", {200: "ProfileState"}),
        ]  # fmt: skip

    def _get(self, _request: Request) -> Answer:
        from stillcam.profiles import file

        try:
            return self._answer(file.load(self._context.paths.data), None)
        except StillcamError as error:
            return self._answer((), None, str(error))

    def _put(self, request: Request, document: Document) -> Answer:
        from stillcam.profiles.definition import from_json

        reset = reset_patch(document.pop("reset", []))
        new, tag = from_json(document), request.headers.get("if-match")

        def change(_settings: Settings, old: Profiles) -> Profiles:
            if tag not in (None, "*", _tag(old)):
                raise Refused(409, _CONFLICT)
            return new

        state = self._service.change(lambda old: patched(old, reset), request.host, profiles=change)
        return self._answer(new, state.notice)

    def _use(self, _request: Request, choice: Document) -> Document:
        return self._command(action="use", name=choice["name"], until=_until(choice.get("until")))

    def _automatic(self, _request: Request) -> Document:
        return self._command(action="auto")

    def _command(self, **message: Any) -> Document:
        return {"state": self._service.command_profile(message)["profile"]}

    def _answer(self, profiles: Profiles, notice: str | None, error: str | None = None) -> Answer:
        from stillcam.profiles.definition import FIXED, SECTIONS, to_json

        document = {
            "profiles": to_json(profiles)["profiles"],
            "state": self._context.daemon.status().get("profile"),
            "sections": list(SECTIONS),
            "fixed": list(FIXED),
            "error": error,
            "notice": notice,
        }
        return as_json(200, document, {"ETag": _tag(profiles)})


def _tag(profiles: Profiles) -> str:
    from stillcam.profiles.definition import to_json

    return f'"{crc32(json.dumps(to_json(profiles), sort_keys=True).encode()):08x}"'


def _until(text: str | None) -> str | int | None:
    """The end of a choice, as the daemon takes it: a word, or ms since the epoch."""
    if text in (None, "change", "tomorrow"):
        return text
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise SettingsError("must be change, tomorrow, or a time like 2026-12-01T06:00:00Z", "until") from error
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)
