"""`api/settings`, `api/backup` and `api/backups`: settings, changes as a merge patch (RFC 7396), and backups."""

from __future__ import annotations

import time
from dataclasses import replace
from functools import cache, partial

from stillcam.common.errors import SettingsError
from stillcam.common.formats import json_text, utc_text
from stillcam.common.paths import Paths
from stillcam.http.messages import Answer, Refused, as_json
from stillcam.server.openapi.route import Body, Document, api
from stillcam.server.openapi.settings_schemas import settings_schemas
from stillcam.server.openapi.shapes import Shape, define, list_of, map_of, maybe, one_of, record, shape
from stillcam.server.profile_edit import as_setting, profile_rows, profiles_of, split, with_changes
from stillcam.server.route import Access, Person, Request, Route
from stillcam.server.routes.restart import waiting
from stillcam.server.settings_service import Outdated, SettingsService, SettingsState
from stillcam.settings.backups import BACKUP_KIND, MAX_BACKUP_BYTES, Backup, Backups, document_of, settings_of
from stillcam.settings.document import describe, patched, to_json
from stillcam.settings.in_force import dotted_names
from stillcam.settings.schema import Settings

_OWNER_ONLY = ("webhooks", "notifications", "hooks")  # sections with addresses and commands that may hold secrets
_CONFLICT = "someone else has just changed the settings: check the current ones, then repeat your change"
_IF_MATCH = "the ETag of the settings to change; 409 with the current settings if they have another one"


_DOCUMENT: dict[str, Shape] = {
    "settings": "Settings",
    "defaults": "Settings",
    "fields": map_of("Field", "by dotted name"),
    "wait_for": shape("frame?", "the frame that the server cannot serve yet; null: it can"),
    "notice": shape("text?", "why the settings have not taken effect; null: they have"),
    "restart": shape("text[]", "names of the settings that apply after a restart of the server"),
    "profile": maybe(
        record(name="text", settings="text[]"), "the active profile, and the settings that it sets; null: none"
    ),
}

define(
    **settings_schemas(),
    SettingsDocument=record(**_DOCUMENT),
    Outdated=record(error="text", field="text?", **_DOCUMENT),
    Field=record(
        type=one_of("bool", "int", "float", "choice", "text", "list", "controls"),
        default={}, low="number?", high="number?", choices=list_of({}), unit="text", text="text",
    ),
    Backup=record(
        {"profiles": "Profile[]"},
        kind={"const": BACKUP_KIND}, stillcam="text", made="time",
        configuration=shape("object", "settings, as in data/settings.json"),
    ),
    KeptBackup=record(name="text", time="time", bytes="count"),
    KeptBackups=record(backups="KeptBackup[]"),
    NewBackup=record(name={"type": "string", "minLength": 1, "maxLength": 64}),
)  # fmt: skip


