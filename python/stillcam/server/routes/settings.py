"""`api/settings`: all settings, what is known of each, and changes as a merge patch (RFC 7396)."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

from stillcam.http.messages import Access, Answer, Person, Refused, Request, Route, as_json
from stillcam.server.settings_service import Held, Outdated, SettingsDesk
from stillcam.server.shared_settings import HouseRules
from stillcam.settings.document import describe, patched, to_json
from stillcam.settings.schema import Settings

_OWNERS = ("webhooks", "hooks")  # sections with addresses and commands that may hold secrets


class SettingsRoutes:
    """The routes of the settings.

    Args:
        desk: where they are changed.
    """

    def __init__(self, desk: SettingsDesk) -> None:
        self._desk = desk

    def routes(self) -> list[Route]:
        """Settings hold names and paths of the owner: nobody else reads them."""
        return [
            Route("GET", "api/settings", Access.CONTROL, self._get),
            Route("PATCH", "api/settings", Access.CONTROL, self._patch),
        ]

    def _get(self, request: Request) -> Answer:
        return document(self._desk.read(), request.person, rules=self._desk.rules)

    def _patch(self, request: Request) -> Answer:
        patch = request.json()
        for section in self._desk.rules.hidden:
            if section in patch:
                raise Refused(422, "counts for all cameras: set it on the first one's page", section)

        def merged(old: Settings) -> Settings:
            new = patched(old, patch)
            _check_person(request.person, old, new)
            if _resets_index(patch):
                new = replace(new, camera=replace(new.camera, index=self._desk.rules.number))
            return new

        try:
            held = self._desk.change(merged, request.host, request.headers.get("if-match"))
        except Outdated as outdated:
            text = "the settings have been changed meanwhile: look at them again"
            wrong = {"error": text, "field": None}
            return document(outdated.held, request.person, 409, wrong, rules=self._desk.rules)
        return document(held, request.person, rules=self._desk.rules)


def _is_owner(person: Person | None) -> bool:
    return person is not None and person.role == "owner" and person.by == "session"


def _check_person(person: Person | None, old: Settings, new: Settings) -> None:
    """Who may come in, and whom this server calls, is no program's decision: a token may leak."""
    if _is_owner(person):
        return
    for section in ("access", "server", *_OWNERS):
        if getattr(old, section) != getattr(new, section):
            raise Refused(403, "only an owner who has signed in on the page may change this", section)


def _resets_index(patch: dict[str, Any]) -> bool:
    camera = patch.get("camera", {})
    return camera is None or (isinstance(camera, dict) and camera.get("index", 0) is None)


def document(
    held: Held,
    person: Person | None,
    status: int = 200,
    error: dict[str, Any] | None = None,
    rules: HouseRules = HouseRules(),  # noqa: B008 - frozen
) -> Answer:
    """The settings as they are answered everywhere.

    Args:
        held: the settings.
        person: who is answered: a program is not shown `_OWNERS`.
        status: of HTTP.
        error: to be told along with them.
        rules: of which camera they are.
    """
    secret = rules.hidden if _is_owner(person) else (*rules.hidden, *_OWNERS)
    sections = {name: content for name, content in _sections(held.settings).items() if name not in secret}
    known = {
        "settings": sections,
        "notice": held.notice,
        "wait_for": held.wait_for,
        **_fixed(rules.hidden, rules.number),
    }
    return as_json(status, (error or {}) | known, {"ETag": held.tag})


@cache
def _fixed(hidden: tuple[str, ...], number: int) -> dict[str, Any]:
    defaults = {name: content for name, content in _sections(Settings()).items() if name not in hidden}
    fields = {name: about for name, about in describe().items() if name.partition(".")[0] not in hidden}
    defaults["camera"]["index"] = number
    fields["camera.index"] = fields["camera.index"] | {"default": number}
    return {"defaults": defaults, "fields": fields}


def _sections(settings: Settings) -> dict[str, Any]:
    sections = to_json(settings)
    del sections["version"]
    return sections
