"""Series over HTTP: look at them, make, change, pause and delete them.

What is there is read from their folders, with or without a capture daemon; what is to be
done, the daemon does.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from stillcam.common.errors import SettingsError, StillcamError
from stillcam.common.time_zone import local_zone
from stillcam.common.utc import utc_text
from stillcam.http.messages import Access, Answer, Refused, Request, Route, as_json
from stillcam.ipc.protocol import Refusal, ask
from stillcam.series import reader
from stillcam.series.definition import Definition, check_name, from_document
from stillcam.server.routes.series_preview import Preview
from stillcam.settings.schema import Settings

TIMEOUT_S = 30.0  # deleting some hundred thousand files takes a while
STATUSES = {"unknown": 404, "taken": 409, "state": 409, "wrong": 422, "disk": 507}  # by the daemon's cause; else 503
STATES = ("start", "pause", "resume", "finish")
_NAMELESS = "series"  # stands for the name in a preview, before there is one


class SeriesRoutes:
    """Series, as a whole.

    Args:
        folder: of all series.
        commands: the daemon's socket.
        preview: counts ahead.
        settings: gives those in force.
    """

    def __init__(self, folder: Path, commands: Path, preview: Preview, settings: Callable[[], Settings]) -> None:
        self._folder = folder
        self._commands = commands
        self._preview = preview
        self._settings = settings

    def routes(self) -> list[Route]:
        """Looking is for those who may open the library."""
        look, control = Access.LIBRARY, Access.CONTROL
        return [
            Route("GET", "api/series", look, self._list),
            Route("POST", "api/series", control, self._create),
            Route("POST", "api/series/check", control, self._check),
            Route("GET", "api/series/", look, self._show),
            Route("PATCH", "api/series/", control, self._change),
            Route("DELETE", "api/series/", control, self._delete),
            Route("POST", "api/series/{name}/state", control, self._state),
        ]

    # --- looking

    def _list(self, _request: Request) -> Answer:
        now_ms = _now_ms()
        clock = {"now": utc_text(now_ms / 1000), "zone": local_zone(os.environ)}
        return as_json(200, {"series": self._all(now_ms), **clock})

    def _show(self, request: Request) -> Answer:
        return as_json(200, self._summary(request.rest))

    def _all(self, now_ms: int) -> list[dict[str, Any]]:
        with looking():
            return reader.summaries(self._folder, now_ms, self._settings().files.floor_mb)

    def _summary(self, name: str) -> dict[str, Any]:
        with looking():
            return reader.summary(self._folder, name_in_address(name), _now_ms(), self._settings().files.floor_mb)

    def _check(self, request: Request) -> Answer:
        now_ms = _now_ms()
        wanted = _given(request.json())
        definition = _checked({**wanted, "name": wanted.get("name") or _NAMELESS}, now_ms)
        return as_json(200, self._preview.of(definition, self._all(now_ms), now_ms))

    # --- changing

    def _create(self, request: Request) -> Answer:
        wanted = _given(request.json())
        _checked(wanted, _now_ms())
        return as_json(201, self._ask("create", definition=wanted)["series"])

    def _change(self, request: Request) -> Answer:
        series = self._summary(request.rest)
        changes = request.json()
        if changes.get("name", series["name"]) != series["name"]:
            raise Refused(422, "a series keeps its name: it is its folder's", "name")
        wanted = _given({**series["definition"], **changes})
        _checked(wanted, _now_ms())
        return as_json(200, self._ask("change", name=series["name"], definition=wanted)["series"])

    def _state(self, request: Request) -> Answer:
        name = name_in_address(request.named)
        wanted = request.json()
        if wanted.get("do") not in STATES:
            raise Refused(422, f"must be one of {', '.join(STATES)}", "do")
        return as_json(200, self._ask(wanted["do"], name=name)["series"])

    def _delete(self, request: Request) -> Answer:
        self._ask("delete", name=name_in_address(request.rest))
        return Answer(204)

    def _ask(self, do: str, **more: Any) -> dict[str, Any]:
        return order(self._commands, "series", do, **more)


def order(commands: Path, command: str, do: str, **more: Any) -> dict[str, Any]:
    """Have the daemon at the socket `commands` do something; its answer.

    Raises:
        Refused: it is not done, with the status of the daemon's cause.
    """
    try:
        return ask(commands, {"command": command, "do": do, **more}, TIMEOUT_S)
    except Refusal as refusal:
        field = refusal.answer.get("field") or None
        status = STATUSES.get(refusal.cause, 422 if field else 503)
        raise Refused(status, str(refusal), field, _patience(status)) from refusal
    except StillcamError as error:
        raise Refused(503, str(error), headers=_patience(503)) from error


@contextmanager
def looking() -> Iterator[None]:
    """Reading of series, within: what is not there is 404, a disk that does not answer 503."""
    try:
        yield
    except LookupError as error:
        raise Refused(404, str(error.args[0])) from error
    except OSError as error:
        text = f"the series cannot be read ({error.strerror}): check the disk with df, and its cable"
        raise Refused(503, text, headers=_patience(503)) from error


def name_in_address(text: str) -> str:
    """`text` as the name of a series.

    Raises:
        Refused: no series can be called so (404): nothing else is looked for.
    """
    try:
        return check_name(text)
    except SettingsError as error:
        raise Refused(404, "there is no such series") from error


def _given(document: dict[str, Any]) -> dict[str, Any]:
    """The fields that are no null, which stands for the default."""
    return {field: value for field, value in document.items() if value is not None}


def _checked(document: dict[str, Any], now_ms: int) -> Definition:
    try:
        return from_document(document, now_ms, local_zone(os.environ))
    except SettingsError as error:
        raise Refused(422, str(error), error.field or None) from error


def _patience(status: int) -> dict[str, str] | None:
    return {"Retry-After": "5"} if status == 503 else None


def _now_ms() -> int:
    return int(time.time() * 1000)
