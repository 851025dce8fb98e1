"""`api/info`: facts about the machine; `api/report`: these and more as the text of a bug report."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from stillcam.accounts import Accounts
from stillcam.common import log
from stillcam.common.errors import StillcamError
from stillcam.http.certificates import describe
from stillcam.http.messages import Answer
from stillcam.ipc.protocol import ask
from stillcam.server.bug_report.redaction import Redactor, names_here
from stillcam.server.bug_report.text import bug_report, doctor_findings
from stillcam.server.camera_context import CameraContext
from stillcam.server.openapi.route import Document, api
from stillcam.server.openapi.shapes import define, list_of, record, shape
from stillcam.server.route import Access, Request, Route
from stillcam.system_info import Row, Section, as_document
from stillcam.system_info.board import heat_and_power, temperature_c, throttled
from stillcam.system_info.camera import camera
from stillcam.system_info.machine import board, system
from stillcam.system_info.software import Software
from stillcam.system_info.storage import PICTURES, storage

_ROW = shape("text[]", "label, text", minItems=2, maxItems=2)

define(Info=record(sections=list_of(record(title="text", rows=list_of(_ROW)))))


class InfoRoutes:
    """The routes of the facts, which need the library right, and of the bug report, which needs the control right."""

    def __init__(self, context: CameraContext, accounts: Accounts, names: Callable[[], frozenset[str]]) -> None:
        self._context = context
        self._accounts = accounts
        self._names = names
        self._software = Software()
        self._reporting = threading.Lock()  # one report at a time: its doctor is a process

    def routes(self) -> list[Route]:
        return [
            api("State", "GET", "api/info", Access.LIBRARY, self._info,
                "Facts about this machine, in sections of label and text.", {200: "Info"}),
            api("State", "GET", "api/report", Access.CONTROL, self._report,
                "The text of a bug report, without names, addresses and keys. It takes some seconds.",
                {200: "text/plain"}),
        ]  # fmt: skip

    def _info(self, _request: Request) -> Document:
        server, *others = self._sections()
        certificate = _certificate(self._context.settings().server.tls_certificate, self._context.paths.primary.data)
        return as_document([Section(server.title, server.rows + certificate), *others])

    def _sections(self) -> list[Section]:
        """All but the certificate, which has names of hosts."""
        context = self._context
        folders = {"System": Path("/"), PICTURES: context.paths.images, "Data": context.paths.data}
        counted, slow = context.deliveries.viewers()
        server = camera(context.daemon.status(), max(counted, len(context.viewers)), slow)
        return [
            Section("Camera server", server),
            Section("Board", board() + heat_and_power(temperature_c(), throttled())),
            Section("System", system()),
            Section("Software", self._software.rows()),
            Section("Storage", storage(folders, context.frame_bytes_a_day())),
        ]

    def _report(self, _request: Request) -> Answer:
        context, settings = self._context, self._context.settings()
        with self._reporting:
            findings = doctor_findings(os.environ | {"STILLCAM_NUMBER": context.number})
        warnings = sorted(log.recent_warnings() + self._asked("warnings", "lines"))
        names = names_here(self._accounts, settings, context.paths.series, self._names())
        sections = [*self._sections(), Section("Cameras", [_camera(one) for one in self._asked("cameras", "cameras")])]
        text = bug_report(sections, settings, findings, warnings, Redactor(names), time.time())
        return Answer(200, text.encode(), {"Content-Type": "text/plain; charset=utf-8"})

    def _asked(self, command: str, what: str) -> list[Any]:
        """A list from the daemon; empty if it does not answer, which is among the facts."""
        try:
            return list(ask(self._context.paths.socket, {"command": command})[what])
        except StillcamError:
            return []


def _camera(listed: dict[str, Any]) -> Row:
    width, height = listed["size"]
    return f"Camera {listed['index']}", (
        f"{listed['model']}, {width} x {height}, {len(listed['modes'])} sensor modes, {listed['path']}"
    )


def _certificate(name: str, data: Path) -> list[Row]:
    """For HTTPS: names, end, and what has to be done about it."""
    if not name:
        return []
    try:
        found, advice = describe(data / name, time.time())
    except StillcamError as error:
        found, advice = str(error), ""
    return [("Certificate", f"{found}: {advice}" if advice else found)]
