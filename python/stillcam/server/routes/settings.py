"""`api/settings`, `api/backup` and `api/backups`: settings, changes as a merge patch (RFC 7396), and back-ups."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from functools import cache
from typing import Any

from stillcam.common.formats import utc_text
from stillcam.http.messages import Answer, Refused, as_json
from stillcam.server.route import Access, Person, Request, Route
from stillcam.server.settings_service import Outdated, SettingsService, SettingsState
from stillcam.settings.backups import MAX_BYTES, Backup, Backups, document_of, settings_of
from stillcam.settings.document import describe, patched, to_json
from stillcam.settings.schema import Settings

_OWNER_ONLY = ("webhooks", "hooks")  # sections with addresses and commands that may hold secrets
_CONFLICT = "the settings have been changed meanwhile: look at them again"


class SettingsRoutes:
    """The routes of the settings and their back-ups.

    Args:
        service: reads and changes the settings.
        backups: those kept on the camera.
    """

    def __init__(self, service: SettingsService, backups: Backups) -> None:
        self._service = service
        self._backups = backups

    def routes(self) -> list[Route]:
        """Settings hold names and paths of the owner: nobody else reads them."""
        return [
            Route("GET", "api/settings", Access.CONTROL, self._get),
            Route("PATCH", "api/settings", Access.CONTROL, self._patch),
            Route("GET", "api/backup", Access.OWNER, self._download),
            Route("POST", "api/backup", Access.OWNER, self._restore_upload),
            Route("GET", "api/backups", Access.OWNER, self._list),
            Route("POST", "api/backups", Access.OWNER, self._make),
            Route("POST", "api/backups/", Access.OWNER, self._restore),
            Route("DELETE", "api/backups/", Access.OWNER, self._delete),
        ]

    # --- settings

    def _get(self, request: Request) -> Answer:
        return self._answer(self._service.read(), request.person)

    def _patch(self, request: Request) -> Answer:
        patch = request.json()
        for section in self._service.shared.hidden:
            if section in patch:
                raise Refused(422, "counts for all cameras: set it on the first one's page", section)

        def merged(old: Settings) -> Settings:
            new = patched(old, patch)
            _check_person(request.person, old, new)
            if _resets_index(patch):
                new = replace(new, camera=replace(new.camera, index=self._service.shared.number))
            return new

        try:
            state = self._service.change(merged, request.host, request.headers.get("if-match"))
        except Outdated as outdated:
            return self._answer(outdated.state, request.person, 409, {"error": _CONFLICT, "field": None})
        return self._answer(state, request.person)

    def _answer(
        self, state: SettingsState, person: Person | None, status: int = 200, error: dict[str, Any] | None = None
    ) -> Answer:
        """The settings, without the sections that `person` may not see, and with the fields of `error`."""
        shared = self._service.shared
        hidden = shared.hidden if _is_owner(person) else (*shared.hidden, *_OWNER_ONLY)
        sections = {name: content for name, content in _sections(state.settings).items() if name not in hidden}
        document = {
            **(error or {}),
            "settings": sections,
            "notice": state.notice,
            "wait_for": state.wait_for,
            **_defaults_and_fields(shared.hidden, shared.number),
        }
        return as_json(status, document, {"ETag": state.tag})

    # --- back-ups

    def _download(self, _request: Request) -> Answer:
        now_s = time.time()
        body = json.dumps(document_of(self._service.read().settings, now_s), indent=2, ensure_ascii=False) + "\n"
        name = f"stillcam-{utc_text(now_s)[:10]}.json"
        return Answer(200, body.encode(), {
            "Content-Type": "application/json",
            "Content-Disposition": f'attachment; filename="{name}"',
            "Cache-Control": "no-store",
        })  # fmt: skip

    def _restore_upload(self, request: Request) -> Answer:
        return self._restored(request, settings_of(request.json(MAX_BYTES)))

    def _list(self, _request: Request) -> Answer:
        return as_json(200, {"backups": [_row(backup) for backup in self._backups.list()]})

    def _make(self, request: Request) -> Answer:
        name = request.json().get("name")
        if not isinstance(name, str):
            raise Refused(422, "must be a text", "name")
        return as_json(201, _row(self._backups.make(name, self._service.read().settings, time.time())))

    def _restore(self, request: Request) -> Answer:
        return self._restored(request, self._backups.read(request.rest))

    def _delete(self, request: Request) -> Answer:
        self._backups.delete(request.rest)
        return Answer(204)

    def _restored(self, request: Request, settings: Settings) -> Answer:
        state = self._service.change(lambda _: settings, request.host, restoring=True)
        return self._answer(state, request.person)


def _is_owner(person: Person | None) -> bool:
    return person is not None and person.role == "owner" and person.by == "session"


def _check_person(person: Person | None, old: Settings, new: Settings) -> None:
    """Who may come in, and whom this server calls, is no program's decision: a token may leak."""
    if _is_owner(person):
        return
    for section in ("access", "server", *_OWNER_ONLY):
        if getattr(old, section) != getattr(new, section):
            raise Refused(403, "only an owner who has signed in on the page may change this", section)


def _resets_index(patch: dict[str, Any]) -> bool:
    camera = patch.get("camera", {})
    return camera is None or (isinstance(camera, dict) and camera.get("index", 0) is None)


@cache
def _defaults_and_fields(hidden: tuple[str, ...], number: int) -> dict[str, Any]:
    defaults = {name: content for name, content in _sections(Settings()).items() if name not in hidden}
    fields = {name: field for name, field in describe().items() if name.partition(".")[0] not in hidden}
    defaults["camera"]["index"] = number
    fields["camera.index"] = fields["camera.index"] | {"default": number}
    return {"defaults": defaults, "fields": fields}


def _sections(settings: Settings) -> dict[str, Any]:
    sections = to_json(settings)
    del sections["version"]
    return sections


def _row(backup: Backup) -> dict[str, str | int]:
    return {"name": backup.name, "time": utc_text(backup.time_s), "bytes": backup.size_bytes}
