"""`api/info`: facts about the machine, for its owner and for a bug report."""

from __future__ import annotations

import time
from pathlib import Path

from stillcam.common.errors import StillcamError
from stillcam.http.certificates import describe
from stillcam.server.camera_context import CameraContext
from stillcam.server.openapi.route import Document, api
from stillcam.server.openapi.shapes import define, list_of, record, shape
from stillcam.server.route import Access, Request, Route
from stillcam.system_info import Row, Section, as_document
from stillcam.system_info.board import heat_and_power, temperature_c, throttled
from stillcam.system_info.camera import camera
from stillcam.system_info.machine import board, system
from stillcam.system_info.software import Software
from stillcam.system_info.storage import DAY_S, storage

_ROW = shape("text[]", "label, text", minItems=2, maxItems=2)

define(Info=record(sections=list_of(record(title="text", rows=list_of(_ROW)))))


def info_route(context: CameraContext) -> Route:
    """The route of the facts, which need the library right."""
    paths, software = context.paths, Software()
    folders = {"System": Path("/"), "images/": paths.images, "data/": paths.data}

    def info(_request: Request) -> Document:
        settings, newest = context.settings(), context.cache.newest
        written_a_day = len(newest.picture) * DAY_S / settings.snapshot.interval_s if newest else None
        counted, slow = context.deliveries.viewers()
        server = camera(context.daemon.status(), max(counted, len(context.viewers)), slow)
        certificate = _certificate(settings.server.tls_certificate, paths.primary.data)
        return as_document(
            [
                Section("Camera server", server + certificate),
                Section("Board", board() + heat_and_power(temperature_c(), throttled())),
                Section("System", system()),
                Section("Software", software.rows()),
                Section("Storage", storage(folders, written_a_day)),
            ]
        )

    return api("State", "GET", "api/info", Access.LIBRARY, info,
               "Facts about this machine, in sections of label and text.", {200: "Info"})  # fmt: skip


def _certificate(name: str, data: Path) -> list[Row]:
    """For HTTPS: names, end, and what has to be done about it."""
    if not name:
        return []
    try:
        found, advice = describe(data / name, time.time())
    except StillcamError as error:
        found, advice = str(error), ""
    return [("Certificate", f"{found}: {advice}" if advice else found)]
