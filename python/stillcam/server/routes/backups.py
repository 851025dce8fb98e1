"""`api/backup` and `api/backups`: the whole configuration taken home, kept under a name, and restored."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

from stillcam.common.errors import SettingsError, StillcamError
from stillcam.common.utc import utc_text
from stillcam.http.messages import Access, Answer, Refused, Request, Route, as_json
from stillcam.server.routes.settings import document
from stillcam.server.settings_service import SettingsDesk
from stillcam.settings.backups import MAX_BYTES, Backup, Backups, TakenError, UnknownError, document_of, settings_of
from stillcam.settings.schema import Settings


class BackupRoutes:
    """The routes of back-ups.

    Args:
        desk: where settings are changed.
        backups: those kept on the camera.
    """

    def __init__(self, desk: SettingsDesk, backups: Backups) -> None:
        self._desk = desk
        self._backups = backups

    def routes(self) -> list[Route]:
        """For the owner alone."""
        return [
            Route("GET", "api/backup", Access.OWNER, self._take_home),
            Route("POST", "api/backup", Access.OWNER, self._bring_back),
            Route("GET", "api/backups", Access.OWNER, self._list),
            Route("POST", "api/backups", Access.OWNER, self._make),
            Route("POST", "api/backups/", Access.OWNER, self._restore),
            Route("DELETE", "api/backups/", Access.OWNER, self._delete),
        ]

    def _take_home(self, _request: Request) -> Answer:
        now_s = time.time()
        body = json.dumps(document_of(self._desk.read().settings, now_s), indent=2, ensure_ascii=False) + "\n"
        name = f"stillcam-{utc_text(now_s)[:10]}.json"
        return Answer(200, body.encode(), {
            "Content-Type": "application/json",
            "Content-Disposition": f'attachment; filename="{name}"',
            "Cache-Control": "no-store",
        })  # fmt: skip

    def _bring_back(self, request: Request) -> Answer:
        backup = request.json(MAX_BYTES)
        return self._put_in_force(request, lambda: settings_of(backup))

    def _list(self, _request: Request) -> Answer:
        return as_json(200, {"backups": [_row(backup) for backup in self._backups.list()]})

    def _make(self, request: Request) -> Answer:
        name = request.json().get("name")
        if not isinstance(name, str):
            raise Refused(422, "must be a text", "name")
        try:
            return as_json(201, _row(self._backups.make(name, self._desk.read().settings, time.time())))
        except StillcamError as error:
            raise _refused(error) from error

    def _restore(self, request: Request) -> Answer:
        return self._put_in_force(request, lambda: self._backups.read(request.rest))

    def _delete(self, request: Request) -> Answer:
        try:
            self._backups.delete(request.rest)
        except StillcamError as error:
            raise _refused(error) from error
        return Answer(204)

    def _put_in_force(self, request: Request, read: Callable[[], Settings]) -> Answer:
        """The whole back-up, or nothing of it."""
        try:
            settings = read()
        except StillcamError as error:
            raise _refused(error) from error
        held = self._desk.change(lambda _: settings, request.host, restoring=True)
        return document(held, request.person, rules=self._desk.rules)


def _row(backup: Backup) -> dict[str, str | int]:
    return {"name": backup.name, "time": utc_text(backup.time_s), "bytes": backup.size_bytes}


def _refused(error: StillcamError) -> Refused:
    if isinstance(error, SettingsError):
        return Refused(422, str(error), error.field or None)
    status = {UnknownError: 404, TakenError: 409}.get(type(error), 503)
    return Refused(status, str(error))