class SettingsRoutes:
    """The routes of the settings and their backups."""

    def __init__(self, service: SettingsService, paths: Paths) -> None:
        self._service = service
        self._backups = Backups(paths.data / "backups")
        self._data = paths.data
        self._started = service.read().settings.server  # as this server has it until its next start
        self._number = paths.number  # the index of the camera unless another one is set

    def routes(self) -> list[Route]:
        """Settings contain names and paths of the owner: only the owner reads them."""
        control, owner, setting = Access.CONTROL, Access.OWNER, partial(api, "Settings")
        return [
            setting("GET", "api/settings", control, self._get, "All settings, with their defaults and descriptions.",
                    {200: "SettingsDocument"}),
            setting("PATCH", "api/settings", control, self._patch,
                    "Change settings, as a whole or not at all; answered when they have taken effect.",
                    {200: "SettingsDocument", 409: "Outdated"}, body=Body("SettingsPatch", checked=False),
                    errors=(409,), headers={"If-Match": _IF_MATCH}),
            setting("GET", "api/backup", owner, self._download, "The whole configuration as a file.", {200: "Backup"}),
            setting("POST", "api/backup", owner, self._restore_upload,
                    "Restore a configuration, as a whole or not at all.", {200: "SettingsDocument"},
                    body=Body("Backup", MAX_BACKUP_BYTES, checked=False), errors=(409,)),
            setting("GET", "api/backups", owner, self._list, "The backups that are stored on the camera.",
                    {200: "KeptBackups"}),
            setting("POST", "api/backups", owner, self._make, "Store a backup under a name.", {201: "KeptBackup"},
                    body=Body("NewBackup"), errors=(409,)),
            setting("POST", "api/backups/", owner, self._restore, "Restore a backup.", {200: "SettingsDocument"},
                    errors=(409, 422), rest="name"),
            setting("DELETE", "api/backups/", owner, self._delete, "Delete a backup.", {204: ""}, rest="name"),
        ]  # fmt: skip

    # --- settings

    def _get(self, request: Request) -> Answer:
        return self._answer(self._service.read(), request.person)

    def _patch(self, request: Request, patch: Document) -> Answer:
        for section in self._service.hidden:
            if section in patch:
                raise Refused(422, "applies to all cameras: set it on the page of the first one", section)

        overlay = self._service.read().overlay
        mine, rest = split(patch, overlay.changes)

        def merged(old: Settings) -> Settings:
            new = patched(old, rest)
            _check_person(request.person, old, new)
            if _resets_index(patch):
                new = replace(new, camera=replace(new.camera, index=self._number))
            return new

        try:
            edit = (lambda _, old: with_changes(old, overlay.name, mine)) if mine else None
            state = self._service.change(merged, request.host, request.headers.get("if-match"), profiles=edit)
        except SettingsError as error:
            raise as_setting(error) from error
        except Outdated as outdated:
            return self._answer(outdated.state, request.person, 409, {"error": _CONFLICT, "field": None})
        return self._answer(state, request.person)

    def _answer(
        self, state: SettingsState, person: Person | None, status: int = 200, error: Document | None = None
    ) -> Answer:
        """The settings, without the sections that `person` may not see, and with the fields of `error`."""
        absent = self._service.hidden
        hidden = absent if _is_owner(person) else (*absent, *_OWNER_ONLY)
        name = state.overlay.name
        sections = {name: content for name, content in _sections(state.in_force).items() if name not in hidden}
        document = {
            **(error or {}),
            "settings": sections,
            "notice": state.notice,
            "wait_for": state.wait_for,
            "restart": waiting(self._started, state.settings.server) if "server" not in absent else [],
            "profile": {"name": name, "settings": dotted_names(state.overlay.changes)} if name else None,
            **_defaults_and_fields(absent, self._number),
        }
        return as_json(status, document, {"ETag": state.tag})

    # --- backups

    def _download(self, _request: Request) -> Answer:
        now_s = time.time()
        body = json_text(self._backup(now_s))
        name = f"stillcam-{utc_text(now_s)[:10]}.json"
        return Answer(200, body.encode(), {
            "Content-Type": "application/json",
            "Content-Disposition": f'attachment; filename="{name}"',
            "Cache-Control": "no-store",
        })  # fmt: skip

    def _backup(self, now_s: float) -> Document:
        return document_of(self._service.read().settings, profile_rows(self._data), now_s)

    def _restore_upload(self, request: Request, backup: Document) -> Answer:
        return self._restored(request, backup)

    def _list(self, _request: Request) -> Document:
        return {"backups": [_row(backup) for backup in self._backups.list()]}

    def _make(self, _request: Request, fields: Document) -> Document:
        return _row(self._backups.make(fields["name"], self._backup(time.time())))

    def _restore(self, request: Request) -> Answer:
        return self._restored(request, self._backups.read(request.rest))

    def _delete(self, request: Request) -> None:
        self._backups.delete(request.rest)

    def _restored(self, request: Request, backup: Document) -> Answer:
        """Restore settings and profiles; a backup of an older version leaves the profiles as they are."""
        settings, profiles = settings_of(backup), None
        if isinstance(backup.get("profiles"), list):
            new = profiles_of(backup["profiles"])
            profiles = lambda _settings, _old: new  # noqa: E731
        state = self._service.change(lambda _: settings, request.host, restoring=True, profiles=profiles)
        return self._answer(state, request.person)


def _is_owner(person: Person | None) -> bool:
    return person is not None and person.role == "owner" and person.by == "session"


def _check_person(person: Person | None, old: Settings, new: Settings) -> None:
    """Refuse a program that changes who has access, which addresses this server calls, or what pictures hide: a token
    may leak.
    """
    if _is_owner(person):
        return
    for section in ("access", "server", "privacy", *_OWNER_ONLY):
        if getattr(old, section) != getattr(new, section):
            raise Refused(403, "only an owner who has signed in on the page may change this", section)


def _resets_index(patch: Document) -> bool:
    camera = patch.get("camera", {})
    return camera is None or (isinstance(camera, dict) and camera.get("index", 0) is None)


@cache
def _defaults_and_fields(hidden: tuple[str, ...], number: int) -> Document:
    defaults = {name: content for name, content in _sections(Settings()).items() if name not in hidden}
    fields = {name: field for name, field in describe().items() if name.partition(".")[0] not in hidden}
    defaults["camera"]["index"] = number
    fields["camera.index"] = fields["camera.index"] | {"default": number}
    return {"defaults": defaults, "fields": fields}


def _sections(settings: Settings) -> Document:
    sections = to_json(settings)
    del sections["version"]
    return sections


def _row(backup: Backup) -> dict[str, str | int]:
    return {"name": backup.name, "time": utc_text(backup.time_s), "bytes": backup.size_bytes}
